#!/usr/bin/env python3
"""The README's table of types, row by row: what a value of Airtable is in the sheet, what comes back, and what
is lost on the way."""
import os

from harness import ROOT, field, main, record
from test_both_ways import edit
from test_to_sheets import ANNA, BOB, H24, ISO, NAME, PEOPLE, TEXT, cell_of, get, look, near, serial, value
from test_values import begin, clear, deal, noted, put

ZONE = "Europe/Berlin"
AT = {"timeZone": "utc", "dateFormat": ISO, "timeFormat": H24}
LONG = "x" * 50001

# label in the README's first column: API type, options, [(value in Airtable, cell)], format, [(what people put into the cell, what Airtable then has)]
ROWS = {
    "single line text": ("singleLineText", {}, [("0012", "0012"), ("=1+1", "=1+1"), ("a\r\nb", "a\nb"), (LONG, None)],
                         TEXT, [("+49", "+49"), (" 1-2 ", " 1-2 ")]),
    "long text": ("multilineText", {}, [("a\nb", "a\nb"), ("'q", "'q")], TEXT, [("x\ny\n", "x\ny\n")]),
    "e-mail": ("email", {}, [("a@b.de", "a@b.de")], TEXT, [("c@d.de", "c@d.de")]),
    "URL": ("url", {}, [("http://x/?a=%20", "http://x/?a=%20")], TEXT, [("http://y", "http://y")]),
    "phone": ("phoneNumber", {}, [("+49 30", "+49 30")], TEXT, [("0049", "0049")]),
    "rich text": ("richText", {}, [("# H\n- a  \n", "# H\n- a"), ("**b**\n", "**b**")], TEXT, [("* b", "- b\n")]),
    "number": ("number", {"precision": 2}, [(1.005, 1.01), (-0.005, -0.01), (0, 0), (0.1 + 0.2, 0.3)],
               ("NUMBER", "0.00"), [(2.675, 2.68), ("12.5", 12.5), (0, 0)]),
    "currency": ("currency", {"precision": 2, "symbol": "€"}, [(19.999, 20)], ("CURRENCY", "\"€\"#,##0.00"),
                 [(3.14159, 3.14)]),
    "percent": ("percent", {"precision": 1}, [(0.5, 0.5), (0.12345, 0.123)], ("PERCENT", "0.0%"),
                [("50%", 0.5), (0.3337, 0.334)]),
    "duration": ("duration", {"durationFormat": "h:mm:ss"}, [(5405.4, 5405 / 86400), (-60, -60 / 86400)],
                 ("TIME", "[h]:mm:ss"), [("1:30:06", 5406), (1.5, 129600), ("-0:01", -60)]),
    "rating": ("rating", {"icon": "star", "max": 5, "color": "yellowBright"}, [(4, 4)], ("NUMBER", "0"),
               [(5, 5), (0, None), (1, 1)]),
    "check box": ("checkbox", {"icon": "check", "color": "greenBright"}, [(True, True), (None, False)], (None, None),
                  [("yes", True), ("no", None), (1, True), (0, None), (True, True)]),
    "single select": ("singleSelect", {"choices": ["Lead", "Won", "1-2"]}, [("Lead", "Lead"), ("1-2", "1-2")], TEXT,
                      [("Won", "Won")]),
    "multiple selects": ("multipleSelects", {"choices": ["a", "b", "c, d"]}, [(["c, d", "a"], "\"c, d\", a")], TEXT,
                         [("b, a, b", ["b", "a"]), ("c, d", ["c, d"])]),
    "date": ("date", {"dateFormat": ISO}, [("2024-02-29", serial(2024, 2, 29)), ("9999-12-31", serial(9999, 12, 31)),
                                           ("0001-01-01", -693593), ("1899-12-31", 1)], ("DATE", "yyyy-mm-dd"),
             [("2026-01-31", "2026-01-31"), (serial(1850, 3, 1), "1850-03-01")]),
    "date and time": ("dateTime", AT, [("2026-07-01T10:30:00.000Z", serial(2026, 7, 1, 12, 30)),
                                       ("2026-10-25T01:30:00.000Z", serial(2026, 10, 25, 2, 30))],
                      ("DATE_TIME", "yyyy-mm-dd hh:mm"),
                      [("2026-01-31 14:30", "2026-01-31T13:30:00.000Z"),
                       (serial(2026, 10, 25, 2, 15), "2026-10-25T00:15:00.000Z")]),
    "linked records": ("multipleRecordLinks", {"linkedTableId": "People"}, [(["Smith, John"], "\"Smith, John\"")],
                       TEXT, [("Kit", ["Kit"])]),
    "collaborators": ("multipleCollaborators", {}, [([ANNA], "Anna Álvarez")], TEXT,
                      [("bob@example.com, Anna Álvarez", [BOB["id"], ANNA["id"]])]),
    "barcode": ("barcode", {}, [({"text": "0012", "type": "ean13"}, "0012")], TEXT, [("0013", "0013")]),
}
ONE_WAY = {
    "attachments": ("multipleAttachments", {"isReversed": False},
                    [{"filename": "a, b.pdf", "url": "https://example.com/1"}], "\"a, b.pdf\""),
    "formula": ("formula", {"formula": "1", "result": {"type": "percent", "options": {"precision": 0}}}, 0.5, 0.5),
    "rollup": ("rollup", {"recordLinkFieldId": "Link", "fieldIdInLinkedTable": "Name", "referencedFieldIds": [],
                          "result": {"type": "date", "options": {"dateFormat": ISO}}}, "2026-03-01", serial(2026, 3, 1)),
    "lookup": ("multipleLookupValues", {"recordLinkFieldId": "Link", "fieldIdInLinkedTable": "Name"},
               ["a, b", "c"], "\"a, b\", c"),
    "count": ("count", {"recordLinkFieldId": "Link"}, 0, 0),
    "auto number": ("autoNumber", {}, 17, 17),
    "created time": ("createdTime", {"result": {"type": "dateTime", "options": AT}}, "2026-01-01T00:00:00.000Z",
                serial(2026, 1, 1, 1)),
    "modified time": ("lastModifiedTime", {"isValid": True, "referencedFieldIds": [], "result": {
        "type": "dateTime", "options": AT}}, "2026-01-05T00:00:00.000Z", serial(2026, 1, 5, 1)),
    "created by": ("createdBy", {}, ANNA, "Anna Álvarez"),
    "modified by": ("lastModifiedBy", {}, BOB, "Bob O'Neil"),
    "AI text": ("aiText", {}, {"state": "generated", "isStale": False, "value": "sum"}, "sum"),
    "source of a synced table": ("externalSyncSource", {"choices": ["Jira"]}, "Jira", "Jira"),
    "button": ("button", {}, None, "Open"),
}


