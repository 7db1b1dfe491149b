#!/usr/bin/env python3
"""Failure stories of other tools, each told as a test: duplicates after lost answers, rows that hit the wrong
row, headers that shift columns, values that change on the way, deletions that nobody meant."""
import json

from harness import field, main, record
from test_both_ways import AMOUNT, changes, delete_record, edit, number_of, twelve, whole
from test_to_sheets import ID, ISO, NAME, SORTED, column, get, ids, met, moving, near, serial
from test_values import begin, clear, deal, noted, people_table, put


def fault(kind, what="airtable.create", nth=1, count=1, **more):
    return {"match": {"kind": what, "nth": nth}, "count": count, "fault": dict({"kind": kind}, **more)}


# ---- duplicates after lost answers ----

def test_a_create_whose_answer_is_lost_is_never_sent_again():
    """Inserts that are retried after a 5xx or a time-out double the row: bluedotimpact/bluedot#2976."""
    for kind, more in (("cut_after", {}), ("500", {"apply": True}), ("502", {"apply": True}),
                       ("truncate", {}), ("html", {}), ("wrong_length", {}), ("cut_headers", {})):
        t, h = begin([NAME, AMOUNT], [],
                     rows=[["Name", "Amount"]] + [[f"row {i:02d}", i] for i in range(14)])
        with t, h:
            t.faults(fault(kind, **more))
            h.sync(expect=None)
            h.sync()
            names = sorted(f["Name"] for f in t.records("Deals").values())
            assert names == [f"row {i:02d}" for i in range(14)], (kind, names)
            whole(t, 14)
            h.quiet()


def test_many_rows_are_created_in_their_order_and_each_once_when_a_batch_between_them_fails():
    """The next batch is announced while one is on its way: what is not sent after all stays a row to create."""
    wanted = [f"row {i:02d}" for i in range(45)]
    #        the second batch:                         made, and open in the journal
    for f, made, pending in ((None, 45, 0),
                             (fault("status", code=403, nth=2), 10, 0),
                             (fault("cut_after", nth=2), 45, 10),
                             (fault("status", code=422, nth=2), 45, 0)):
        t, h = begin([NAME, AMOUNT], [], direction="sheets_to_airtable",
                     rows=[["Name", "Amount"]] + [[n, i] for i, n in enumerate(wanted)])
        with t, h:
            t.faults(*([f] if f else []))
            h.sync(expect=None)
            assert len(t.records("Deals")) == made, (f, h.last_log())
            assert h.sql('SELECT count(*) FROM "Intent" WHERE state = \'PENDING\'') == [(pending,)], f
            h.sync()
            assert [r["Name"] for r in t.records("Deals").values()] == wanted, f
            whole(t, 45)
            h.quiet()


def test_a_write_that_never_arrived_is_made_when_the_service_is_back():
    """What is sent again only when no answer can have been produced: jroehl/google-sheet-cli#467."""
    t, h = begin([NAME], [], rows=[["Name"], ["a"], ["b"]])
    with t, h:
        t.faults(fault("cut_before"), fault("503", "sheets.write"))
        h.sync(expect=None)
        h.sync()
        whole(t, 2)
        h.quiet()


def test_an_appended_row_whose_answer_is_lost_is_there_once():
    """values.append is not idempotent: one 503 and the row is there twice: jroehl/google-sheet-cli#467."""
    for kind, more in (("cut_after", {}), ("503", {"apply": True}), ("truncate", {}), ("empty", {})):
        t, h = begin([NAME, AMOUNT], [record(Name=f"n{i}", Amount=i) for i in range(6)])
        with t, h:
            t.faults(fault(kind, "sheets.write", **more))
            h.sync(expect=None)
            h.sync()
            assert sorted(column(t, "Name")) == [f"n{i}" for i in range(6)], kind
            whole(t, 6)
            h.quiet()


def test_two_equal_rows_stay_two_when_the_answer_to_their_creation_is_lost():
    """A flush that was cut in the middle, and a retry, doubled rows: stripe/sync-engine-fork#309."""
    t, h = begin([NAME, AMOUNT], [], rows=[["Name", "Amount"], ["same", 1], ["same", 1]])
    with t, h:
        t.faults(fault("cut_after"))
        h.sync(expect=None)
        h.sync()
        assert [f["Name"] for f in t.records("Deals").values()] == ["same", "same"]
        assert len({r[ID] for r in t.table("Deals")}) == 2
        h.quiet()


