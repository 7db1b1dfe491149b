#!/usr/bin/env python3
"""Values on their way from a cell into a field and back: every writable type, clearing, what a field
cannot hold, choices and linked records that are not there yet."""
import datetime
import zoneinfo

from harness import Home, Twin, field, main, record, scenario
from test_to_sheets import (ANNA, BOB, COMPUTED_ALWAYS, H24, ISO, NAME, PEOPLE, TYPES, all_types,
                            cell_of, column, get, header_of, ids, near, plain, serial)


def begin(fields, records=(), rows=None, direction="bidirectional", names=(), home=None, people=None,
          **more):
    s = scenario(fields, records, rows=rows, **more)
    if people:
        s["airtable"]["users"] = people
    t = Twin(s)
    return t, Home(t, dict({"direction": direction}, **(home or {})), names).init()


def position(t, key, header, tab="Deals"):
    """A1 name of a cell by the Name of its row and its header."""
    rows = t.rows(tab)
    key_at = rows[0].index("Name")
    row = next(i for i, r in enumerate(rows) if i and len(r) > key_at and r[key_at] == key)
    at = rows[0].index(header)
    letters = chr(65 + at) if at < 26 else chr(64 + at // 26) + chr(65 + at % 26)
    return f"{letters}{row + 1}"


def put(t, key, header, value=None, **more):
    edit = {"op": "set", "sheet": "Deals", "cell": position(t, key, header)}
    if value is not None:
        edit["value"] = value
    edit.update(more)
    t.person(sheets=[edit])


def clear(t, key, header):
    t.person(sheets=[{"op": "clear", "sheet": "Deals", "range": position(t, key, header)}])


def deal(t, name, table="Deals"):
    return next(f for f in t.records(table).values() if f.get("Name") == name)


def noted(h, *words):
    """The entry of the last run's errors that has all these words."""
    for x in h.last_log()["errors"]:
        if all(str(w) in x["message"] or w in (x.get("field"), x.get("rowNumber")) for w in words):
            return x
    raise AssertionError(f"nothing about {words} in {h.last_log()['errors']}")


# ---- every writable type ----

# type, options, what a person enters, what Airtable then has, another entry, and that
WRITABLE = [
    ("singleLineText", {}, {"value": "0012"}, "0012", {"value": "=1+1"}, "=1+1"),
    ("multilineText", {}, {"value": "one\ntwo"}, "one\ntwo", {"value": "  spaced  "}, "  spaced  "),
    ("richText", {}, {"value": "**bold**"}, "**bold**\n", {"value": "# Head\n- a"}, "# Head\n- a\n"),
    ("email", {}, {"value": "a+b@example.com"}, "a+b@example.com", {"value": "c@d.org"}, "c@d.org"),
    ("url", {}, {"value": "https://example.com/?a=1&b=2"}, "https://example.com/?a=1&b=2",
     {"value": "http://x.org"}, "http://x.org"),
    ("phoneNumber", {}, {"value": "+49 30 123"}, "+49 30 123", {"value": "0049-1"}, "0049-1"),
    ("number", {"precision": 2}, {"value": 12.5}, 12.5, {"value": -0.25}, -0.25),
    ("number", {"precision": 0}, {"value": "7"}, 7, {"value": 0}, 0),
    ("currency", {"precision": 2, "symbol": "€"}, {"value": 99.9}, 99.9, {"value": 0.1}, 0.1),
    ("percent", {"precision": 0}, {"entered": "25%"}, 0.25, {"value": 1.5}, 1.5),
    ("rating", {"icon": "star", "max": 5, "color": "yellowBright"}, {"value": 3}, 3, {"value": 5}, 5),
    ("duration", {"durationFormat": "h:mm:ss"}, {"value": 0.5}, 43200, {"value": "1:30:05"}, 5405),
    ("checkbox", {"icon": "check", "color": "greenBright"}, {"value": True}, True,
     {"value": "yes"}, True),
    ("singleSelect", {"choices": ["Lead", "Won", "1-2"]}, {"value": "Won"}, "Won", {"value": "1-2"},
     "1-2"),
    ("multipleSelects", {"choices": ["hot", "needs, review", "say \"hi\""]},
     {"value": "hot, \"needs, review\""}, ["hot", "needs, review"],
     {"value": "\"say \"\"hi\"\"\""}, ["say \"hi\""]),
    ("date", {"dateFormat": ISO}, {"value": serial(2026, 1, 31), "format":
                                   {"type": "DATE", "pattern": "yyyy-mm-dd"}}, "2026-01-31",
     {"value": "2024-02-29"}, "2024-02-29"),
    ("dateTime", {"timeZone": "utc", "dateFormat": ISO, "timeFormat": H24},
     {"value": serial(2026, 7, 1, 12, 30), "format":
      {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm"}}, "2026-07-01T10:30:00.000Z",
     {"value": "2026-01-31 14:30"}, "2026-01-31T13:30:00.000Z"),
    ("singleCollaborator", {}, {"value": "anna@example.com"}, ANNA["id"],
     {"value": "bob@example.com"}, BOB["id"]),
    ("multipleCollaborators", {}, {"value": "anna@example.com, bob@example.com"},
     [ANNA["id"], BOB["id"]], {"value": "bob@example.com"}, [BOB["id"]]),
    ("barcode", {}, {"value": "4000000000007"}, "4000000000007", {"value": "0012"}, "0012"),
    ("multipleRecordLinks", {"linkedTableId": "People"}, {"value": "\"Smith, John\", Kit"},
     ["Smith, John", "Kit"], {"value": "Kit"}, ["Kit"]),
]


def title(i):
    return f"{i:02d} {WRITABLE[i][0]}"


def writable_fields():
    return [NAME] + [field(title(i), x[0], **x[1]) for i, x in enumerate(WRITABLE)]


def people_table():
    return {"name": "People", "fields": [NAME],
            "records": [record(Name="Smith, John"), record(Name="Kit")]}


def stored(t, name, i):
    """A field's value, with names for linked records, ids for people, text for barcodes."""
    v = deal(t, name).get(title(i))
    if WRITABLE[i][0] == "multipleRecordLinks" and v:
        names = {r: f["Name"] for r, f in t.records("People").items()}
        return [names[x if isinstance(x, str) else x["id"]] for x in v]
    if WRITABLE[i][0] == "richText" and v == "\n":
        return None  # how Airtable shows one that was cleared
    if isinstance(v, list):
        return [x["id"] if isinstance(x, dict) else x for x in v]
    if isinstance(v, dict):
        return v.get("id") or v.get("text")
    return v


def check_stored(t, name, at):
    wrong = []
    for i, x in enumerate(WRITABLE):
        now = None if at is None else x[at]
        if not near(stored(t, name, i), now):
            wrong.append(f"{title(i)}: {stored(t, name, i)!r}, {now!r} expected")
    assert not wrong, "\n".join(wrong)


def every_type(direction):
    t, h = begin(writable_fields(), [], direction=direction, tables=[people_table()], people=PEOPLE,
                 time_zone="Europe/Berlin", column_count=30,
                 rows=[["Name"] + [title(i) for i in range(len(WRITABLE))]])
    with t, h:
        row = {"Name": "one"}
        for i, x in enumerate(WRITABLE):
            c = dict(x[2])
            if "value" in c:
                c["v"] = c.pop("value")
            row[title(i)] = c
        t.person(sheets=[{"op": "set_row", "sheet": "Deals", "row": 2, "values": row}])
        h.sync()
        assert len(t.records("Deals")) == 1
        check_stored(t, "one", 3)
        h.quiet()
        for i, x in enumerate(WRITABLE):
            put(t, "one", title(i), **x[4])
        h.sync()
        check_stored(t, "one", 5)
        h.quiet()
        for i in range(len(WRITABLE)):
            clear(t, "one", title(i))
        h.sync()
        check_stored(t, "one", None)
        h.quiet()


def every_type_cells():
    """A record filled by a person in the sheet, whose every cell was edited there since the last run.
    Returns twin, home and the records as they are before that run."""
    t, h = begin(writable_fields(), [], tables=[people_table()], people=PEOPLE,
                 time_zone="Europe/Berlin", column_count=30,
                 rows=[["Name"] + [title(i) for i in range(len(WRITABLE))], ["one"]])
    for at in (2, 4):
        if at == 4:
            h.sync()
        for i, x in enumerate(WRITABLE):
            put(t, "one", title(i), **x[at])
    return t, h, t.records("Deals")


def test_every_writable_type_flows_from_the_sheet_is_edited_and_cleared_there():
    every_type("sheets_to_airtable")


def test_every_writable_type_flows_from_the_sheet_in_a_two_way_sync_too():
    every_type("bidirectional")


def test_what_airtable_filled_is_edited_and_cleared_in_the_sheet_for_every_writable_type():
    with Twin(all_types()) as t, Home(t, {"direction": "bidirectional"}) as h:
        h.init().sync()
        before = deal(t, "full")
        read_only = COMPUTED_ALWAYS + ("multipleAttachments", "externalSyncSource", "aiText")
        mine = [i for i, x in enumerate(TYPES) if x[0] not in read_only]
        for i in mine:
            value = TYPES[i][6]
            if "ollaborator" in TYPES[i][0]:
                value = "bob@example.com"
            put(t, "full", header_of(i), value)
        h.sync()
        after = deal(t, "full")
        for i in mine:
            wanted = TYPES[i][5]
            now = after.get(header_of(i))
            if TYPES[i][0] == "multipleRecordLinks":
                wanted = [ids(t, "People")[x] for x in wanted]
                now = [x if isinstance(x, str) else x["id"] for x in now]
            elif TYPES[i][0] == "singleCollaborator":
                now, wanted = now["id"], BOB["id"]
            elif TYPES[i][0] == "multipleCollaborators":
                now, wanted = [x["id"] for x in now], [BOB["id"]]
            elif TYPES[i][0] == "barcode":
                now, wanted = now["text"], wanted["text"]
            elif TYPES[i][0] == "number" and isinstance(wanted, float):
                wanted = TYPES[i][6]
            elif TYPES[i][0] == "checkbox":
                now = now or None
            assert near(now, wanted), (header_of(i), now, wanted)
        for i, x in enumerate(TYPES):
            if x[0] in ("externalSyncSource", "aiText", "autoNumber"):
                assert after.get(header_of(i)) == before.get(header_of(i)), header_of(i)
        h.quiet()
        for i in mine:
            clear(t, "full", header_of(i))
        h.sync()
        after = deal(t, "full")
        for i in mine:
            assert after.get(header_of(i)) in (None, [], False, "\n"), (header_of(i), after)
        h.quiet()


def test_a_cell_that_is_left_alone_clears_nothing():
    t, h = begin([NAME, field("A"), field("B", "number", precision=0)],
                 [record(Name="one", A="x", B=1), record(Name="two", A="y")])
    with t, h:
        h.sync()
        put(t, "one", "A", "changed")
        put(t, "two", "B", 5)
        h.sync()
        assert deal(t, "one") == {"Name": "one", "A": "changed", "B": 1}, deal(t, "one")
        assert deal(t, "two") == {"Name": "two", "A": "y", "B": 5}, deal(t, "two")
        writes = [w for w in t.writes() if w["service"] == "airtable"]
        h.quiet()
        assert all("B" not in w["detail"].get("cells", {}) or "A" not in w["detail"]["cells"]
                   for w in writes), writes


def test_a_number_and_a_date_become_the_text_that_a_person_sees_in_a_text_field():
    t, h = begin([NAME, field("Note")], [], rows=[["Name", "Note"], ["n"], ["d"], ["p"], ["b"]])
    with t, h:
        for cell, value, kind, pattern in (("B2", 1234.5, "NUMBER", "#,##0.00"),
                                           ("B3", serial(2026, 3, 1), "DATE", "d/m/yyyy"),
                                           ("B4", 0.25, "PERCENT", "0%")):
            t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": cell, "value": value,
                              "format": {"type": kind, "pattern": pattern}}])
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": "B5", "value": True}])
        h.sync()
        assert deal(t, "n")["Note"] == "1,234.50"
        assert deal(t, "d")["Note"] == "1/3/2026"
        assert deal(t, "p")["Note"] == "25%"
        assert deal(t, "b")["Note"] == "TRUE"
        h.quiet()


