#!/usr/bin/env python3
"""SHEETS_TO_AIRTABLE and BIDIRECTIONAL from end to end: directions, arrows, formulas, conflicts, first
pairing, deletions, dry runs."""
import json

from harness import field, main, record, scenario, Home, Twin
from test_to_sheets import ID, ISO, NAME, SORTED, cell_of, column, get, ids, names, plain
from test_values import begin, clear, deal, noted, position, put

AMOUNT = field("Amount", "number", precision=0)
MODIFIED = field("Changed", "lastModifiedTime", isValid=True, referencedFieldIds=[],
                 result={"type": "dateTime", "options": {
                     "timeZone": "utc", "dateFormat": ISO,
                     "timeFormat": {"name": "24hour", "format": "HH:mm"}}})


def edit(t, name, table="Deals", **fields):
    t.person(airtable=[{"op": "update", "table": table, "record": name, "fields": fields}])


def changes(h, where="1 = 1", what="side, action, fieldName, oldValue, newValue, why, losingValue"):
    log = h.last_log()["id"]
    return h.sql(f'SELECT {what} FROM "SyncChange" WHERE syncLogId = ? AND {where} ORDER BY id', log)


def whole(t, n):
    """Each record has exactly one row that bears its id, and the same Name."""
    known = {i: f.get("Name") for i, f in t.records("Deals").items()}
    rows = [r for r in t.table("Deals") if r.get(ID)]
    assert len(known) == n and len(rows) == n, (known, rows)
    assert {r[ID]: r.get("Name") for r in rows} == known, (known, rows)


def number_of(t, key):
    return int(position(t, key, "Name")[1:])


# ---- from the sheet to Airtable ----

def test_rows_become_records_and_get_their_ids_written_beside_them():
    t, h = begin([NAME, AMOUNT], [], rows=[["Name", "Amount"], ["a", 1], ["b", 2], [], ["c", 3]],
                 direction="sheets_to_airtable")
    with t, h:
        h.sync()
        whole(t, 3)
        assert [deal(t, x)["Amount"] for x in "abc"] == [1, 2, 3]
        log = h.last_log()
        assert log["recordsAdded"] == 3 and log["direction"] == "SHEETS_TO_AIRTABLE", log
        h.quiet()
        assert column(t, "Name") == ["a", "b", None, "c"]


def test_edits_and_cleared_cells_flow_to_airtable_and_only_the_cells_that_differ():
    t, h = begin([NAME, AMOUNT, field("B")], [],
                 rows=[["Name", "Amount", "B"], ["a", 1, "x"], ["b", 2, "y"]],
                 direction="sheets_to_airtable")
    with t, h:
        h.sync()
        put(t, "a", "Amount", 10)
        clear(t, "b", "B")
        t.reset()
        h.sync()
        assert deal(t, "a") == {"Name": "a", "Amount": 10, "B": "x"}
        assert deal(t, "b") == {"Name": "b", "Amount": 2}
        cells = [w["detail"]["cells"] for w in t.writes() if w["service"] == "airtable"]
        assert sorted(map(list, cells)) == [["Amount"], ["B"]], cells
        assert not [w for w in t.writes() if w["service"] == "sheets"]
        h.quiet()


def test_an_edit_in_airtable_is_put_back_when_the_sheet_is_the_source():
    t, h = begin([NAME, AMOUNT], [], rows=[["Name", "Amount"], ["a", 1]],
                 direction="sheets_to_airtable")
    with t, h:
        h.sync()
        edit(t, "a", Amount=77)
        h.sync()
        assert deal(t, "a")["Amount"] == 1 and get(t, "a", "Amount") == 1
        assert changes(h, "why = 'put back'", "oldValue, newValue") == [("77", "1")]
        h.quiet()


def test_a_record_made_in_airtable_stays_out_of_a_sheet_that_is_the_source():
    t, h = begin([NAME], [], rows=[["Name"], ["a"]], direction="sheets_to_airtable")
    with t, h:
        h.sync()
        t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "theirs"}}])
        h.sync()
        assert column(t, "Name") == ["a"]
        assert len(t.records("Deals")) == 2
        h.quiet()