# ---- row position and identity ----

def test_a_title_row_put_in_above_the_header_does_not_move_every_update_one_row_down():
    """An extra row above the header makes every update hit the row below: n8n-io/n8n#1736."""
    t, h = twelve()
    with t, h:
        before = t.records("Deals")
        t.person(sheets=[{"op": "insert_rows", "sheet": "Deals", "row": 1},
                         {"op": "set", "sheet": "Deals", "cell": "A1", "value": "My deals"}])
        edit(t, "deal 0003", Amount=33)
        t.reset()
        h.sync(expect=4)
        assert t.writes() == []
        assert dict(before, **{ids(t)["deal 0003"]: {"Name": "deal 0003", "Amount": 33}}) == \
            t.records("Deals")


def test_rows_are_not_merged_by_their_position():
    """Merging by position gives a record's links and comments to another item: Data Fetcher's documentation."""
    t, h = twelve()
    with t, h:
        was = ids(t)
        t.person(sheets=[SORTED])
        put(t, "deal 0002", "Amount", 22)
        h.sync()
        assert ids(t) == was and deal(t, "deal 0002")["Amount"] == 22
        h.quiet()


def test_new_rows_go_below_everything_also_where_the_first_column_is_empty():
    """Counting the rows by their first column overwrites those whose first cell is blank:
    activepieces/activepieces#15304."""
    t, h = begin([NAME, AMOUNT], [record(Name="new")],
                 rows=[["Mine", "Name", "Amount"], [None, None, 7], [None, None, None],
                       [None, None, None], ["a remark far below"]])
    with t, h:
        h.sync()
        rows = t.rows("Deals")
        assert rows[4][0] == "a remark far below" and number_of(t, "new") == 6, rows
        h.quiet()


def test_new_rows_go_to_the_right_columns_whatever_else_is_in_the_tab():
    """An append lands in another "virtual table", in another column, or at the top:
    burnash/gspread#689, #537, PipedreamHQ/pipedream#19870."""
    t, h = begin([NAME, AMOUNT], [record(Name="a", Amount=1)],
                 rows=[[None, None, "Name", None, "Amount"], [], ["island", "of", None, None, None],
                       ["my", "own", None, None, None, None, "x"]])
    with t, h:
        h.sync()
        h.sync()
        t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "b", "Amount": 2}}])
        h.sync()
        rows = t.rows("Deals")
        assert rows[2][:2] == ["island", "of"] and rows[3][:2] == ["my", "own"], rows
        assert rows[4][2] == "a" and rows[4][4] == 1 and rows[5][2] == "b" and rows[5][4] == 2, rows
        h.quiet()


def test_a_blank_row_neither_ends_the_table_nor_fires_for_the_whole_of_it():
    """The reader stopped at the first blank row; an empty row fired for the whole sheet:
    airbytehq/airbyte#1668, activepieces/activepieces#4797."""
    t, h = twelve()
    with t, h:
        t.person(sheets=[{"op": "insert_rows", "sheet": "Deals", "row": 5, "count": 3}])
        put(t, "deal 0011", "Amount", 1111)
        t.reset()
        h.sync()
        assert deal(t, "deal 0011")["Amount"] == 1111
        assert len([w for w in t.writes() if w["service"] == "airtable"]) == 1
        h.quiet()


def test_cells_with_rules_but_without_values_are_not_taken_for_rows():
    """Cells that a validation rule has prepared make appends skip, or fail: n8n-io/n8n#9950."""
    t, h = begin([NAME, field("Done", "checkbox"), field("Stage", "singleSelect", choices=["x"])],
                 [record(Name="a", Done=True, Stage="x"), record(Name="b")], row_count=30)
    with t, h:
        h.sync()
        h.quiet()  # the check boxes of the empty rows below are no records
        t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "c"}}])
        h.sync()
        assert number_of(t, "c") == 4
        assert len(t.records("Deals")) == 3
        h.quiet()


def test_the_number_of_rows_told_is_the_number_of_rows_written():
    """A node reports eleven rows updated, and one was: n8n-io/n8n#17061."""
    t, h = twelve()
    with t, h:
        for i in range(11):
            edit(t, f"deal {i:04d}", Amount=500 + i)
        h.sync()
        log = h.last_log()
        assert log["rowsUpdated"] == 11
        assert sum(r["Amount"] >= 500 for r in t.table("Deals")) == 11