def readme():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as f:
        table = f.read().split("## Types")[1].split("\n## ")[0]
    return [[c.strip() for c in line.strip("|\n").split(" | ")] for line in table.splitlines()
            if line.startswith("| ") and not line.startswith("| Airtable type")]


def test_each_type_of_the_table_is_held_by_a_case_here():
    rows = [(row[0].split(", "), row) for row in readme()]
    assert sorted(x for labels, _ in rows for x in labels) == sorted([*ROWS, *ONE_WAY, "types not known here"])
    for labels, row in rows:
        assert row[2].startswith("yes" if labels[0] in ROWS else "no"), row


def fields_of(t, name, f):
    v = deal(t, name).get(f)
    if isinstance(v, list):
        names = {i: r.get("Name") for i, r in t.records("People").items()}
        return [names.get(x, x) if isinstance(x, str) else x["id"] for x in v]
    if isinstance(v, dict):
        return v.get("text")
    return v


def test_every_writable_row_holds_as_the_table_says():
    fields = [NAME, field("B")] + [field(k, x[0], **x[1]) for k, x in ROWS.items()]
    most = max(len(x[2]) for x in ROWS.values())
    records = [record(Name=f"r{i}", **{k: x[2][i][0] for k, x in ROWS.items() if i < len(x[2])
                                       and x[2][i][0] is not None}) for i in range(most)]
    people = {"name": "People", "fields": [NAME], "records": [record(Name="Smith, John"), record(Name="Kit")]}
    t, h = begin(fields, records, tables=[people], people=PEOPLE, time_zone=ZONE, column_count=30)
    with t, h:
        h.sync()
        noted(h, "single line text", "50001", "too long")
        for k, x in ROWS.items():
            for i, (_, cell) in enumerate(x[2]):
                c = cell_of(t, f"r{i}", k)
                assert near(value(c), cell), (k, i, value(c), cell)
                assert cell is None or look(c) == x[3], (k, look(c))
        before = {n: deal(t, n) for n in [f"r{i}" for i in range(most)]}
        for n in before:
            put(t, n, "B", "touched")
        h.sync()
        for n, was in before.items():  # a touched row changes nothing else
            assert {k: v for k, v in deal(t, n).items() if k != "B"} == was, n
        for turn in range(max(len(x[4]) for x in ROWS.values())):
            for k, x in ROWS.items():
                if turn < len(x[4]):
                    put(t, "r0", k, x[4][turn][0])
            h.sync()
            for k, x in ROWS.items():
                if turn < len(x[4]):
                    assert near(fields_of(t, "r0", k), x[4][turn][1]), (k, x[4][turn], fields_of(t, "r0", k))
            assert h.last_log()["recordsFailed"] == 0
        h.quiet()
        for k in ROWS:
            clear(t, "r0", k)
        h.sync()
        assert {k: v for k, v in deal(t, "r0").items() if v not in (None, [], "\n")} == {"Name": "r0", "B": "touched"}
        h.quiet()