def test_date_times_typed_around_a_change_of_clocks_mean_the_instants_of_the_zone():
    at = field("At", "dateTime", timeZone="utc", dateFormat=ISO, timeFormat=H24)
    look = {"type": "DATE_TIME", "pattern": "yyyy-mm-dd hh:mm"}
    times = [("winter", (2026, 1, 15, 12), "2026-01-15T11:00:00.000Z"),
             ("summer", (2026, 7, 15, 12), "2026-07-15T10:00:00.000Z"),
             ("before", (2026, 3, 29, 1, 59), "2026-03-29T00:59:00.000Z"),
             ("after", (2026, 3, 29, 3, 0), "2026-03-29T01:00:00.000Z"),
             ("first of two", (2026, 10, 25, 2, 30), "2026-10-25T00:30:00.000Z")]
    t, h = begin([NAME, at], [record(Name="second of two", At="2026-10-25T01:30:00.000Z")],
                 rows=[["Name", "At"]] +
                 [[n, {"v": serial(*when), "format": look}] for n, when, _ in times],
                 time_zone="Europe/Berlin")
    with t, h:
        h.sync()
        for n, _, instant in times:
            assert deal(t, n)["At"] == instant, (n, deal(t, n))
        assert deal(t, "second of two")["At"] == "2026-10-25T01:30:00.000Z"
        assert near(get(t, "second of two", "At"), serial(2026, 10, 25, 2, 30))
        h.quiet()


