#!/usr/bin/env python3
"""Number formats: basesync formats the columns that it fills, and neither that nor anything else gives what
people had in their cells another meaning or another look."""
import json

from harness import field, main, record
from test_both_ways import edit
from test_to_sheets import H24, ISO, NAME, cell_of, get, look, near, serial, value
from test_values import begin, deal, noted, put

DUE = field("Due", "date", dateFormat=ISO)
NUMBER = field("N", "number", precision=1)
NOTE = field("Note")
DATE = {"type": "DATE", "pattern": "d/m/yyyy"}


def touch(t, h, *keys):
    """A cell beside is edited, so that the rows are read again."""
    for key in keys:
        put(t, key, "B", "touched")
    t.reset()
    h.sync()
    for key in keys:
        assert deal(t, key)["B"] == "touched"


def test_numbers_and_dates_in_a_text_column_keep_their_look_and_their_text():
    """Formatted as text, the date 1/3/2026 would read 46082, here and over there."""
    cells = [("n", 1234.5, {"type": "NUMBER", "pattern": "#,##0.00"}, "1,234.50"),
             ("d", serial(2026, 3, 1), DATE, "1/3/2026"), ("p", 0.25, {"type": "PERCENT", "pattern": "0%"}, "25%"),
             ("t", 0.5, {"type": "TIME", "pattern": "hh:mm"}, "12:00")]
    for kind, options in (("singleLineText", {}), ("singleSelect", {"choices": [c[3] for c in cells]}),
                          ("multilineText", {}), ("barcode", {})):
        t, h = begin([NAME, field("Note", kind, **options), field("B")], [],
                     rows=[["Name", "Note", "B"]] + [[n, {"v": v, "format": f}] for n, v, f, _ in cells] +
                     [["f", {"f": "=1+1"}], ["x", "plain"]])
        with t, h:
            h.sync()
            for n, v, f, shown in cells:
                now = deal(t, n)["Note"]
                assert (now["text"] if kind == "barcode" else now) == shown, (kind, n, now)
                cell = cell_of(t, n, "Note")
                assert near(value(cell), v) and look(cell) == (f["type"], f["pattern"]), (n, cell)
            if kind != "singleSelect":
                assert look(cell_of(t, "x", "Note")) == ("TEXT", "@")
            h.quiet()
            touch(t, h, *[c[0] for c in cells])
            assert all(set(w["detail"]["cells"]) == {"B"} for w in t.writes() if w["service"] == "airtable")
            h.quiet()


def test_rows_beyond_the_old_end_of_the_grid_are_formatted_like_the_others():
    fields = [NAME, DUE, field("P", "percent", precision=0), field("Done", "checkbox"),
              field("Stage", "singleSelect", choices=["x", "y"]), field("B")]
    t, h = begin(fields, [record(Name=f"a{i}", Due="2026-01-31", P=0.5, Stage="x") for i in range(4)],
                 row_count=3, column_count=2)
    with t, h:
        h.sync()
        for i in range(6):
            t.person(airtable=[{"op": "create", "table": "Deals", "fields": {
                "Name": f"b{i}", "Due": "2026-02-02", "P": 0.75, "Stage": "y"}}])
        h.sync()
        for key in ("a0", "a3", "b0", "b5"):
            assert look(cell_of(t, key, "Due")) == ("DATE", "yyyy-mm-dd"), key
            assert look(cell_of(t, key, "P")) == ("PERCENT", "0%"), key
            for column in ("Done", "Stage"):
                assert "rule" in cell_of(t, key, column), (key, column, cell_of(t, key, column))
        touch(t, h, "b0", "b5")
        assert h.last_log()["warnings"] == 0, h.last_log()
        h.quiet()


