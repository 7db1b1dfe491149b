#!/usr/bin/env python3
"""AIRTABLE_TO_SHEETS from end to end: the program against the twin, looked at from both services."""
import datetime
import json

from harness import (BASE, SHEET, Home, Twin, field, main, plain, record, scenario)

ID = "Record ID"
TO_SHEETS = {"direction": "airtable_to_sheets"}
FAST = "requests_per_second = 50"  # the twin counts no requests here


# ---- looking at cells ----

def value(cell):
    return plain(cell)


def look(cell):
    """(type, pattern) of a cell's number format; (None, None) when automatic."""
    f = cell.get("format") if isinstance(cell, dict) else None
    return (f.get("type"), f.get("pattern")) if f else (None, None)


def serial(y, m, d, hh=0, mm=0, ss=0):
    at = datetime.datetime(y, m, d, hh, mm, ss) - datetime.datetime(1899, 12, 30)
    return at.days + at.seconds / 86400


def near(a, b):
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return abs(a - b) < 1e-9
    return a == b


def column(twin, header, tab="Deals"):
    rows = twin.rows(tab)
    at = rows[0].index(header)
    return [r[at] if at < len(r) else None for r in rows[1:]]


def cell_of(twin, key, header, tab="Deals", key_column="Name"):
    """The cell as the state has it, of the row whose key column holds key."""
    cells = twin.cells(tab)
    heads = [value(c) for c in cells[0]]
    k, at = heads.index(key_column), heads.index(header)
    for row in cells[1:]:
        if k < len(row) and value(row[k]) == key:
            return row[at] if at < len(row) else None
    raise KeyError(key)


def get(twin, key, header, **more):
    return value(cell_of(twin, key, header, **more))


def start(fields, records, home=None, view=None, names=(), options=(), **more):
    """A twin and a home with AIRTABLE_TO_SHEETS, connected, not yet run."""
    t = Twin(scenario(fields, records, **more), *options)
    s = dict(TO_SHEETS)
    if view:
        s["view"] = view
    s.update(home or {})
    return t, Home(t, s, names, airtable=FAST).init()


def ids(twin, table="Deals"):
    return {r["Name"]: i for i, r in twin.records(table).items() if "Name" in r}


SORTED = {"op": "sort", "sheet": "Deals", "by": "Name", "descending": True, "header": True}


def names(n, of="deal"):
    return [record(Name=f"{of} {i:04d}") for i in range(n)]


NAME = field("Name")


# ---- the shape of the tab ----

def test_an_empty_tab_gets_a_header_row_a_record_id_column_and_all_rows():
    t, h = start([NAME, field("Amount", "number", precision=2)],
                 [record(Name="Acme", Amount=12.5), record(Name="Globex")])
    with t, h:
        h.sync()
        rows = t.rows("Deals")
        assert rows[0] == ["Name", "Amount", ID], rows[0]
        known = t.records("Deals")
        assert len(rows) == 3, rows
        for row in rows[1:]:
            row = row + [None] * (3 - len(row))
            assert known[row[2]]["Name"] == row[0], row
            assert known[row[2]].get("Amount") == row[1], row
        h.quiet()


def test_listed_fields_go_to_the_columns_that_the_ini_names_in_its_order():
    t, h = start([NAME, field("Amount", "number", precision=0), field("Secret")],
                 [record(Name="Acme", Amount=3, Secret="x")],
                 names=["Amount -> Deal value", "Name"], home={"id_column": "AT id"})
    with t, h:
        h.sync()
        assert t.rows("Deals")[0] == ["Deal value", "Name", "AT id"]
        assert t.rows("Deals")[1][:2] == [3, "Acme"]
        h.quiet()


def test_columns_and_rows_of_the_users_own_are_never_touched():
    own = [["My notes", "Name", "=1+1 is two", None, "Total"],
           ["call her", None, 7, None, {"f": "=SUM(C2:C9)"}],
           [],
           ["a line of my own", None, {"v": 0.5, "format": {"type": "PERCENT", "pattern": "0%"}},
            None, True]]
    t, h = start([NAME, field("Amount", "number", precision=0)],
                 [record(Name="Acme", Amount=3), record(Name="Globex", Amount=4)], rows=own)
    with t, h:
        before = t.cells("Deals")
        h.sync()
        after = t.cells("Deals")
        heads = [value(c) for c in after[0]]
        assert heads[:5] == ["My notes", "Name", "=1+1 is two", None, "Total"], heads
        assert "Amount" in heads[5:] and ID in heads[5:], heads
        mine = [0, 2, 3, 4]
        for i, row in enumerate(before):
            for c in mine:
                was = row[c] if c < len(row) else None
                now = after[i][c] if c < len(after[i]) else None
                assert value(was) == value(now) and look(was) == look(now), (i, c, was, now)
        rows = {r[1]: r for r in t.rows("Deals")[1:] if len(r) > 1 and r[1]}
        assert set(rows) == {"Acme", "Globex"}
        for key in rows:  # new rows lie below everything there is
            assert t.rows("Deals").index(rows[key]) >= 4
        h.quiet()


def test_a_tab_that_is_too_small_grows_in_rows_and_columns():
    fields = [NAME] + [field(f"F{i:02d}") for i in range(30)]
    records = [record(Name=f"n{i}", **{f"F{k:02d}": f"{i}/{k}" for k in range(30)})
               for i in range(150)]
    t, h = start(fields, records, row_count=5, column_count=3)
    with t, h:
        h.sync()
        rows = t.table("Deals")
        assert len(rows) == 150
        for r in rows:
            assert r["F29"] == r["Name"][1:] + "/29"
        h.quiet()


def test_a_table_of_many_pages_arrives_whole_and_once():
    t, h = start([NAME], names(331))
    with t, h:
        h.sync()
        assert sorted(column(t, "Name")) == [f"deal {i:04d}" for i in range(331)]
        assert len(set(column(t, ID))) == 331
        assert h.last_log()["rowsAdded"] == 331
        h.quiet()


def test_rows_are_first_filled_in_the_order_of_the_view():
    s = scenario([NAME], names(120))
    order = [f"recView{i:010d}" for i in range(120)]
    table = s["airtable"]["bases"][0]["tables"][0]
    for i, r in enumerate(table["records"]):
        r["id"] = order[(i * 77) % 120]
    table["views"] = [{"id": "viwAll00000000001", "name": "All"},
                      {"id": "viwByHand00000001", "name": "By hand", "order": order}]
    with Twin(s) as t, Home(t, {"direction": "airtable_to_sheets", "view": "By hand"}) as h:
        h.init().sync()
        assert column(t, ID) == order
        h.quiet()


