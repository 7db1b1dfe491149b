#!/usr/bin/env python3
"""What people change about the tables themselves: headers, columns, fields, tabs. Each is followed safely, or
stops that sync before its first write with a sentence that names it and says what settles it."""
from harness import SHEET, field, main, record
from test_both_ways import AMOUNT, edit, whole
from test_to_sheets import ID, NAME, column, get, ids
from test_values import begin, deal, put


def table(direction="bidirectional", names=("Name", "Amount", "Note"), **home):
    t, h = begin([NAME, AMOUNT, field("Note")],
                 [record(Name=f"n{i}", Amount=i, Note=f"about {i}") for i in range(5)],
                 names=names, direction=direction, home=home)
    h.sync()
    return t, h


def stops(t, h, *words, code=4):
    """The run writes nothing, ends with the code for "a person is needed", and says these words."""
    state = t.state()
    t.reset()
    p = h.sync(expect=code)
    assert t.writes() == [], t.writes()
    now = t.state()
    assert now["airtable"] == state["airtable"] and now["google"] == state["google"]
    log = h.last_log()
    assert log["status"] == "FAILED", log
    said = log["errors"][-1]["message"]
    for w in words:
        assert w in said, (w, said)
    assert said in p.stdout, p.stdout
    return said


def goes_on(t, h):
    """After a person has put things right the sync goes on as if nothing had been."""
    put(t, "n1", "Amount", 101)
    edit(t, "n2", Note="edited")
    h.sync()
    assert deal(t, "n1")["Amount"] == 101 and get(t, "n2", "Note") == "edited"
    whole(t, len(t.records("Deals")))
    h.quiet()


# ---- headers ----

def test_a_renamed_header_stops_the_sync_and_names_the_column_and_the_key():
    t, h = table()
    with t, h:
        t.person(sheets=[{"op": "rename_header", "sheet": "Deals", "column": "Amount",
                          "name": "Betrag"}])
        stops(t, h, "\"Amount\"", "Deals", "field = Amount", "[sync demo]")
        h.set(fields=["Name", "Amount <-> Betrag", "Note"])  # what the sentence says
        put(t, "n1", "Betrag", 11)
        h.sync()
        assert deal(t, "n1")["Amount"] == 11
        h.quiet()


def test_a_header_that_is_named_so_again_lets_the_sync_go_on():
    t, h = table()
    with t, h:
        t.person(sheets=[{"op": "rename_header", "sheet": "Deals", "column": "Note", "name": "X"}])
        stops(t, h, "\"Note\"")
        t.person(sheets=[{"op": "rename_header", "sheet": "Deals", "column": "X", "name": "Note"}])
        goes_on(t, h)


def test_a_moved_column_is_followed():
    t, h = table()
    with t, h:
        t.person(sheets=[{"op": "move_column", "sheet": "Deals", "column": "Amount"},
                         {"op": "move_column", "sheet": "Deals", "column": ID, "before": "Name"}])
        assert [x for x in t.rows("Deals")[0] if x] == [ID, "Name", "Note", "Amount"]
        goes_on(t, h)


def test_an_inserted_column_shifts_nothing():
    t, h = table()
    with t, h:
        t.person(sheets=[{"op": "add_column", "sheet": "Deals", "name": "Mine", "before": "Amount"},
                         {"op": "set", "sheet": "Deals", "cell": "B3", "value": "my own"}])
        goes_on(t, h)
        assert t.rows("Deals")[2][1] == "my own"


def test_a_missing_header_stops_the_sync():
    t, h = table()
    with t, h:
        t.person(sheets=[{"op": "clear", "sheet": "Deals", "range": "B1"}])
        stops(t, h, "\"Amount\"", "header row")


def test_a_deleted_column_stops_the_sync_and_clears_no_field():
    t, h = table()
    with t, h:
        t.person(sheets=[{"op": "delete_column", "sheet": "Deals", "column": "Note"}])
        stops(t, h, "\"Note\"")
        assert deal(t, "n3")["Note"] == "about 3"


def test_a_doubled_header_stops_the_sync_and_names_both_columns():
    t, h = table()
    with t, h:
        t.person(sheets=[{"op": "add_column", "sheet": "Deals", "name": "Amount"}])
        stops(t, h, "\"Amount\"", "columns B and E")