def test_many_rows_become_records_in_batches_in_their_order():
    rows = [["Name", "Amount"]] + [[f"row {i:03d}", i] for i in range(235)]
    t, h = begin([NAME, AMOUNT], [], rows=rows, row_count=300, direction="sheets_to_airtable")
    with t, h:
        h.sync()
        records = t.records("Deals")
        assert [f["Name"] for f in records.values()] == [r[0] for r in rows[1:]]
        whole(t, 235)
        creates = [r for r in t.requests() if r["kind"] == "airtable.create"]
        assert len(creates) == 24, len(creates)
        h.quiet()


# ---- both ways ----

def test_two_people_who_edit_different_cells_of_one_record_never_meet():
    t, h = begin([NAME, AMOUNT, field("B")], [record(Name="a", Amount=1, B="x")])
    with t, h:
        h.sync()
        put(t, "a", "Amount", 5)
        edit(t, "a", B="z")
        h.sync()
        assert deal(t, "a") == {"Name": "a", "Amount": 5, "B": "z"}
        assert get(t, "a", "Amount") == 5 and get(t, "a", "B") == "z"
        assert h.last_log()["conflicts"] == 0
        h.quiet()


def test_new_rows_and_new_records_cross_in_one_run():
    t, h = begin([NAME], names(3))
    with t, h:
        h.sync()
        t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "from there"}}],
                 sheets=[{"op": "append_row", "sheet": "Deals", "values": {"Name": "from here"}}])
        h.sync()
        whole(t, 5)
        assert h.last_log()["recordsAdded"] == 1 and h.last_log()["rowsAdded"] == 1
        h.quiet()


def test_computed_values_of_a_new_row_come_back_in_the_same_run():
    t, h = begin([NAME, AMOUNT, field("Twice", "formula", formula="{Amount} * 2",
                                      result={"type": "number", "options": {"precision": 0}}),
                  field("No", "autoNumber")], [record(Name="a", Amount=1)])
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "append_row", "sheet": "Deals", "values": {"Name": "n", "Amount": 8}}])
        h.sync()
        assert get(t, "n", "Twice") == 16 and get(t, "n", "No") == deal(t, "n")["No"]
        h.quiet()


# ---- arrows, formulas ----

def test_arrows_give_each_field_its_own_direction():
    t, h = begin([NAME, AMOUNT, field("Note"), field("Both")],
                 [record(Name="a", Amount=1, Note="n", Both="b")],
                 names=["Name", "Amount -> Deal value", "Note <- Remark", "Both <-> Both ways"],
                 rows=[["Name", "Deal value", "Remark", "Both ways"]])
    with t, h:
        h.sync()
        assert t.rows("Deals")[1][:2] == ["a", 1]
        assert get(t, "a", "Both ways") == "b"
        assert get(t, "a", "Remark") in (None, "")  # flows from the sheet only
        assert deal(t, "a")["Note"] == "n"
        put(t, "a", "Remark", "from the sheet")
        put(t, "a", "Deal value", 50)
        put(t, "a", "Both ways", "b2")
        h.sync()
        assert deal(t, "a") == {"Name": "a", "Amount": 1, "Note": "from the sheet", "Both": "b2"}
        assert get(t, "a", "Deal value") == 1
        edit(t, "a", Note="not in the sheet", Amount=3, Both="b3")
        h.sync()
        assert get(t, "a", "Deal value") == 3 and get(t, "a", "Both ways") == "b3"
        assert deal(t, "a")["Note"] == "from the sheet"
        assert get(t, "a", "Remark") == "from the sheet"
        h.quiet()


def test_read_only_fields_flow_one_way_whatever_the_arrow_says():
    t, h = begin([NAME, field("No", "autoNumber")], [record(Name="a")],
                 names=["Name", "No <-> Number"])
    with t, h:
        p = h.sync(expect=None)
        h.sync(expect=None)
        assert get(t, "a", "Number") == deal(t, "a")["No"], p.stdout


