#!/usr/bin/env python3
"""basesync undo: what a run has changed is put back where nobody has edited since; both sides then stay as
they are until somebody edits one."""
import json
import os
import subprocess

from harness import BASESYNC, RUN_SECONDS, field, main, record
from test_both_ways import (AMOUNT, both_edited, changes, delete_record, delete_row, edit, number_of, twelve,
                            whole)
from test_to_sheets import (ID, ISO, NAME, cell_of, column, get, ids, look, met, moving, near, serial,
                            value)
from test_values import begin, clear, deal, every_type_cells, people_table, position, put


def last_run(h):
    return h.last_log()["id"]


def undo(h, log, *args, expect=0):
    return h.run("undo", log, *args, expect=expect)


def settled(h):
    """The next run is quiet, and so is the one after it."""
    h.quiet()
    h.quiet()


# ---- cells ----

def test_undo_puts_the_sheets_cells_back_and_the_next_run_is_quiet():
    t, h = twelve()
    with t, h:
        edit(t, "deal 0003", Amount=33)
        edit(t, "deal 0004", Amount=None)
        h.sync()
        log = last_run(h)
        out = undo(h, log).stdout
        assert get(t, "deal 0003", "Amount") == 3 and get(t, "deal 0004", "Amount") == 4
        assert deal(t, "deal 0003")["Amount"] == 33  # the edit itself was not the run's
        assert "undo" in out and "33" in out, out
        settled(h)
        assert get(t, "deal 0003", "Amount") == 3 and deal(t, "deal 0003")["Amount"] == 33


def test_undo_puts_airtables_fields_back_and_the_next_run_is_quiet():
    t, h = twelve()
    with t, h:
        put(t, "deal 0003", "Amount", 33)
        clear(t, "deal 0004", "Amount")
        h.sync()
        undo(h, last_run(h))
        assert deal(t, "deal 0003")["Amount"] == 3 and deal(t, "deal 0004")["Amount"] == 4
        assert get(t, "deal 0003", "Amount") == 33
        settled(h)
        assert deal(t, "deal 0003")["Amount"] == 3


def test_an_edit_after_an_undo_flows_as_always():
    t, h = twelve()
    with t, h:
        put(t, "deal 0003", "Amount", 33)
        edit(t, "deal 0004", Amount=44)
        h.sync()
        undo(h, last_run(h))
        put(t, "deal 0003", "Amount", 34)
        put(t, "deal 0004", "Amount", 45)
        h.sync()
        assert deal(t, "deal 0003")["Amount"] == 34 and deal(t, "deal 0004")["Amount"] == 45
        edit(t, "deal 0003", Amount=35)
        h.sync()
        assert get(t, "deal 0003", "Amount") == 35
        assert h.last_log()["conflicts"] == 0
        h.quiet()


def test_what_was_edited_since_is_listed_and_left():
    t, h = twelve()
    with t, h:
        for i in (1, 2):
            edit(t, f"deal {i:04d}", Amount=100 + i)
        for i in (3, 4):
            put(t, f"deal {i:04d}", "Amount", 100 + i)
        h.sync()
        log = last_run(h)
        put(t, "deal 0001", "Amount", 777)
        edit(t, "deal 0003", Amount=888)
        out = undo(h, log).stdout
        assert get(t, "deal 0001", "Amount") == 777 and deal(t, "deal 0003")["Amount"] == 888
        assert get(t, "deal 0002", "Amount") == 2 and deal(t, "deal 0004")["Amount"] == 4
        for word in ("edited since", "777", "888", "101", "103"):
            assert word in out, (word, out)
        h.sync()
        assert deal(t, "deal 0001")["Amount"] == 777 and get(t, "deal 0003", "Amount") == 888
        h.quiet()


def test_the_loser_of_a_conflict_can_be_put_back():
    t, h = both_edited("airtable_wins")
    with t, h:
        edit(t, "a", Amount=100)
        put(t, "a", "Amount", 200)
        h.sync()
        assert get(t, "a", "Amount") == 100
        undo(h, last_run(h))
        assert get(t, "a", "Amount") == 200 and deal(t, "a")["Amount"] == 100
        settled(h)