INSTANTS = ["1899-12-31T00:00:00.000Z", "1950-07-01T12:00:00.000Z", "2026-03-29T00:59:59.999Z",
            "2026-03-29T01:00:00.000Z", "2026-10-25T00:30:00.000Z", "2026-10-25T01:30:00.000Z",
            "2026-03-08T07:00:00.000Z", "2026-11-01T05:30:00.000Z", "2026-04-04T15:15:00.000Z",
            "2011-12-30T12:00:00.000Z", "2040-07-01T12:00:00.123Z", "9999-12-30T00:00:00.000Z"]
EPOCH = datetime.datetime(1899, 12, 30)
DAY = datetime.timedelta(days=1)


def test_date_times_are_the_wall_times_of_every_kind_of_zone_and_come_back_as_their_instants():
    """A client that reads a time in its own zone is off by hours and by days: airtable-ts#39, pyairtable#110."""
    at = field("At", "dateTime", timeZone="client", dateFormat=ISO, timeFormat=H24)
    for zone in ("America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Casablanca"):
        tz = zoneinfo.ZoneInfo(zone)
        wall = [datetime.datetime.fromisoformat(x.replace("Z", "+00:00")).astimezone(tz).replace(tzinfo=None)
                for x in INSTANTS]
        t, h = begin([NAME, at], [record(Name=f"t{i}", At=x) for i, x in enumerate(INSTANTS)], time_zone=zone)
        with t, h:
            h.sync()
            for i, w in enumerate(wall):
                assert abs(get(t, f"t{i}", "At") - (w - EPOCH) / DAY) * 86400 < 0.001, (zone, INSTANTS[i])
                put(t, f"t{i}", "At", (w + datetime.timedelta(minutes=1) - EPOCH) / DAY)
            h.sync("--allow-all-changed")
            for i, w in enumerate(wall):
                now = datetime.datetime.fromisoformat(deal(t, f"t{i}")["At"].replace("Z", "+00:00"))
                meant = [(w + datetime.timedelta(minutes=1)).replace(tzinfo=tz, fold=f) for f in (0, 1)]
                assert any(abs((now - m).total_seconds()) < 0.002 for m in meant), (zone, INSTANTS[i], now)
            h.quiet()


