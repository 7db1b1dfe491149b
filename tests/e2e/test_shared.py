#!/usr/bin/env python3
"""Several syncs on one base and one spreadsheet in one go: what they ask together, and that none of them ever
takes an answer that is not true any more."""
import os
import time

from faulty import change, start
from harness import PROFILE, Home, Twin, field, main, record, scenario
from test_feed import calls
from test_serve import Server

FIELDS = [field("Name"), field("Amount", "number", precision=0), field("Note")]
TABLES = ("Deals", "Second", "Third")


def records(table, n=12):
    return [record(Name=f"{table} {i:02d}", Amount=i, Note=f"note {i}") for i in range(n)]


class Three:
    """Three syncs on one base and one spreadsheet, whose first run is over."""

    def __init__(self, third_rows=None, **third):
        tables = [{"name": t, "fields": FIELDS, "records": records(t)} for t in TABLES[1:]]
        sheets = [{"sheetId": i + 7, "title": t, "rowCount": 60, "columnCount": 20,
                   "rows": third_rows if t == "Third" and third_rows else []}
                  for i, t in enumerate(TABLES[1:])]
        self.twin = Twin(scenario(FIELDS, records("Deals"), row_count=60, tables=tables,
                                  sheets=sheets))
        self.home = Home(self.twin, airtable="requests_per_second = 50",
                         google="reads_per_minute = 6000\nwrites_per_minute = 6000")
        for t in TABLES:
            self.home.set(t.lower(), table=t, tab=t, direction="bidirectional",
                          **(third if t == "Third" else {}))
        self.home.init()
        for _ in range(3):  # own writes have come back, and what they changed elsewhere is settled
            self.home.sync()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.home.close()
        self.twin.close()

    def calls(self, *args, expect=0, env=None):
        """One go: how many calls of each service, and their kinds."""
        told = calls(self.home, *args, expect=expect, env=env)
        assert self.home.sql('SELECT count(*) FROM "Lease"') == [(0,)]
        return told

    def edit(self, table, key, **fields):
        return {"op": "update", "table": table, "record": key, "fields": fields}

    def put(self, tab, key, column, value):
        row = [r[0] if r else None for r in self.twin.rows(tab)].index(key) + 1
        return {"op": "set_row", "sheet": tab, "row": row, "values": {column: value}}

    def agree(self, *tables):
        for table in tables or TABLES:
            at = {i: (r.get("Name"), r.get("Amount"), r.get("Note"))
                  for i, r in self.twin.records(table).items()}
            sh = {r["Record ID"]: (r.get("Name"), r.get("Amount"), r.get("Note") or None)
                  for r in self.twin.table(table) if r.get("Record ID")}
            assert at == sh, f"{table}:\nAirtable {sorted(at.items())}\nSheets {sorted(sh.items())}"

    def value(self, tab, key, column="Amount"):
        return [r[column] for r in self.twin.table(tab) if r["Name"] == key]

    def logs(self):
        return self.home.sql('SELECT c.slug, l.status, l."airtableCalls", l."sheetsCalls" FROM "SyncLog" l '
                             'JOIN "SyncConfig" c ON c.id = l.syncConfigId ORDER BY l.rowid DESC LIMIT 3')


# ---- what they cost ----

def test_a_quiet_cycle_of_three_syncs_costs_one_call_of_each_service():
    with Three() as w:
        for _ in range(2):
            a, s, kinds = w.calls()
            assert (a, s) == (1, 1), kinds
            logs = sorted(w.logs())
            assert [row[:2] for row in logs] == [(t.lower(), "SUCCESS") for t in sorted(TABLES)], logs
            assert sum(row[2] for row in logs) == sum(row[3] for row in logs) == 1, logs
        assert w.calls("second", "third")[:2] == (1, 1)
        assert w.calls("third")[:2] == (1, 1)


