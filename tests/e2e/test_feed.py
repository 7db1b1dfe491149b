#!/usr/bin/env python3
"""The change feed: what a quiet cycle costs, that a run which reads only what is named does what a full one
would do, and everything that may happen to a webhook. Nothing of it may ever fail a sync."""
from datetime import datetime

import harness
from faulty import change
from harness import Home, Twin, field, record, scenario

NAME = field("Name")
AMOUNT = field("Amount", "number", precision=0)
NOTE = field("Note")
FIELDS = [NAME, AMOUNT, NOTE]


def records(n):
    return [record(Name=f"deal {i:04d}", Amount=i, Note=f"note {i}") for i in range(n)]


def calls(home, *args, expect=0, env=None):
    """One run: its calls of Airtable and of Sheets, and their kinds."""
    since = max([r["seq"] for r in home.twin.requests()], default=0)
    home.sync(*args, expect=expect, env=env)
    kinds = [r["kind"] for r in home.twin.requests() if r["seq"] > since]
    kinds = [k for k in kinds if k.split(".")[0] in ("airtable", "sheets")]
    return (sum(k.startswith("airtable") for k in kinds), sum(k.startswith("sheets") for k in kinds),
            kinds)


def is_delta(kinds):
    """The run has listed nothing and asked for no structure."""
    return "airtable.meta" not in kinds and "airtable.schema" not in kinds


class World:
    """A twin and a home whose first run is over."""

    def __init__(self, n=12, sync=None, fields=FIELDS, only=(), **more):
        self.twin = Twin(scenario(fields, records(n), row_count=n + 50, **more))
        keys = {"direction": "bidirectional"}
        keys.update(sync or {})
        self.home = Home(self.twin, keys, only, airtable="requests_per_second = 50",
                         google="reads_per_minute = 6000\nwrites_per_minute = 6000").init()
        self.home.sync()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.home.close()
        self.twin.close()

    def agree(self):
        at = {i: (r.get("Name"), r.get("Amount"), r.get("Note"))
              for i, r in self.twin.records("Deals").items()}
        sh = {r["Record ID"]: (r.get("Name"), r.get("Amount"), r.get("Note") or None)
              for r in self.twin.table("Deals") if r.get("Record ID")}
        assert at == sh, f"Airtable {sorted(at.items())}\nSheets {sorted(sh.items())}"


# ---- what it costs ----

def test_a_quiet_cycle_costs_one_call_of_each_service_whatever_the_size():
    for n in (1, 100, 1000):
        with World(n) as w:
            for _ in range(2):
                a, s, kinds = calls(w.home)
                assert (a, s) == (1, 1), kinds
                assert w.home.last_log()["status"] == "SUCCESS"
            assert len(w.twin.hooks()) == 1


def test_one_changed_record_costs_at_most_four_calls_more():
    with World(1000) as w:
        w.twin.person(airtable=[{"op": "update", "table": "Deals", "record": "deal 0500",
                                 "fields": {"Amount": 9999}}])
        a, s, kinds = calls(w.home)
        assert a + s <= 6, kinds
        w.agree()
        assert any(r["Amount"] == 9999 for r in w.twin.table("Deals"))
        assert calls(w.home)[:2] == (1, 1)
        w.twin.person(sheets=[{"op": "set", "cell": "B300", "value": 777}])
        a, s, kinds = calls(w.home)
        assert a + s <= 6, kinds
        w.agree()
        assert any(r["Amount"] == 777 for r in w.twin.records("Deals").values())
        w.home.quiet()
        assert calls(w.home)[:2] == (1, 1)


def spans(twin, kind, path=""):
    """Beginning and end of each request of that kind, in seconds."""
    out = []
    for r in twin.requests():
        if r["kind"] == kind and path in r["path"]:
            begin = datetime.fromisoformat(r["at"]).timestamp()
            out.append((begin, begin + r["ms"] / 1000))
    return out