# ---- what a field cannot hold ----

BAD = [
    ("number", {"precision": 0}, 5, {"value": "about seven"}, ("about seven", "a number")),
    ("rating", {"icon": "star", "max": 5, "color": "yellowBright"}, 2, {"value": 7},
     ("7", "1 to 5")),
    ("singleSelect", {"choices": ["Lead", "Won"]}, "Lead", {"value": "Wonn"}, ("Wonn", "Won")),
    ("multipleSelects", {"choices": ["a", "b"]}, ["a"], {"value": "a, zebra"}, ("zebra", "a, b")),
    ("date", {"dateFormat": ISO}, "2026-01-31", {"value": "2026-02-31"}, ("2026-02-31", "a date")),
    ("multipleRecordLinks", {"linkedTableId": "People"}, ["Kit"], {"value": "Nobody"},
     ("Nobody", "names of its records")),
    ("multipleRecordLinks", {"linkedTableId": "Twins"}, ["Only"], {"value": "Twin"},
     ("Twin", "2 records")),
    ("singleCollaborator", {}, {"id": ANNA["id"]}, {"value": "Carol"}, ("Carol", "e-mail")),
    ("checkbox", {"icon": "check", "color": "greenBright"}, True, {"value": "perhaps"},
     ("perhaps", "TRUE or FALSE")),
    ("duration", {"durationFormat": "h:mm"}, 60, {"value": "soon"}, ("soon", "1:30")),
]