def test_an_edit_of_one_of_them_is_seen_and_costs_no_more_than_it_would_alone():
    for table in TABLES:
        with Three() as w:
            w.twin.person(airtable=[w.edit(table, f"{table} 05", Amount=500)])
            a, s, kinds = w.calls()
            assert w.value(table, f"{table} 05") == [500], table
            w.agree()
            # the record; the row, a look before the write, the write; tabs read before it again
            assert a == 2 and s <= 5, (table, kinds)
            assert w.calls()[:2] == (1, 1)
            w.twin.person(sheets=[w.put(table, f"{table} 06", "Amount", 600)])
            a, s, kinds = w.calls()
            w.agree()
            assert [r["Amount"] for r in w.twin.records(table).values()].count(600) == 1, table
            # the record, the change; the feed again after it
            assert a <= 4 and s <= 2, (table, kinds)
            w.home.quiet()
            assert w.calls()[:2] == (1, 1)


def test_edits_of_all_of_them_on_both_sides_reach_the_other():
    with Three() as w:
        w.twin.person(airtable=[w.edit(t, f"{t} 01", Amount=100) for t in TABLES],
                      sheets=[w.put(t, f"{t} 02", "Amount", 200) for t in TABLES])
        w.calls()
        w.agree()
        for t in TABLES:
            assert w.value(t, f"{t} 01") == [100] and w.value(t, f"{t} 02") == [200], t
        w.home.quiet()
        assert w.calls()[:2] == (1, 1)


# ---- that no answer is used when it may be stale ----

def test_a_tab_that_changes_with_our_own_write_is_seen_in_the_same_go():
    """A cell of the third tab that shows one of the first, which the first sync changes."""
    rows = [["Name", "Amount", "Note"]]
    with Three(rows) as w:
        first = [r["Name"] for r in w.twin.table("Deals")].index("Deals 03") + 2
        third = [r[0] if r else None for r in w.twin.rows("Third")].index("Third 03") + 1
        column = "ABCDEFG"[w.twin.rows("Third")[0].index("Amount")]
        from_ = "ABCDEFG"[w.twin.rows("Deals")[0].index("Amount")]
        w.twin.person(sheets=[{"op": "set", "sheet": "Third", "cell": f"{column}{third}",
                               "formula": f"=Deals!{from_}{first}"}])
        w.home.sync()
        w.home.sync()
        w.twin.person(airtable=[w.edit("Deals", "Deals 03", Amount=333)])
        w.calls()
        assert [r["Amount"] for r in w.twin.records("Third").values() if r["Name"] == "Third 03"] == [333]


def test_an_edit_before_a_write_of_an_earlier_sync_is_seen_by_a_later_one_in_the_same_go():
    with Three() as w:
        w.twin.person(airtable=[w.edit("Deals", "Deals 03", Amount=333)])
        w.twin.faults({"match": {"kind": "sheets.write"}, "count": 1, "fault": {
            "kind": "person", "sheets": [w.put("Third", "Third 04", "Amount", 444),
                                         w.put("Second", "Second 04", "Amount", 222)]}})
        w.calls()
        for t, amount in (("Third", 444), ("Second", 222)):
            assert [r["Amount"] for r in w.twin.records(t).values() if r["Name"] == f"{t} 04"] == [amount]
        w.agree()


def test_a_record_that_an_earlier_sync_of_the_same_table_changes_is_seen_in_the_same_go():
    s = scenario(FIELDS, records("Deals"), row_count=60, sheets=[
        {"sheetId": 7, "title": "Second", "rowCount": 60, "columnCount": 20, "rows": []}])
    with Twin(s) as t, Home(t, {}, airtable="requests_per_second = 50") as h:
        h.set("second", tab="Second")
        h.init()
        for _ in range(3):
            h.sync()
        row = [r[0] if r else None for r in t.rows("Deals")].index("Deals 05") + 1
        t.person(sheets=[{"op": "set_row", "sheet": "Deals", "row": row, "values": {"Amount": 55}}])
        h.sync()
        for tab in ("Deals", "Second"):
            assert [r["Amount"] for r in t.table(tab) if r["Name"] == "Deals 05"] == [55], tab
        h.quiet()