def test_an_array_formula_beside_the_data_shifts_nothing():
    """An array formula shifts appends: daniele-athome/airborne#54."""
    t, h = begin([NAME, AMOUNT], [record(Name="a", Amount=1)],
                 rows=[["Name", "Amount", "Twice"]])
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": "C2", "formula": "=B2*2"}])
        t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "b", "Amount": 2}}])
        h.sync()
        assert [r[:3] for r in t.rows("Deals")[1:]] == [["a", 1, "=B2*2"], ["b", 2, None]]
        h.quiet()


# ---- headers and columns ----

def test_empty_cells_at_the_end_of_a_row_shift_no_column():
    """Rows shorter than the header made columns vanish, and all later values shift:
    n8n-io/n8n#16915, #16923, #16928."""
    t, h = begin([NAME, field("A"), field("B"), field("C")],
                 [record(Name="full", A="1", B="2", C="3"), record(Name="short"),
                  record(Name="gap", C="3")])
    with t, h:
        h.sync()
        put(t, "short", "C", "late")
        h.sync()
        assert deal(t, "short") == {"Name": "short", "C": "late"}
        assert deal(t, "gap") == {"Name": "gap", "C": "3"}
        h.quiet()


def test_header_cells_without_text_shift_no_column():
    """Header cells without text were filtered out, and the columns shifted: airbytehq/airbyte#34437."""
    t, h = begin([NAME, AMOUNT], [record(Name="a", Amount=1)],
                 rows=[[None, "Name", None, None, "Amount"], ["x", None, "y"]])
    with t, h:
        h.sync()
        put(t, "a", "Amount", 5)
        h.sync()
        assert deal(t, "a")["Amount"] == 5
        assert t.rows("Deals")[1][:3] == ["x", None, "y"]
        h.quiet()


def test_two_headers_of_one_text_lose_no_data():
    """Doubled headers lose data, or stop the discovery: n8n-io/n8n#13487, airbytehq/airbyte#2153, #2905, #63334."""
    t, h = begin([NAME, AMOUNT], [record(Name="a", Amount=1)],
                 rows=[["Name", "Amount", "Amount"], ["a", 5, 6]])
    with t, h:
        t.reset()
        p = h.sync(expect=4)
        assert t.writes() == [] and "\"Amount\"" in p.stdout
        # two columns of the user's own may be called alike
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": "C1", "value": "Mine"},
                         {"op": "set", "sheet": "Deals", "cell": "D1", "value": "Mine"}])
        h.sync()
        h.quiet()


def test_columns_that_a_run_does_not_know_are_never_erased_or_added_at_random():
    """An append adds columns and erases the old ones at random: n8n-io/n8n#25580."""
    t, h = twelve()
    with t, h:
        header = t.rows("Deals")[0]
        for i in range(3):
            t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": f"x{i}"}}])
            h.sync()
            assert t.rows("Deals")[0] == header
        assert all(r.get("Mine") for r in t.table("Deals")[:12])


def test_a_field_with_braces_quotes_or_an_unusual_name_is_synced_like_any_other():
    """Names in formulas cannot be escaped: everything goes by id:
    activepieces/activepieces#15483, Airtable/airtable.js#321."""
    odd = ["Price {net}", "say \"what\"", "a,b", "50% off?", "名前", "=SUM", "\\back"]
    t, h = begin([NAME] + [field(x) for x in odd], [record(Name="a", **{x: "1" for x in odd})])
    with t, h:
        h.sync()
        for x in odd:
            assert get(t, "a", x) == "1", x
            put(t, "a", x, "2")
        h.sync()
        assert all(deal(t, "a")[x] == "2" for x in odd), deal(t, "a")
        h.quiet()


# ---- values ----

def test_numbers_and_dates_do_not_depend_on_the_locale_of_the_spreadsheet():
    """1.123456789 became 1123456789 in a German sheet; 11/01 became 01/11 in a British one:
    nithinmurali/pygsheets#414, burnash/gspread#18, #501."""
    for locale in ("de_DE", "sv_SE", "en_GB", "fr_FR"):
        t, h = begin([NAME, field("N", "number", precision=8),
                      field("Day", "date", dateFormat={"name": "european", "format": "D/M/YYYY"})],
                     [record(Name="a", N=1.12345678, Day="2026-01-11")], locale=locale)
        with t, h:
            h.sync()
            assert near(get(t, "a", "N"), 1.12345678) and get(t, "a", "Day") == serial(2026, 1, 11)
            put(t, "a", "N", 2.5)
            put(t, "a", "Day", serial(2026, 11, 1))
            h.sync()
            assert deal(t, "a")["N"] == 2.5 and deal(t, "a")["Day"] == "2026-11-01", (locale, deal(t, "a"))
            h.quiet()