def bad_world(home=None):
    twins = {"name": "Twins", "fields": [NAME],
             "records": [record(Name="Twin"), record(Name="Twin"), record(Name="Only")]}
    fields = [NAME] + [field(f"{i:02d} {x[0]}", x[0], **x[1]) for i, x in enumerate(BAD)]
    t, h = begin(fields, [record(Name="one", **{f"{i:02d} {x[0]}": x[2]
                                                for i, x in enumerate(BAD)}),
                          record(Name="two")],
                 tables=[people_table(), twins], people=PEOPLE, home=home)
    h.sync()
    return t, h


def test_values_that_a_field_cannot_hold_are_warnings_and_everything_else_flows():
    t, h = bad_world()
    with t, h:
        before = deal(t, "one")
        for i, x in enumerate(BAD):
            put(t, "one", f"{i:02d} {x[0]}", **x[3])
        t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": position(t, "two", "Name"),
                          "value": "two, edited"}])
        h.sync()
        assert deal(t, "one") == before
        assert deal(t, "two, edited")
        assert h.last_log()["warnings"] >= len(BAD)
        row = int(position(t, "one", "Name")[1:])
        for i, x in enumerate(BAD):
            n = noted(h, f"{i:02d} {x[0]}", *x[4])
            assert n["rowNumber"] == row, n
            assert plain(cell_of(t, "one", f"{i:02d} {x[0]}")) == x[3]["value"]  # left as typed
        h.quiet()


def test_values_that_a_field_cannot_hold_stop_a_strict_sync_before_its_first_write():
    t, h = bad_world()
    with t, h:
        h.set(validation="strict")
        row = int(position(t, "one", "Name")[1:])
        other = position(t, "two", "Name")
        for i, x in enumerate(BAD):
            name = f"{i:02d} {x[0]}"
            old = cell_of(t, "one", name)
            t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": other, "value": f"two {i}"}])
            put(t, "one", name, **x[3])
            t.reset()
            h.sync(expect=4)
            assert t.writes() == [], t.writes()
            log = h.last_log()
            assert log["status"] == "FAILED", log
            n = noted(h, f"row {row}", name, *x[4])
            assert "strict" in str(log["errors"]), n
            put(t, "one", name, plain(old))
            h.sync()
            assert deal(t, f"two {i}")


def test_a_strict_run_names_row_column_value_and_what_is_accepted_of_each_bad_cell():
    for direction, arrow in (("bidirectional", "<->"), ("sheets_to_airtable", "<-")):
        t, h = begin([NAME, field("Amount", "number", precision=0)], [], direction=direction,
                     names=["Name", f"Amount {arrow} Deal value"], home={"validation": "strict"},
                     rows=[["Name", "Deal value"], ["a", 1], ["b", "many"], ["c", "2x"]])
        with t, h:
            said = h.sync(expect=4).stdout
            assert t.writes() == [] and "strict" in said
            for row, bad in ((3, "many"), (4, "2x")):
                (n,) = [x for x in h.last_log()["errors"] if x.get("rowNumber") == row]
                assert (n["field"], n["level"]) == ("Amount", "error"), n
                assert n["message"].startswith(f"row {row}, column \"Deal value\""), n
                assert f"\"{bad}\" is not a number; accepted: a number" in n["message"], n
            assert "row 3" in said