def test_an_answer_that_is_old_is_not_used():
    with Three() as w:
        assert w.calls()[:2] == (1, 1)
        # every run takes longer than an answer may be old
        fast = {"BASESYNC_CLOCK": f"x1000@{int(time.time() * 1000)}"}
        w.twin.faults({"match": {"kind": "sheets.read"}, "count": -1,
                       "fault": {"kind": "delay", "ms": 60}})
        a, s, kinds = w.calls(env=fast)
        assert (a, s) == (3, 3), kinds


def test_moved_rows_and_columns_are_read_by_the_sync_whose_tab_it_is():
    with Three() as w:
        w.twin.person(sheets=[
            {"op": "sort", "sheet": "Third", "by": "Name", "header": True, "descending": True},
            {"op": "move_column", "sheet": "Second", "column": "Amount", "before": "Name"},
            {"op": "add_column", "sheet": "Third", "before": "Name", "name": "Mine"}])
        w.twin.person(airtable=[w.edit("Third", "Third 02", Note="after"), w.edit("Second", "Second 02", Amount=7)])
        w.calls()
        w.agree()
        w.home.quiet()
        assert w.calls()[:2] == (1, 1)


# ---- that a failure costs its own sync alone ----

def test_a_deleted_or_renamed_tab_costs_only_its_own_sync():
    for table in TABLES:
        others = [t for t in TABLES if t != table]
        with Three() as w:
            w.twin.person(sheets=[{"op": "delete_tab", "sheet": table}],
                          airtable=[w.edit(t, f"{t} 05", Amount=500) for t in others])
            w.calls(expect=4)
            w.agree(*others)
            failed = [row for row in w.logs() if row[1] != "SUCCESS"]
            assert [row[0] for row in failed] == [table.lower()], w.logs()
            w.calls(expect=4)
            a, s, kinds = w.calls(*[t.lower() for t in others])
            assert (a, s) == (1, 1), kinds
        with Three() as w:
            w.twin.person(sheets=[{"op": "rename_tab", "sheet": table, "name": "Other"}],
                          airtable=[w.edit(table, f"{table} 05", Amount=500)])
            w.home.sync(expect=None)
            w.home.sync(expect=None)
            w.agree(*others)
            assert w.value("Other", f"{table} 05") == [500], table


def test_a_broken_answer_is_asked_for_again_and_no_row_is_taken_twice():
    for kind in ("truncate", "cut_headers", "503", "garbage"):
        with Three() as w:
            w.twin.person(airtable=[w.edit(t, f"{t} 05", Amount=500) for t in TABLES])
            w.twin.reset()
            w.twin.faults({"match": {"kind": "sheets.read", "nth": 1}, "count": 1, "fault": {"kind": kind}},
                          {"match": {"kind": "airtable.payloads", "nth": 1}, "count": 1,
                           "fault": {"kind": kind}})
            w.home.sync()
            w.agree()
            w.twin.faults()
            w.home.quiet()


def test_a_hook_that_breaks_is_made_anew_once_for_all():
    with Three() as w:
        w.twin.person(airtable=[{"op": "break_webhook"}])
        w.home.sync()
        w.home.sync()
        assert len(w.twin.hooks()) == 1
        w.twin.person(airtable=[w.edit(t, f"{t} 05", Amount=500) for t in TABLES])
        w.home.sync()
        w.agree()
        assert w.calls()[:2] == (1, 1)


def utc(seconds):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


def busy(w):
    """Work on both sides of all three, and one tab that is sorted meanwhile."""
    w.twin.reset()
    w.twin.person(airtable=[w.edit(t, f"{t} 01", Amount=100) for t in TABLES],
                  sheets=[w.put(t, f"{t} 02", "Amount", 200) for t in TABLES] + [
                      {"op": "append_row", "sheet": "Second", "values": {"Name": "new", "Amount": 5}},
                      {"op": "sort", "sheet": "Third", "by": "Name", "header": True, "descending": True}])


