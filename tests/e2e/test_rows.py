#!/usr/bin/env python3
"""The life of rows in a sheet that people work in: sorted, inserted, deleted, cut, copied, hidden; between
runs and while a run is on its way. Each record keeps its row, its cells and what stands beside it."""
from harness import field, main, record
from test_both_ways import AMOUNT, delete_row, edit, number_of, whole
from test_to_sheets import ID, NAME, column, get, ids, met, moving
from test_values import begin, clear, deal, noted, put

N = 8


def sheet(n=N, direction="bidirectional", **home):
    """A synced tab with a column of the user's own to its left and one to its right."""
    t, h = begin([NAME, AMOUNT], [record(Name=f"n{i}", Amount=i) for i in range(n)],
                 rows=[["Left", "Name", "Amount"]], direction=direction, home=home)
    h.sync()
    rows = t.rows("Deals")
    width = len(rows[0])
    t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": f"{chr(65 + width)}1",
                      "value": "Right"}])
    for i, r in enumerate(rows[1:]):
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": f"A{i + 2}",
                          "value": f"left of {r[1]}", "note": f"note on {r[1]}"},
                         {"op": "set", "sheet": "Deals", "cell": f"{chr(65 + width)}{i + 2}",
                          "value": f"right of {r[1]}"}])
    return t, h


def beside(t, but=()):
    """What is beside a row has stayed with it, its note too."""
    cells = t.cells("Deals")
    for i, r in enumerate(t.table("Deals")):
        if r.get(ID) and r["Name"] not in but:
            assert r["Left"] == f"left of {r['Name']}", r
            assert r["Right"] == f"right of {r['Name']}", r
            assert cells[i + 1][0]["note"] == f"note on {r['Name']}", cells[i + 1]


def amounts(t, wanted):
    got = {f["Name"]: f.get("Amount") for f in t.records("Deals").values()}
    assert got == wanted, got
    rows = {r["Name"]: r["Amount"] for r in t.table("Deals") if r.get(ID)}
    assert rows == wanted, rows


def start_values(n=N):
    return {f"n{i}": i for i in range(n)}


# What a person does to the rows; row 2 is n0, row 9 is n7.
MOVES = {
    "a_sort_of_the_sheet": [{"op": "sort", "sheet": "Deals", "by": "Name", "descending": True,
                             "header": True}],
    "a_sort_of_a_range_of_whole_rows": [{"op": "sort", "sheet": "Deals", "by": "Name",
                                         "descending": True, "range": "A4:E8"}],
    "inserted_rows": [{"op": "insert_rows", "sheet": "Deals", "row": 2, "count": 3},
                      {"op": "insert_rows", "sheet": "Deals", "row": 8, "count": 1}],
    "a_row_that_is_moved": [{"op": "move_row", "sheet": "Deals", "from": 3, "to": 8}],
    "a_row_that_is_cut_and_pasted_below": [{"op": "cut_paste", "sheet": "Deals", "from": 4,
                                            "to": 12}],
    "hidden_and_filtered_rows": [{"op": "hide_rows", "sheet": "Deals", "row": 3, "count": 2},
                                 {"op": "hide_rows", "sheet": "Deals", "row": 6, "count": 2,
                                  "by_filter": True}],
}


def moved_between_runs(moves):
    t, h = sheet()
    with t, h:
        wanted = start_values()
        t.person(sheets=moves)
        for name, value in (("n1", 101), ("n6", 106)):
            put(t, name, "Amount", value)
            wanted[name] = value
        for name, value in (("n2", 202), ("n5", 205)):
            edit(t, name, Amount=value)
            wanted[name] = value
        t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "new", "Amount": 9}}])
        wanted["new"] = 9
        h.sync()
        whole(t, N + 1)
        amounts(t, wanted)
        beside(t, but=("new",))
        assert h.last_log()["conflicts"] == 0
        h.quiet()


