#!/usr/bin/env python3
"""drive_gate: Drive's version of the spreadsheet stands for reading the tab while nothing has changed, and
nothing is ever lost by it: an edit is seen late at most."""
from faulty import change
from harness import main
from test_feed import World, edit, put

LATE = 4 * 60 * 1000  # Drive notices edits three minutes late


class Gated(World):
    """A world whose last look has found nothing to do."""

    def __init__(self, n=12, **sync):
        super().__init__(n, dict({"drive_gate": "yes"}, **sync))
        self.late()
        self.home.sync()

    def late(self):
        self.twin.control("clock", {"advance_ms": LATE})

    def kinds(self, *args, expect=0):
        """What one run asks of the services, tokens apart."""
        since = max([r["seq"] for r in self.twin.requests()], default=0)
        self.home.sync(*args, expect=expect)
        return [r["kind"] for r in self.twin.requests()
                if r["seq"] > since and not r["kind"].startswith("token")]


SHUT = ["airtable.payloads", "drive"]


def test_a_quiet_run_asks_the_feed_and_drive_alone():
    with Gated() as w:
        for _ in range(3):
            assert w.kinds() == SHUT
            log = w.home.last_log()
            assert (log["status"], log["airtableCalls"], log["sheetsCalls"]) == ("SUCCESS", 1, 0), log
            assert log["errors"] == [], log


def test_an_edit_in_the_sheet_is_seen_once_drive_tells_of_it():
    with Gated() as w:
        put(w, "deal 0003", "Amount", 333)
        assert w.kinds() == SHUT
        w.late()
        assert "airtable.update" in w.kinds()
        w.agree()
        assert 333 in [r["Amount"] for r in w.twin.records("Deals").values()]
        w.kinds()  # a look after it
        assert w.kinds() == SHUT


def test_what_changes_in_airtable_waits_for_nothing():
    with Gated() as w:
        put(w, "deal 0004", "Amount", 444)  # comes along with the look
        edit(w, "deal 0003", Amount=333)
        kinds = w.kinds()
        assert "drive" not in kinds and "sheets.write" in kinds, kinds
        w.agree()
        assert {333, 444} <= {r["Amount"] for r in w.twin.table("Deals")}
        assert w.kinds()[:3] == SHUT + ["sheets.read"]
        w.late()  # our own write is noticed by Drive, too
        assert "sheets.read" in w.kinds()
        assert w.kinds() == SHUT
        w.home.quiet()


def test_an_edit_around_the_look_is_never_taken_for_seen():
    for kind in ("drive", "sheets.read"):
        for when in ("before", "after"):
            with Gated() as w:
                w.twin.person(sheets=[{"op": "set", "cell": "N3", "value": "a remark"}])
                w.late()
                row = [r[0] if r else None for r in w.twin.rows("Deals")].index("deal 0003") + 1
                w.twin.faults({"match": {"kind": kind}, "count": 1, "fault": {
                    "kind": "person", "when": when,
                    "sheets": [{"op": "set_row", "row": row, "values": {"Amount": 333}}]}})
                w.kinds()
                w.twin.faults()
                w.late()
                w.kinds()
                w.agree()
                assert 333 in [r["Amount"] for r in w.twin.records("Deals").values()], (kind, when)


def test_without_the_right_to_ask_drive_each_run_reads_the_tab_and_that_is_said_once():
    with Gated() as w:
        refusal = {"error": {"code": 403, "message": "Request had insufficient authentication scopes.", "errors": [
            {"domain": "global", "reason": "insufficientPermissions",
             "message": "Request had insufficient authentication scopes."}]}}
        w.twin.faults({"match": {"kind": "drive"}, "count": -1,
                       "fault": {"kind": "status", "code": 403, "body": refusal}})
        kinds = w.kinds()
        assert kinds[-1] == "sheets.read", kinds
        log = w.home.last_log()
        assert log["status"] == "SUCCESS" and "drive_gate" in log["errors"][0]["message"], log
        for _ in range(2):
            assert w.kinds() == ["airtable.payloads", "sheets.read"]
            assert w.home.last_log()["errors"] == []
        w.twin.faults()
        change(w.home, "UPDATE \"SyncFact\" SET value = '1 ' || substr(value, 15) WHERE name = 'driveRefused'")
        put(w, "deal 0003", "Amount", 333)
        w.kinds()
        w.agree()
        w.kinds()
        assert w.kinds() == SHUT