def test_every_writable_type_is_put_back_as_it_was_in_airtable():
    t, h, before = every_type_cells()
    with t, h:
        h.sync()
        assert t.records("Deals") != before
        undo(h, last_run(h))
        after = t.records("Deals")
        for i, fields in before.items():
            for k, v in fields.items():
                if v != "\n":
                    assert after[i].get(k) == v, (k, v, after[i].get(k))
        settled(h)


def test_a_one_way_sync_does_not_bring_back_what_was_undone():
    for direction in ("airtable_to_sheets", "sheets_to_airtable"):
        t, h = begin([NAME, AMOUNT], [], rows=[["Name", "Amount"]], direction=direction)
        with t, h:
            if direction == "airtable_to_sheets":
                t.person(airtable=[{"op": "create", "table": "Deals",
                                    "fields": {"Name": "a", "Amount": 1}}])
            else:
                t.person(sheets=[{"op": "append_row", "sheet": "Deals",
                                  "values": {"Name": "a", "Amount": 1}}])
            h.sync()
            (edit(t, "a", Amount=2) if direction == "airtable_to_sheets" else
             put(t, "a", "Amount", 2))
            h.sync()
            undo(h, last_run(h))
            now = (get(t, "a", "Amount"), deal(t, "a")["Amount"])
            assert now == ((1, 2) if direction == "airtable_to_sheets" else (2, 1)), now
            settled(h)
            assert now == (get(t, "a", "Amount"), deal(t, "a")["Amount"])


# ---- rows and records ----

def test_a_row_that_the_run_made_is_deleted_again_while_nobody_has_touched_it():
    t, h = twelve()
    with t, h:
        for n in ("n1", "n2", "n3"):
            t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": n, "Amount": 5}}])
        h.sync()
        log = last_run(h)
        put(t, "n2", "Amount", 6)
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": f"C{number_of(t, 'n3')}",
                          "value": "a word of mine"}])
        out = undo(h, log).stdout
        names = column(t, "Name")
        assert "n1" not in names and "n2" in names and "n3" in names, names
        assert out.count("edited since") == 2, out
        assert len(t.records("Deals")) == 15
        h.sync()
        settled(h)
        assert "n1" not in column(t, "Name")
        edit(t, "n1", Amount=50)  # who edits the record wants it
        h.sync()
        assert get(t, "n1", "Amount") == 50
        whole(t, 15)
        h.quiet()


def test_a_record_that_the_run_made_is_deleted_again_while_nobody_has_touched_it():
    t, h = begin([NAME, AMOUNT, field("Not synced")], [record(Name="a", Amount=1)],
                 names=["Name", "Amount"])
    with t, h:
        h.sync()
        for n in ("n1", "n2", "n3"):
            t.person(sheets=[{"op": "append_row", "sheet": "Deals",
                              "values": {"Name": n, "Amount": 5}}])
        h.sync()
        log = last_run(h)
        assert len(t.records("Deals")) == 4
        edit(t, "n2", Amount=6)
        edit(t, "n3", **{"Not synced": "a word of mine"})
        out = undo(h, log).stdout
        assert sorted(ids(t)) == ["a", "n2", "n3"], ids(t)
        assert out.count("edited since") == 2, out
        assert column(t, "Name") == ["a", "n1", "n2", "n3"]
        kept = changes(h, "action = 'delete'", "side, oldRaw, why")
        assert len(kept) == 1 and "n1" in kept[0][1] and kept[0][2] == "undo", kept
        h.sync()
        settled(h)
        assert sorted(ids(t)) == ["a", "n2", "n3"]
        assert column(t, "Name") == ["a", "n1", "n2", "n3"]