def test_the_two_services_do_not_wait_for_each_other():
    with World(20) as w:
        # a connection's handshake takes its time, too
        w.twin.control("latency", {"mode": "real", "airtable_read": 600, "sheets_read": 600})
        w.twin.reset()
        w.home.sync()
        w.home.set(full_scan="0s")
        feed, sheet = spans(w.twin, "airtable.payloads"), spans(w.twin, "sheets.read")
        assert len(feed) == len(sheet) == 1
        assert feed[0][0] < sheet[0][1] and sheet[0][0] < feed[0][1], (feed, sheet)
        w.twin.reset()
        w.home.sync()
        schema, meta = spans(w.twin, "airtable.schema"), spans(w.twin, "sheets.read", "?fields")
        assert len(schema) == 1 and len(meta) == 1, (schema, meta)
        assert schema[0][0] < meta[0][1] and meta[0][0] < schema[0][1], (schema, meta)
        assert not w.twin.writes()


# ---- that it does what a full run would have done ----

def edit(w, key, **fields):
    w.twin.person(airtable=[{"op": "update", "table": "Deals", "record": key, "fields": fields}])


def put(w, key, column, value):
    """Into the row of that name, wherever it is."""
    row = [r[0] if r else None for r in w.twin.rows("Deals")].index(key) + 1
    w.twin.person(sheets=[{"op": "set_row", "row": row, "values": {column: value}}])


def delta(w, *args, expect=0):
    """A run that must have been one of the feed."""
    kinds = calls(w.home, *args, expect=expect)[2]
    assert is_delta(kinds), kinds
    return w.home.last_log()


def full(w, *args, expect=0):
    kinds = calls(w.home, *args, expect=expect)[2]
    assert not is_delta(kinds), kinds
    return w.home.last_log()


def names(w):
    return sorted(r["Name"] for r in w.twin.records("Deals").values())


def test_what_is_made_changed_and_deleted_on_either_side_reaches_the_other():
    with World(30, {"delete_extra_rows": "yes", "delete_extra_records": "yes"}) as w:
        w.twin.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "new in airtable"}}])
        delta(w)
        assert any(r["Name"] == "new in airtable" for r in w.twin.table("Deals"))
        w.twin.person(sheets=[{"op": "append_row", "values": {"Name": "new in sheet", "Amount": 5}}])
        delta(w)
        assert "new in sheet" in names(w)
        w.twin.person(airtable=[{"op": "delete", "table": "Deals", "record": "deal 0003"}])
        log = delta(w)
        assert log["rowsDeleted"] == 1 and all(r["Name"] != "deal 0003" for r in w.twin.table("Deals"))
        w.twin.person(sheets=[{"op": "delete_rows", "row": 8}])
        log = delta(w)
        assert log["recordsDeleted"] == 1 and len(names(w)) == 30
        w.twin.person(sheets=[{"op": "sort", "by": "Name", "header": True, "descending": True}])
        edit(w, "deal 0010", Note="after the sort")
        delta(w)
        w.agree()
        w.home.quiet()
        assert calls(w.home)[:2] == (1, 1)


def test_what_both_sides_changed_is_settled_by_the_rule():
    for rule, at, why in (("airtable_wins", 100, "conflict won by airtable"),
                          ("sheets_wins", 200, "conflict won by sheets")):
        with World(20, {"conflicts": rule}) as w:
            edit(w, "deal 0004", Amount=100)
            put(w, "deal 0004", "Amount", 200)
            log = delta(w)
            assert log["conflicts"] == 1, log
            assert w.home.sql('SELECT why FROM "SyncChange" WHERE fieldName = ?', "Amount") == [(why,)]
            assert [r["Amount"] for r in w.twin.table("Deals") if r["Name"] == "deal 0004"] == [at]
            w.agree()
            w.home.quiet()


def test_newest_wins_knows_from_the_feed_when_airtable_was_edited():
    with World(20, {"conflicts": "newest_wins"}) as w:
        # after the feed was read and before the sheet was: the run sees none of it
        w.twin.faults({"match": {"kind": "airtable.payloads"}, "fault": {
            "kind": "person", "when": "after", "airtable": [
                {"op": "update", "table": "Deals", "record": "deal 0004", "fields": {"Amount": 100}}]}},
            {"match": {"kind": "sheets.read"}, "fault": {"kind": "delay", "ms": 1500}})
        w.home.sync()
        w.twin.faults()
        put(w, "deal 0004", "Amount", 200)
        log = delta(w)
        assert log["conflicts"] == 1, log
        assert w.home.sql('SELECT side, newValue FROM "SyncChange" WHERE fieldName = ?', "Amount") in (
            [("AIRTABLE", "200")], [("SHEETS", "100")])