def test_without_a_view_rows_are_first_filled_in_the_order_of_creation():
    s = scenario([NAME], names(130))
    for i, r in enumerate(s["airtable"]["bases"][0]["tables"][0]["records"]):
        r["createdTime"] = f"2026-01-{i // 24 + 1:02d}T{i % 24:02d}:00:00.000Z"
    with Twin(s) as t, Home(t, TO_SHEETS, airtable=FAST) as h:
        h.init().sync()
        assert column(t, "Name") == [f"deal {i:04d}" for i in range(130)]
        h.quiet()


def test_a_view_that_filters_brings_only_its_records_and_one_that_leaves_is_no_deletion():
    s = scenario([NAME, field("Open", "checkbox")],
                 [record(Name="a", Open=True), record(Name="b"), record(Name="c", Open=True)])
    s["airtable"]["bases"][0]["tables"][0]["views"] = [
        {"id": "viwOpen0000000001", "name": "Open ones", "filter": "{Open}"}]
    with Twin(s) as t, Home(t, {"direction": "airtable_to_sheets", "view": "Open ones",
                                "delete_extra_rows": "yes"}) as h:
        h.init().sync()
        assert sorted(column(t, "Name")) == ["a", "c"]
        t.person(airtable=[{"op": "update", "table": "Deals", "record": "c",
                            "fields": {"Open": None}}])
        h.sync()
        assert sorted(column(t, "Name")) == ["a", "c"]
        assert get(t, "c", "Open") is False
        h.quiet()


# ---- every type ----

ANNA = {"id": "usrAnna0000000001", "email": "anna@example.com", "name": "Anna Álvarez"}
BOB = {"id": "usrBob00000000002", "email": "bob@example.com", "name": "Bob O'Neil"}
PEOPLE = [ANNA, BOB, {"id": "usrDemoUser000001", "email": "demo@example.com", "name": "Demo"}]
ISO = {"name": "iso", "format": "YYYY-MM-DD"}
H24 = {"name": "24hour", "format": "HH:mm"}
TEXT = ("TEXT", "@")

# name, field, value in Airtable, cell, its format, another value in Airtable, its cell
TYPES = [
    ("singleLineText", {}, "0012", "0012", TEXT, "=1+1", "=1+1"),
    ("multilineText", {}, "one\ntwo, \"three\"", "one\ntwo, \"three\"", TEXT, "'x", "'x"),
    ("richText", {}, "# Head\n- **a**\n", "# Head\n- **a**", TEXT, "plain\n", "plain"),
    ("email", {}, "a+b@example.com", "a+b@example.com", TEXT, "@x", "@x"),
    ("url", {}, "https://example.com/?a=1&b=%20", "https://example.com/?a=1&b=%20", TEXT,
     "http://x", "http://x"),
    ("phoneNumber", {}, "+49 30 1234567", "+49 30 1234567", TEXT, "0012-345", "0012-345"),
    ("number", {"precision": 2}, 1234.567, 1234.57, ("NUMBER", "0.00"), -0.005, -0.01),
    ("number", {"precision": 0}, 0, 0, ("NUMBER", "0"), 9007199254740991, 9007199254740991),
    ("currency", {"precision": 2, "symbol": "€"}, 12500.5, 12500.5,
     ("CURRENCY", "\"€\"#,##0.00"), 0.1 + 0.2, 0.3),
    ("percent", {"precision": 0}, 0.29999999999999877, 0.3, ("PERCENT", "0%"), 1.5, 1.5),
    ("percent", {"precision": 2}, 0.0725, 0.0725, ("PERCENT", "0.00%"), 0, 0),
    ("duration", {"durationFormat": "h:mm:ss"}, 90061, 90061 / 86400, ("TIME", "[h]:mm:ss"), 59,
     59 / 86400),
    ("duration", {"durationFormat": "h:mm"}, 5400, 0.0625, ("TIME", "[h]:mm"), 0, 0),
    ("duration", {"durationFormat": "h:mm:ss.SSS"}, 1.234, 1.234 / 86400,
     ("TIME", "[h]:mm:ss.000"), 86400.5, 86400.5 / 86400),
    ("rating", {"icon": "star", "max": 5, "color": "yellowBright"}, 4, 4, ("NUMBER", "0"), 1, 1),
    ("checkbox", {"icon": "check", "color": "greenBright"}, True, True, (None, None), None, False),
    ("singleSelect", {"choices": ["Lead", "Sent, signed", "1-2"]}, "Sent, signed", "Sent, signed",
     TEXT, "1-2", "1-2"),
    ("multipleSelects", {"choices": ["hot", "needs, review", "say \"hi\"", " lead"]},
     ["needs, review", "hot"], "\"needs, review\", hot", TEXT, ["say \"hi\"", " lead"],
     "\"say \"\"hi\"\"\", \" lead\""),
    ("date", {"dateFormat": ISO}, "2026-01-31", serial(2026, 1, 31), ("DATE", "yyyy-mm-dd"),
     "1899-12-31", 1),
    ("date", {"dateFormat": {"name": "european", "format": "D/M/YYYY"}}, "2024-02-29",
     serial(2024, 2, 29), ("DATE", "d/m/yyyy"), "9999-12-31", serial(9999, 12, 31)),
    ("dateTime", {"timeZone": "utc", "dateFormat": ISO, "timeFormat": H24},
     "2026-07-01T10:30:00.000Z", serial(2026, 7, 1, 12, 30), ("DATE_TIME", "yyyy-mm-dd hh:mm"),
     "2026-01-31T23:30:00.000Z", serial(2026, 2, 1, 0, 30)),
    ("singleCollaborator", {}, ANNA, "Anna Álvarez", TEXT, BOB, "Bob O'Neil"),
    ("multipleCollaborators", {}, [ANNA, BOB], "Anna Álvarez, Bob O'Neil", TEXT, [BOB],
     "Bob O'Neil"),
    ("multipleAttachments", {"isReversed": False},
     [{"filename": "offer, final.pdf", "url": "https://example.com/1"},
      {"filename": "b.png", "url": "https://example.com/2"}], "\"offer, final.pdf\", b.png", TEXT,
     [{"filename": "b.png", "url": "https://example.com/2"}], "b.png"),
    ("barcode", {}, {"text": "4000000000007", "type": "ean13"}, "4000000000007", TEXT,
     {"text": "0012"}, "0012"),
    ("multipleRecordLinks", {"linkedTableId": "People"}, ["Smith, John", "李小龍"],
     "\"Smith, John\", 李小龍", TEXT, ["O'Hara, \"Kit\""], "\"O'Hara, \"\"Kit\"\"\""),
    ("formula", {"formula": "1", "result": {"type": "number", "options": {"precision": 1}}}, 2.25,
     2.3, ("NUMBER", "0.0"), 7, 7),
    ("formula", {"formula": "1", "result": {"type": "singleLineText"}}, "=A1", "=A1", TEXT, "+1",
     "+1"),
    ("formula", {"formula": "1", "result": {"type": "checkbox",
                                            "options": {"icon": "check",
                                                        "color": "greenBright"}}}, True, True,
     (None, None), None, False),
    ("formula", {"formula": "1", "result": {"type": "date", "options": {"dateFormat": ISO}}},
     "2026-03-01", serial(2026, 3, 1), ("DATE", "yyyy-mm-dd"), "2026-03-02",
     serial(2026, 3, 2)),
    ("rollup", {"recordLinkFieldId": "Link", "fieldIdInLinkedTable": "Price",
                "referencedFieldIds": [],
                "result": {"type": "currency", "options": {"precision": 2, "symbol": "$"}}},
     19.99, 19.99, ("CURRENCY", "\"$\"#,##0.00"), 20, 20),
    ("count", {"recordLinkFieldId": "Link"}, 3, 3, ("NUMBER", "0"), 0, 0),
    ("multipleLookupValues", {"recordLinkFieldId": "Link", "fieldIdInLinkedTable": "Name"},
     ["a, b", "c"], "\"a, b\", c", TEXT, ["d"], "d"),
    ("autoNumber", {}, 17, 17, ("NUMBER", "0"), 18, 18),
    ("createdTime", {"result": {"type": "dateTime", "options": {
        "timeZone": "utc", "dateFormat": ISO, "timeFormat": H24}}}, "2026-01-01T00:00:00.000Z",
     serial(2026, 1, 1, 1), ("DATE_TIME", "yyyy-mm-dd hh:mm"), "2026-01-01T00:01:00.000Z",
     serial(2026, 1, 1, 1, 1)),
    ("lastModifiedTime", {"isValid": True, "referencedFieldIds": [], "result": {
        "type": "date", "options": {"dateFormat": ISO}}}, "2026-01-05", serial(2026, 1, 5),
     ("DATE", "yyyy-mm-dd"), "2026-01-06", serial(2026, 1, 6)),
    ("createdBy", {}, ANNA, "Anna Álvarez", TEXT, BOB, "Bob O'Neil"),
    ("lastModifiedBy", {}, ANNA, "Anna Álvarez", TEXT, BOB, "Bob O'Neil"),
    ("externalSyncSource", {"choices": ["Jira", "CRM"]}, "Jira", "Jira", TEXT, "CRM", "CRM"),
    ("aiText", {}, {"state": "generated", "isStale": False, "value": "sum: 1,2"}, "sum: 1,2", TEXT,
     {"state": "generated", "isStale": True, "value": "other"}, "other"),
]