def moved_before_the_write(moves, when="before", nth=1):
    t, h = sheet()
    with t, h:
        wanted = start_values()
        put(t, "n1", "Amount", 101)
        wanted["n1"] = 101
        for name, value in (("n2", 202), ("n3", 203), ("n5", 205)):
            edit(t, name, Amount=value)
            wanted[name] = value
        t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "new", "Amount": 9}}],
                 sheets=[{"op": "append_row", "sheet": "Deals", "values": {"Name": "mine",
                                                                          "Amount": 10}}])
        wanted["new"], wanted["mine"] = 9, 10
        t.reset()
        t.faults(moving(when, moves, nth=nth))
        h.sync()
        assert met(t) == 1
        h.sync()
        whole(t, N + 2)
        amounts(t, wanted)
        beside(t, but=("new", "mine"))
        h.quiet()


def moved_between_reads(moves):
    """People act right after each of the reads in turn."""
    nth = 1
    while True:
        t, h = sheet()
        with t, h:
            wanted = start_values()
            put(t, "n1", "Amount", 101)
            edit(t, "n2", Amount=202)
            wanted.update(n1=101, n2=202)
            t.reset()
            t.faults(moving("after", moves, nth=nth, kind="sheets.read"))
            h.sync()
            struck = met(t)
            t.faults()
            h.sync()
            whole(t, N)
            amounts(t, wanted)
            beside(t)
            h.quiet()
            if struck == 0:
                assert nth > 2
                return
            nth += 1


def _make():
    for name, moves in MOVES.items():
        globals()[f"test_{name}_between_runs_misplace_nothing"] = (
            lambda m=moves: moved_between_runs(m))
        globals()[f"test_{name}_right_before_our_write_misplace_nothing"] = (
            lambda m=moves: moved_before_the_write(m))
    globals()["test_a_sort_right_after_our_write_misplaces_nothing"] = (
        lambda: moved_before_the_write(MOVES["a_sort_of_the_sheet"], "after"))
    globals()["test_a_sort_between_any_two_reads_misplaces_nothing"] = (
        lambda: moved_between_reads(MOVES["a_sort_of_the_sheet"]))
    globals()["test_rows_inserted_between_any_two_reads_misplace_nothing"] = (
        lambda: moved_between_reads(MOVES["inserted_rows"]))


_make()


def test_a_sort_of_the_data_without_the_id_column_is_noticed_and_mixes_nothing_up():
    """The classic: the range that is sorted ends before the id column."""
    t, h = sheet()
    with t, h:
        t.person(sheets=[{"op": "sort", "sheet": "Deals", "by": "Name", "descending": True,
                          "range": f"A2:C{N + 1}"}])
        h.sync()
        got = {f["Name"]: f["Amount"] for f in t.records("Deals").values()}
        assert got == start_values(), got
        known = ids(t)
        for r in t.table("Deals"):
            assert known[r["Name"]] == r[ID] and r["Amount"] == start_values()[r["Name"]], r
        h.quiet()


# ---- rows that come ----

def test_a_row_typed_between_others_becomes_a_record_and_gets_its_id():
    t, h = sheet()
    with t, h:
        t.person(sheets=[{"op": "insert_rows", "sheet": "Deals", "row": 4},
                         {"op": "set_row", "sheet": "Deals", "row": 4,
                          "values": {"Name": "between", "Amount": 50}}])
        h.sync()
        whole(t, N + 1)
        assert number_of(t, "between") == 4
        beside(t, but=("between",))
        h.quiet()


def test_blank_rows_between_are_no_records_and_stay_where_they_are():
    t, h = sheet()
    with t, h:
        t.person(sheets=[{"op": "insert_rows", "sheet": "Deals", "row": 4, "count": 2},
                         {"op": "set", "sheet": "Deals", "cell": "A4", "value": "a heading of mine"}])
        edit(t, "n7", Amount=77)
        h.sync()
        whole(t, N)
        assert t.rows("Deals")[3] == ["a heading of mine"] and t.rows("Deals")[4] == []
        beside(t)
        h.quiet()