def test_a_held_conflict_is_looked_at_until_a_person_has_decided():
    with World(20, {"conflicts": "hold"}) as w:
        edit(w, "deal 0004", Amount=100)
        put(w, "deal 0004", "Amount", 200)
        for _ in range(2):
            assert delta(w, expect=4)["held"] == 1
        [(rec,)] = w.home.sql('SELECT recordId FROM "SyncConflict"')
        assert w.home.sql('SELECT recordId FROM "FeedPending"') == [(rec,)]
        w.home.run("conflicts", "demo", rec, "Amount", "sheets")
        delta(w)
        assert w.twin.records("Deals")[rec]["Amount"] == 200
        assert w.home.sql('SELECT count(*) FROM "FeedPending"') == [(0,)]
        w.home.quiet()


def test_a_cell_that_is_no_value_is_told_in_each_run_and_flows_when_it_is_mended():
    with World(20) as w:
        put(w, "deal 0004", "Amount", "many")
        for _ in range(2):
            assert delta(w)["warnings"] == 1
        put(w, "deal 0004", "Amount", 12)
        delta(w)
        assert [r["Amount"] for r in w.twin.records("Deals").values() if r["Name"] == "deal 0004"] == [12]
        w.home.quiet()


def test_a_lasting_error_costs_nothing_and_its_end_is_seen():
    fields = FIELDS + [field("Checked", "formula", formula="IF({Amount} = 4, ERROR(), {Amount} * 2)")]
    with World(12, {"direction": "airtable_to_sheets"}, fields=fields) as w:
        assert delta(w)["warnings"] == 1  # it may pass by itself, and is looked at once more
        assert calls(w.home)[:2] == (1, 1)
        assert calls(w.home)[:2] == (1, 1)
        edit(w, "deal 0004", Amount=5)
        delta(w)
        got = [r.get("Checked") for r in w.twin.table("Deals") if r["Name"] == "deal 0004"]
        assert got == ["10"], got
        w.home.quiet()


def test_a_new_record_that_a_reading_leaves_out_is_looked_for_again():
    with World(200) as w:
        w.twin.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": f"new {i}"}}
                                for i in range(6)])
        w.twin.faults({"match": {"kind": "airtable.list"}, "count": 1, "fault": {"kind": "short_list"}})
        delta(w)
        assert len(w.twin.table("Deals")) == 203
        delta(w)
        assert len(w.twin.table("Deals")) == 206
        w.agree()
        w.home.quiet()


def test_a_dry_run_shows_the_same_plan_and_changes_nothing():
    with World(20) as w:
        edit(w, "deal 0004", Amount=100)
        before, state = w.twin.state(), w.home.sql('SELECT hookId, cursor FROM "FeedState"')
        p = w.home.sync("--dry-run")
        assert "100" in p.stdout, p.stdout
        now = w.twin.state()
        assert now["airtable"] == before["airtable"] and now["google"] == before["google"]
        assert w.home.sql('SELECT hookId, cursor FROM "FeedState"') == state
        delta(w)


def test_a_new_choice_in_airtable_is_known_before_a_cell_is_called_wrong():
    stage = field("Note", "singleSelect", choices=[{"name": f"note {i}"} for i in range(20)])
    with World(20, fields=[NAME, AMOUNT, stage]) as w:
        w.twin.person(airtable=[{"op": "add_choice", "table": "Deals", "field": "Note", "name": "fresh",
                                 "unseen": True}])
        put(w, "deal 0004", "Note", "fresh")
        full(w)
        w.agree()
        assert w.home.last_log()["warnings"] == 0
        assert "fresh" in [r.get("Note") for r in w.twin.records("Deals").values()]
        put(w, "deal 0005", "Note", "no such")
        calls(w.home)
        assert w.home.last_log()["warnings"] == 1


# ---- structure ----

def test_a_renamed_field_and_a_new_one_are_seen_in_the_next_run():
    with World(20) as w:
        w.twin.person(airtable=[{"op": "rename_field", "table": "Deals", "field": "Note", "name": "Remark"}])
        full(w)
        w.twin.person(airtable=[{"op": "add_field", "table": "Deals", "field": field("More")}])
        full(w)
        assert "More" in w.twin.rows("Deals")[0]
        assert calls(w.home)[:2] == (1, 1)