def test_leading_zeros_plus_signs_and_apostrophes_arrive_as_they_left():
    """Leading zeros were lost, and +49 was parsed as a formula:
    burnash/gspread#231, nithinmurali/pygsheets#373, theoephraim/node-google-spreadsheet#696."""
    odd = ["0012", "+49 30", "'quoted", "=1+1", "1-2", "1/2", "TRUE", "12e3", " 5", "@me", "-7", "#N/A"]
    t, h = begin([NAME, field("T")], [record(Name=f"n{i:02d}", T=x) for i, x in enumerate(odd)])
    with t, h:
        h.sync()
        for i, x in enumerate(odd):
            assert get(t, f"n{i:02d}", "T") == x, x
        h.quiet()
        for i, x in enumerate(odd):
            put(t, f"n{i:02d}", "T", odd[(i + 1) % len(odd)])
        h.sync()
        for i, x in enumerate(odd):
            assert deal(t, f"n{i:02d}")["T"] == odd[(i + 1) % len(odd)]
        h.quiet()


def test_an_unticked_box_a_zero_and_an_empty_text_are_told_apart_from_nothing():
    """Airtable omits false, "" and []: a box that is unticked must still be unticked over there:
    gtalarico/pyairtable#30, framer/plugins#147, n8n-io/n8n#13281."""
    t, h = begin([NAME, field("Done", "checkbox"), field("N", "number", precision=0)],
                 [record(Name="a", Done=True, N=5)])
    with t, h:
        h.sync()
        edit(t, "a", Done=None, N=0)
        h.sync()
        assert get(t, "a", "Done") is False and get(t, "a", "N") == 0
        put(t, "a", "Done", True)
        clear(t, "a", "N")
        h.sync()
        assert deal(t, "a")["Done"] is True and "N" not in deal(t, "a")
        put(t, "a", "Done", False)
        put(t, "a", "N", 0)
        h.sync()
        assert not deal(t, "a").get("Done") and deal(t, "a")["N"] == 0
        h.quiet()


def test_columns_that_are_not_synced_are_never_wiped():
    """An empty input cleared links and selects: activepieces/activepieces#4990, #11698."""
    t, h = begin([NAME, AMOUNT, field("Tags", "multipleSelects", choices=["x", "y"]),
                  field("Who", "multipleRecordLinks", linkedTableId="People")],
                 [record(Name="a", Amount=1, Tags=["x"], Who=["Kit"])], tables=[people_table()],
                 names=["Name", "Amount"])
    with t, h:
        h.sync()
        put(t, "a", "Amount", 2)
        h.sync()
        now = deal(t, "a")
        assert now["Tags"] == ["x"] and len(now["Who"]) == 1 and now["Amount"] == 2, now


def test_one_bad_record_does_not_take_its_batch_along():
    """One computed or refused field fails a whole batch of ten:
    PipedreamHQ/pipedream#6318, Sybit-Education/airtable.java#46."""
    t, h = begin([NAME, field("Mail", "email"), AMOUNT],
                 [record(Name=f"n{i}", Amount=i) for i in range(10)])
    with t, h:
        h.sync()
        for i in range(10):
            put(t, f"n{i}", "Amount", 100 + i)
        t.reset()
        t.faults({"match": {"kind": "airtable.update", "nth": 1}, "count": 1,
                  "fault": {"kind": "person", "when": "before",
                            "airtable": [{"op": "delete", "table": "Deals", "record": "n4"}]}})
        h.sync(expect=None)
        now = {f["Name"]: f["Amount"] for f in t.records("Deals").values()}
        for i in (0, 1, 2, 3, 5, 6, 7, 8, 9):
            assert now[f"n{i}"] == 100 + i, now


def test_commas_and_semicolons_in_names_split_no_link():
    """People ask: "Smith, John" became two links: baserow/baserow#5548, #3093."""
    people = {"name": "People", "fields": [NAME],
              "records": [record(Name="Smith, John"), record(Name="a; b"), record(Name="Smith")]}
    t, h = begin([NAME, field("Who", "multipleRecordLinks", linkedTableId="People")],
                 [record(Name="d", Who=["Smith, John", "a; b"]), record(Name="e")], tables=[people])
    with t, h:
        h.sync()
        put(t, "e", "Who", "Smith, John")  # as a person types it, without quotes
        h.sync()
        assert deal(t, "e")["Who"] == [ids(t, "People")["Smith, John"]]
        assert len(t.records("People")) == 3
        h.quiet()