def test_a_copied_row_becomes_a_new_record_and_the_original_keeps_its_own():
    t, h = sheet()
    with t, h:
        was = ids(t)["n3"]
        at = number_of(t, "n3")
        t.person(sheets=[{"op": "copy_row", "sheet": "Deals", "from": at}])
        last = len(t.rows("Deals"))
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": f"C{last}", "value": 33}])
        h.sync()
        records = t.records("Deals")
        assert len(records) == N + 1
        copies = {i: f for i, f in records.items() if f["Name"] == "n3"}
        assert copies[was]["Amount"] == 3 and sorted(f["Amount"] for f in copies.values()) == [3, 33]
        rows = t.table("Deals")
        assert len({r[ID] for r in rows}) == N + 1
        assert rows[at - 2][ID] == was and rows[-1][ID] != was
        h.quiet()


def test_a_copy_put_in_above_its_original_leaves_the_original_its_record():
    t, h = sheet()
    with t, h:
        was = ids(t)["n3"]
        t.person(sheets=[{"op": "copy_row", "sheet": "Deals", "from": number_of(t, "n3"), "to": 3,
                          "insert": True},
                         {"op": "set_row", "sheet": "Deals", "row": 3,
                          "values": {"Name": "n3 copy", "Amount": 33}}])
        h.sync()
        assert t.records("Deals")[was] == {"Name": "n3", "Amount": 3}
        whole(t, N + 1)
        h.quiet()


def test_copied_rows_are_left_alone_when_that_is_what_is_wanted():
    t, h = sheet(copied_rows="ignore")
    with t, h:
        t.person(sheets=[{"op": "copy_row", "sheet": "Deals", "from": 5}])
        h.sync()
        assert len(t.records("Deals")) == N
        noted(h, "same record id")
        h.quiet()


def test_ids_written_by_hand_are_told_and_their_rows_left_alone():
    t, h = sheet()
    with t, h:
        for name, bad in (("made up", "recAAAAAAAAAAAAAA"), ("words", "my own id"), ("number", 42)):
            t.person(sheets=[{"op": "append_row", "sheet": "Deals",
                              "values": {"Name": name, "Amount": 1, ID: bad}}])
        h.sync(expect=None)
        assert len(t.records("Deals")) == N
        for bad in ("recAAAAAAAAAAAAAA", "my own id", "42"):
            noted(h, bad)
        assert [r[ID] for r in t.table("Deals")[-3:]] == ["recAAAAAAAAAAAAAA", "my own id", 42]
        clear(t, "words", ID)
        h.sync(expect=None)
        assert "words" in ids(t)


def test_the_id_of_a_record_of_another_table_is_told_and_left_alone():
    other = {"name": "Other", "fields": [NAME], "records": [record(Name="elsewhere")]}
    t, h = begin([NAME, AMOUNT], [record(Name="n0", Amount=0)], tables=[other])
    with t, h:
        h.sync()
        foreign = ids(t, "Other")["elsewhere"]
        t.person(sheets=[{"op": "append_row", "sheet": "Deals",
                          "values": {"Name": "foreign", "Amount": 1, ID: foreign}}])
        h.sync(expect=None)
        assert len(t.records("Deals")) == 1 and t.records("Other")[foreign] == {"Name": "elsewhere"}
        noted(h, foreign)


def test_a_row_whose_id_was_cleared_finds_its_record_again():
    t, h = sheet()
    with t, h:
        was = ids(t)
        clear(t, "n3", ID)
        clear(t, "n5", ID)
        h.sync()
        assert ids(t) == was
        whole(t, N)
        beside(t)
        h.quiet()


def test_a_row_that_got_the_id_of_another_by_hand_doubles_nothing():
    t, h = sheet()
    with t, h:
        was = ids(t)
        put(t, "n3", ID, was["n4"])
        h.sync(expect=None)
        for name in ("n3", "n4"):
            assert t.records("Deals")[was[name]]["Name"] == name, t.records("Deals")
        names = [f["Name"] for f in t.records("Deals").values()]
        assert sorted(set(names)) == sorted(start_values()), names
        h.sync(expect=None)
        assert len(t.records("Deals")) == len(names)


def test_rows_beyond_a_million_cells_of_blank_are_not_made():
    """Appending goes below what there is, not below the end of the grid."""
    t, h = sheet()
    with t, h:
        before = t.state()["google"]["spreadsheets"][0]["sheets"][0]["rowCount"]
        for i in range(5):
            t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": f"x{i}"}}])
            h.sync()
        assert t.state()["google"]["spreadsheets"][0]["sheets"][0]["rowCount"] == before
        assert number_of(t, "x4") == N + 6