def test_a_change_of_another_table_costs_nothing():
    other = {"name": "Other", "fields": [field("Name")], "records": [record(Name="x")]}
    with World(20, tables=[other]) as w:
        w.twin.person(airtable=[
            {"op": "update", "table": "Other", "record": "x", "fields": {"Name": "y"}},
            {"op": "rename_table", "table": "Other", "name": "Others"}])
        assert calls(w.home)[:2] == (1, 1)


def test_a_renamed_tab_is_followed_and_one_that_takes_its_title_is_never_written_to():
    with World(20) as w:
        w.twin.person(sheets=[{"op": "rename_tab", "sheet": "Deals", "name": "Geschäfte"}])
        log = full(w)
        assert log["status"] == "SUCCESS", log
        edit(w, "deal 0004", Amount=100)
        delta(w)
        assert [r["Amount"] for r in w.twin.table("Geschäfte") if r["Name"] == "deal 0004"] == [100]
    with World(20) as w:
        rows = w.twin.rows("Deals")
        w.twin.person(sheets=[{"op": "rename_tab", "sheet": "Deals", "name": "Old"},
                              {"op": "add_tab", "name": "Deals"}])
        w.twin.person(sheets=[{"op": "set_row", "sheet": "Deals", "row": i + 1, "values": r}
                              for i, r in enumerate(rows)])
        edit(w, "deal 0004", Amount=100)
        w.twin.reset()
        w.home.sync(expect=4)
        assert not [x for x in w.twin.writes() if x["service"] == "sheets"], w.twin.writes()
        assert "tab" in w.home.last_log()["errors"][0]["message"]


def test_a_moved_column_a_missing_one_and_more_rows_are_noticed():
    with World(20) as w:
        w.twin.person(sheets=[{"op": "move_column", "sheet": "Deals", "column": "Note", "before": "Name"}])
        edit(w, "deal 0004", Amount=100)
        calls(w.home)
        w.agree()
        w.twin.person(sheets=[{"op": "append_row", "values": {"Name": f"row {i}"}} for i in range(3)])
        delta(w)
        assert "row 2" in names(w)
        w.twin.person(sheets=[{"op": "rename_header", "sheet": "Deals", "column": "Amount", "name": "X"}])
        w.home.sync(expect=4)
        assert '"Amount"' in w.home.last_log()["errors"][0]["message"]


def test_linked_names_follow_a_rename():
    people = {"name": "People", "fields": [field("Name")],
              "records": [record(Name="Ann"), record(Name="Bob")]}
    link = {"name": "Owner", "type": "multipleRecordLinks", "options": {"linkedTableId": "People"}}
    with World(0, fields=[NAME, AMOUNT, NOTE, link], tables=[people]) as w:
        ann = [i for i, r in w.twin.records("People").items() if r["Name"] == "Ann"]
        w.twin.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": n, "Owner": ann}}
                                for n in ("a", "b")])
        w.home.sync()
        assert [r["Owner"] for r in w.twin.table("Deals")] == ["Ann", "Ann"]
        w.home.sync()
        assert calls(w.home)[:2] == (1, 1)
        w.twin.person(airtable=[{"op": "update", "table": "People", "record": "Ann",
                                 "fields": {"Name": "Anna"}}])
        w.home.sync()
        assert [r["Owner"] for r in w.twin.table("Deals")] == ["Anna", "Anna"]
        put(w, "a", "Owner", "Bob")
        w.home.sync()
        bob = [i for i, r in w.twin.records("People").items() if r["Name"] == "Bob"]
        assert [r["Owner"] for r in w.twin.records("Deals").values() if r["Name"] == "a"] == [bob]
        w.home.sync()
        assert calls(w.home)[:2] == (1, 1)


PEOPLE = 250