def test_a_formula_in_the_sheet_feeds_airtable_and_is_never_overwritten():
    t, h = begin([NAME, AMOUNT], [record(Name="a", Amount=1), record(Name="b", Amount=2)])
    with t, h:
        h.sync()
        at, other = position(t, "a", "Amount"), position(t, "b", "Amount")
        put(t, "a", "Amount", formula=f"={other}*10")
        h.sync()
        assert deal(t, "a")["Amount"] == 20
        edit(t, "b", Amount=3)
        h.sync()
        assert get(t, "b", "Amount") == 3
        h.sync()
        assert deal(t, "a")["Amount"] == 30 and get(t, "a", "Amount") == f"={other}*10", at
        edit(t, "a", Amount=1000)
        h.sync(expect=None)
        assert get(t, "a", "Amount") == f"={other}*10"
        assert any("formula" in x["message"] for x in h.last_log()["errors"])
        h.set(formula_cells="overwrite")
        h.sync()
        h.sync()
        assert get(t, "a", "Amount") == 1000 and deal(t, "a")["Amount"] == 1000
        assert h.sql('SELECT count(*) FROM "SyncChange" WHERE oldRaw LIKE ?', f"%={other}*10%")[0][0]
        h.quiet()


# ---- conflicts ----

def both_edited(rule, fields=(NAME, AMOUNT), **more):
    t, h = begin(list(fields), [record(Name="a", Amount=1), record(Name="b", Amount=2)],
                 home={"conflicts": rule}, **more)
    h.sync()
    return t, h


def test_airtable_wins_and_the_sheets_value_is_in_the_history():
    t, h = both_edited("airtable_wins")
    with t, h:
        edit(t, "a", Amount=100)
        put(t, "a", "Amount", 200)
        h.sync()
        assert deal(t, "a")["Amount"] == 100 and get(t, "a", "Amount") == 100
        assert changes(h) == [("SHEETS", "update", "Amount", "200", "100",
                               "conflict won by airtable", "200")]
        assert h.last_log()["conflicts"] == 1
        h.quiet()


def test_sheets_wins_and_airtables_value_is_in_the_history():
    t, h = both_edited("sheets_wins")
    with t, h:
        edit(t, "a", Amount=100)
        put(t, "a", "Amount", 200)
        h.sync()
        assert deal(t, "a")["Amount"] == 200 and get(t, "a", "Amount") == 200
        assert changes(h) == [("AIRTABLE", "update", "Amount", "100", "200",
                               "conflict won by sheets", "100")]
        h.quiet()


def test_a_cleared_cell_may_win_or_lose_like_any_other():
    for rule, left in (("airtable_wins", 100), ("sheets_wins", None)):
        t, h = both_edited(rule)
        with t, h:
            edit(t, "a", Amount=100)
            clear(t, "a", "Amount")
            h.sync()
            assert deal(t, "a").get("Amount") == left and get(t, "a", "Amount") == left
            assert h.last_log()["conflicts"] == 1
            h.quiet()


def test_the_same_value_typed_on_both_sides_is_no_conflict():
    for rule in ("airtable_wins", "sheets_wins", "newest_wins", "hold"):
        t, h = both_edited(rule)
        with t, h:
            edit(t, "a", Amount=42)
            put(t, "a", "Amount", 42)
            t.reset()
            h.sync()
            assert t.writes() == [] and h.last_log()["conflicts"] == 0
            put(t, "a", "Amount", 43)
            h.sync()
            assert deal(t, "a")["Amount"] == 43
            h.quiet()


def test_newest_wins_takes_the_later_edit_where_the_two_can_be_ordered():
    t, h = both_edited("newest_wins", fields=(NAME, AMOUNT, MODIFIED))
    with t, h:
        h.sync()
        # Airtable was edited after the last look at the sheet, as the sheet was: which is later
        # cannot be told, Airtable wins, and the log says that it was a tie
        edit(t, "a", Amount=100)
        put(t, "a", "Amount", 200)
        h.sync()
        assert deal(t, "a")["Amount"] == 100 and get(t, "a", "Amount") == 100
        assert changes(h, "fieldName = 'Amount'", "why, losingValue") == [
            ("conflict, a tie: airtable won", "200")]
        assert any("tie" in x["message"] for x in h.last_log()["errors"])
        h.quiet()