def test_a_row_that_the_run_deleted_comes_back_with_its_id_and_what_stood_beside_it():
    t, h = twelve(delete_extra_rows="yes", max_delete="5")
    with t, h:
        was = ids(t)["deal 0003"]
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": "E1", "value": "Plus"},
                         {"op": "set", "sheet": "Deals",
                          "cell": f"E{number_of(t, 'deal 0003')}", "formula": "=1+1"}])
        delete_record(t, "deal 0003")
        h.sync()
        assert "deal 0003" not in column(t, "Name")
        undo(h, last_run(h))
        row = [r for r in t.table("Deals") if r["Name"] == "deal 0003"]
        assert row == [{"Name": "deal 0003", "Amount": 3, "Mine": "of deal 0003", ID: was,
                        "Plus": "=1+1"}], row
        settled(h)
        assert len(t.records("Deals")) == 11
        put(t, "deal 0003", "Amount", 4)  # who edits the row wants it: it becomes a record again
        h.sync()
        assert deal(t, "deal 0003")["Amount"] == 4
        h.sync()
        whole(t, 12)
        h.quiet()


def test_what_stood_beside_a_deleted_row_comes_back_with_its_format_and_into_no_array_formula():
    t, h = begin([NAME, field("Due", "date", dateFormat=ISO)], [record(Name="a", Due="2026-01-31"), record(Name="b")],
                 rows=[["Name", "Due", "Called", "Share", "Filled"]],
                 home={"delete_extra_rows": "yes", "max_delete": "5"})
    with t, h:
        h.sync()
        at = position(t, "a", "Name")[1:]
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": f"C{at}", "value": serial(2026, 5, 6),
                          "format": {"type": "DATE", "pattern": "d/m/yyyy"}},
                         {"op": "set", "sheet": "Deals", "cell": f"D{at}", "value": 0.25,
                          "format": {"type": "PERCENT", "pattern": "0%"}},
                         {"op": "set", "sheet": "Deals", "cell": f"E{at}", "formula": "=SPILLED(7)"}])
        delete_record(t, "a")
        h.sync()
        assert column(t, "Name") == ["b"]
        h.run("undo", h.last_log()["id"])
        for name, number, form in (("Called", serial(2026, 5, 6), ("DATE", "d/m/yyyy")),
                                   ("Share", 0.25, ("PERCENT", "0%")),
                                   ("Due", serial(2026, 1, 31), ("DATE", "yyyy-mm-dd"))):
            cell = cell_of(t, "a", name)
            assert near(value(cell), number) and look(cell) == form, (name, cell)
        assert get(t, "a", "Filled") is None  # the array formula fills it again


def test_a_record_that_the_run_deleted_is_made_again_with_its_unsynced_fields():
    people = people_table()
    t, h = begin([NAME, AMOUNT, field("Unsynced"),
                  field("Who", "multipleRecordLinks", linkedTableId="People")],
                 [record(Name=f"d{i}", Amount=i, Unsynced=f"u{i}", Who=["Smith, John"])
                  for i in range(12)], names=["Name", "Amount"], tables=[people],
                 home={"delete_extra_records": "yes", "max_delete": "5"})
    with t, h:
        h.sync()
        before = deal(t, "d3")
        delete_row(t, "d3")
        h.sync()
        assert "d3" not in ids(t)
        log = last_run(h)
        undo(h, log)
        assert deal(t, "d3") == before, deal(t, "d3")
        assert "d3" not in column(t, "Name")
        settled(h)
        assert len(t.records("Deals")) == 12
        undo(h, log)  # a second time there is nothing left to put back
        assert len(t.records("Deals")) == 12
        edit(t, "d3", Amount=33)
        h.sync()
        assert get(t, "d3", "Amount") == 33
        h.quiet()


def test_a_lost_answer_to_a_create_of_undo_makes_no_second_record():
    t, h = twelve(delete_extra_records="yes", max_delete="5")
    with t, h:
        delete_row(t, "deal 0003")
        h.sync()
        log = last_run(h)
        t.reset()
        t.faults({"match": {"kind": "airtable.create"}, "count": 1, "fault": {"kind": "cut_after"}})
        undo(h, log, expect=None)
        assert met(t) == 1
        undo(h, log, expect=None)
        names = [f["Name"] for f in t.records("Deals").values()]
        assert names.count("deal 0003") == 1, names
        h.sync()
        names = [f["Name"] for f in t.records("Deals").values()]
        assert names.count("deal 0003") == 1, names
        h.quiet()