# ---- rows that go ----

def test_rows_deleted_and_edited_right_before_our_write_are_seen():
    t, h = sheet()
    with t, h:
        edit(t, "n2", Amount=202)
        edit(t, "n6", Amount=206)
        t.reset()
        t.faults(moving("before", [{"op": "delete_rows", "sheet": "Deals", "row": 3}]))
        h.sync()
        assert met(t) == 1
        h.sync()
        whole(t, N)
        wanted = dict(start_values(), n2=202, n6=206)
        amounts(t, wanted)
        beside(t, but=("n1",))
        h.quiet()


def test_a_deletion_of_rows_hits_the_right_ones_although_people_sort_meanwhile():
    t, h = sheet(delete_extra_rows="yes", max_delete="5")
    with t, h:
        for name in ("n2", "n5"):
            t.person(airtable=[{"op": "delete", "table": "Deals", "record": name}])
        t.reset()
        t.faults(moving("before", MOVES["a_sort_of_the_sheet"]))
        h.sync()
        assert met(t) == 1
        h.sync()
        assert sorted(x for x in column(t, "Name") if x) == ["n0", "n1", "n3", "n4", "n6", "n7"]
        for r in t.table("Deals"):
            if r.get("Name"):
                assert r["Left"] == f"left of {r['Name']}", r
                assert r["Right"] == f"right of {r['Name']}", r
        h.quiet()


def test_an_edit_of_a_cell_during_the_run_reaches_airtable_one_run_later():
    t, h = sheet(direction="bidirectional")
    with t, h:
        edit(t, "n2", Amount=202)
        row = number_of(t, "n4")
        t.reset()
        t.faults(moving("before", [{"op": "set", "sheet": "Deals", "cell": f"C{row}",
                                    "value": 404}]))
        h.sync()
        assert met(t) == 1
        h.sync()
        amounts(t, dict(start_values(), n2=202, n4=404))
        h.quiet()


def test_a_row_typed_during_the_run_is_not_overwritten_by_a_new_row():
    t, h = sheet()
    with t, h:
        t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "new", "Amount": 9}}])
        t.reset()
        t.faults(moving("before", [{"op": "insert_rows", "sheet": "Deals", "row": 5},
                                   {"op": "set_row", "sheet": "Deals", "row": 5,
                                    "values": {"Name": "typed", "Amount": 55}}]))
        h.sync()
        assert met(t) == 1
        h.sync()
        amounts(t, dict(start_values(), new=9, typed=55))
        whole(t, N + 2)
        h.quiet()


def test_deleted_rows_of_the_users_own_shift_nothing():
    t, h = sheet()
    with t, h:
        t.person(sheets=[{"op": "insert_rows", "sheet": "Deals", "row": 3},
                         {"op": "set", "sheet": "Deals", "cell": "A3", "value": "mine"}])
        h.sync()
        t.person(sheets=[{"op": "delete_rows", "sheet": "Deals", "row": 3}])
        put(t, "n6", "Amount", 66)
        h.sync()
        amounts(t, dict(start_values(), n6=66))
        beside(t)
        h.quiet()


def test_a_table_whose_records_all_went_while_their_rows_stay_is_read_again_and_again():
    t, h = sheet()
    with t, h:
        for key in list(ids(t)):
            t.person(airtable=[{"op": "delete", "table": "Deals", "record": key}])
            h.sync(expect=None)
        h.sync("--allow-delete", expect=None)
        assert len([x for x in column(t, "Name") if x]) > 0 and not t.records("Deals")
        h.sync()
        t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "again"}}])
        h.sync()
        assert "again" in column(t, "Name")
        h.quiet()


def test_a_deleted_row_comes_back_when_deletions_are_off():
    t, h = sheet()
    with t, h:
        delete_row(t, "n3")
        h.sync()
        whole(t, N)
        assert deal(t, "n3")["Amount"] == 3 and get(t, "n3", "Amount") == 3
        h.quiet()


if __name__ == "__main__":
    main(globals())