def linking(direction, *fields, **more):
    """Deals that link to some of many people."""
    people = {"name": "People", "fields": [NAME],
              "records": [record(Name=f"person {i:03d}") for i in range(PEOPLE)]}
    link = field("Owner", "multipleRecordLinks", linkedTableId="People")
    w = World(30, sync={"direction": direction}, only=fields, fields=[NAME, AMOUNT, NOTE, link],
              tables=[people], **more)
    own(w, "deal 0003", ["person 007"])
    w.home.sync()
    w.table = next(t["id"] for t in w.twin.state()["airtable"]["bases"][0]["tables"] if t["name"] == "People")
    return w


def persons(w, names):
    ids = {r["Name"]: i for i, r in w.twin.records("People").items()}
    return [ids[n] for n in names]


def own(w, key, people):
    edit(w, key, Owner=persons(w, people))


def owner(w, key):
    return [r.get("Owner") for r in w.twin.table("Deals") if r["Name"] == key][0]


def asked(w, *args):
    """A delta: how often the linked table was asked."""
    since = max(r["seq"] for r in w.twin.requests())
    delta(w, *args)
    return sum(w.table in r["path"] for r in w.twin.requests() if r["seq"] > since)


def test_names_that_flow_to_the_sheet_alone_are_asked_for_by_id():
    with linking("airtable_to_sheets") as w:
        for people, cost in ((["person 100"], 1), ([f"person {i:03d}" for i in range(60)], 1),
                             ([f"person {i:03d}" for i in range(PEOPLE)], 3), ([], 0)):
            own(w, "deal 0005", people)
            assert asked(w) == cost, people
            assert (owner(w, "deal 0005") or "") == ", ".join(people)
        # the names of unchanged links are needed as well, to see that they have not changed
        edit(w, "deal 0003", Amount=1)
        assert asked(w) == 1
        assert owner(w, "deal 0003") == "person 007"
        # what a person types there names one that nobody has asked for
        put(w, "deal 0003", "Owner", "person 200")
        assert asked(w) == 1
        assert owner(w, "deal 0003") == "person 007"
        put(w, "deal 0007", "Owner", "person 200")
        assert asked(w) == 0
        assert not owner(w, "deal 0007")
        assert calls(w.home)[:2] == (1, 1)
        w.home.set(full_scan="0s")
        w.home.quiet()


def test_names_by_which_the_sheet_is_understood_are_listed():
    with linking("bidirectional") as w:
        own(w, "deal 0005", ["person 100"])
        assert asked(w) == 3
        assert owner(w, "deal 0005") == "person 100"


def test_a_person_who_was_just_made_is_named():
    with linking("airtable_to_sheets") as w:
        for n in (2, 5):
            new = [f"new {n} {i}" for i in range(n)]
            w.twin.person(airtable=[{"op": "create", "table": "People", "fields": {"Name": x}} for x in new])
            own(w, "deal 0005", new)
            # the formula does not find them yet
            w.twin.faults({"match": {"path": f"/v0/{harness.BASE}/{w.table}/listRecords", "nth": 1},
                           "fault": {"kind": "stale_read"}})
            w.home.sync()
            assert owner(w, "deal 0005") == ", ".join(new)
            w.home.quiet()


def test_an_answer_that_links_to_others_than_were_read_is_named():
    with linking("bidirectional", "Name", "Amount", "Owner -> Owner") as w:
        relink = {"op": "update", "table": "Deals", "record": "deal 0003",
                  "fields": {"Owner": persons(w, ["person 123"])}}
        w.twin.faults({"match": {"kind": "airtable.update"},
                       "fault": {"kind": "person", "when": "before", "airtable": [relink]}})
        put(w, "deal 0003", "Amount", 99)
        assert asked(w) == 2
        assert [r["Amount"] for r in w.twin.records("Deals").values() if r["Name"] == "deal 0003"] == [99]
        assert owner(w, "deal 0003") == "person 123"
        w.home.sync()
        w.home.quiet()


def test_a_record_enters_a_view_by_an_edit_and_leaving_it_deletes_nothing():
    view = {"name": "Big", "type": "grid", "filter": "{Amount} > 10"}
    s = scenario(FIELDS, records(20), row_count=80)
    s["airtable"]["bases"][0]["tables"][0]["views"] = [view]
    with Twin(s) as t, Home(t, {"view": "Big", "delete_extra_rows": "yes"},
                            airtable="requests_per_second = 50") as h:
        h.init().sync()
        assert len(t.table("Deals")) == 9
        for key, amount, rows in (("deal 0003", 50, 10), ("deal 0004", 5, 10), ("deal 0015", 1, 10)):
            t.reset()
            t.person(airtable=[{"op": "update", "table": "Deals", "record": key,
                                "fields": {"Amount": amount}}])
            h.sync()
            assert not [r for r in t.requests() if r["kind"] in ("airtable.meta", "airtable.schema")]
            assert len(t.table("Deals")) == rows, key
        assert [r["Amount"] for r in t.table("Deals") if r["Name"] == "deal 0015"] == [1]
        h.quiet()