def test_a_process_that_is_killed_at_any_request_leaves_nothing_shared_behind():
    with Three() as w:
        busy(w)
        w.home.sync()
        n = len(w.twin.requests())
    step = int(os.environ.get("BASESYNC_SWEEP_STEP", "10" if PROFILE == "asan" else "1"))
    kills = 0
    assert n > 15, n
    for k in range(1, n + 1, step):
        with Three() as w:
            busy(w)
            w.twin.faults({"match": {"seq": k}, "count": 1,
                           "fault": {"kind": "kill_client", "when": "after" if k % 2 else "before"}})
            p = start(w.home, "sync")
            w.twin.control("client", {"pid": p.pid})
            p.communicate()
            kills += p.returncode == -9
            w.twin.faults()
            w.home.sync(expect=None)
            w.home.sync()
            for t in TABLES:
                assert w.value(t, f"{t} 01") == [100] and w.value(t, f"{t} 02") == [200], (k, t)
            assert [r["Name"] for r in w.twin.records("Second").values()].count("new") == 1, k
            w.agree()
            w.home.quiet()
            assert w.calls()[:2] == (1, 1), k
    assert kills >= 0.8 * len(range(1, n + 1, step)), (kills, n)


def test_the_syncs_of_one_tick_of_serve_share_what_they_ask():
    with Three() as w:
        since = max([r["seq"] for r in w.twin.requests()], default=0)
        tick = time.time() // 300 * 300 + 300
        with Server(w.home, utc(tick - 60)) as s:
            s.set(utc(tick + 1))
            s.until_jobs(1)
            s.stop()
        kinds = [r["kind"] for r in w.twin.requests() if r["seq"] > since]
        assert w.home.sql("""SELECT count(*) FROM "SyncLog" WHERE triggeredBy = 'scheduled' AND
                             status = 'SUCCESS'""") == [(3,)]
        assert sorted(k for k in kinds if not k.startswith("token")) == ["airtable.payloads", "sheets.read"], kinds


def test_the_gates_of_three_syncs_ask_drive_once():
    with Three() as w:
        for t in TABLES:
            w.home.set(t.lower(), drive_gate="yes")
        w.home.sync()
        w.twin.control("clock", {"advance_ms": 240000})
        w.home.sync()
        w.twin.reset()
        w.home.sync()
        assert [r["kind"] for r in w.twin.requests()] == ["airtable.payloads", "drive"]
        # what the first one writes ends what Drive has said
        w.twin.person(airtable=[w.edit("Deals", "Deals 05", Amount=500)],
                      sheets=[w.put("Third", "Third 05", "Amount", 300)])
        w.twin.control("clock", {"advance_ms": 240000})
        w.home.sync()
        w.agree()
        assert [r["Amount"] for r in w.twin.records("Third").values() if r["Name"] == "Third 05"] == [300]


def test_calls_that_are_shared_are_planned_once_for_the_month():
    budget = 60
    with Three() as w:
        # as if nothing had run yet: by this clock the runs so far lie ahead
        change(w.home, 'DELETE FROM "SyncLog"', 'DELETE FROM "UsageMonth"', 'DELETE FROM "FeedState"',
               'UPDATE "SyncConfig" SET nextSyncAt = NULL, lastSyncAt = NULL')
        w.home.airtable += f"\nmonthly_budget = {budget}"
        w.home.write_ini()

        def used():
            return sum(n for (n,) in w.home.sql('SELECT calls FROM "UsageMonth" WHERE month = ?', "2026-01"))

        def next_at():
            return w.home.sql('SELECT min(nextSyncAt) FROM "SyncConfig"')[0][0]

        with Server(w.home, "2026-01-31 16:02:00") as s:
            jobs = 0
            while next_at() < "2026-02-01" and jobs < 100:
                at = next_at()
                s.set(at)
                jobs += 1
                s.until_jobs(jobs)
                s.until(lambda at=at: next_at() > at)
            s.stop()
        outcomes = w.home.sql('SELECT status, count(*) FROM "SyncLog" GROUP BY status')
        assert [o[0] for o in outcomes] == ["SUCCESS"], (outcomes, used())
        assert budget * 0.7 <= used() <= budget, (outcomes, used())
        # had each paid for itself, so many runs could not have been made
        assert outcomes[0][1] > budget, (outcomes, used())


if __name__ == "__main__":
    main(globals())
