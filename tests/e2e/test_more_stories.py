#!/usr/bin/env python3
"""More failure stories of other tools, each told as a test: headers and fields that change, batches that go
missing, cells that are cleared or too long, copies, computed values, runs that overlap."""
from harness import field, main, record
from test_both_ways import AMOUNT, edit, number_of, twelve, whole
from test_to_sheets import ID, ISO, NAME, SORTED, column, get, ids, serial
from test_values import begin, clear, deal, noted, put


# ---- batches and growth (creates after a 429: test_limits.py) ----

def test_a_batch_that_is_made_smaller_skips_no_row():
    """The size of a batch changed during a back-off, its range did not, and rows were skipped without a word:
    airbytehq/airbyte#30203."""
    t, h = begin([NAME, field("P", "singleCollaborator")], [],
                 rows=[["Name", "P"]] + [[f"n{i:02d}", "nobody@example.com" if i in (3, 14, 15) else None]
                                         for i in range(23)])
    with t, h:
        h.sync(expect=3)
        made = {x["Name"] for x in t.records("Deals").values()}
        assert {f"n{i:02d}" for i in range(23) if i not in (3, 14, 15)} <= made, made
        assert h.last_log()["recordsFailed"] >= 1
        for key in ("n03", "n14", "n15"):
            clear(t, key, "P")
        h.sync()
        whole(t, 23)
        h.quiet()


def test_a_sheet_that_grows_does_so_by_what_is_written_and_no_further():
    """Blank rows were appended until the spreadsheet had ten million cells: airbytehq/airbyte#41977."""
    t, h = begin([NAME], [record(Name=f"a{i}") for i in range(3)], row_count=4, column_count=2)
    with t, h:
        for turn in range(4):
            t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": f"b{turn}"}}])
            h.sync()
        (tab,) = t.state()["google"]["spreadsheets"][0]["sheets"]
        assert tab["rowCount"] == 8 and tab["columnCount"] == 2, tab["rowCount"]
        whole(t, 7)
        h.quiet()


# ---- headers and fields ----

def test_a_changed_header_is_got_past_with_one_line_in_the_ini():
    """"Column names were updated after the node's setup": safe, but users cannot get past it:
    n8n-io/n8n#28286, #15135."""
    t, h = begin([NAME, AMOUNT], [record(Name="a", Amount=1)], names=["Name", "Amount"])
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "rename_header", "sheet": "Deals", "column": "Amount", "name": "Sum"}])
        said = h.sync(expect=4).stdout
        assert "\"Amount\"" in said and "`field = Amount`" in said, said
        h.set(fields=["Name", "Amount <-> Sum"])
        put(t, "a", "Sum", 5)
        h.sync()
        assert deal(t, "a")["Amount"] == 5 and t.rows("Deals")[0] == ["Name", "Sum", ID]
        h.quiet()


def test_an_emptied_header_row_stops_the_run_with_a_sentence():
    """The header row was emptied after the setup, and the answer was an exception: airbytehq/airbyte#21877."""
    t, h = twelve()
    with t, h:
        t.person(sheets=[{"op": "clear", "sheet": "Deals", "range": "A1:Z1"}])
        t.reset()
        said = h.sync(expect=4).stdout
        assert "header row" in said and "Name" in said, said
        assert t.writes() == []


def test_a_field_that_is_renamed_keeps_its_column_its_values_and_its_direction():
    """Names as keys break on a rename: airtable.net#42, #54, n8n-io/n8n#14394."""
    t, h = begin([NAME, AMOUNT, field("Note")], [record(Name="a", Amount=1, Note="x")],
                 names=["Name", "Amount -> Amount", "Note"])
    with t, h:
        h.sync()
        t.person(airtable=[{"op": "rename_field", "table": "Deals", "field": "Amount", "name": "Total"},
                           {"op": "rename_field", "table": "Deals", "field": "Note", "name": "Amount"}])
        edit(t, "a", Total=2, Amount="y")
        h.sync()
        assert get(t, "a", "Amount") == 2 and get(t, "a", "Note") == "y"
        h.quiet()


# ---- values ----