def header_of(i):
    return f"{i:02d} {TYPES[i][0]}"


def all_types():
    fields = [NAME]
    for i, (type_name, options, *_) in enumerate(TYPES):
        fields.append(field(header_of(i), type_name, **options))
    fields.append(field("Link", "multipleRecordLinks", linkedTableId="People"))
    people = {"name": "People",
              "fields": [NAME, field("Price", "currency", precision=2, symbol="$")],
              "records": [record(Name="Smith, John", Price=1), record(Name="李小龍"),
                          record(Name="O'Hara, \"Kit\"")]}
    s = scenario(fields, [record(Name="full", **{header_of(i): x[2] for i, x in enumerate(TYPES)}),
                          record(Name="empty")],
                 tables=[people], time_zone="Europe/Berlin", row_count=100, column_count=3)
    s["airtable"]["users"] = PEOPLE
    return s


COMPUTED_ALWAYS = ("autoNumber", "createdTime", "lastModifiedTime", "createdBy", "lastModifiedBy",
                   "formula", "rollup", "count", "multipleLookupValues")


def check_types(t, which, row="full"):
    wrong = []
    for i, x in enumerate(TYPES):
        c = cell_of(t, row, header_of(i))
        if which == 2 and x[0].startswith("lastModified"):  # these follow the edits by themselves
            assert value(c) != x[3], header_of(i)
            continue
        expected = x[3] if which == 1 else x[6]
        if not near(value(c), expected):
            wrong.append(f"{header_of(i)}: {value(c)!r}, {expected!r} expected")
        if look(c) != x[4]:
            wrong.append(f"{header_of(i)}: format {look(c)}, {x[4]} expected")
    assert not wrong, "\n".join(wrong)


def test_every_field_type_arrives_as_a_typed_cell_with_its_format_and_a_second_run_writes_nothing():
    with Twin(all_types()) as t, Home(t, TO_SHEETS, airtable=FAST) as h:
        h.init().sync()
        check_types(t, 1)
        for i, x in enumerate(TYPES):
            if x[0] not in COMPUTED_ALWAYS:
                expected = False if x[0] == "checkbox" else None
                assert get(t, "empty", header_of(i)) == expected, header_of(i)
        h.quiet()


def test_an_edit_of_every_field_type_flows_and_the_run_after_it_writes_nothing():
    with Twin(all_types()) as t, Home(t, TO_SHEETS, airtable=FAST) as h:
        h.init().sync()
        people = ids(t, "People")
        for i, x in enumerate(TYPES):
            to = [people[n] for n in x[5]] if x[0] == "multipleRecordLinks" else x[5]
            t.person(airtable=[{"op": "update", "table": "Deals", "record": "full",
                                "fields": {header_of(i): to}}])
        h.sync()
        check_types(t, 2)
        h.quiet()


def test_a_cleared_field_of_every_writable_type_clears_its_cell():
    with Twin(all_types()) as t, Home(t, TO_SHEETS, airtable=FAST) as h:
        h.init().sync()
        clear = [i for i, x in enumerate(TYPES) if x[0] not in COMPUTED_ALWAYS]
        t.person(airtable=[{"op": "update", "table": "Deals", "record": "full",
                            "fields": {header_of(i): None for i in clear}}])
        h.sync()
        for i in clear:
            expected = False if TYPES[i][0] == "checkbox" else None
            assert get(t, "full", header_of(i)) == expected, header_of(i)
        h.quiet()


def test_lists_links_and_texts_come_back_as_they_went():
    """Turning the sync into a two-way one writes nothing: every cell is read as what it was."""
    with Twin(all_types()) as t, Home(t, TO_SHEETS, airtable=FAST) as h:
        h.init().sync()
        h.set(direction="bidirectional")
        h.quiet()