def test_a_typing_error_in_a_link_grabs_no_other_record_and_makes_none():
    """typecast takes the first thing that matches and makes a new one otherwise: Airtable/airtable.js#130."""
    t, h = begin([NAME, field("Who", "multipleRecordLinks", linkedTableId="People")],
                 [record(Name="d", Who=["Kit"])], tables=[people_table()])
    with t, h:
        h.sync()
        put(t, "d", "Who", "Kitt")
        h.sync()
        assert deal(t, "d")["Who"] == [ids(t, "People")["Kit"]]
        assert len(t.records("People")) == 2
        noted(h, "Kitt", "Who")


def test_dates_are_not_a_day_off_west_or_east_of_greenwich():
    """Events were one day off, times 6.5 hours: gatsbyjs/gatsby#18954, gtalarico/pyairtable#110."""
    at = field("At", "dateTime", timeZone="client", dateFormat=ISO,
               timeFormat={"name": "24hour", "format": "HH:mm"})
    for zone, local in (("America/Los_Angeles", (2026, 1, 14, 16, 30)),
                        ("Asia/Kolkata", (2026, 1, 15, 6, 0)),
                        ("Pacific/Auckland", (2026, 1, 15, 13, 30))):
        t, h = begin([NAME, field("Day", "date", dateFormat=ISO), at],
                     [record(Name="a", Day="2026-01-15", At="2026-01-15T00:30:00.000Z")],
                     time_zone=zone)
        with t, h:
            h.sync()
            assert get(t, "a", "Day") == serial(2026, 1, 15), zone
            assert near(get(t, "a", "At"), serial(*local)), (zone, get(t, "a", "At"))
            put(t, "a", "At", serial(*local) + 1)
            h.sync()
            assert deal(t, "a")["At"] == "2026-01-16T00:30:00.000Z" and \
                deal(t, "a")["Day"] == "2026-01-15", (zone, deal(t, "a"))
            h.quiet()


def test_a_key_that_is_a_number_here_and_a_text_there_doubles_nothing():
    """1234 and "1234" as match keys made every record twice: Hightouch's documentation."""
    t, h = begin([field("Name"), AMOUNT], [record(Name="1234", Amount=1), record(Name="0099")],
                 rows=[["Name", "Amount"], [1234, 1], ["0099", 2]])
    with t, h:
        h.sync()
        assert len(t.records("Deals")) == 2 and len(t.rows("Deals")) == 3
        assert deal(t, "0099")["Amount"] == 2
        h.quiet()


def test_addresses_of_attachments_that_are_signed_anew_are_no_change():
    """Addresses expire after two hours and are signed anew at each read: Qiskit#2894, baserow/baserow#3675."""
    t, h = begin([NAME, field("Files", "multipleAttachments", isReversed=False)],
                 [record(Name="a", Files=[{"filename": "b.png", "url": "https://example.com/2"}])])
    with t, h:
        h.sync()
        assert get(t, "a", "Files") == "b.png"
        h.quiet()
        h.quiet()


def test_floating_point_noise_is_no_change():
    """Floats come raw: 0.29999999999999877 for a percentage without decimals: recorded answers."""
    t, h = begin([NAME, field("N", "number", precision=2), field("P", "percent", precision=1)],
                 [record(Name="a", N=0.1 + 0.2, P=0.1 + 0.2), record(Name="b", N=3.3000000000000003)])
    with t, h:
        h.sync()
        h.quiet()
        put(t, "a", "N", 0.30000000000000004)
        h.quiet()


# ---- deletions nobody meant ----

def test_a_filter_that_is_changed_is_no_mass_deletion():
    """A changed filter looked like a mass deletion: rclone/rclone#5164."""
    t, h = twelve(delete_extra_rows="yes", max_delete="100%")
    with t, h:
        s = t.state()["airtable"]["bases"][0]["tables"][0]
        assert s["name"] == "Deals"
        t.faults(fault("short_list", "airtable.list", count=-1))
        h.sync(expect=None)
        assert len(column(t, "Name")) == 12