def test_a_bad_value_in_a_new_row_is_left_out_of_its_record():
    t, h = begin([NAME, field("Amount", "number", precision=0), field("B")], [])
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "append_row", "sheet": "Deals", "values":
                          {"Name": "n", "Amount": "many", "B": "b"}}])
        h.sync()
        assert deal(t, "n") == {"Name": "n", "B": "b"}
        assert get(t, "n", "Amount") == "many"
        noted(h, "Amount", "many")
        put(t, "n", "Amount", 3)
        h.sync()
        assert deal(t, "n")["Amount"] == 3
        h.quiet()


def test_a_formula_error_in_the_sheet_leaves_airtables_value():
    t, h = begin([NAME, field("Amount", "number", precision=0)], [record(Name="a", Amount=4)])
    with t, h:
        h.sync()
        put(t, "a", "Amount", formula="=1/0")
        h.sync()
        assert deal(t, "a")["Amount"] == 4
        noted(h, "Amount", "error")
        put(t, "a", "Amount", formula="=40+2")
        h.sync()
        assert deal(t, "a")["Amount"] == 42
        assert get(t, "a", "Amount") == "=40+2"
        h.quiet()


# ---- names ----

def test_people_are_named_by_address_or_present_name_each_once_and_without_a_false_alarm():
    t, h = begin([NAME, field("P", "singleCollaborator"), field("Q", "multipleCollaborators"), field("B")],
                 [record(Name="a", P=ANNA, Q=[ANNA, BOB])], people=PEOPLE)
    with t, h:
        h.sync()
        for f, cell, wanted in (("P", "bob@example.com", [BOB]), ("P", "BOB@Example.com", [BOB]),
                                ("P", "Bob O'Neil", [BOB]), ("P", "anna@example.com", [ANNA]),
                                ("Q", "Bob O'Neil", [BOB]), ("Q", "anna@example.com, Bob O'Neil", [ANNA, BOB]),
                                ("Q", "demo@example.com,DEMO@example.com", [PEOPLE[2]]),
                                ("Q", "Demo, demo@example.com, bob@example.com", [PEOPLE[2], BOB])):
            put(t, "a", f, cell)
            h.sync()
            now = deal(t, "a")[f]
            now = [x["id"] for x in (now if isinstance(now, list) else [now])]
            assert now == [x["id"] for x in wanted], (f, cell, now)
            assert h.last_log()["warnings"] == 0, (cell, h.last_log()["errors"])
            h.quiet()


def test_the_whole_text_of_a_cell_that_is_a_name_is_taken_for_it():
    t, h = begin([NAME, field("T", "multipleSelects", choices=["a", "b", "a, b, c", " lead", "two\nlines"])],
                 [record(Name="a")])
    with t, h:
        h.sync()
        for cell, wanted in (("a, b", ["a", "b"]), ("a, b, c", ["a, b, c"]), (" lead", [" lead"]),
                             ("\" lead\", a", [" lead", "a"]), ("two\nlines", ["two\nlines"]), (" b ", ["b"]),
                             ("b, b,a", ["b", "a"]), ("a,", ["a"])):
            put(t, "a", "T", cell)
            h.sync()
            assert deal(t, "a")["T"] == wanted, (cell, deal(t, "a"))
            h.quiet()


# ---- choices and linked records ----

def choices_of(t, name):
    for tab in t.state()["airtable"]["bases"][0]["tables"]:
        if tab["name"] == "Deals":
            f = next(x for x in tab["fields"] if x["name"] == name)
            return [c["name"] for c in f["options"]["choices"]]
    raise KeyError(name)


def test_new_choices_are_created_only_when_that_is_switched_on():
    fields = [NAME, field("Stage", "singleSelect", choices=["Lead"]),
              field("Tags", "multipleSelects", choices=["hot"])]
    t, h = begin(fields, [record(Name="a", Stage="Lead", Tags=["hot"])])
    with t, h:
        h.sync()
        put(t, "a", "Stage", "Brand new")
        put(t, "a", "Tags", "hot, \"fresh, too\"")
        h.sync()
        assert choices_of(t, "Stage") == ["Lead"] and choices_of(t, "Tags") == ["hot"]
        assert deal(t, "a")["Stage"] == "Lead"
        h.set(create_choices="yes")
        h.sync()
        assert deal(t, "a")["Stage"] == "Brand new"
        assert deal(t, "a")["Tags"] == ["hot", "fresh, too"]
        assert choices_of(t, "Stage") == ["Lead", "Brand new"]
        h.quiet()