def test_newest_wins_lets_the_sheet_win_when_airtables_edit_is_older_than_the_last_look():
    t, h = both_edited("newest_wins", fields=(NAME, AMOUNT, MODIFIED))
    with t, h:
        h.set(full_scan="0s")
        # a run that read the sheet, but whose listing did not show Airtable's edit yet
        t.reset()
        t.faults({"match": {"kind": "airtable.list"}, "count": 1,
                  "fault": {"kind": "person", "when": "after", "airtable": [
                      {"op": "update", "table": "Deals", "record": "a", "fields": {"Amount": 100}}]}})
        t.control("clock", {"advance_ms": -5000})
        h.sync()
        t.control("clock", {"advance_ms": 5000})
        put(t, "a", "Amount", 200)
        h.sync()
        assert deal(t, "a")["Amount"] == 200 and get(t, "a", "Amount") == 200
        assert changes(h, "fieldName = 'Amount'", "side, oldValue, why, losingValue") == [
            ("AIRTABLE", "100", "conflict won by the newest", "100")]
        h.quiet()


def test_hold_touches_neither_side_until_a_person_decides():
    t, h = both_edited("hold")
    with t, h:
        edit(t, "a", Amount=100)
        put(t, "a", "Amount", 200)
        put(t, "b", "Amount", 22)
        h.sync(expect=4)
        assert deal(t, "a")["Amount"] == 100 and get(t, "a", "Amount") == 200
        assert deal(t, "b")["Amount"] == 22  # everything else flows
        t.reset()
        h.sync(expect=4)
        assert t.writes() == []
        listed = json.loads(h.run("conflicts", "--json").stdout)
        assert len(listed) == 1, listed
        c = listed[0]
        assert (c["sync"], c["field"], c["airtableValue"], c["sheetsValue"], c["choice"]) == (
            "demo", "Amount", "100", "200", None), c
        assert c["recordId"] == ids(t)["a"] and c["rowNumber"] == number_of(t, "a")
        h.run("conflicts", "demo", c["recordId"], "Amount", "sheets")
        h.sync()
        assert deal(t, "a")["Amount"] == 200 and get(t, "a", "Amount") == 200
        assert changes(h, what="side, oldValue, newValue") == [("AIRTABLE", "100", "200")]
        assert json.loads(h.run("conflicts", "--json").stdout) == []
        h.quiet()


def test_a_held_conflict_is_settled_for_airtable_or_by_making_the_sides_equal():
    t, h = both_edited("hold")
    with t, h:
        for name in "ab":
            edit(t, name, Amount=100)
            put(t, name, "Amount", 200)
        h.sync(expect=4)
        h.run("conflicts", "demo", ids(t)["a"], "Amount", "airtable")
        put(t, "b", "Amount", 100)
        h.sync()
        assert get(t, "a", "Amount") == 100 and deal(t, "a")["Amount"] == 100
        assert changes(h, what="side, oldValue, newValue") == [("SHEETS", "200", "100")]
        assert json.loads(h.run("conflicts", "--json").stdout) == []
        h.quiet()


def test_a_decision_does_not_outlive_the_values_it_was_made_on():
    t, h = both_edited("hold")
    with t, h:
        edit(t, "a", Amount=100)
        put(t, "a", "Amount", 200)
        h.sync(expect=4)
        h.run("conflicts", "demo", ids(t)["a"], "Amount", "sheets")
        edit(t, "a", Amount=300)  # edited again before the decision was carried out
        h.sync(expect=4)
        assert deal(t, "a")["Amount"] == 300 and get(t, "a", "Amount") == 200
        c = json.loads(h.run("conflicts", "--json").stdout)[0]
        assert c["airtableValue"] == "300" and c["choice"] is None, c