def test_a_number_in_a_date_column_does_not_become_a_date_and_a_date_no_number():
    t, h = begin([NAME, DUE, NUMBER, field("B")], [],
                 rows=[["Name", "Due", "N", "B"], ["a", 46082, {"v": serial(2026, 3, 1), "format": DATE}],
                       ["b", {"v": serial(2026, 5, 6), "format": DATE}, 3.5]])
    with t, h:
        for _ in range(2):
            h.sync()
            assert "Due" not in deal(t, "a") and "N" not in deal(t, "a"), deal(t, "a")
            noted(h, "Due", "is not a date")
            noted(h, "N", "is not a number")
            assert (deal(t, "b")["Due"], deal(t, "b")["N"]) == ("2026-05-06", 3.5)
            put(t, "a", "B", "touched")
        h.sync()
        assert value(cell_of(t, "a", "Due")) == 46082 and look(cell_of(t, "a", "N")) == ("DATE", "d/m/yyyy")
        # what Airtable writes there later is formatted with its cell
        edit(t, "a", Due="2026-07-08", N=9.5)
        h.sync()
        assert near(get(t, "a", "Due"), serial(2026, 7, 8)) and get(t, "a", "N") == 9.5
        assert look(cell_of(t, "a", "Due")) == ("DATE", "yyyy-mm-dd")
        assert look(cell_of(t, "a", "N")) == ("NUMBER", "0.0")
        h.quiet()
        put(t, "a", "B", "touched again")
        h.sync()
        assert h.last_log()["warnings"] == 0, h.last_log()
        put(t, "a", "Due", serial(2026, 7, 9))
        h.sync()
        assert deal(t, "a")["Due"] == "2026-07-09"


def test_empty_cells_of_a_column_that_people_filled_in_part_are_formatted_too():
    t, h = begin([NAME, DUE, field("At", "dateTime", timeZone="utc", dateFormat=ISO, timeFormat=H24), field("B")],
                 [record(Name="b", Due="2026-04-05", At="2026-04-05T06:00:00.000Z")],
                 rows=[["Name", "Due", "At", "B"], ["a", {"v": serial(2026, 5, 6), "format": DATE}], ["b"]])
    with t, h:
        h.sync()
        assert near(get(t, "b", "Due"), serial(2026, 4, 5))
        assert look(cell_of(t, "b", "Due")) == ("DATE", "yyyy-mm-dd")
        assert look(cell_of(t, "b", "At"))[0] == "DATE_TIME"
        touch(t, h, "a", "b")
        assert h.last_log()["warnings"] == 0
        h.quiet()


def test_a_drop_down_that_google_refuses_takes_no_number_format_along():
    """Typed columns of a table refuse rules of data validation."""
    body = {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message":
                      "Invalid requests[%d].setDataValidation: You cannot set data validation on typed columns."}}
    t, h = begin([NAME, DUE, field("Stage", "singleSelect", choices=["x", "y"])],
                 [record(Name="a", Due="2026-01-31", Stage="x")], rows=[["Name", "Due", "Stage"]])
    with t, h:
        h.sync("--dry-run")
        body["error"]["message"] %= 3  # formats of Name, Due and Stage come first
        t.faults({"match": {"kind": "sheets.write", "nth": 1}, "count": 1,
                  "fault": {"kind": "status", "code": 400, "body": json.dumps(body)}})
        h.sync()
        assert "drop-down" in noted(h, "refused")["message"]
        assert look(cell_of(t, "a", "Due")) == ("DATE", "yyyy-mm-dd")
        assert get(t, "a", "Stage") == "x"
        h.quiet()


def test_formats_are_written_once_and_a_look_that_people_chose_later_stays():
    t, h = begin([NAME, NUMBER, DUE], [record(Name="a", N=1, Due="2026-01-31")])
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "set_format", "sheet": "Deals", "range": "B2:B50",
                          "format": {"type": "NUMBER", "pattern": "#,##0.000"}},
                         {"op": "set_format", "sheet": "Deals", "range": "C2:C50", "format": DATE}])
        edit(t, "a", N=1234.5, Due="2026-02-01")
        h.sync()
        assert look(cell_of(t, "a", "N")) == ("NUMBER", "#,##0.000")
        assert look(cell_of(t, "a", "Due")) == ("DATE", "d/m/yyyy")
        assert near(get(t, "a", "Due"), serial(2026, 2, 1))
        h.quiet()


if __name__ == "__main__":
    main(globals())