def test_missing_linked_records_are_created_once_and_only_when_that_is_switched_on():
    t, h = begin([NAME, field("Who", "multipleRecordLinks", linkedTableId="People")],
                 [record(Name=f"d{i}") for i in range(3)], tables=[people_table()])
    with t, h:
        h.sync()
        for i in range(3):
            put(t, f"d{i}", "Who", "New One, Kit" if i < 2 else "\"O'Hara, \"\"K\"\"\"")
        h.sync()
        assert sorted(ids(t, "People")) == ["Kit", "Smith, John"]
        assert not deal(t, "d0").get("Who")
        noted(h, "Who", "New One")
        h.set(create_missing_linked_records="yes")
        h.sync()
        people = t.records("People")
        assert sorted(f["Name"] for f in people.values()) == [
            "Kit", "New One", "O'Hara, \"K\"", "Smith, John"]
        known = ids(t, "People")
        for d in ("d0", "d1"):
            assert [x if isinstance(x, str) else x["id"] for x in deal(t, d)["Who"]] == [
                known["New One"], known["Kit"]]
        h.quiet()


def test_a_lost_answer_to_the_creation_of_a_linked_record_makes_no_second_one():
    t, h = begin([NAME, field("Who", "multipleRecordLinks", linkedTableId="People")],
                 [record(Name="d")], tables=[people_table()],
                 home={"create_missing_linked_records": "yes"})
    with t, h:
        h.sync()
        put(t, "d", "Who", "Unheard of")
        t.reset()
        t.faults({"match": {"kind": "airtable.create"}, "count": 1, "fault": {"kind": "cut_after"}})
        h.sync(expect=None)
        h.sync()
        assert [f["Name"] for f in t.records("People").values()].count("Unheard of") == 1
        assert len(deal(t, "d")["Who"]) == 1
        h.quiet()


# ---- linked tables ----

def test_links_go_by_name_both_ways_with_commas_quotes_and_line_breaks_in_the_names():
    odd = ["plain", "Smith, John", "say \"hi\"", "two\nlines", " spaces ", "comma, and \"quote\",",
           "李小龍", "=SUM(A1)"]
    people = {"name": "People", "fields": [field("Name", "multilineText")],
              "records": [record(Name=n) for n in odd]}
    t, h = begin([NAME, field("Who", "multipleRecordLinks", linkedTableId="People")],
                 [record(Name=f"d{i}", Who=[n]) for i, n in enumerate(odd)] +
                 [record(Name="all", Who=odd), record(Name="none")], tables=[people])
    with t, h:
        h.sync()
        shown = {n: get(t, f"d{i}", "Who") for i, n in enumerate(odd)}
        everything = get(t, "all", "Who")
        h.quiet()
        # each is typed elsewhere as it is shown here
        put(t, "none", "Who", everything)
        for i, n in enumerate(odd):
            put(t, f"d{i}", "Who", shown[odd[(i + 1) % len(odd)]])
        h.sync()
        known = ids(t, "People")

        def links(name):
            return [x if isinstance(x, str) else x["id"] for x in deal(t, name).get("Who", [])]
        assert links("none") == [known[n] for n in odd]
        for i in range(len(odd)):
            assert links(f"d{i}") == [known[odd[(i + 1) % len(odd)]]], (i, deal(t, f"d{i}"))
        h.quiet()


def test_a_table_that_links_to_itself_is_named_both_ways():
    t, h = begin([NAME, field("Boss", "multipleRecordLinks", linkedTableId="Deals")],
                 [record(Name="Ann"), record(Name="Ben", Boss=["Ann"]), record(Name="Cy")])
    with t, h:
        h.sync()
        assert get(t, "Ben", "Boss") == "Ann"
        put(t, "Cy", "Boss", "Ben, Ann")
        clear(t, "Ben", "Boss")
        h.sync()
        known = ids(t)
        assert [x if isinstance(x, str) else x["id"] for x in deal(t, "Cy")["Boss"]] == [
            known["Ben"], known["Ann"]]
        assert not deal(t, "Ben").get("Boss")
        h.quiet()


