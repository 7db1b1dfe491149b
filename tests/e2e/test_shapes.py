#!/usr/bin/env python3
"""The shapes that tabs have: odd titles and names, headers that are formulas, numbers or broken over lines,
lines above the header, wide tables, the id column anywhere, hidden, merged and protected cells, array
formulas."""
from harness import ROBOT, Home, Twin, field, main, record, scenario
from test_both_ways import AMOUNT, edit, whole
from test_to_sheets import FAST, ID, ISO, NAME, column, get, serial
from test_values import begin, deal, noted, put

COUNT = field("N", "number", precision=0)


def written(t):
    """Names of the cells that the program wrote since the last reset."""
    return [c["cell"] for w in t.writes() if w["service"] == "sheets"
            for c in w["detail"]["changes"] if "cell" in c]


# ---- names ----

TITLES = ["A1", "R1C1", "CO2", "AAA1000", "1:3", "Jon's", "''x''", "a!b", "100%", "a&b=c", "a/b", "😀 tab", "{x}",
          "=1+1", "+x", "tab, comma", "\"dq\"", "TRUE", "2026", "Deals'!A1:B2", "#REF!", "é", "x" * 100, "a\\b",
          "[b]", "a?b*c", "; semi", "# hash"]


def tabs_of_titles(titles):
    s = scenario([NAME, COUNT], [record(Name="a", N=1)], tab=titles[0],
                 sheets=[{"sheetId": 100 + i, "title": x, "rowCount": 20, "columnCount": 6, "rows": []}
                         for i, x in enumerate(titles[1:])])
    with Twin(s) as t, Home(t, airtable=FAST) as h:
        for i, x in enumerate(titles):
            h.set(f"s{i}", tab=x)
        h.init().sync()
        for x in titles:
            assert t.rows(x)[1][:2] == ["a", 1], (x, t.rows(x))
            t.person(sheets=[{"op": "append_row", "sheet": x, "values": {"Name": f"of {x}", "N": 5}}])
        h.sync()
        for x in titles:
            assert deal(t, f"of {x}")["N"] == 5, x


def test_a_tab_may_have_any_title():
    for i in range(0, len(TITLES), 4):  # more of them would wait for Google's minute
        tabs_of_titles(TITLES[i:i + 4])


def test_a_tab_whose_title_begins_with_a_space_is_named_by_its_gid():
    t, h = begin([NAME], [record(Name="a")], tab=" lead", home={"tab": "gid:0"})
    with t, h:
        h.sync()
        assert t.rows(" lead")[1][0] == "a"
        h.quiet()


NAMES = ["a/b", "100%", "a&b=c", "it's", "}", "a}b{c", "{", "😀", "x  y", "Ünï", "a,b", "q\"q", "back\\s", "#hash",
         "; semi", "a;b", "=1+1", "1", "TRUE", "A1", "null", "?", "*", "x" * 200, "[x]", "a:b", "\u202ertl",
         "naMe2", "two\nlines"]
ONLY_ALL = ["<->", "a -> b", "-> x", "Name ", " Lead", "a\tb"]  # not to be told from others in the INI


def odd_names(names, listed):
    s = scenario([NAME] + [field(x, "number", precision=0) for x in names],
                 [record(Name="a", **{x: i for i, x in enumerate(names)})], column_count=4)
    t = Twin(s)
    return t, Home(t, {"direction": "bidirectional"}, listed).init()


def flow_under_odd_names(names, listed):
    t, h = odd_names(names, listed)
    with t, h:
        h.run("check")
        h.sync()
        assert t.rows("Deals")[0] == ["Name"] + names + [ID]
        for i, x in enumerate(names):
            assert get(t, "a", x) == i, x
            put(t, "a", x, 100 + i)
        h.sync()
        for i, x in enumerate(names):
            assert deal(t, "a")[x] == 100 + i, x
        edit(t, "a", **{x: 200 + i for i, x in enumerate(names)})
        h.sync()
        for i, x in enumerate(names):
            assert get(t, "a", x) == 200 + i, x
        h.quiet()


def test_fields_may_have_any_name():
    flow_under_odd_names(NAMES + ONLY_ALL, ())


def test_fields_of_odd_names_may_be_listed():
    flow_under_odd_names(NAMES[:-1], ["Name"] + NAMES[:-1])


def test_a_field_whose_name_cannot_stand_in_the_ini_is_listed_by_its_id():
    t, h = odd_names(ONLY_ALL, ())
    with t, h:
        fields = t.state()["airtable"]["bases"][0]["tables"][0]["fields"]
        h.set(fields=["Name"] + [f"{f['id']} <-> Column {i}" for i, f in enumerate(fields) if i])
        h.sync()
        assert t.rows("Deals")[0] == ["Name"] + [f"Column {i + 1}" for i in range(len(ONLY_ALL))] + [ID]
        put(t, "a", "Column 1", 77)
        h.sync()
        assert deal(t, "a")["<->"] == 77
        h.quiet()


# ---- headers ----

