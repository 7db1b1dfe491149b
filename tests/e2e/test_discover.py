#!/usr/bin/env python3
"""`discover`: what the credentials can see, and a [sync] section that works as it is printed."""
import json
import re

import harness
from harness import BASE, SHEET, TOKEN, Home, Twin, field, record, scenario

USAGE, PERSON = 2, 4


def fields():
    return [field("Name"), field("Amount", "number", precision=2), field("Tags -> more"),
            field("Trailing "), field("Files", "multipleAttachments"),
            field("Twice", "formula", formula="{Amount} * 2"),
            dict(field("Go", "button"), twin={"label": "Go", "url": "https://example.com"}),
            field("Doubled"), field("Record ID")]


def world(**more):
    records = [{"fields": {"Name": f"deal {i}", "Amount": i + 0.5, "Tags -> more": "x",
                           "Trailing ": "y", "Doubled": "z"}} for i in range(3)]
    rows = [["Notes", "name ", "Amount", "Doubled", "Two\nlines", "Doubled"]]
    return scenario(fields(), records, rows=rows, **more)


def home(t, extra=""):
    h = Home(t, extra=extra)
    h.run("init")
    if extra:
        return h
    h.run("connect", "airtable", "--token-file", "-", input=TOKEN + "\n")
    h.run("connect", "sheets", "--service-account", t.service_account)
    return h


def test_bases_tables_fields_tabs_and_headers_are_listed():
    with Twin(world()) as t, home(t) as h:
        t.reset()
        text = h.run("discover").stdout
        assert BASE in text and "Demo" in text and "create" in text, text
        text = h.run("discover", BASE).stdout
        for words in ("Deals", "Name *", "number", "formula", "multipleAttachments", "fld"):
            assert words in text, (words, text)
        text = h.run("discover", f"https://docs.google.com/spreadsheets/d/{SHEET}/edit#gid=0").stdout
        assert "Deals (gid:0" in text and re.search(r"B +name", text), text
        bases = json.loads(h.run("discover", "--json").stdout)
        assert bases[0]["id"] == BASE
        tables = json.loads(h.run("discover", BASE, "--json").stdout)
        types = {f["name"]: (f["type"], f["writable"]) for f in tables[0]["fields"]}
        assert types["Amount"] == ("number", True) and types["Twice"] == ("formula", False), types
        tabs = json.loads(h.run("discover", SHEET, "--json").stdout)
        assert tabs[0]["title"] == "Deals" and tabs[0]["headers"][2] == "Amount", tabs
        assert t.writes() == []


def ini(h, *more):
    return h.run("discover", "--ini", *(more or (BASE, "Deals", SHEET, "Deals"))).stdout


def append(h, text):
    with open(h.ini, "a", encoding="utf-8") as f:
        f.write("\n" + text)


def test_the_section_passes_check_and_a_first_sync_as_it_is():
    with Twin(world()) as t, home(t) as h:
        t.reset()
        text = ini(h)
        assert t.writes() == []
        lines = text.splitlines()
        assert lines[0] == "[sync deals]", text
        assert all("=" in x or x.startswith(("#", "[")) for x in lines), text
        # by name; by the header that differs in case and spaces; by id where the name would not do
        assert "field       = Name <-> name" in lines, text
        assert "field       = Amount" in lines, text
        assert "field       = Twice -> Twice" in lines, text
        assert "field       = Files -> Files" in lines, text
        assert any(re.fullmatch(r"field       = fld\w{14} <-> Trailing", x) for x in lines), text
        assert any(re.fullmatch(r"field       = fld\w{14} <-> Tags +more", x) for x in lines), text
        for words in ("names of the files", "computed by Airtable", "stands in columns D and F",
                      '# field       = Doubled', 'Left out: "Go"', 'Left out: "Record ID"',
                      '"Notes", has no field', '"Two lines", has no field', "will be added"):
            assert words in text, (words, text)
        append(h, text)
        p = h.run("check")
        assert "All is well" in p.stdout, p.stdout
        h.sync("deals")
        rows = t.rows("Deals")
        assert [r[1] for r in rows[1:]] == ["deal 0", "deal 1", "deal 2"], rows
        assert [r[2] for r in rows[1:]] == [0.5, 1.5, 2.5], rows
        assert "Trailing" in [x.strip() for x in rows[0] if isinstance(x, str)], rows[0]
        assert rows[1][0] in (None, "") and rows[1][3] in (None, ""), rows[1]
        h.quiet()