def test_a_new_row_may_link_to_a_row_that_is_new_too_one_run_later():
    t, h = begin([NAME, field("Boss", "multipleRecordLinks", linkedTableId="Deals")],
                 [record(Name="Ann")])
    with t, h:
        h.sync()
        t.person(sheets=[{"op": "append_row", "sheet": "Deals", "values":
                          {"Name": "Dee", "Boss": "Eve"}},
                         {"op": "append_row", "sheet": "Deals", "values": {"Name": "Eve"}}])
        h.sync()
        h.sync()
        assert [x if isinstance(x, str) else x["id"] for x in deal(t, "Dee")["Boss"]] == [
            ids(t)["Eve"]]
        h.quiet()


def test_many_links_in_one_cell_are_kept_in_their_order():
    n = 120
    people = {"name": "People", "fields": [NAME],
              "records": [record(Name=f"person {i:03d}") for i in range(n)]}
    t, h = begin([NAME, field("Who", "multipleRecordLinks", linkedTableId="People")],
                 [record(Name="d", Who=[f"person {i:03d}" for i in range(n)])], tables=[people])
    with t, h:
        h.sync()
        names = get(t, "d", "Who").split(", ")
        assert names == [f"person {i:03d}" for i in range(n)]
        put(t, "d", "Who", ", ".join(reversed(names)))
        h.sync()
        known = ids(t, "People")
        assert [x if isinstance(x, str) else x["id"] for x in deal(t, "d")["Who"]] == [
            known[x] for x in reversed(names)]
        h.quiet()


def test_tables_that_are_synced_to_each_others_tabs_name_each_others_rows():
    people = {"name": "People", "fields": [NAME], "records": [record(Name="Kit")]}
    t, h = begin([NAME, field("Who", "multipleRecordLinks", linkedTableId="People")],
                 [record(Name="d", Who=["Kit"])], tables=[people],
                 sheets=[{"sheetId": 7, "title": "People", "rowCount": 50, "columnCount": 10,
                          "rows": []}])
    with t, h:
        h.set("people", table="People", tab="gid:7", fields=["Name"])
        h.sync()
        assert column(t, "Name", tab="People") == ["Kit"]
        # a person is renamed in his own tab, another is added there and linked in the other tab
        t.person(sheets=[{"op": "set", "sheet": "People", "cell": "A2", "value": "Kit, jr."},
                         {"op": "append_row", "sheet": "People", "values": {"Name": "Lou"}}])
        h.sync("people")
        h.sync("demo")
        assert get(t, "d", "Who") == "\"Kit, jr.\""
        put(t, "d", "Who", "\"Kit, jr.\", Lou")
        h.sync("demo")
        known = ids(t, "People")
        assert [x if isinstance(x, str) else x["id"] for x in deal(t, "d")["Who"]] == [
            known["Kit, jr."], known["Lou"]], (deal(t, "d"), known, h.last_log())
        h.sync()
        h.quiet()


def test_a_linked_name_that_changes_in_airtable_is_no_edit_of_the_cell():
    t, h = begin([NAME, field("Who", "multipleRecordLinks", linkedTableId="People")],
                 [record(Name="d", Who=["Kit"])], tables=[people_table()])
    with t, h:
        h.sync()
        t.person(airtable=[{"op": "update", "table": "People", "record": "Kit",
                            "fields": {"Name": "Christopher"}}])
        h.sync()
        assert get(t, "d", "Who") == "Christopher"
        assert len(deal(t, "d")["Who"]) == 1
        h.quiet()


def test_computed_fields_flow_one_way_and_an_edit_of_one_is_put_back_and_told():
    t, h = begin([NAME, field("A", "number", precision=0),
                  field("Twice", "formula", formula="{A} * 2",
                        result={"type": "number", "options": {"precision": 0}})],
                 [record(Name="a", A=2)])
    with t, h:
        h.sync()
        assert get(t, "a", "Twice") == 4
        put(t, "a", "A", 5)
        put(t, "a", "Twice", 99)
        h.sync()
        assert get(t, "a", "Twice") == 10 and deal(t, "a")["A"] == 5
        kept = h.sql("""SELECT oldValue FROM "SyncChange" WHERE side = 'SHEETS' AND oldValue = '99'""")
        assert kept, "what was typed there is not in the history"
        h.quiet()


if __name__ == "__main__":
    main(globals())