def test_the_formats_of_a_column_reach_rows_that_a_person_adds():
    t, h = start([NAME, field("Day", "date", dateFormat=ISO)], [record(Name="a", Day="2026-01-31")],
                 row_count=50)
    with t, h:
        h.sync()
        far = t.cells("Deals")
        assert look(far[1][1]) == ("DATE", "yyyy-mm-dd")
        t.person(airtable=[{"op": "create", "table": "Deals",
                            "fields": {"Name": "b", "Day": "2026-02-01"}}])
        h.sync()
        assert look(cell_of(t, "b", "Day")) == ("DATE", "yyyy-mm-dd")
        h.quiet()


def test_date_times_follow_the_zone_of_the_spreadsheet_through_a_change_of_clocks():
    zone_field = field("At", "dateTime", timeZone="utc", dateFormat=ISO, timeFormat=H24)
    t, h = start([NAME, zone_field],
                 [record(Name="before", At="2026-03-29T00:59:00.000Z"),
                  record(Name="after", At="2026-03-29T01:00:00.000Z"),
                  record(Name="twice1", At="2026-10-25T00:30:00.000Z"),
                  record(Name="twice2", At="2026-10-25T01:30:00.000Z")],
                 time_zone="Europe/Berlin")
    with t, h:
        h.sync()
        assert near(get(t, "before", "At"), serial(2026, 3, 29, 1, 59))
        assert near(get(t, "after", "At"), serial(2026, 3, 29, 3, 0))
        assert near(get(t, "twice1", "At"), serial(2026, 10, 25, 2, 30))
        assert near(get(t, "twice2", "At"), serial(2026, 10, 25, 2, 30))
        h.quiet()


# ---- links, selects ----

def linked(n_deals=1, n_people=3, second=False):
    people = {"name": "People", "fields": [NAME],
              "records": [record(Name=f"person {i}") for i in range(n_people)]}
    fields = [NAME, field("Who", "multipleRecordLinks", linkedTableId="People")]
    if second:
        fields.append(field("Boss", "multipleRecordLinks", linkedTableId="People"))
    records = [record(Name=f"deal {i}", Who=[f"person {i % n_people}"]) for i in range(n_deals)]
    return fields, records, [people]


def test_a_linked_table_is_read_once_per_run_not_per_record_or_field():
    fields, records, tables = linked(n_deals=150, n_people=250, second=True)
    t, h = start(fields, records, tables=tables)
    with t, h:
        people = next(x["id"] for x in t.state()["airtable"]["bases"][0]["tables"]
                      if x["name"] == "People")
        h.sync()
        pages = [r for r in t.requests() if f"/{people}" in r["path"]]
        assert len(pages) == 3, [r["path"] for r in pages]
        assert column(t, "Who")[7].startswith("person ")
        h.quiet()


def test_a_renamed_linked_record_changes_its_name_in_every_row():
    fields, records, tables = linked(n_deals=4, n_people=2)
    t, h = start(fields, records, tables=tables)
    with t, h:
        h.sync()
        t.person(airtable=[{"op": "update", "table": "People", "record": "person 0",
                            "fields": {"Name": "Doe, Jane"}}])
        h.sync()
        assert sorted(column(t, "Who")) == ["\"Doe, Jane\""] * 2 + ["person 1"] * 2
        h.quiet()


def test_links_show_record_ids_when_names_are_not_wanted():
    fields, records, tables = linked(n_deals=2, n_people=2)
    t, h = start(fields, records, home={"resolve_linked_records": "no"}, tables=tables)
    with t, h:
        h.sync()
        assert all(x.startswith("rec") for x in column(t, "Who")), column(t, "Who")
        people = next(x["id"] for x in t.state()["airtable"]["bases"][0]["tables"]
                      if x["name"] == "People")
        assert not [r for r in t.requests() if f"/{people}" in r["path"]]
        h.quiet()


def validations(twin):
    """setDataValidation requests seen: [(column, condition type, [values])]."""
    out = []
    for r in twin.control("requests?bodies=1")["requests"]:
        if r["method"] != "POST" or ":batchUpdate" not in r["path"] or not r.get("body"):
            continue
        body = r["body"] if isinstance(r["body"], dict) else json.loads(r["body"])
        for q in body["requests"]:
            v = q.get("setDataValidation")
            if v and "rule" in v:
                c = v["rule"]["condition"]
                out.append((v["range"]["startColumnIndex"], c["type"],
                            [x["userEnteredValue"] for x in c.get("values", [])]))
    return out


def test_selects_offer_a_drop_down_and_check_boxes_are_boxes():
    stage = field("Stage", "singleSelect", choices=["Lead", "Won, really", "Lost"])
    t, h = start([NAME, stage, field("Done", "checkbox")], [record(Name="a", Stage="Lead")])
    with t, h:
        h.sync()
        seen = validations(t)
        assert (1, "ONE_OF_LIST", ["Lead", "Won, really", "Lost"]) in seen, seen
        assert (2, "BOOLEAN", []) in seen, seen
        h.quiet()
        t.person(airtable=[{"op": "add_choice", "table": "Deals", "field": "Stage",
                            "name": "On hold"}])
        h.sync()
        assert (1, "ONE_OF_LIST", ["Lead", "Won, really", "Lost", "On hold"]) in validations(t)
        h.quiet()


def test_drop_downs_can_be_switched_off():
    t, h = start([NAME, field("Stage", "singleSelect", choices=["Lead"])],
                 [record(Name="a", Stage="Lead")], home={"dropdowns": "no"})
    with t, h:
        h.sync()
        assert validations(t) == []
        h.quiet()


# ---- later runs ----

def test_only_the_cell_that_differs_is_written():
    t, h = start([NAME, field("A"), field("B")],
                 [record(Name=f"n{i}", A="a", B="b") for i in range(20)])
    with t, h:
        h.sync()
        t.reset()
        t.person(airtable=[{"op": "update", "table": "Deals", "record": "n7",
                            "fields": {"B": "new"}}])
        h.sync()
        assert get(t, "n7", "B") == "new"
        writes = [w for w in t.writes() if w["service"] == "sheets"]
        assert len(writes) == 1, writes
        row = column(t, "Name").index("n7") + 2
        assert writes[0]["detail"]["changes"] == [
            {"cell": f"Deals!C{row}", "old": "b", "new": "new"}], writes
        log = h.last_log()
        assert log["status"] == "SUCCESS" and log["recordsSynced"] == 1, log
        h.quiet()