# ---- first pairing of two filled sides ----

def test_first_pairing_goes_by_the_match_key_and_doubles_and_deletes_nothing():
    t, h = begin([NAME, AMOUNT, field("Code")],
                 [record(Name="x", Code="k1", Amount=1), record(Name="y", Code="k2"),
                  record(Name="only there", Code="k3", Amount=3)],
                 rows=[["Name", "Amount", "Code"], ["X!", 1, "k1"], ["y", 20, "k2"],
                       ["only here", 4, "k4"]],
                 home={"match": "Code", "conflicts": "sheets_wins", "delete_extra_rows": "yes",
                       "delete_extra_records": "yes"})
    with t, h:
        h.sync()
        whole(t, 4)
        assert deal(t, "X!")["Amount"] == 1      # differing cell: by the rule
        assert deal(t, "y")["Amount"] == 20      # filled beats empty
        assert deal(t, "only here")["Code"] == "k4"
        assert get(t, "only there", "Amount") == 3
        kept = h.sql('SELECT losingValue FROM "SyncChange" WHERE fieldName = ? AND oldValue = ?',
                     "Name", "x")
        assert kept == [("x",)], kept
        h.quiet()


def test_on_first_pairing_a_filled_cell_beats_an_empty_one_on_either_side():
    t, h = begin([NAME, AMOUNT, field("B")],
                 [record(Name="a", Amount=1), record(Name="b", B="there")],
                 rows=[["Name", "Amount", "B"], ["a", None, "here"], ["b", 2, None]],
                 home={"conflicts": "airtable_wins"})
    with t, h:
        h.sync()
        assert deal(t, "a") == {"Name": "a", "Amount": 1, "B": "here"}
        assert deal(t, "b") == {"Name": "b", "Amount": 2, "B": "there"}
        assert get(t, "a", "Amount") == 1 and get(t, "b", "B") == "there"
        assert not h.sql('SELECT * FROM "SyncChange" WHERE losingValue IS NOT NULL')
        h.quiet()


def test_keys_that_several_rows_or_records_bear_are_told_and_left_alone():
    t, h = begin([NAME, AMOUNT],
                 [record(Name="twice there", Amount=1), record(Name="twice there", Amount=2),
                  record(Name="twice here", Amount=3), record(Name="once", Amount=4)],
                 rows=[["Name", "Amount"], ["twice there", 10], ["twice here", 20],
                       ["twice here", 30], ["once", 40]],
                 home={"conflicts": "sheets_wins"})
    with t, h:
        h.sync(expect=None)
        records = t.records("Deals")
        assert len(records) == 4, records
        assert [f["Amount"] for f in records.values()] == [1, 2, 3, 40], records
        rows = t.rows("Deals")[1:]
        assert [r[:2] for r in rows] == [["twice there", 10], ["twice here", 20],
                                        ["twice here", 30], ["once", 40]], rows
        assert [len(r) for r in rows] == [2, 2, 2, 3], rows
        noted(h, "twice there")
        noted(h, "twice here")


def test_a_first_run_of_many_changes_on_filled_sides_shows_what_it_would_do_and_asks():
    t, h = begin([NAME, AMOUNT], [record(Name=f"deal {i:03d}", Amount=i) for i in range(60)],
                 rows=[["Name", "Amount"]] + [[f"deal {i:03d}", i + 1] for i in range(60)],
                 home={"conflicts": "sheets_wins"})
    with t, h:
        t.reset()
        p = h.sync(expect=4)
        assert t.writes() == []
        assert "--first-sync" in p.stdout and "60" in p.stdout, p.stdout
        assert h.last_log()["status"] == "FAILED"
        assert h.sql('SELECT count(*) FROM "SyncChange"') == [(0,)]
        p = h.sync("--dry-run", expect=None)
        for record_id in t.records("Deals"):
            assert record_id in p.stdout, p.stdout
        h.sync("--first-sync")
        assert [f["Amount"] for f in t.records("Deals").values()] == list(range(1, 61))
        whole(t, 60)
        h.quiet()