def test_a_field_that_is_cleared_in_airtable_does_not_stay_frozen_in_the_sheet():
    """Airtable omits empty fields, and cleared ones stayed frozen for ever: estuary/connectors#5155,
    gtalarico/pyairtable#193, #229."""
    fields = [NAME, AMOUNT, field("B"), field("Done", "checkbox"), field("Due", "date", dateFormat=ISO),
              field("Tags", "multipleSelects", choices=["x"])]
    t, h = begin(fields, [record(Name="a", Amount=0, B="b", Done=True, Due="2026-01-31", Tags=["x"])])
    with t, h:
        h.sync()
        assert get(t, "a", "Amount") == 0
        edit(t, "a", Amount=None, B=None, Done=None, Due=None, Tags=None)
        h.sync()
        assert [get(t, "a", f["name"]) for f in fields[1:]] == [None, None, False, None, None]
        h.quiet()


def test_a_text_too_long_for_a_cell_is_neither_cut_nor_in_the_way_of_others():
    """Long cells were cut at 50,000 characters, or failed the whole write: airbytehq/airbyte#15500, #27638."""
    t, h = begin([NAME, field("Long", "multilineText")],
                 [record(Name="a", Long="x" * 50001), record(Name="b", Long="y" * 50000), record(Name="c", Long="z")])
    with t, h:
        h.sync()
        assert get(t, "a", "Long") is None and get(t, "b", "Long") == "y" * 50000 and get(t, "c", "Long") == "z"
        noted(h, "Long", "50001")
        put(t, "a", "Name", "a2")
        h.sync()
        assert deal(t, "a2")["Long"] == "x" * 50001
        h.quiet()


def test_a_formula_that_fails_for_a_while_leaves_the_last_good_value():
    """Cells of formulas may be an error or NaN for a moment: estuary/connectors source-airtable-native."""
    t, h = begin([NAME, field("F", "formula", formula="1", result={"type": "number", "options": {"precision": 0}})],
                 [record(Name="a", F=7)])
    with t, h:
        h.sync()
        for bad in ({"error": "#ERROR!"}, {"specialValue": "Infinity"}, {"specialValue": "NaN"}):
            edit(t, "a", F=bad)
            h.sync()
            assert get(t, "a", "F") == 7
        edit(t, "a", F=8)
        h.sync()
        assert get(t, "a", "F") == 8
        h.quiet()


def test_a_copied_row_with_its_id_becomes_a_record_of_its_own():
    """A copied item bears the same key twice, and a refusal without a way out is no help: djcb/mu#613,
    mutt-wizard#779."""
    t, h = twelve()
    with t, h:
        at = number_of(t, "deal 0003")
        t.person(sheets=[{"op": "copy_row", "sheet": "Deals", "from": at, "to": at, "insert": True}])
        h.sync()
        whole(t, 13)
        assert column(t, "Name").count("deal 0003") == 2
        h.quiet()


def test_a_sort_between_two_runs_moves_no_value_to_another_record():
    """Ids in a column of their own stay behind when a range is sorted without it."""
    t, h = twelve()
    with t, h:
        before = ids(t)
        t.person(sheets=[SORTED])
        put(t, "deal 0007", "Amount", 700)
        edit(t, "deal 0008", Amount=800)
        h.sync()
        assert deal(t, "deal 0007")["Amount"] == 700 and get(t, "deal 0008", "Amount") == 800
        assert ids(t) == before
        whole(t, 12)
        h.quiet()


def test_dates_are_sent_as_numbers_and_not_as_texts_that_a_locale_reads():
    """French dates lost their zeros, dates are safe as serial numbers alone: gimite/google-drive-ruby#380,
    theoephraim/node-google-spreadsheet#573."""
    for locale in ("fr_FR", "en_GB", "de_DE"):
        t, h = begin([NAME, field("Due", "date", dateFormat={"name": "european", "format": "D/M/YYYY"})],
                     [record(Name="a", Due="2026-02-01")], locale=locale)
        with t, h:
            h.sync()
            assert get(t, "a", "Due") == serial(2026, 2, 1)
            put(t, "a", "Due", serial(2026, 11, 12))
            h.sync()
            assert deal(t, "a")["Due"] == "2026-11-12"
            h.quiet()


if __name__ == "__main__":
    main(globals())