def test_new_records_are_added_below_and_edits_renames_and_cleared_fields_flow():
    t, h = start([NAME, field("Amount", "number", precision=0)],
                 [record(Name="a", Amount=1), record(Name="b", Amount=2)])
    with t, h:
        h.sync()
        t.person(airtable=[
            {"op": "create", "table": "Deals", "fields": {"Name": "c", "Amount": 3}},
            {"op": "update", "table": "Deals", "record": "a", "fields": {"Name": "A", "Amount": 9}},
            {"op": "update", "table": "Deals", "record": "b", "fields": {"Amount": None}}])
        h.sync()
        rows = t.rows("Deals")[1:]
        assert sorted(r[:2] for r in rows[:2]) == [["A", 9], ["b", None]], rows
        assert rows[2][:2] == ["c", 3], rows
        h.quiet()


def test_rows_keep_their_identity_when_a_person_sorts_the_sheet_between_runs():
    t, h = start([NAME, field("Amount", "number", precision=0)],
                 [record(Name=f"n{i}", Amount=i) for i in range(9)], rows=[["Mine"]])
    with t, h:
        h.sync()
        t.person(sheets=[SORTED])
        first = column(t, "Name")
        assert first == [f"n{i}" for i in reversed(range(9))], first
        t.person(airtable=[{"op": "update", "table": "Deals", "record": "n2",
                            "fields": {"Amount": 222}}])
        h.sync()
        assert get(t, "n2", "Amount") == 222
        assert column(t, "Name") == first
        known = ids(t)
        for r in t.table("Deals"):
            assert known[r["Name"]] == r[ID]
        h.quiet()


def test_a_row_that_a_person_inserts_shifts_nothing():
    t, h = start([NAME, field("B")], [record(Name=f"n{i}", B=f"b{i}") for i in range(5)])
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "insert_rows", "sheet": "Deals", "row": 3, "count": 2},
                         {"op": "set", "sheet": "Deals", "cell": "F3", "value": "my own line"}],
                 airtable=[{"op": "update", "table": "Deals", "record": "n4",
                            "fields": {"B": "new"}}])
        h.sync()
        assert get(t, "n4", "B") == "new"
        assert t.rows("Deals")[2][5] == "my own line"
        for r in t.table("Deals"):
            if r["Name"] and r["Name"] != "n4":
                assert r["B"] == "b" + r["Name"][1:]
        h.quiet()


def test_an_edit_in_the_sheet_is_put_back_and_kept_in_the_history():
    t, h = start([NAME, field("Amount", "number", precision=0)],
                 [record(Name="a", Amount=1), record(Name="b", Amount=2)])
    with t, h:
        h.sync()
        row = column(t, "Name").index("a") + 2
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": f"B{row}", "value": 77}])
        h.sync()
        assert get(t, "a", "Amount") == 1 and get(t, "b", "Amount") == 2
        assert t.records("Deals")[ids(t)["a"]]["Amount"] == 1
        kept = h.sql('SELECT oldValue, newValue, why FROM "SyncChange" WHERE why = ?', "put back")
        assert kept == [("77", "1", "put back")], kept
        h.quiet()


def test_a_formula_that_a_person_writes_over_a_synced_cell_is_left_and_said():
    t, h = start([NAME, field("Amount", "number", precision=0)], [record(Name="a", Amount=1)])
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": "B2", "formula": "=40+2"}])
        h.sync(expect=None)
        assert get(t, "a", "Amount") == "=40+2"
        log = h.last_log()
        assert any("formula" in x["message"] for x in log["errors"]), log


def test_a_formula_error_keeps_the_last_good_value_and_is_a_warning():
    score = field("Score", "formula", formula="1",
                  result={"type": "number", "options": {"precision": 0}})
    t, h = start([NAME, score], [record(Name="a", Score=5), record(Name="b", Score=6)])
    with t, h:
        h.sync()
        for bad in ({"error": "#ERROR!"}, {"specialValue": "NaN"}, {"specialValue": "Infinity"}):
            t.person(airtable=[{"op": "update", "table": "Deals", "record": "a",
                                "fields": {"Score": bad}}])
            h.sync()
            assert get(t, "a", "Score") == 5 and get(t, "b", "Score") == 6
            log = h.last_log()
            assert log["status"] == "SUCCESS" and log["warnings"] >= 1, log
            assert [x for x in log["errors"] if x.get("field") == "Score"], log
        t.person(airtable=[{"op": "update", "table": "Deals", "record": "a",
                            "fields": {"Score": 8}}])
        h.sync()
        assert get(t, "a", "Score") == 8 and get(t, "b", "Score") == 6
        h.quiet()


def test_a_text_too_long_for_a_cell_is_told_and_everything_else_flows():
    t, h = start([NAME, field("Text", "long")],
                 [record(Name="a", Text="x" * 50000), record(Name="b", Text="y" * 50001),
                  record(Name="c", Text="é" * 40000)])
    with t, h:
        h.sync(expect=None)
        assert len(get(t, "a", "Text")) == 50000
        assert len(get(t, "c", "Text")) == 40000
        assert get(t, "b", "Text") in (None, "")
        log = h.last_log()
        assert any("50001" in x["message"] and x.get("field") == "Text" for x in log["errors"]), log
        t.person(airtable=[{"op": "update", "table": "Deals", "record": "b",
                            "fields": {"Text": "short now"}}])
        h.sync()
        assert get(t, "b", "Text") == "short now"
        h.quiet()


def test_a_record_deleted_in_airtable_keeps_its_row_unless_deletions_are_on():
    t, h = start([NAME], names(12))
    with t, h:
        h.sync()
        t.person(airtable=[{"op": "delete", "table": "Deals", "record": "deal 0003"}])
        h.sync()
        assert len(column(t, "Name")) == 12
        h.quiet()
        h.set(delete_extra_rows="yes", max_delete="2")
        t.person(airtable=[{"op": "delete", "table": "Deals", "record": "deal 0004"}])
        h.sync()
        left = column(t, "Name")
        assert sorted(left) == [f"deal {i:04d}" for i in range(12) if i not in (3, 4)], left
        h.quiet()


def test_a_new_field_gets_a_column_of_its_own_and_a_renamed_one_keeps_its_column():
    t, h = start([NAME, field("B")], [record(Name="a", B="x")])
    with t, h:
        h.sync()
        t.person(airtable=[
            {"op": "add_field", "table": "Deals", "field": field("C")},
            {"op": "rename_field", "table": "Deals", "field": "B", "name": "Bee"},
            {"op": "update", "table": "Deals", "record": "a", "fields": {"C": "see", "Bee": "y"}}])
        h.sync()
        rows = t.rows("Deals")
        assert rows[0] == ["Name", "B", ID, "C"], rows[0]
        assert [rows[1][0], rows[1][1], rows[1][3]] == ["a", "y", "see"], rows[1]
        h.quiet()