def test_first_sync_may_be_agreed_to_in_the_ini():
    t, h = begin([NAME, AMOUNT], [record(Name=f"deal {i:03d}", Amount=i) for i in range(60)],
                 rows=[["Name", "Amount"]] + [[f"deal {i:03d}", i + 1] for i in range(60)],
                 home={"conflicts": "sheets_wins", "first_sync": "yes"})
    with t, h:
        h.sync()
        assert deal(t, "deal 007")["Amount"] == 8
        h.quiet()


def test_a_first_run_onto_an_empty_side_asks_nothing():
    t, h = begin([NAME], [], rows=[["Name"]] + [[f"deal {i:03d}"] for i in range(80)])
    with t, h:
        h.sync()
        whole(t, 80)


# ---- deletions ----

def twelve(**home):
    t, h = begin([NAME, AMOUNT], [record(Name=f"deal {i:04d}", Amount=i) for i in range(12)],
                 home=home, rows=[["Name", "Amount", "Mine"]])
    h.sync()
    for i, r in enumerate(t.table("Deals")):
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": f"C{i + 2}",
                          "value": f"of {r['Name']}"}])
    return t, h


def delete_row(t, name, n=1):
    t.person(sheets=[{"op": "delete_rows", "sheet": "Deals", "row": number_of(t, name), "count": n}])


def delete_record(t, name):
    t.person(airtable=[{"op": "delete", "table": "Deals", "record": name}])


def test_deletions_are_off_by_default_in_both_directions():
    t, h = twelve()
    with t, h:
        delete_row(t, "deal 0003")
        delete_record(t, "deal 0005")
        h.sync()
        assert "deal 0003" in ids(t)
        assert "deal 0005" in column(t, "Name")
        assert "deal 0003" in column(t, "Name")  # its row came back
        h.quiet()


def test_a_deleted_row_deletes_its_record_when_that_is_switched_on():
    t, h = twelve(delete_extra_records="yes", max_delete="3")
    with t, h:
        was = ids(t)["deal 0003"]
        delete_row(t, "deal 0003")
        h.sync()
        assert was not in t.records("Deals") and len(t.records("Deals")) == 11
        kept = changes(h, what="side, action, recordId, oldRaw, why")
        assert [c[:3] for c in kept] == [("AIRTABLE", "delete", was)] and kept[0][4] == "delete"
        assert "deal 0003" in kept[0][3], kept
        assert h.last_log()["recordsDeleted"] == 1
        h.quiet()


def test_a_deleted_record_deletes_its_row_when_that_is_switched_on():
    t, h = twelve(delete_extra_rows="yes", max_delete="3")
    with t, h:
        delete_record(t, "deal 0003")
        h.sync()
        rows = t.rows("Deals")
        assert "deal 0003" not in [r[0] for r in rows]
        assert all(r[2] == f"of {r[0]}" for r in rows[1:]), rows
        kept = changes(h, what="side, action, oldRaw")
        assert [c[:2] for c in kept] == [("SHEETS", "delete")]
        assert "of deal 0003" in kept[0][2], kept  # the user's own column too
        h.quiet()


def test_an_edit_beats_a_deletion_in_both_directions():
    t, h = twelve(delete_extra_rows="yes", delete_extra_records="yes", max_delete="5")
    with t, h:
        delete_row(t, "deal 0003")
        edit(t, "deal 0003", Amount=333)
        put(t, "deal 0005", "Amount", 555)
        delete_record(t, "deal 0005")
        h.sync()
        whole(t, 12)
        assert deal(t, "deal 0003")["Amount"] == 333 and get(t, "deal 0003", "Amount") == 333
        assert deal(t, "deal 0005")["Amount"] == 555 and get(t, "deal 0005", "Amount") == 555
        h.quiet()