def test_an_emptied_header_row_stops_the_sync():
    t, h = table()
    with t, h:
        t.person(sheets=[{"op": "clear", "sheet": "Deals", "range": "A1:Z1"}])
        stops(t, h, "header row")


def test_a_row_put_in_above_the_header_stops_the_sync():
    t, h = table()
    with t, h:
        t.person(sheets=[{"op": "insert_rows", "sheet": "Deals", "row": 1}])
        stops(t, h, "header row")
        t.person(sheets=[{"op": "delete_rows", "sheet": "Deals", "row": 1}])
        goes_on(t, h)


def test_a_sort_that_takes_the_header_along_stops_the_sync():
    t, h = table()
    with t, h:
        t.person(sheets=[{"op": "sort", "sheet": "Deals", "by": 1, "descending": True,
                          "range": "A1:E6"}])
        if t.rows("Deals")[0][0] != "Name":
            stops(t, h, "header row")


def test_a_deleted_id_column_stops_the_sync_and_names_the_command_that_settles_it():
    t, h = table()
    with t, h:
        before = ids(t)
        t.person(sheets=[{"op": "delete_column", "sheet": "Deals", "column": ID}])
        stops(t, h, "\"Record ID\"", "--rebuild-ids")
        h.sync("demo", "--rebuild-ids")
        assert ids(t) == before
        whole(t, 5)
        goes_on(t, h)


def test_a_renamed_id_column_stops_the_sync():
    t, h = table()
    with t, h:
        t.person(sheets=[{"op": "rename_header", "sheet": "Deals", "column": ID, "name": "Key"}])
        stops(t, h, "\"Record ID\"")
        h.set(id_column="Key")
        goes_on_with_key(t, h)


def goes_on_with_key(t, h):
    put(t, "n1", "Amount", 101)
    h.sync()
    assert deal(t, "n1")["Amount"] == 101
    known = {i: f["Name"] for i, f in t.records("Deals").items()}
    assert {r["Key"]: r["Name"] for r in t.table("Deals")} == known
    h.quiet()


def test_emptied_id_cells_find_their_records_again():
    t, h = table()
    with t, h:
        before = ids(t)
        t.person(sheets=[{"op": "clear", "sheet": "Deals", "range": "D2:D6"}])
        h.sync(expect=None)
        assert ids(t) == before
        whole(t, 5)
        h.quiet()


# ---- fields ----

def test_a_renamed_field_is_followed_and_keeps_its_column():
    t, h = table()
    with t, h:
        t.person(airtable=[{"op": "rename_field", "table": "Deals", "field": "Amount",
                            "name": "Sum"}])
        put(t, "n1", "Amount", 101)
        t.person(airtable=[{"op": "update", "table": "Deals", "record": "n2", "fields": {"Sum": 22}}])
        h.sync()
        assert deal(t, "n1")["Sum"] == 101 and get(t, "n2", "Amount") == 22
        assert t.rows("Deals")[0] == ["Name", "Amount", "Note", ID]
        h.quiet()


def test_two_fields_that_exchange_their_names_keep_their_columns():
    t, h = table()
    with t, h:
        t.person(airtable=[{"op": "rename_field", "table": "Deals", "field": "Note", "name": "tmp"},
                           {"op": "rename_field", "table": "Deals", "field": "Name", "name": "Note"},
                           {"op": "rename_field", "table": "Deals", "field": "tmp", "name": "Name"}])
        t.reset()
        h.sync(expect=None)
        assert not [w for w in t.writes() if w["service"] == "airtable"]
        assert column(t, "Name") and set(column(t, "Name")) == {f"n{i}" for i in range(5)}
        assert set(column(t, "Note")) == {f"about {i}" for i in range(5)}


def test_another_field_that_takes_a_renamed_ones_name_is_not_taken_for_it():
    t, h = table()
    with t, h:
        t.person(airtable=[{"op": "rename_field", "table": "Deals", "field": "Note", "name": "Old"},
                           {"op": "add_field", "table": "Deals", "field": field("Note")},
                           {"op": "update", "table": "Deals", "record": "n2",
                            "fields": {"Note": "a stranger", "Old": "edited"}}])
        put(t, "n1", "Note", "typed")
        h.sync()
        assert deal(t, "n1")["Old"] == "typed" and "Note" not in deal(t, "n1")
        assert get(t, "n2", "Note") == "edited"
        assert "now named \"Old\"" in h.last_log()["errors"][0]["message"]
        h.quiet()