def test_a_tab_and_a_table_that_are_renamed_are_followed():
    t, h = start([NAME], names(3))
    with t, h:
        h.sync()
        t.person(airtable=[{"op": "rename_table", "table": "Deals", "name": "Sales"}],
                 sheets=[{"op": "rename_tab", "sheet": "Deals", "name": "Verkauf"}])
        t.person(airtable=[{"op": "create", "table": "Sales", "fields": {"Name": "late"}}])
        h.sync()
        assert "late" in column(t, "Name", tab="Verkauf")
        h.quiet()


def test_rows_that_lie_between_changed_ones_give_no_warning():
    s = scenario([NAME, field("Owner", "singleCollaborator")],
                 [record(Name=f"n{i}", Owner=ANNA) for i in range(5)])
    s["airtable"]["users"] = PEOPLE
    with Twin(s) as t, Home(t, TO_SHEETS, airtable=FAST) as h:
        h.init().sync()
        rows = column(t, "Name")
        t.person(airtable=[{"op": "update", "table": "Deals", "record": rows[i],
                            "fields": {"Owner": BOB}} for i in (0, 2, 4)])
        h.sync()
        assert column(t, "Owner") == ["Bob O'Neil", "Anna Álvarez"] * 2 + ["Bob O'Neil"]
        assert h.last_log()["errors"] == [], h.last_log()
        h.quiet()


# ---- people at work during a run ----

def moving(when, sheets, nth=1, kind="sheets.write"):
    return {"match": {"kind": kind, "nth": nth}, "count": 1,
            "fault": {"kind": "person", "when": when, "sheets": sheets}}


def met(t):
    """How often the schedule of faults has struck."""
    faults = t.control("faults")
    return sum(f["hits"] for f in (faults["faults"] if isinstance(faults, dict) else faults))


def check_whole(t, n, amounts):
    """Each record has one row, with its own values."""
    known = ids(t)
    rows = [r for r in t.table("Deals") if r[ID]]
    assert len(rows) == n and len({r[ID] for r in rows}) == n, rows
    for r in rows:
        assert known[r["Name"]] == r[ID], r
        assert r["Amount"] == amounts[r["Name"]], r


def people_during(edit_rows, mine=True):
    """Ten records; three change; people act right before the write arrives."""
    t, h = start([NAME, field("Amount", "number", precision=0)],
                 [record(Name=f"n{i}", Amount=i) for i in range(10)], rows=[["Mine"]])
    with t, h:
        h.sync()
        if mine:
            t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": f"A{i + 2}",
                              "value": f"about {r['Name']}"}
                             for i, r in enumerate(t.table("Deals"))])
        amounts = {f"n{i}": i for i in range(10)}
        for i in (2, 5, 8):
            t.person(airtable=[{"op": "update", "table": "Deals", "record": f"n{i}",
                                "fields": {"Amount": 100 + i}}])
            amounts[f"n{i}"] = 100 + i
        t.person(airtable=[{"op": "create", "table": "Deals",
                            "fields": {"Name": "n10", "Amount": 10}}])
        amounts["n10"] = 10
        t.faults(moving("before", edit_rows))
        h.sync()
        assert met(t) == 1
        check_whole(t, 11, amounts)
        for r in t.table("Deals"):
            if mine and r[ID] and r["Name"] != "n10":
                assert r["Mine"] == f"about {r['Name']}", r
        h.quiet()


def test_a_sort_between_our_look_and_our_write_misplaces_nothing():
    people_during([SORTED])


def test_rows_inserted_between_our_look_and_our_write_misplace_nothing():
    people_during([{"op": "insert_rows", "sheet": "Deals", "row": 2, "count": 3}])


def test_a_row_deleted_between_our_look_and_our_write_misplaces_nothing():
    people_during([{"op": "insert_rows", "sheet": "Deals", "row": 6, "count": 1},
                   {"op": "delete_rows", "sheet": "Deals", "row": 6, "count": 1},
                   {"op": "insert_rows", "sheet": "Deals", "row": 4, "count": 1}])


def test_a_column_inserted_between_our_look_and_our_write_misplaces_nothing():
    people_during([{"op": "add_column", "sheet": "Deals", "before": "Name", "name": "Wedge"}])


def test_rows_that_move_while_they_are_read_are_read_again():
    t, h = start([NAME, field("Amount", "number", precision=0)],
                 [record(Name=f"n{i}", Amount=i) for i in range(10)])
    with t, h:
        h.sync()
        t.person(airtable=[{"op": "update", "table": "Deals", "record": f"n{i}",
                            "fields": {"Amount": 50 + i}} for i in range(5)])
        amounts = {f"n{i}": 50 + i if i < 5 else i for i in range(10)}
        t.reset()
        t.faults(moving("after", [SORTED], nth=2, kind="sheets.read"))
        h.sync()
        assert met(t) == 1
        check_whole(t, 10, amounts)
        h.quiet()


def test_a_cell_that_a_person_edits_during_the_run_is_not_overwritten_unseen():
    t, h = start([NAME, field("Amount", "number", precision=0)], [record(Name="a", Amount=1)],
                 home={"full_scan": "0s"})
    with t, h:
        h.sync()
        t.person(airtable=[{"op": "update", "table": "Deals", "record": "a",
                            "fields": {"Amount": 2}}])
        t.reset()
        # between the read and the look before the write
        t.faults({"match": {"kind": "sheets.read", "nth": 4}, "count": 1,
                  "fault": {"kind": "person", "when": "before",
                            "sheets": [{"op": "set", "sheet": "Deals", "cell": "B2", "value": 33}]}})
        h.sync()
        assert met(t) == 1
        h.sync()
        assert get(t, "a", "Amount") == 2
        kept = h.sql('SELECT oldValue FROM "SyncChange" WHERE side = ? AND oldValue = ?',
                     "SHEETS", "33")
        assert kept, "the person's value is not in the history"
        h.quiet()


# ---- drift ----

def stops(h, *words, code=4):
    """The run stops before it writes anything, and says why."""
    h.twin.reset()
    p = h.sync(expect=code)
    writes = [w for w in h.twin.writes() if w["service"] != "person"]
    assert writes == [], writes
    message = h.last_log()["errors"][0]["message"]
    for w in words:
        assert w in message and w in p.stdout, (w, message)