def test_headers_with_spaces_and_line_breaks_around_them_are_found():
    t, h = begin([NAME, COUNT, AMOUNT], [record(Name="a", N=1, Amount=2)],
                 rows=[["Name ", "\nN", "  amount\n"]])
    with t, h:
        h.sync()
        assert t.rows("Deals")[0] == ["Name ", "\nN", "  amount\n", ID]
        assert t.rows("Deals")[1][:3] == ["a", 1, 2]
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": "B2", "value": 9}])
        h.sync()
        assert deal(t, "a")["N"] == 9
        h.quiet()


def test_a_header_may_be_a_formula():
    t, h = begin([NAME, field("Total", "number", precision=0), field("2027", "number", precision=0)],
                 [record(Name="a", Total=1)],
                 rows=[["Name", {"f": "=\"To\"&\"tal\""}, {"f": "=2026+1"}, "=text"]])
    with t, h:
        h.sync()
        assert t.rows("Deals")[0] == ["Name", "=\"To\"&\"tal\"", "=2026+1", "=text", ID]
        assert t.rows("Deals")[1][1] == 1
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": "B2", "value": 5},
                         {"op": "set", "sheet": "Deals", "cell": "C2", "value": 6}])
        h.sync()
        assert (deal(t, "a")["Total"], deal(t, "a")["2027"]) == (5, 6)
        h.quiet()
        t.person(sheets=[{"op": "move_column", "column": "B", "before": "A"}])
        edit(t, "a", Total=8)
        h.sync()
        assert t.rows("Deals")[1][:2] == [8, "a"]
        h.quiet()


def test_a_column_with_a_formula_for_its_header_that_moves_during_a_write_is_followed():
    t, h = begin([NAME, field("Total", "number", precision=0)],
                 [record(Name="a", Total=1), record(Name="b", Total=2)],
                 rows=[["Name", {"f": "=\"To\"&\"tal\""}, "Mine"]])
    with t, h:
        h.sync()
        for x in "ab":
            put(t, x, "Mine", f"my {x}")
        edit(t, "a", Total=50)
        edit(t, "b", Total=60)
        t.faults({"match": {"kind": "sheets.write", "nth": 1}, "count": 1,
                  "fault": {"kind": "person", "sheets": [
                      {"op": "move_column", "sheet": "Deals", "column": "Mine", "before": "B"}]}})
        h.sync()
        h.sync()
        rows = t.rows("Deals")
        assert rows[0][:3] == ["Name", "Mine", "=\"To\"&\"tal\""], rows
        assert sorted(r[:3] for r in rows[1:]) == [["a", "my a", 50], ["b", "my b", 60]], rows
        h.quiet()


def test_a_header_may_be_a_number_or_a_truth_value():
    t, h = begin([NAME, field("2024", "number", precision=0), field("TRUE")],
                 [record(Name="a", **{"2024": 1, "TRUE": "x"})], rows=[["Name", 2024, True]])
    with t, h:
        h.sync()
        assert t.rows("Deals")[0] == ["Name", 2024, True, ID]
        assert t.rows("Deals")[1][:3] == ["a", 1, "x"]
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": "B2", "value": 7}])
        h.sync()
        assert deal(t, "a")["2024"] == 7
        h.quiet()


def test_lines_above_the_header_stop_the_first_run_and_are_named():
    for direction in ("airtable_to_sheets", "bidirectional", "sheets_to_airtable"):
        t, h = begin([NAME, COUNT], [record(Name="a", N=1)], direction=direction,
                     rows=[["Our deals of 2026"], [], ["N", "Name"], [4, "x"]])
        with t, h:
            h.sync(expect=4)
            said = noted(h)["message"]
            assert "row 3" in said and "Deals" in said, said
            assert t.writes() == []
            t.person(sheets=[{"op": "delete_rows", "sheet": "Deals", "row": 1, "count": 2}])
            h.sync()
            assert deal(t, "x")["N"] == 4 if direction != "airtable_to_sheets" else True
            h.quiet()


def test_a_tab_of_nothing_and_a_tab_of_a_header_alone_are_filled():
    for rows, counts in (([], (1, 1)), ([["N", "Name"]], (1, 2)), ([["N"], [], []], (3, 1))):
        t, h = begin([NAME, COUNT], [record(Name="a", N=1)], rows=rows, row_count=counts[0],
                     column_count=counts[1])
        with t, h:
            h.sync()
            whole(t, 1)
            assert get(t, "a", "N") == 1
            h.quiet()


# ---- columns ----