# ---- the webhook's troubles ----

def trouble(w):
    return [e["message"] for e in w.home.last_log()["errors"] if "change feed" in e["message"]]


def works_again(w, hooks=1):
    """A full run, then the feed."""
    log = full(w)
    assert log["status"] == "SUCCESS" and not trouble(w), log
    assert len(w.twin.hooks()) == hooks, w.twin.hooks()
    assert calls(w.home)[:2] == (1, 1)
    edit(w, "deal 0004", Note="again")
    delta(w)
    w.agree()


def test_a_hook_that_is_deleted_broken_or_over_is_made_anew():
    with World(20) as w:
        edit(w, "deal 0005", Amount=100)
        w.twin.person(airtable=[{"op": "delete_webhook"}])
        works_again(w)
        w.agree()
        w.twin.person(airtable=[{"op": "break_webhook"},
                                {"op": "update", "table": "Deals", "record": "deal 0006",
                                 "fields": {"Amount": 100}}])
        works_again(w)
        w.agree()
        first = w.twin.hooks()[0]["id"]
        w.twin.control("clock", {"advance_ms": 8 * 24 * 3600 * 1000})
        change(w.home, "UPDATE \"FeedState\" SET cursorAt = '2020-01-01 00:00:00.000'")
        edit(w, "deal 0007", Amount=100)
        works_again(w)
        w.agree()
        assert w.twin.hooks()[0]["id"] != first


def test_a_cursor_that_leads_nowhere_is_found_anew():
    for cursor in (999999, 0):
        with World(20) as w:
            hook = w.twin.hooks()[0]["id"]
            change(w.home, f'UPDATE "FeedState" SET cursor = {cursor}')
            edit(w, "deal 0005", Amount=100)
            works_again(w)
            w.agree()
            assert w.twin.hooks()[0]["id"] == hook


def test_without_the_right_to_watch_all_is_read_and_that_is_said_once():
    for code, kind in ((403, "INVALID_PERMISSIONS"), (404, "NOT_FOUND"), (422, "INVALID_REQUEST_UNKNOWN"),
                       (422, "TOO_MANY_WEBHOOKS_IN_BASE"), (500, "SERVER_ERROR")):
        with Twin(scenario(FIELDS, records(20), row_count=80)) as t, \
                Home(t, {}, airtable="requests_per_second = 50") as h:
            h.init()
            t.faults({"match": {"kind": "airtable.webhook"}, "count": -1, "fault": {
                "kind": "status", "code": code, "body": {"error": {"type": kind, "message": "no"}}}})
            w = World.__new__(World)
            w.twin, w.home = t, h
            for n, said in ((0, 1), (1, 0), (2, 0)):
                log = full(w)
                assert log["status"] == "SUCCESS" and len(trouble(w)) == said, (code, log)
                asked = [r for r in t.requests() if r["kind"] == "airtable.webhook"]
                assert len(asked) == 1, asked  # in the first run alone
                edit(w, f"deal {n:04d}", Amount=100)
            full(w)
            w.agree()
            # another credential, or another day
            t.faults()
            if code == 403:
                h.run("connect", "airtable", "--token-file", "-", input=harness.TOKEN + "\n")
            else:
                change(h, "UPDATE \"FeedHook\" SET retryAt = '2020-01-01 00:00:00.000'")
            works_again(w)


def test_ten_hooks_of_others_are_left_alone():
    s = scenario(FIELDS, records(20), row_count=80)
    spec = {"options": {"filters": {"dataTypes": ["tableData", "tableFields", "tableMetadata"]}}}
    s["airtable"]["bases"][0]["webhooks"] = [
        {"id": f"achOther{i:09d}", "specification": spec, "expirationTime": "2099-01-01T00:00:00.000Z"}
        for i in range(10)]
    with Twin(s) as t, Home(t, {}, airtable="requests_per_second = 50") as h:
        h.init().sync()
        assert len(t.hooks()) == 10
        assert h.sql('SELECT state FROM "FeedHook"') == [("refused",)]