def test_a_deleted_field_stops_the_sync_and_clears_no_column():
    t, h = table()
    with t, h:
        t.person(airtable=[{"op": "delete_field", "table": "Deals", "field": "Note"}])
        stops(t, h, "\"Note\"", "correct `field`")
        assert get(t, "n3", "Note") == "about 3"
        h.set(fields=["Name", "Amount"])
        put(t, "n1", "Amount", 101)
        h.sync()
        assert deal(t, "n1")["Amount"] == 101
        assert get(t, "n3", "Note") == "about 3"
        h.quiet()


def test_a_field_whose_type_changes_is_read_anew_and_loses_nothing():
    t, h = table()
    with t, h:
        t.person(airtable=[{"op": "change_type", "table": "Deals", "field": "Amount",
                            "type": "singleLineText"}])
        h.sync(expect=None)
        h.sync(expect=None)
        assert {f["Name"]: str(f["Amount"]) for f in t.records("Deals").values()} == {
            f"n{i}": str(i) for i in range(5)}
        assert {r["Name"]: str(r["Amount"]) for r in t.table("Deals")} == {
            f"n{i}": str(i) for i in range(5)}
        put(t, "n1", "Amount", "0012")
        h.sync()
        assert deal(t, "n1")["Amount"] == "0012"
        h.quiet()


def test_a_field_that_becomes_computed_flows_one_way_from_then_on():
    t, h = table()
    with t, h:
        t.person(airtable=[{"op": "change_type", "table": "Deals", "field": "Amount",
                            "type": "formula", "options": {"formula": "7", "isValid": True,
                                                           "referencedFieldIds": [], "result":
                                                           {"type": "number", "options":
                                                            {"precision": 0}}}}])
        h.sync(expect=None)
        assert column(t, "Amount") == [7] * 5, column(t, "Amount")
        put(t, "n1", "Amount", 1)
        h.sync(expect=None)
        assert get(t, "n1", "Amount") == 7


def test_a_renamed_choice_is_no_edit_of_the_sheet():
    t, h = begin([NAME, field("Stage", "singleSelect", choices=["Lead", "Won"])],
                 [record(Name="a", Stage="Lead"), record(Name="b", Stage="Won")])
    with t, h:
        h.sync()
        t.person(airtable=[{"op": "rename_choice", "table": "Deals", "field": "Stage",
                            "from": "Lead", "to": "Prospect"}])
        h.sync()
        assert get(t, "a", "Stage") == "Prospect" and deal(t, "a")["Stage"] == "Prospect"
        h.quiet()


def test_a_new_field_joins_when_all_fields_are_synced():
    t, h = table(names=())
    with t, h:
        t.person(airtable=[{"op": "add_field", "table": "Deals", "field": field("Extra")},
                           {"op": "update", "table": "Deals", "record": "n1",
                            "fields": {"Extra": "x"}}])
        h.sync()
        assert get(t, "n1", "Extra") == "x"
        put(t, "n2", "Extra", "y")
        h.sync()
        assert deal(t, "n2")["Extra"] == "y"
        h.quiet()


def test_a_renamed_table_is_followed():
    t, h = table()
    with t, h:
        t.person(airtable=[{"op": "rename_table", "table": "Deals", "name": "Sales"}])
        put(t, "n1", "Amount", 101)
        h.sync()
        assert deal(t, "n1", table="Sales")["Amount"] == 101
        h.quiet()


def test_a_deleted_table_stops_the_sync_and_empties_no_tab():
    other = {"name": "Other", "fields": [NAME], "records": []}
    t, h = begin([NAME], [record(Name="a")], tables=[other],
                 home={"delete_extra_rows": "yes", "max_delete": "100%"})
    with t, h:
        h.sync()
        t.person(airtable=[{"op": "delete_table", "table": "Deals"}])
        stops(t, h, "Deals")
        assert column(t, "Name") == ["a"]