def test_tables_of_more_than_26_and_more_than_100_columns_keep_every_column():
    for n in (25, 26, 27, 130):
        names = [f"F{i:03d}" for i in range(n)]
        t, h = begin([NAME] + [field(x) for x in names],
                     [record(Name=f"r{k}", **{x: f"{k}/{x}" for x in names}) for k in range(3)],
                     column_count=4)
        with t, h:
            h.sync()
            for r in t.table("Deals"):
                assert [r[x] for x in names] == [f"{r['Name'][1:]}/{x}" for x in names]
            t.person(sheets=[{"op": "set_row", "sheet": "Deals", "row": 2,
                              "values": {names[-1]: "last", names[n // 2]: "half"}}])
            h.sync()
            changed = deal(t, t.rows("Deals")[1][0])
            assert changed[names[-1]] == "last" and changed[names[n // 2]] == "half"
            assert changed[names[1]].endswith("/F001")
            h.quiet()


def test_the_id_column_may_be_the_first_one_in_the_middle_or_the_last():
    for at in range(3):
        heads = ["Name", "N"]
        heads.insert(at, ID)
        t, h = begin([NAME, COUNT], [record(Name="a", N=1), record(Name="b", N=2)], rows=[heads])
        with t, h:
            h.sync()
            assert t.rows("Deals")[0] == heads
            t.person(sheets=[{"op": "append_row", "sheet": "Deals", "values": {"Name": "c", "N": 9}}])
            h.sync()
            whole(t, 3)
            assert deal(t, "c")["N"] == 9
            t.person(sheets=[{"op": "move_column", "sheet": "Deals", "column": ID, "before": "Name"}])
            put(t, "b", "N", 22)
            h.sync()
            assert deal(t, "b")["N"] == 22
            h.quiet()


# ---- rows and cells that are not plain ----

def test_frozen_hidden_and_filtered_rows_take_part_like_any_other():
    t, h = begin([NAME, COUNT], [record(Name=f"r{i}", N=i) for i in range(6)])
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "hide_rows", "sheet": "Deals", "row": 2, "count": 2, "by_filter": True},
                         {"op": "hide_rows", "sheet": "Deals", "row": 5}])
        for i in range(6):
            edit(t, f"r{i}", N=100 + i)
        h.sync()
        assert sorted(column(t, "N")) == [100 + i for i in range(6)]
        for i in range(6):
            put(t, f"r{i}", "N", 200 + i)
        h.sync()
        assert [deal(t, f"r{i}")["N"] for i in range(6)] == [200 + i for i in range(6)]
        whole(t, 6)
        h.quiet()


def test_protected_ranges_beside_the_data_hinder_nothing_and_one_in_it_is_named():
    t, h = begin([NAME, COUNT], [record(Name="a", N=1), record(Name="b", N=2)],
                 rows=[["Name", "N", "Mine"]])
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "protect", "sheet": "Deals", "range": "C1:C50", "editors": ["x@example.com"]},
                         {"op": "protect", "sheet": "Deals", "range": "A1:D1", "editors": ["x@example.com"]}])
        edit(t, "a", N=10)
        h.sync()
        assert get(t, "a", "N") == 10
        h.quiet()
        t.person(sheets=[{"op": "protect", "sheet": "Deals", "range": "B2:B3", "editors": ["x@example.com"]}])
        edit(t, "a", N=11)
        put(t, "b", "Name", "bb")
        h.sync(expect=4)
        said = noted(h)["message"]
        assert "protected" in said and ROBOT in said, said
        assert deal(t, "bb")["N"] == 2 and get(t, "a", "N") == 10
        t.person(sheets=[{"op": "unprotect", "sheet": "Deals"}])
        h.sync()
        assert get(t, "a", "N") == 11
        h.quiet()


def test_what_an_array_formula_fills_feeds_airtable_and_is_never_written_to():
    """Writing into the spill of an array formula turns all of it into #REF!."""
    t, h = begin([NAME, COUNT, field("Twice", "number", precision=0)],
                 [record(Name="a", N=1), record(Name="b", N=2)], rows=[["Name", "N", "Twice"]])
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": "C2", "formula": "=B2*2"},
                         {"op": "set", "sheet": "Deals", "cell": "C3", "formula": "=SPILLED(B3*2)"}])
        h.sync()
        assert [deal(t, x)["Twice"] for x in "ab"] == [2 * deal(t, x)["N"] for x in "ab"]
        h.quiet()
        for x in "ab":
            edit(t, x, Twice=99, N=deal(t, x)["N"] + 10)
        t.reset()
        h.sync()
        assert sorted(written(t)) == ["Deals!B2", "Deals!B3"], written(t)
        assert "formula" in noted(h, "Twice")["message"]
        h.sync()
        h.quiet()


def test_a_computed_field_whose_column_holds_formulas_leaves_them():
    t, h = begin([NAME, field("No", "autoNumber")], [record(Name="a")], rows=[["Name", "No"]])
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": "B2", "formula": "=1+1"}])
        t.reset()
        h.sync()
        assert written(t) == []
        assert t.rows("Deals")[1][1] == "=1+1"


def test_dates_and_times_in_columns_that_people_formatted_arrive_as_dates():
    look = [{"type": "DATE", "pattern": p} for p in ("d.m.yyyy", "mmm d", "yyyy", "dddd")]
    t, h = begin([NAME, field("Due", "date", dateFormat=ISO)], [], locale="de_DE",
                 rows=[["Name", "Due"]] + [[f"n{i}", {"v": serial(2026, 5, 6 + i), "format": f}]
                                           for i, f in enumerate(look)])
    with t, h:
        h.sync()
        for i in range(len(look)):
            assert deal(t, f"n{i}")["Due"] == f"2026-05-{6 + i:02d}"
        h.quiet()


if __name__ == "__main__":
    main(globals())