# ---- the undo itself ----

def test_an_undo_is_a_run_of_its_own_with_its_history_and_can_be_undone():
    t, h = twelve()
    with t, h:
        put(t, "deal 0003", "Amount", 33)
        edit(t, "deal 0004", Amount=44)
        h.sync()
        log = last_run(h)
        undo(h, log)
        own = last_run(h)
        assert own != log and h.last_log()["status"] == "SUCCESS"
        got = sorted(changes(h, what="side, action, fieldName, oldValue, newValue, why, outcome"))
        assert got == [("AIRTABLE", "update", "Amount", "33", "3", "undo", "done"),
                       ("SHEETS", "update", "Amount", "44", "4", "undo", "done")], got
        assert h.sql('SELECT undone FROM "SyncChange" WHERE syncLogId = ?', log) == [(1,), (1,)]
        undo(h, own)
        assert deal(t, "deal 0003")["Amount"] == 33 and get(t, "deal 0004", "Amount") == 44
        settled(h)


def test_a_dry_undo_shows_everything_and_changes_nothing():
    t, h = twelve(delete_extra_rows="yes", max_delete="5")
    with t, h:
        put(t, "deal 0003", "Amount", 33)
        edit(t, "deal 0004", Amount=44)
        edit(t, "deal 0005", Amount=55)
        delete_record(t, "deal 0006")
        h.sync()
        log = last_run(h)
        put(t, "deal 0005", "Amount", 5555)
        pairs = h.sql('SELECT * FROM "PairState" ORDER BY 1, 2')
        history = h.sql('SELECT * FROM "SyncChange" ORDER BY id')
        t.reset()
        out = undo(h, log, "--dry-run").stdout
        assert t.writes() == []
        for word in ("33", "44", "5555", "edited since", "deal 0006", "create row"):
            assert word in out, (word, out)
        assert h.sql('SELECT * FROM "PairState" ORDER BY 1, 2') == pairs
        assert h.sql('SELECT * FROM "SyncChange" ORDER BY id') == history
        j = json.loads(undo(h, log, "--dry-run", "--json").stdout)
        assert j["log"] == log and j["left"] == 1 and j["plan"], j


def test_an_unknown_run_and_a_run_without_changes_are_told():
    t, h = twelve()
    with t, h:
        p = h.run("undo", "no-such-run", expect=2)
        assert "no run" in p.stderr
        h.sync()
        out = undo(h, last_run(h)).stdout
        assert "nothing to put back" in out, out


def test_a_first_pairing_that_went_wrong_is_put_back_as_a_whole():
    """The classic: matched by the wrong key, the other direction than meant."""
    t, h = begin([NAME, AMOUNT, field("Code")],
                 [record(Name=f"r{i}", Amount=i, Code=f"k{i}") for i in range(8)],
                 rows=[["Name", "Amount", "Code"]] + [[f"s{i}", 100 + i, f"k{7 - i}"]
                                                    for i in range(8)] + [["extra", 1, "k9"]],
                 home={"match": "Code", "conflicts": "sheets_wins"})
    with t, h:
        before = t.records("Deals")
        h.sync()
        assert t.records("Deals") != before and len(t.records("Deals")) == 9
        undo(h, last_run(h))
        assert t.records("Deals") == before
        settled(h)
        assert t.records("Deals") == before