def test_what_was_never_a_pair_is_never_deleted():
    t, h = begin([NAME], names(5), rows=[["Name"], ["deal 0001"], ["mine"]],
                 home={"delete_extra_rows": "yes", "delete_extra_records": "yes"})
    with t, h:
        h.sync()
        whole(t, 6)
        assert h.last_log()["rowsDeleted"] == 0 and h.last_log()["recordsDeleted"] == 0
        h.quiet()


def test_max_delete_stops_the_run_before_its_first_write():
    for side in ("records", "rows"):
        t, h = twelve(delete_extra_rows="yes", delete_extra_records="yes", max_delete="2")
        with t, h:
            put(t, "deal 0000", "Amount", 5)
            for i in (3, 4, 5):
                (delete_row if side == "records" else delete_record)(t, f"deal {i:04d}")
            t.reset()
            p = h.sync(expect=4)
            assert t.writes() == []
            assert "max_delete" in p.stdout and "--allow-delete" in p.stdout, p.stdout
            h.sync("--allow-delete")
            assert len(t.records("Deals")) == 9 and len(column(t, "Name")) == 9
            assert deal(t, "deal 0000")["Amount"] == 5
            h.quiet()


def test_max_delete_is_a_share_too():
    t, h = twelve(delete_extra_records="yes", max_delete="20%")
    with t, h:
        delete_row(t, "deal 0003", 2)
        h.sync()
        assert len(t.records("Deals")) == 10
        delete_row(t, "deal 0006", 3)
        h.sync(expect=4)
        assert len(t.records("Deals")) == 10


def test_an_emptied_sheet_stops_the_run():
    t, h = twelve(delete_extra_records="yes", max_delete="100%")
    with t, h:
        t.person(sheets=[{"op": "clear", "sheet": "Deals", "range": "A2:Z200"}])
        t.reset()
        p = h.sync(expect=4)
        assert t.writes() == [] and len(t.records("Deals")) == 12
        assert "--allow-delete" in p.stdout, p.stdout


def test_an_emptied_table_stops_the_run():
    t, h = twelve(delete_extra_rows="yes", max_delete="100%")
    with t, h:
        t.person(airtable=[{"op": "clear_table", "table": "Deals"}])
        t.reset()
        h.sync(expect=4)
        assert t.writes() == [] and len(column(t, "Name")) == 12


def test_a_side_in_which_everything_has_changed_stops_the_run():
    t, h = twelve(delete_extra_records="yes")
    with t, h:
        for i in range(12):
            t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": f"{c}{i + 2}", "value": v}
                             for c, v in (("A", f"other {i}"), ("B", 1000 + i))])
        t.reset()
        p = h.sync(expect=4)
        assert t.writes() == [] and "--allow-all-changed" in p.stdout, p.stdout
        h.sync("--allow-all-changed")
        assert deal(t, "other 3")["Amount"] == 1003
        h.quiet()


def test_a_listing_that_came_short_deletes_nothing():
    t, h = twelve(delete_extra_rows="yes", max_delete="100%")
    with t, h:
        t.reset()
        t.faults({"match": {"kind": "airtable.list"}, "count": 1, "fault": {"kind": "short_list"}})
        h.sync()
        assert len(column(t, "Name")) == 12
        h.quiet()


def test_a_record_that_leaves_a_filtered_view_is_no_deletion():
    s = scenario([NAME, field("Open", "checkbox")],
                 [record(Name=x, Open=True) for x in "abcd"])
    s["airtable"]["bases"][0]["tables"][0]["views"] = [
        {"id": "viwOpen0000000001", "name": "Open ones", "filter": "{Open}"}]
    with Twin(s) as t, Home(t, {"direction": "bidirectional", "view": "Open ones", "max_delete": "100%",
                                "delete_extra_rows": "yes", "delete_extra_records": "yes"}) as h:
        h.init().sync()
        edit(t, "b", Open=None)
        h.sync()
        assert sorted(column(t, "Name")) == list("abcd") and len(t.records("Deals")) == 4
        put(t, "b", "Name", "b, still in step")
        h.sync()
        assert "b, still in step" in ids(t)
        h.quiet()


# ---- dry run ----