def test_every_type_of_field_finds_its_way_into_a_section_that_works():
    with open(harness.ROOT + "/tests/twin/scenarios/demo.json", encoding="utf-8") as f:
        s = json.load(f)
    base = s["airtable"]["bases"][0]
    google = s["google"]["spreadsheets"][0]
    robot = s["service_accounts"][0]
    token = next(x for x in s["tokens"] if x["service"] == "airtable")
    google["sheets"].append({"sheetId": 778, "title": "Brand new", "rowCount": 50, "columnCount": 3,
                             "rows": []})
    with Twin(s) as t, Home(t) as h:
        h.run("init")
        h.run("connect", "airtable", "--token-file", "-", input=token["token"] + "\n")
        h.run("connect", "sheets", "--service-account",
              t.service_account.replace("robot.json", robot["name"] + ".json"))
        text = ini(h, base["id"], base["tables"][0]["name"], google["id"], "Brand new")
        append(h, text)
        h.run("check")
        h.run("sync", expect=0)
        rows = t.rows("Brand new", google["id"])
        assert len(rows) == 1 + len(base["tables"][0]["records"]), rows
        h.quiet()


def test_who_may_only_read_gets_a_section_that_only_reads():
    s = world()
    s["airtable"]["users"] = [{"id": "usrDemoUser000001", "email": "demo@example.com"}]
    s["airtable"]["bases"][0]["roles"] = {"usrDemoUser000001": "read"}
    with Twin(s) as t, home(t) as h:
        text = ini(h)
        assert "direction   = airtable_to_sheets" in text and "may only read" in text, text
        append(h, text)
        h.run("check")
        h.sync()
        assert len(t.rows("Deals")) == 4


def test_a_name_that_is_taken_gets_a_number_and_several_users_are_named():
    with Twin(world()) as t, home(t, "[user anna]\n[user ben]\n") as h:
        for u in ("anna", "ben"):
            h.run("connect", "airtable", "--user", u, "--token-file", "-", input=TOKEN + "\n")
            h.run("connect", "sheets", "--user", u, "--service-account", t.service_account)
        text = ini(h, BASE, "Deals", SHEET, "gid:0", "--user", "ben")
        assert "user        = ben" in text and "tab         = Deals" in text, text
        append(h, text)
        h.run("check")
        text = ini(h, BASE, "Deals", SHEET, "Deals", "--user", "ben")
        assert text.startswith("[sync deals-2]"), text


def test_what_is_not_there_is_told_in_one_sentence():
    with Twin(world()) as t, home(t) as h:
        cases = [((BASE, "Leads", SHEET, "Deals"), "Leads", USAGE),
                 ((BASE, "Deals", SHEET, "Tab"), "Tab", USAGE),
                 ((BASE, "Deals", "no sheet", "Deals"), "no sheet", USAGE),
                 (("appNotThere000001", "Deals", SHEET, "Deals"), "appNotThere000001", PERSON),
                 ((BASE, "Deals", SHEET[:-1] + "9", "Deals"), "", PERSON),
                 ((BASE, "Deals", SHEET), "usage", USAGE)]
        for words, want, code in cases:
            p = h.run("discover", "--ini", *words, expect=code)
            lines = p.stderr.strip().splitlines()
            assert len(lines) == 1 and want in lines[0] and p.stdout == "", (words, lines, p.stdout)
        assert t.writes() == []


if __name__ == "__main__":
    harness.main(globals())