def test_every_computed_row_holds_as_the_table_says():
    fields = [NAME, field("Link", "multipleRecordLinks", linkedTableId="People")]
    fields += [dict(field(k, x[0], **x[1]), **({"twin": {"label": "Open", "url": "https://x"}} if k == "button" else {}))
               for k, x in ONE_WAY.items()]
    people = {"name": "People", "fields": [NAME], "records": []}
    t, h = begin(fields, [record(Name="a", **{k: x[2] for k, x in ONE_WAY.items() if x[2] is not None})],
                 tables=[people], people=PEOPLE, time_zone=ZONE, column_count=30,
                 names=["Name"] + [f"{k} -> {k}" for k in ONE_WAY])
    with t, h:
        h.sync()
        for k, x in ONE_WAY.items():
            assert near(get(t, "a", k), x[3]), (k, get(t, "a", k))
        before = deal(t, "a")
        for k in ONE_WAY:
            put(t, "a", k, "edited")
        h.sync()
        for k, x in ONE_WAY.items():
            assert near(get(t, "a", k), x[3]), (k, get(t, "a", k))
            noted(h, k)
        after = deal(t, "a")
        assert [x["id"] for x in after.pop("attachments")] == [x["id"] for x in before.pop("attachments")]
        assert after == before  # the addresses of files are signed anew at each look
        h.quiet()
        for bad in ({"error": "#ERROR!"}, {"specialValue": "NaN"}):
            edit(t, "a", formula=bad)
            h.sync()
            assert get(t, "a", "formula") == 0.5
            noted(h, "formula")
            h.quiet()


def test_what_the_table_says_of_links_without_names_and_of_doubled_names():
    people = {"name": "People", "fields": [NAME], "records": [record(), record(Name="Twin"), record(Name="Twin")]}
    t, h = begin([NAME, field("Who", "multipleRecordLinks", linkedTableId="People")], [record(Name="a")],
                 tables=[people])
    with t, h:
        nameless = next(i for i, f in t.records("People").items() if "Name" not in f)
        edit(t, "a", Who=[nameless])
        h.sync()
        assert get(t, "a", "Who") == nameless
        t.person(sheets=[{"op": "append_row", "sheet": "Deals", "values": {"Name": "b", "Who": nameless}},
                         {"op": "append_row", "sheet": "Deals", "values": {"Name": "c", "Who": "Twin"}}])
        h.sync()
        assert deal(t, "b")["Who"] == [nameless]
        assert "Who" not in deal(t, "c")
        noted(h, "Who", "2 records", "Twin")


if __name__ == "__main__":
    main(globals())