def test_a_feed_that_breaks_while_it_is_used_lets_the_run_go_on():
    for fault in ({"kind": "500"}, {"kind": "garbage"}, {"kind": "status", "code": 403},
                  {"kind": "status", "code": 200, "body": {"payloads": [], "cursor": 0}},
                  {"kind": "status", "code": 200, "body": {"payloads": 7}}):
        with World(20) as w:
            edit(w, "deal 0005", Amount=100)
            w.twin.faults({"match": {"kind": "airtable.payloads"}, "count": -1, "fault": fault})
            log = full(w)
            assert log["status"] == "SUCCESS", (fault, log)
            w.agree()
            w.twin.faults()
            edit(w, "deal 0006", Amount=100)
            w.home.sync()
            w.agree()


def test_a_hook_whose_making_was_cut_short_is_not_made_twice():
    for point, hooks in (("feed.make", 0), ("feed.made", 1)):
        with Twin(scenario(FIELDS, records(20), row_count=80)) as t, \
                Home(t, {}, airtable="requests_per_second = 50") as h:
            h.init()
            h.run("sync", expect=None, env={"BASESYNC_FAIL": f"{point}:1:kill"})
            assert len(t.hooks()) == hooks
            h.sync()
            assert len(t.hooks()) == 1
            t.reset()
            h.sync()
            assert not [r for r in t.requests() if r["kind"] in ("airtable.meta", "airtable.schema")]
    with Twin(scenario(FIELDS, records(20), row_count=80)) as t, \
            Home(t, {}, airtable="requests_per_second = 50") as h:
        h.init()
        t.faults({"match": {"kind": "airtable.webhook"}, "fault": {"kind": "cut_after"}})
        h.sync()
        assert h.sql('SELECT state FROM "FeedHook"') == [("making",)]
        change(h, "UPDATE \"FeedHook\" SET retryAt = '2020-01-01 00:00:00.000'")
        h.sync()
        assert len(t.hooks()) == 1
        assert h.sql('SELECT state, hookId FROM "FeedHook"') == [("active", t.hooks()[0]["id"])]


def test_a_hook_that_is_found_after_its_answer_was_lost_says_nothing_of_what_was_before():
    with World(20) as w:
        edit(w, "deal 0005", Amount=100)
        w.twin.person(airtable=[{"op": "delete_webhook"}])
        w.twin.faults({"match": {"kind": "airtable.webhook"}, "fault": {"kind": "garbage"}},
                      {"match": {"kind": "airtable.list"}, "fault": {"kind": "billing429"}})
        w.home.sync(expect=4)
        w.twin.faults()
        full(w)
        assert len(w.twin.hooks()) == 1, w.twin.hooks()
        w.agree()


def test_two_syncs_of_a_base_share_one_hook_and_each_follows_it_by_itself():
    s = scenario(FIELDS, records(20), row_count=80, sheets=[
        {"sheetId": 7, "title": "Second", "rowCount": 80, "columnCount": 20, "rows": []}])
    with Twin(s) as t, Home(t, {"direction": "airtable_to_sheets"},
                            airtable="requests_per_second = 50") as h:
        h.set("second", tab="Second", direction="airtable_to_sheets")
        h.init().sync()
        assert len(t.hooks()) == 1
        t.person(airtable=[{"op": "update", "table": "Deals", "record": "deal 0004",
                            "fields": {"Amount": 100}}])
        h.sync("demo")
        t.reset()
        h.sync("second")
        assert not [r for r in t.requests() if r["kind"] in ("airtable.meta", "airtable.schema")]
        for tab in ("Deals", "Second"):
            assert [r["Amount"] for r in t.table(tab) if r["Name"] == "deal 0004"] == [100], tab