def two_fields(**more):
    return start([NAME, field("Amount", "number", precision=0)],
                 [record(Name="a", Amount=1), record(Name="b", Amount=2)], **more)


def edit(t, key, **fields):
    t.person(airtable=[{"op": "update", "table": "Deals", "record": key, "fields": fields}])


def test_a_header_that_is_renamed_or_emptied_stops_the_sync_and_is_named():
    t, h = two_fields()
    with t, h:
        h.sync()
        edit(t, "a", Amount=7)
        t.person(sheets=[{"op": "rename_header", "sheet": "Deals", "column": "Amount",
                          "name": "Sum"}])
        stops(h, "\"Amount\"", "renamed or deleted")
        h.set(fields=["Name", "Amount -> Sum"])
        h.sync()
        assert get(t, "a", "Sum") == 7
        h.quiet()
        t.person(sheets=[{"op": "clear", "sheet": "Deals", "range": "A1:Z9"}])
        stops(h, "is gone from the header row")


def test_a_header_that_stands_twice_stops_the_sync():
    t, h = two_fields()
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": "G1", "value": "Amount"}])
        stops(h, "\"Amount\"", "columns B and G")


def test_columns_that_a_person_moves_are_followed():
    t, h = two_fields()
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "move_column", "sheet": "Deals", "column": "Record ID",
                          "before": "Name"},
                         {"op": "move_column", "sheet": "Deals", "column": "Amount",
                          "before": "Record ID"}])
        assert t.rows("Deals")[0] == ["Amount", ID, "Name"]
        edit(t, "b", Amount=22)
        h.sync()
        assert get(t, "b", "Amount") == 22 and get(t, "a", "Amount") == 1
        assert t.rows("Deals")[0] == ["Amount", ID, "Name"]
        h.quiet()


def test_a_header_is_found_though_its_case_or_the_spaces_around_it_differ():
    t, h = start([NAME, field("Amount", "number", precision=0)], [record(Name="a", Amount=1)],
                 rows=[["name", " Amount "]])
    with t, h:
        h.sync()
        assert t.rows("Deals")[0] == ["name", " Amount ", ID]
        assert t.rows("Deals")[1][:2] == ["a", 1]
        h.quiet()
        t.person(sheets=[{"op": "rename_header", "sheet": "Deals", "column": "B", "name": "Sum"}])
        stops(h, "Amount", "renamed or deleted")


def test_two_headers_that_differ_in_case_alone_are_two_columns():
    t, h = start([NAME, field("Note"), field("note")], [record(Name="a", Note="N", note="n")])
    with t, h:
        h.sync()
        assert t.rows("Deals")[0] == ["Name", "Note", "note", ID]
        assert t.rows("Deals")[1][:3] == ["a", "N", "n"]
        h.quiet()


def test_a_deleted_id_column_stops_the_sync_and_can_be_rebuilt():
    t, h = two_fields()
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "delete_column", "sheet": "Deals", "column": ID}])
        stops(h, "\"Record ID\"", "--rebuild-ids")
        h.sync("--rebuild-ids")
        known = ids(t)
        assert {r["Name"]: r[ID] for r in t.table("Deals")} == known
        h.quiet()


def test_a_row_that_a_person_deletes_comes_back():
    t, h = two_fields()
    with t, h:
        h.sync()
        gone = t.rows("Deals")[1]
        t.person(sheets=[{"op": "delete_rows", "sheet": "Deals", "row": 2}])
        h.sync()
        assert gone in t.rows("Deals") and len(t.rows("Deals")) == 3
        assert len(t.records("Deals")) == 2
        h.quiet()


def test_a_copied_row_is_left_alone_and_told():
    t, h = two_fields()
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "copy_row", "sheet": "Deals", "from": 2}])
        edit(t, t.rows("Deals")[1][0], Amount=50)
        h.sync()
        rows = t.rows("Deals")
        assert rows[1][1] == 50 and rows[3][1] != 50, rows
        log = h.last_log()
        assert [x for x in log["errors"] if x.get("rowNumber") == 4], log
        assert len(t.records("Deals")) == 2


def test_a_renamed_choice_changes_its_cells():
    t, h = start([NAME, field("S", "singleSelect", choices=["new", "old"])],
                 [record(Name="a", S="new"), record(Name="b", S="old")])
    with t, h:
        h.sync()
        t.person(airtable=[{"op": "rename_choice", "table": "Deals", "field": "S", "from": "new",
                            "to": "fresh"}])
        h.sync()
        assert get(t, "a", "S") == "fresh" and get(t, "b", "S") == "old"
        assert (1, "ONE_OF_LIST", ["fresh", "old"]) in validations(t)
        h.quiet()


def test_a_spreadsheet_that_moves_to_another_time_zone_shows_its_own_wall_time():
    t, h = start([NAME, field("At", "dateTime", timeZone="utc", dateFormat=ISO, timeFormat=H24)],
                 [record(Name="a", At="2026-01-01T10:00:00.000Z")], home={"full_scan": "0s"})
    with t, h:
        h.sync()
        assert near(get(t, "a", "At"), serial(2026, 1, 1, 10))
        t.person(sheets=[{"op": "set_zone", "timeZone": "Asia/Tokyo"}])
        h.sync()
        assert near(get(t, "a", "At"), serial(2026, 1, 1, 19))
        h.quiet()


def test_a_protected_column_names_who_must_be_let_in():
    t, h = two_fields()
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "protect", "sheet": "Deals", "range": "B1:B50",
                          "editors": ["anna@example.com"]}])
        for key in ("a", "b"):
            edit(t, key, Amount=9)
        stops(h, "robot@", "protected")
        assert len([r for r in t.requests() if r["kind"] == "sheets.write"]) == 1
        t.person(sheets=[{"op": "unprotect", "sheet": "Deals"}])
        h.sync()
        assert column(t, "Amount") == [9, 9]
        h.quiet()


def test_a_table_that_is_emptied_does_not_empty_the_tab():
    t, h = start([NAME], names(30), home={"delete_extra_rows": "yes"})
    with t, h:
        h.sync()
        t.person(airtable=[{"op": "clear_table", "table": "Deals"}])
        stops(h, "--allow-delete")
        assert len(t.rows("Deals")) == 31
        h.sync("--allow-delete")
        assert len(t.rows("Deals")) == 1
        h.quiet()


def test_another_table_under_the_same_sync_stops_it():
    other = {"name": "Other", "fields": [NAME], "records": names(5, "other")}
    t, h = start([NAME], names(5), tables=[other])
    with t, h:
        h.sync()
        h.set(table="Other")
        stops(h, "--first-sync")
        assert len(t.rows("Deals")) == 6