def test_a_tab_that_answers_with_nothing_is_no_mass_deletion():
    """A missing root was read as "delete everything": bcpierce00/unison#618, #673."""
    t, h = twelve(delete_extra_records="yes", max_delete="100%")
    with t, h:
        t.person(sheets=[{"op": "clear", "sheet": "Deals", "range": "A2:Z200"}])
        h.sync(expect=4)
        assert len(t.records("Deals")) == 12


def test_an_emptied_side_that_is_meant_goes_through_with_one_precise_override():
    """A safety stop is wrong where the side is legitimately empty: pimutils/vdirsyncer#1099."""
    t, h = twelve(delete_extra_rows="yes")
    with t, h:
        t.person(airtable=[{"op": "clear_table", "table": "Deals"}])
        h.sync(expect=4)
        h.sync("demo", "--allow-delete")
        assert [x for x in column(t, "Name") if x] == []
        h.quiet()


def test_a_deleted_field_empties_no_column_and_a_deleted_column_no_field():
    """A deleted field left a sync that looked healthy and did nothing: bluedotimpact/bluedot#1196."""
    t, h = twelve()
    with t, h:
        h.set(fields=["Name", "Amount"])
        h.sync()
        t.person(airtable=[{"op": "delete_field", "table": "Deals", "field": "Amount"}])
        h.sync(expect=4)
        assert column(t, "Amount") == [int(x[-4:]) for x in column(t, "Name")]


def test_a_conflict_with_a_deletion_keeps_what_was_edited_and_says_so():
    """The copy of a conflict was missing when the other side was a deletion: bcpierce00/unison#6."""
    t, h = twelve(delete_extra_rows="yes", max_delete="5")
    with t, h:
        put(t, "deal 0003", "Amount", 33)
        delete_record(t, "deal 0003")
        h.sync()
        assert deal(t, "deal 0003")["Amount"] == 33
        noted(h, "deleted in Airtable", "edited since")
        h.quiet()


def test_a_bunch_of_changes_can_be_reverted():
    """People ask: "Is there a good way to revert a bunch of changes?": pimutils/vdirsyncer#693."""
    t, h = twelve()
    with t, h:
        before = t.records("Deals")
        for i in range(12):
            put(t, f"deal {i:04d}", "Amount", 9000 + i)
        h.sync()
        h.run("undo", h.last_log()["id"])
        assert t.records("Deals") == before
        h.quiet()


def test_losing_values_are_kept_where_a_person_finds_them():
    """What people want most is a copy of the losers: rclone/rclone#5685, #7471."""
    t, h = twelve(conflicts="airtable_wins")
    with t, h:
        edit(t, "deal 0003", Amount=1)
        put(t, "deal 0003", "Amount", 2)
        h.sync()
        assert ("2",) in changes(h, what="losingValue")
        shown = h.run("show", h.last_log()["id"]).stdout
        assert "conflict won by airtable" in shown and "2" in shown, shown
        assert json.loads(h.run("logs", "--json").stdout)[0]["conflicts"] == 1


def test_rows_that_are_created_while_the_listing_runs_are_seen_once():
    """A table is read while it changes: rows come from the future, or twice:
    estuary/connectors source-airtable-native."""
    t, h = begin([NAME, AMOUNT], [record(Name=f"n{i:03d}", Amount=i) for i in range(250)],
                 row_count=400)
    with t, h:
        t.faults({"match": {"kind": "airtable.list", "nth": 2}, "count": 1, "fault":
                  {"kind": "person", "when": "before", "airtable": [
                      {"op": "create", "table": "Deals", "fields": {"Name": "late"}}]}},
                 fault("repeat_page", "airtable.list", nth=3))
        h.sync()
        h.sync()
        whole(t, 251)
        h.quiet()


def test_people_who_append_while_we_append_lose_nothing():
    """Concurrent appends replaced a row: theoephraim/node-google-spreadsheet#318."""
    t, h = twelve()
    with t, h:
        t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "theirs",
                                                                        "Amount": 1}}])
        last = len(t.rows("Deals"))
        t.reset()
        t.faults(moving("before", [{"op": "insert_rows", "sheet": "Deals", "row": last},
                                   {"op": "set_row", "sheet": "Deals", "row": last,
                                    "values": {"Name": "ours", "Amount": 2}}]))
        h.sync()
        assert met(t) == 1
        h.sync()
        assert {"theirs", "ours"} <= set(column(t, "Name"))
        whole(t, 14)
        h.quiet()


if __name__ == "__main__":
    main(globals())