def test_a_full_scan_finds_what_the_feed_has_lost():
    with World(20) as w:
        w.twin.person(airtable=[{"op": "update", "table": "Deals", "record": "deal 0004",
                                 "fields": {"Amount": 100}, "unseen": True},
                                {"op": "delete", "table": "Deals", "record": "deal 0009", "unseen": True}])
        assert calls(w.home)[:2] == (1, 1)
        change(w.home, "UPDATE \"FeedState\" SET fullScanAt = '2020-01-01 00:00:00.000'")
        full(w)
        assert [r["Amount"] for r in w.twin.table("Deals") if r["Name"] == "deal 0004"] == [100]
        w.home.quiet()  # the row that is kept is looked at once more
        assert calls(w.home)[:2] == (1, 1)


def test_a_first_listing_that_breaks_off_after_few_records_is_repeated_at_once():
    for n in (12, 230):
        with Twin(scenario(FIELDS, records(n), row_count=300)) as t, Home(t, {}).init() as h:
            t.faults({"match": {"kind": "airtable.list"}, "count": 1, "fault": {"kind": "short_list"}})
            h.sync("--first-sync")
            assert len(t.table("Deals")) == n
            assert calls(h)[:2] == (1, 1)


def test_a_first_listing_that_breaks_off_late_is_repeated_within_the_hour():
    with Twin(scenario(FIELDS, records(230), row_count=300)) as t, Home(t, {}).init() as h:
        t.faults({"match": {"kind": "airtable.list", "nth": 2}, "fault": {"kind": "short_list"}})
        h.sync("--first-sync")
        assert len(t.table("Deals")) == 103
        assert calls(h)[:2] == (1, 1)
        # the clocks stay: what is remembered moves back by that hour
        hour = ("UPDATE \"FeedState\" SET fullScanAt = "
                "strftime('%Y-%m-%d %H:%M:%f', fullScanAt, '-61 minutes')")
        change(h, hour)
        h.sync("--first-sync")
        assert len(t.table("Deals")) == 230
        change(h, hour)  # that one brought strangers too
        assert not is_delta(calls(h)[2])
        change(h, hour)
        assert calls(h)[:2] == (1, 1)


def test_new_records_that_a_full_scan_leaves_out_are_found_when_it_left_out_others():
    with World(130) as w:
        change(w.home, "UPDATE \"FeedState\" SET fullScanAt = '2020-01-01 00:00:00.000'")
        w.twin.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": f"new {i}"}}
                                for i in range(6)])
        w.twin.faults({"match": {"kind": "airtable.list"}, "count": 1, "fault": {"kind": "short_list"}})
        full(w)
        assert len(w.twin.table("Deals")) == 136
        w.agree()
        assert calls(w.home)[:2] == (1, 1)


def test_the_feed_can_be_switched_off():
    with Twin(scenario(FIELDS, records(20), row_count=80)) as t, \
            Home(t, {}, airtable="requests_per_second = 50\nchange_feed = no") as h:
        h.init().sync()
        h.sync()
        assert t.hooks() == []
    with World(20, {"full_scan": "0s"}) as w:
        full(w)
        assert w.twin.hooks() == []


def test_changed_settings_compare_all_once():
    with World(20) as w:
        w.home.set(conflicts="airtable_wins")
        full(w)
        assert calls(w.home)[:2] == (1, 1)
        w.home.set(fields=["Name", "Amount"])
        full(w)
        assert calls(w.home)[:2] == (1, 1)


def test_a_record_that_the_sheet_does_not_know_is_found_by_a_new_row():
    with World(20, {"direction": "sheets_to_airtable", "match": "Name"}) as w:
        assert w.twin.table("Deals") == []
        w.twin.person(sheets=[{"op": "set_row", "row": 1, "values": ["Name", "Amount", "Note"]}])
        w.home.sync(expect=None)
        w.twin.person(sheets=[{"op": "append_row", "values": {"Name": "deal 0007", "Amount": 70}}])
        w.home.sync()
        assert len(names(w)) == 20
        w.home.quiet()  # our own write comes back and is known by its value
        assert calls(w.home)[:2] == (1, 1)
        w.twin.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "later"}}])
        assert calls(w.home)[:2] == (1, 1)
        w.twin.person(sheets=[{"op": "append_row", "values": {"Name": "later", "Amount": 71}}])
        w.home.sync()
        assert len(names(w)) == 21
        w.home.quiet()


if __name__ == "__main__":
    harness.main(globals())