# ---- first run on a tab that is in use ----

def test_rows_without_ids_are_paired_by_the_primary_field_and_not_doubled():
    t, h = start([NAME, field("Amount", "number", precision=0)],
                 [record(Name="a", Amount=1), record(Name="b", Amount=2), record(Name="c")],
                 rows=[["Name", "Amount"], ["b", 2], ["a", 5], ["mine", 9]])
    with t, h:
        h.sync()
        rows = t.rows("Deals")
        assert rows[0] == ["Name", "Amount", ID]
        assert [r[0] for r in rows[1:]] == ["b", "a", "mine", "c"], rows
        assert rows[2][1] == 1 and rows[3][1] == 9, rows
        known = ids(t)
        assert rows[1][2] == known["b"] and rows[2][2] == known["a"], rows
        assert len(rows[3]) < 3 or not rows[3][2], rows[3]
        assert len(t.records("Deals")) == 3
        h.quiet()


def test_a_first_run_of_many_changes_on_a_filled_tab_asks_before_it_writes():
    t, h = start([NAME], names(60), rows=[["Name"], ["something else"]])
    with t, h:
        t.reset()
        p = h.sync(expect=4)
        assert t.writes() == []
        assert "--first-sync" in p.stdout + p.stderr
        h.sync("--first-sync")
        assert len([x for x in column(t, "Name") if x and x.startswith("deal")]) == 60
        h.quiet()


# ---- job log, SyncLog, metadata ----

def test_the_job_log_tells_each_step_in_the_form_that_people_know():
    t, h = start([NAME], names(5), home={"name": "Sales Data Sync"})
    with t, h:
        out = h.sync().stdout
        lines = [x.strip() for x in out.splitlines() if x.startswith("[SyncJob]")]
        text = "\n".join(lines)
        sync_id = h.sql('SELECT id FROM "SyncConfig"')[0][0]
        for wanted in ("[SyncJob] Time: 2", "[SyncJob] Fetching active sync configurations...",
                       "[SyncJob] Found 1 active sync configuration(s)",
                       f"[SyncJob] Processing config: Sales Data Sync ({sync_id})",
                       "[SyncJob] Direction: AIRTABLE_TO_SHEETS", "[SyncJob] User: ",
                       "[SyncJob] Decrypting access tokens...",
                       "[SyncJob] Executing AIRTABLE_TO_SHEETS sync...",
                       "[SyncJob] ✓ Sync completed successfully", "[SyncJob]   Status: success",
                       "[SyncJob]   Airtable → Sheets: 5 added, 0 updated",
                       "[SyncJob]   Duration: ", "[SyncJob] Updating sync metadata...",
                       "[SyncJob] ✓ Sync metadata updated", "[SyncJob] Job Summary:",
                       "[SyncJob]   Total Processed: 1", "[SyncJob]   Successful: 1",
                       "[SyncJob]   Failed: 0", "[SyncJob]   Skipped: 0",
                       "[SyncJob] Detailed Results:",
                       "[SyncJob]   1. ✓ Sales Data Sync - Synced successfully (success) ("):
            assert wanted in text, f"{wanted!r} is missing in\n{out}"


def test_the_sync_log_and_the_sync_config_say_what_happened():
    t, h = start([NAME], names(7))
    with t, h:
        h.sync()
        log = h.last_log()
        assert log["status"] == "SUCCESS" and log["direction"] == "AIRTABLE_TO_SHEETS", log
        assert log["triggeredBy"] == "manual" or log["triggeredBy"] == "initial", log
        assert log["recordsSynced"] == 7 and log["recordsFailed"] == 0, log
        assert log["startedAt"] <= log["completedAt"] and log["errors"] == [], log
        assert log["durationMs"] > 0, log
        seen = t.control("stats")
        row = h.sql('SELECT lastSyncAt, lastSyncStatus, lastErrorMessage FROM "SyncConfig"')[0]
        assert row[0] and row[1] == "success" and row[2] is None, row
        assert seen, seen
        calls = len([r for r in t.requests() if r["kind"].startswith("airtable")])
        assert log["airtableCalls"] <= calls, (log, calls)


def test_one_row_that_google_refuses_makes_a_partial_run_and_holds_up_no_other():
    t, h = two_fields()
    with t, h:
        h.sync()
        edit(t, "a", Amount=11)
        edit(t, "b", Amount=22)
        body = {"error": {"code": 400, "status": "INVALID_ARGUMENT",
                          "message": "Invalid requests[1].updateCells: no such luck"}}
        t.faults({"match": {"kind": "sheets.write", "nth": 1}, "count": 1,
                  "fault": {"kind": "status", "code": 400, "body": json.dumps(body)}})
        h.sync(expect=3)
        assert met(t) == 1
        assert sorted(column(t, "Amount")) in ([1, 22], [2, 11]), column(t, "Amount")
        log = h.last_log()
        assert log["status"] == "PARTIAL", log
        assert log["recordsFailed"] == 1 and log["recordsSynced"] == 1, log
        told = [x for x in log["errors"] if "no such luck" in x["message"]]
        assert told and told[0]["recordId"] in ids(t).values() and told[0]["rowNumber"] == 3, log
        assert h.sql('SELECT lastSyncStatus FROM "SyncConfig"') == [("partial",)]
        assert h.sql('SELECT count(*) FROM "SyncChange" WHERE outcome = ?', "failed") == [(1,)]
        h.sync()
        assert sorted(column(t, "Amount")) == [11, 22]
        h.quiet()


def test_a_user_without_a_connection_is_a_skipped_run_with_its_reason():
    with Twin(scenario([NAME], names(2))) as t, \
            Home(t, TO_SHEETS, airtable=FAST) as h:
        h.run("init")
        p = h.sync(expect=None)
        assert p.returncode != 0
        log = h.last_log()
        assert log["status"] == "SKIPPED", log
        assert "connect airtable" in json.dumps(log["errors"]), log
        assert "Skipped: 1" in p.stdout, p.stdout
        assert t.writes() == []
        h.init().sync()
        assert h.last_log()["status"] == "SUCCESS"


def test_a_dry_run_shows_the_plan_and_changes_nothing():
    t, h = start([NAME], names(3))
    with t, h:
        t.reset()
        p = h.sync("--dry-run")
        assert "deal 0001" in p.stdout, p.stdout
        assert t.writes() == []
        assert h.sql('SELECT count(*) FROM "SyncChange"')[0][0] == 0
        h.sync()
        t.reset()
        h.sync("--dry-run")
        assert t.writes() == []


if __name__ == "__main__":
    main(globals())