def test_a_dry_run_changes_nothing_anywhere_but_for_its_log_row():
    t, h = twelve(delete_extra_rows="yes", delete_extra_records="yes", max_delete="5")
    with t, h:
        put(t, "deal 0001", "Amount", 11)
        edit(t, "deal 0002", Amount=22)
        delete_row(t, "deal 0003")
        delete_record(t, "deal 0004")
        t.person(sheets=[{"op": "append_row", "sheet": "Deals", "values": {"Name": "new here"}},
                         SORTED])

        def database():
            out = {}
            for (name,) in h.sql("SELECT name FROM sqlite_master WHERE type = 'table' "
                                 "AND name NOT LIKE 'sqlite%' ORDER BY 1"):
                out[name] = h.sql(f'SELECT * FROM "{name}"')
            return out
        state, before = t.state(), database()
        t.reset()
        p = h.sync("--dry-run")
        for word in ("1    11", "2    22", "delete record", "delete row", "new here"):
            assert word in p.stdout, (word, p.stdout)
        plan = json.loads(h.sync("--dry-run", "--json").stdout)
        assert "new here" in json.dumps(plan), plan
        assert t.writes() == [] and t.state()["airtable"] == state["airtable"]
        assert t.state()["google"] == state["google"]
        after = database()
        for name in before:
            # what calls and tokens cost is kept whatever a run is for
            if name not in ("SyncLog", "UsageMonth", "RateBucket", "Lease"):
                assert before[name] == after[name], (name, before[name], after[name])
        assert len(after["SyncLog"]) == len(before["SyncLog"]) + 2
        h.sync()
        whole(t, 11)
        h.quiet()


def test_the_plan_that_a_dry_run_prints_is_the_one_that_a_run_executes():
    t, h = twelve(delete_extra_rows="yes", max_delete="5")
    with t, h:
        put(t, "deal 0001", "Amount", 11)
        edit(t, "deal 0002", Amount=22)
        delete_record(t, "deal 0004")
        h.sync("--dry-run")
        planned = h.last_log()
        h.sync()
        done = h.last_log()
        for k in ("rowsAdded", "rowsUpdated", "rowsDeleted", "recordsAdded", "recordsUpdated",
                  "recordsDeleted", "conflicts"):
            assert planned[k] == done[k], (k, planned, done)
        assert done["rowsUpdated"] == 1 and done["recordsUpdated"] == 1 and done["rowsDeleted"] == 1


# ---- history ----

def test_each_change_is_in_the_history_with_its_old_value():
    t, h = twelve(delete_extra_rows="yes", delete_extra_records="yes", max_delete="5")
    with t, h:
        put(t, "deal 0001", "Amount", 11)
        clear(t, "deal 0002", "Amount")
        edit(t, "deal 0003", Amount=33)
        edit(t, "deal 0004", Amount=None)
        delete_row(t, "deal 0005")
        delete_record(t, "deal 0006")
        t.person(sheets=[{"op": "append_row", "sheet": "Deals", "values": {"Name": "n1"}}],
                 airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "n2"}}])
        h.sync()
        got = changes(h, what="side, action, fieldName, coalesce(oldValue, ''), "
                              "coalesce(newValue, ''), outcome")
        for wanted in (("AIRTABLE", "update", "Amount", "1", "11", "done"),
                       ("AIRTABLE", "update", "Amount", "2", "", "done"),
                       ("SHEETS", "update", "Amount", "3", "33", "done"),
                       ("SHEETS", "update", "Amount", "4", "", "done")):
            assert wanted in got, (wanted, got)
        short = [g[:2] + g[5:] for g in got]
        for wanted in (("AIRTABLE", "delete", "done"), ("SHEETS", "delete", "done"),
                       ("AIRTABLE", "create", "done"), ("SHEETS", "create", "done"),
                       ("SHEETS", "set_id", "done")):
            assert short.count(wanted) == 1, (wanted, got)
        assert len(got) == 9, got
        assert plain(cell_of(t, "deal 0003", "Amount")) == 33


if __name__ == "__main__":
    main(globals())