# ---- tabs ----

def test_a_renamed_tab_is_followed():
    t, h = table()
    with t, h:
        t.person(sheets=[{"op": "rename_tab", "sheet": "Deals", "name": "Geschäfte '26"}])
        edit(t, "n2", Note="edited")
        h.sync()
        assert "edited" in column(t, "Note", tab="Geschäfte '26")
        t.person(sheets=[{"op": "append_row", "sheet": "Geschäfte '26",
                          "values": {"Name": "late", "Amount": 9}}])
        h.sync()
        assert deal(t, "late")["Amount"] == 9
        h.quiet()


def test_another_tab_that_takes_the_old_name_is_not_taken_for_ours():
    t, h = table()
    with t, h:
        t.person(sheets=[{"op": "rename_tab", "sheet": "Deals", "name": "Archive"},
                         {"op": "add_tab", "name": "Deals", "rowCount": 20, "columnCount": 10}])
        edit(t, "n2", Note="edited")
        h.sync(expect=None)
        assert t.rows("Deals") == [], "the new tab was filled"
        assert len(t.records("Deals")) == 5


def test_a_moved_tab_is_followed():
    t, h = begin([NAME, AMOUNT, field("Note")], [record(Name="n1"), record(Name="n2")],
                 sheets=[{"sheetId": 5, "title": "Front", "rowCount": 9, "columnCount": 9, "rows": []}])
    with t, h:
        h.sync()
        s = t.state()["google"]["spreadsheets"][0]
        s["sheets"].reverse()
        goes_on(t, h)
        assert t.rows("Front") == []


def test_a_deleted_tab_stops_the_sync_and_deletes_no_record():
    t, h = table(delete_extra_records="yes", max_delete="100%")
    with t, h:
        t.person(sheets=[{"op": "add_tab", "name": "Other"},
                         {"op": "delete_tab", "sheet": "Deals"}])
        stops(t, h, "Deals")
        assert len(t.records("Deals")) == 5


def test_another_spreadsheet_or_table_in_the_ini_asks_before_it_starts_over():
    other = {"name": "Other", "fields": [NAME, AMOUNT, field("Note")],
             "records": [record(Name="elsewhere")]}
    t, h = begin([NAME, AMOUNT, field("Note")], [record(Name="n1"), record(Name="n2")],
                 tables=[other], home={"delete_extra_rows": "yes", "delete_extra_records": "yes",
                                       "max_delete": "100%"})
    with t, h:
        h.sync()
        h.set(table="Other")
        stops(t, h, "--first-sync")
        assert len(t.records("Deals")) == 2 and len(t.records("Other")) == 1
        assert SHEET in h.sql('SELECT googleSpreadsheetId FROM "SyncConfig"')[0]


def test_a_changed_time_zone_of_the_spreadsheet_moves_no_instant():
    at = field("At", "dateTime", timeZone="utc", dateFormat={"name": "iso", "format": "YYYY-MM-DD"},
               timeFormat={"name": "24hour", "format": "HH:mm"})
    t, h = begin([NAME, at], [record(Name="a", At="2026-07-01T10:30:00.000Z")],
                 time_zone="Europe/Berlin")
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "set_zone", "timeZone": "America/New_York"}])
        h.sync(expect=None)
        h.sync(expect=None)
        assert deal(t, "a")["At"] == "2026-07-01T10:30:00.000Z", deal(t, "a")
        h.quiet()


def test_a_field_added_to_the_mapping_later_is_paired_without_losing_either_side():
    t, h = table(names=("Name", "Amount"))
    with t, h:
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": "D1", "value": "Note"}])
        for i, r in enumerate(t.table("Deals")):
            if r["Name"] == "n1":
                t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": f"D{i + 2}",
                                  "value": "from the sheet"}])
        t.person(airtable=[{"op": "update", "table": "Deals", "record": "n1",
                            "fields": {"Note": None}}])
        h.set(fields=["Name", "Amount", "Note"])
        h.sync()
        assert deal(t, "n1")["Note"] == "from the sheet"
        assert get(t, "n2", "Note") == "about 2"
        h.quiet()


if __name__ == "__main__":
    main(globals())