def test_a_service_account_gets_the_right_by_itself_when_the_gate_is_switched_on():
    with World(12) as w:
        w.home.sync()  # with a token that can do no more
        w.twin.reset()
        w.home.set(drive_gate="yes")
        for _ in range(3):  # all is compared, then looked at, then left alone
            w.home.sync()
            assert w.home.last_log()["status"] == "SUCCESS" and not w.home.last_log()["errors"]
        asked = [(r["kind"], r["status"]) for r in w.twin.requests() if r["kind"].split(".")[0] in ("drive", "token")]
        assert asked == [("drive", 403), ("token.google", 200), ("drive", 200), ("drive", 200)], asked
        log = w.home.last_log()
        assert (log["airtableCalls"], log["sheetsCalls"]) == (1, 0)


def test_a_drive_that_does_not_answer_costs_a_look():
    for fault in ({"kind": "503"}, {"kind": "cut_before"}, {"kind": "html"},
                  {"kind": "status", "code": 200, "body": {}}):
        with Gated(max_retries="0") as w:
            put(w, "deal 0003", "Amount", 333)
            w.twin.faults({"match": {"kind": "drive"}, "count": -1, "fault": fault})
            w.kinds()
            w.agree()
            assert w.home.last_log()["status"] == "SUCCESS", fault


def test_what_waits_is_looked_at_behind_the_gate():
    with Gated(conflicts="hold") as w:
        edit(w, "deal 0003", Amount=1000)
        put(w, "deal 0003", "Amount", 2000)
        w.home.sync(expect=4)
        for _ in range(2):
            assert "sheets.read" in w.kinds(expect=4)
        w.late()
        put(w, "deal 0003", "Amount", 1000)
        w.kinds()
        w.agree()
    with Gated() as w:
        put(w, "deal 0003", "Amount", "no number")
        w.late()
        for _ in range(3):
            assert "sheets.read" in w.kinds(expect=None)
            assert w.home.last_log()["errors"], "the cell is told in each run"
        put(w, "deal 0003", "Amount", 33)
        w.kinds()
        w.agree()


def test_a_row_that_is_told_of_in_each_run_is_looked_at_in_each_run():
    with Gated() as w:
        w.twin.person(sheets=[{"op": "append_row", "values": {"Name": "whose?", "Record ID": "recAAAAAAAAAAAAAA"}}])
        w.late()
        for _ in range(3):
            assert "sheets.read" in w.kinds(expect=None)
            assert w.home.last_log()["errors"], "the row is told in each run"


def test_records_that_have_no_row_do_not_keep_the_gate_open():
    with World(12, {"drive_gate": "yes", "direction": "sheets_to_airtable"}, rows=[["Name", "Amount", "Note"], ["a", 1]]) as w:
        for _ in range(3):
            w.twin.control("clock", {"advance_ms": LATE})
            w.home.sync()
        w.twin.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "of nobody"}}])
        w.home.sync()
        w.home.sync()
        assert Gated.kinds(w) == SHUT
        w.twin.person(sheets=[{"op": "append_row", "values": {"Name": "of nobody", "Amount": 5}}])
        w.twin.control("clock", {"advance_ms": LATE})
        w.home.sync()
        assert [r.get("Amount") for r in w.twin.records("Deals").values() if r["Name"] == "of nobody"] == [5]


def test_a_full_scan_looks_behind_the_gate_and_so_does_a_dry_run():
    with Gated() as w:
        put(w, "deal 0003", "Amount", 333)
        assert "sheets.read" in w.kinds("--dry-run")
        assert w.kinds() == SHUT
        change(w.home, "UPDATE \"FeedState\" SET fullScanAt = '2020-01-01 00:00:00.000'")
        assert "airtable.list" in w.kinds()
        w.agree()
        # the version from before says nothing of what this run has left
        assert w.kinds()[-1] == "sheets.read"


if __name__ == "__main__":
    main(globals())