def test_rows_are_found_by_their_ids_although_people_sorted_since():
    t, h = twelve()
    with t, h:
        for i in (2, 5, 9):
            edit(t, f"deal {i:04d}", Amount=100 + i)
        h.sync()
        log = last_run(h)
        t.person(sheets=[{"op": "sort", "sheet": "Deals", "by": "Name", "descending": True,
                          "header": True},
                         {"op": "insert_rows", "sheet": "Deals", "row": 4, "count": 2}])
        t.reset()
        t.faults(moving("before", [{"op": "sort", "sheet": "Deals", "by": "Name", "header": True}]))
        undo(h, log)
        assert met(t) == 1
        for i in range(12):
            assert get(t, f"deal {i:04d}", "Amount") == i, t.rows("Deals")
        h.sync()
        h.quiet()


def test_a_run_that_changed_hundreds_of_cells_is_put_back():
    n = 230
    t, h = begin([NAME, AMOUNT], [record(Name=f"n{i:03d}", Amount=i) for i in range(n)],
                 row_count=300)
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": f"B{i + 2}", "value": 5000 + i}
                         for i in range(n)])
        h.sync()
        undo(h, last_run(h))
        assert {f["Name"]: f["Amount"] for f in t.records("Deals").values()} == {
            f"n{i:03d}": i for i in range(n)}
        settled(h)


# ---- killed on its way ----

def everything():
    """A run that has done one of everything; its log's id."""
    t, h = twelve(delete_extra_rows="yes", delete_extra_records="yes", max_delete="5")
    put(t, "deal 0001", "Amount", 11)
    edit(t, "deal 0002", Amount=22)
    delete_row(t, "deal 0003")
    delete_record(t, "deal 0004")
    t.person(sheets=[{"op": "append_row", "sheet": "Deals", "values": {"Name": "from here"}}],
             airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "from there"}}])
    h.sync()
    t.reset()
    return t, h, last_run(h)


def outcome(t):
    records = {i: f["Name"] for i, f in t.records("Deals").items()}
    rows = sorted((str(r["Name"]), r.get("Amount"), r.get("Mine"), records.get(r.get(ID)))
                  for r in t.table("Deals") if r.get("Name"))
    return sorted(json.dumps(f, sort_keys=True) for f in t.records("Deals").values()), rows


def test_an_undo_of_everything_puts_everything_back():
    t, h, log = everything()
    with t, h:
        undo(h, log)
        records = {f["Name"]: f.get("Amount") for f in t.records("Deals").values()}
        # what people did themselves stays: only the run's own changes are put back
        wanted = {f"deal {i:04d}": i for i in range(12)}
        wanted["deal 0002"] = 22
        del wanted["deal 0004"]
        assert records == dict(wanted, **{"from there": None}), records
        rows = {r["Name"]: r.get("Amount") for r in t.table("Deals") if r.get("Name")}
        wanted = {f"deal {i:04d}": i for i in range(12)}
        wanted["deal 0001"] = 11
        del wanted["deal 0003"]
        assert rows == dict(wanted, **{"from here": None}), rows
        settled(h)


def test_an_undo_that_is_killed_before_or_after_any_write_ends_as_an_undisturbed_one():
    t, h, log = everything()
    with t, h:
        undo(h, log)
        writes = [i + 1 for i, r in enumerate(t.requests())
                  if r["kind"] in ("airtable.create", "airtable.update", "airtable.delete",
                                   "sheets.write")]
        wanted = outcome(t)
    assert len(writes) >= 4, writes
    for k in writes:
        for when in ("before", "after") if k == writes[-1] else ("after",):
            t, h, log = everything()
            with t, h:
                p = subprocess.Popen(
                    [BASESYNC, "-c", h.ini, "undo", log], env=h.env, stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                    preexec_fn=lambda: t.faults(  # in the child: its pid is the one to kill
                        {"match": {"nth": k},
                         "fault": {"kind": "kill_client", "when": when, "pid": os.getpid()}}))
                assert p.wait(RUN_SECONDS) == -9, (k, when)
                t.faults()
                undo(h, log)
                assert outcome(t) == wanted, (k, when, outcome(t), wanted)
                settled(h)
                assert outcome(t) == wanted, (k, when, outcome(t), wanted)


if __name__ == "__main__":
    main(globals())
