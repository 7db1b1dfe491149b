"""Rules of Airtable that are documented or reported rather than recorded, case by case."""
import http.client
import json
import os
import ssl
import threading
import time
import urllib.parse

from twin import ROOT, Twin

BASE = "/v0/appDemo0000000001"
DEALS = BASE + "/tblDeals000000001"
META = "/v0/meta/bases/appDemo0000000001/tables"
HOOKS = "/v0/bases/appDemo0000000001/webhooks"


def demo():
    with open(os.path.join(ROOT, "tests/twin/scenarios/demo.json"), encoding="utf-8") as f:
        return json.load(f)


def start(*options, **more):
    sc = demo()
    sc.update(more)
    t = Twin(sc, *options)
    t.token = sc["tokens"][0]["token"]
    return t


def error(a):
    e = a.json.get("error") if isinstance(a.json, dict) else None
    return a.status, e.get("type") if isinstance(e, dict) else e


def expect(got, want):
    assert got == want, f"wanted {want!r}, came {got!r}"


def names(a):
    return [r["fields"].get("Name") for r in a.json["records"]]


def listing(t, **params):
    query = urllib.parse.urlencode(params, doseq=True)
    return t.send("GET", DEALS + ("?" + query if query else ""))


def pages(t, send):
    out, offset = [], None
    while True:
        a = send(offset)
        expect(a.status, 200)
        out.append(a.json["records"])
        offset = a.json.get("offset")
        if not offset:
            return out


def first(t):
    return t.send("GET", DEALS + "/recDeal0000000001")


# ---- reading ----

def pages_follow_the_offset(t):
    got = pages(t, lambda o: listing(t, pageSize=10, **({"offset": o} if o else {})))
    expect([len(p) for p in got], [10, 10, 5])
    got = pages(t, lambda o: listing(t, pageSize=5, **({"offset": o} if o else {})))
    expect([len(p) for p in got], [5, 5, 5, 5, 5])


def l2_takes_the_offset_from_the_body_only(t):
    a = t.send("POST", DEALS + "/listRecords", {"pageSize": 10})
    off = a.json["offset"]
    b = t.send("POST", DEALS + "/listRecords", {"pageSize": 10, "offset": off})
    assert b.json["records"][0]["id"] != a.json["records"][0]["id"]
    c = t.send("POST", DEALS + "/listRecords?offset=" + urllib.parse.quote(off, safe=""),
               {"pageSize": 10})
    expect(c.json["records"][0]["id"], a.json["records"][0]["id"])


def bad_parameters_are_refused(t):
    for query in ("pageSize=101", "pageSize=0", "nope=1", "maxRecords=x", "cellFormat=string",
                  "sort[0][direction]=up&sort[0][field]=Name"):
        expect(error(t.send("GET", DEALS + "?" + query)), (422, "INVALID_REQUEST_UNKNOWN"))
    expect(error(listing(t, **{"fields[]": "Nope"})), (422, "UNKNOWN_FIELD_NAME"))
    expect(error(listing(t, view="Nope")), (422, "VIEW_NAME_NOT_FOUND"))
    expect(error(listing(t, view="viw00000000000000")), (422, "VIEW_ID_NOT_FOUND"))
    expect(error(listing(t, offset="recDeal0000000001")), (422, "INVALID_OFFSET_VALUE"))
    expect(error(listing(t, offset="12")), (422, "INVALID_REQUEST_UNKNOWN"))
    expect(error(listing(t, offset="itr00000000000000/recDeal0000000001")),
           (422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"))
    expect(t.send("GET", DEALS + "?filterByFormula=" + "x" * 16000).status, 414)


def an_iterator_ends_when_nobody_uses_it(t):
    off = listing(t, pageSize=5).json["offset"]
    t.control("clock", {"advance_ms": 3600000})
    a = listing(t, pageSize=5, offset=off)
    expect(error(a), (422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"))
    assert "message" not in a.json["error"]


def a_listing_has_its_set_fixed_and_its_values_fresh(t):
    a = listing(t, pageSize=10)
    t.control("person", {"airtable": [
        {"op": "create", "table": "Deals", "id": "recAAAAAAAAAAAAAA", "fields": {"Name": "new"}},
        {"op": "delete", "table": "Deals", "record": "recDeal0000000012"},
        {"op": "update", "table": "Deals", "record": "recDeal0000000011",
         "fields": {"Name": "changed meanwhile"}}]})
    b = listing(t, pageSize=10, offset=a.json["offset"])
    expect(len(b.json["records"]), 9)
    expect(b.json["records"][0]["fields"]["Name"], "changed meanwhile")
    assert "new" not in names(b)


def order_is_by_id_without_a_view_and_the_views_with_one(t):
    ids = [r["id"] for r in listing(t).json["records"]]
    expect(ids, sorted(ids))
    view = [r["id"] for r in listing(t, view="Reversed").json["records"]]
    expect(view, list(reversed(sorted(ids))))
    by = [r["fields"]["Amount"] for r in
          listing(t, **{"sort[0][field]": "Amount", "sort[0][direction]": "desc"}).json["records"]
          if "Amount" in r["fields"]]
    expect(by, sorted(by, reverse=True))
    expect(len(listing(t, maxRecords=3).json["records"]), 3)
    assert "offset" not in listing(t, maxRecords=3).json


def a_view_restricts(t):
    stages = {r["fields"].get("Stage") for r in listing(t, view="Open deals").json["records"]}
    assert "Won" not in stages and "Lost" not in stages


def fields_can_be_chosen_and_named_by_id(t):
    a = listing(t, **{"fields[]": ["Name", "Amount"]})
    assert set(k for r in a.json["records"] for k in r["fields"]) == {"Name", "Amount"}
    schema = t.send("GET", META).json["tables"][0]["fields"]
    ids = {f["id"] for f in schema}
    b = listing(t, returnFieldsByFieldId="true", pageSize=1)
    assert set(b.json["records"][0]["fields"]) <= ids


def empty_is_absent_and_zero_is_there(t):
    r = t.send("GET", DEALS + "/recDeal0000000002").json["fields"]
    expect(r["Amount"], 0)
    assert "Won" not in r and "Summary" not in r


def floats_pass_through(t):
    r = t.send("GET", DEALS + "/recDeal0000000005").json["fields"]
    expect(r["Amount"], 0.1 + 0.2)


def lookups_and_rollups_follow_links(t):
    r = t.send("GET", DEALS + "/recDeal0000000002").json["fields"]
    expect((r["Contact mails"], r["List price"], r["Contact count"]), (["ana@example.com"], 5.5, 1))
    r = first(t).json["fields"]
    expect(r["Mean price"], {"specialValue": "NaN"})


def string_cells_show_names(t):
    a = listing(t, cellFormat="string", timeZone="utc", userLocale="en", pageSize=1)
    expect(a.json["records"][0]["fields"]["Contacts"], '"Smith, John", Ana Núñez')


# ---- formulas ----

FORMULAS = [
    ("RECORD_ID()='recDeal0000000003'", 1),
    ("OR(RECORD_ID()='recDeal0000000003',RECORD_ID()=\"recDeal0000000004\")", 2),
    ("{Name}='Acme renewal'", 1),
    ("{Name}='it\\'s'", 0),
    ("Name != 'Acme renewal'", 24),
    ("AND({Stage}='Won',{Amount}>10)", None),
    ("NOT({Won})", 12),
    ("{Won}=TRUE()", 13),
    ("{Quantity}>=60", 5),
    ("{Stage}=BLANK()", 1),
    ("AND({Close date}, {Close date}<'2026-03-01')", 5),
    ("IS_BEFORE({Close date}, DATETIME_PARSE('2026-03-01'))", 5),
    ("FIND('Deal', {Name})=1", 1),
    ("LOWER({Name})='née'", 1),
    ("CREATED_TIME() > '2026-01-19'", 2),
    ("FALSE()", 0),
    ("{Quantity}*2+1 = 7", 1),
    ("1/0", 25),
    ("{Score}", None),
]


def formulas_filter(t):
    for text, n in FORMULAS:
        a = listing(t, filterByFormula=text)
        assert a.status == 200, f"{text}: {a.text}"
        if n is not None:
            assert len(a.json["records"]) == n, f"{text}: {len(a.json['records'])} instead of {n}"
    many = "OR(" + ",".join(f"RECORD_ID()='recNone{i:010d}'" for i in range(499)) + \
        ",RECORD_ID()='recDeal0000000007')"
    a = t.send("POST", DEALS + "/listRecords", {"filterByFormula": many})
    expect([r["id"] for r in a.json["records"]], ["recDeal0000000007"])


def bad_formulas_are_refused(t):
    for text in ("{Nope}=1", "NOPE(1)", "1 +", "'open", "(1", "{Name", "IF()"):
        expect(error(listing(t, filterByFormula=text)), (422, "INVALID_FILTER_BY_FORMULA"))


def last_modified_finds_what_changed(t):
    t.control("clock", {"advance_ms": 5000})
    mark = t.control("clock", {})["now"]
    t.control("clock", {"advance_ms": 5000})
    t.send("PATCH", DEALS + "/recDeal0000000009", {"fields": {"Quantity": 999}})
    a = listing(t, filterByFormula=f"IS_AFTER(LAST_MODIFIED_TIME(), DATETIME_PARSE('{mark}'))")
    expect([r["id"] for r in a.json["records"]], ["recDeal0000000009"])
    assert a.json["records"][0]["fields"]["Changed"] > mark[:19]
    expect(a.json["records"][0]["fields"]["Changed by"]["id"], "usrRobot000000003")


# ---- writing ----

BAD_CELLS = [
    ({"Name": 5}, "INVALID_VALUE_FOR_COLUMN"), ({"Amount": "5"}, "INVALID_VALUE_FOR_COLUMN"),
    ({"Priority": 0}, "INVALID_VALUE_FOR_COLUMN"), ({"Priority": 6}, "INVALID_VALUE_FOR_COLUMN"),
    ({"Priority": 1.5}, "INVALID_VALUE_FOR_COLUMN"), ({"Won": "yes"}, "INVALID_VALUE_FOR_COLUMN"),
    ({"Won": 1}, "INVALID_VALUE_FOR_COLUMN"),
    ({"Stage": "won"}, "INVALID_MULTIPLE_CHOICE_OPTIONS"),
    ({"Tags": "hot"}, "INVALID_VALUE_FOR_COLUMN"),
    ({"Tags": ["hot", "cold"]}, "INVALID_MULTIPLE_CHOICE_OPTIONS"),
    ({"Close date": "2026-02-30"}, "INVALID_VALUE_FOR_COLUMN"),
    ({"Close date": "02/03/2026"}, "INVALID_VALUE_FOR_COLUMN"),
    ({"Next call": "soon"}, "INVALID_VALUE_FOR_COLUMN"),
    ({"Contacts": "recCont0000000001"}, "INVALID_VALUE_FOR_COLUMN"),
    ({"Contacts": ["Ana Núñez"]}, "INVALID_RECORD_ID"),
    ({"Contacts": ["recNone0000000001"]}, "ROW_DOES_NOT_EXIST"),
    ({"Files": [{"id": "x"}]}, "INVALID_ATTACHMENT_OBJECT"),
    ({"Owner": {"email": "nobody@example.com"}}, "INVALID_VALUE_FOR_COLUMN"),
    ({"Score": 1}, "INVALID_VALUE_FOR_COLUMN"), ({"Number": 1}, "INVALID_VALUE_FOR_COLUMN"),
    ({"Created": "2026-01-01T00:00:00.000Z"}, "INVALID_VALUE_FOR_COLUMN"),
    ({"Open": {}}, "INVALID_VALUE_FOR_COLUMN"), ({"Nope": 1}, "UNKNOWN_FIELD_NAME"),
    ({"name": "x"}, "UNKNOWN_FIELD_NAME"), ({"Name": "x" * 100001}, "INVALID_VALUE_FOR_COLUMN"),
]


def bad_cells_fail_the_whole_batch(t):
    before = t.control("state?only=airtable")["airtable"]
    for fields, want in BAD_CELLS:
        a = t.send("POST", DEALS, {"records": [{"fields": {"Name": "good"}}, {"fields": fields}]})
        assert error(a) == (422, want), f"{fields}: {a.text}"
    after = t.control("state?only=airtable")["airtable"]
    count = [len(x["records"]) for b in after["bases"] for x in b["tables"]]
    expect(count, [len(x["records"]) for b in before["bases"] for x in b["tables"]])
    a = t.send("POST", DEALS, {"fields": {"Name": "next"}})
    expect(a.json["fields"]["Number"], 26)


GOOD_CELLS = [
    ("Name", "x", "x"), ("Amount", 0.1, 0.1), ("Probability", 33.3, 33.3), ("Call length", 61, 61),
    ("Priority", 5, 5), ("Won", False, None), ("Won", True, True), ("Stage", "Won", "Won"),
    ("Tags", ["🚀 launch", "hot"], ["🚀 launch", "hot"]), ("Tags", [], None),
    ("Close date", "2028-02-29", "2028-02-29"),
    ("Next call", "2026-05-01T10:00:00.000Z", "2026-05-01T10:00:00.000Z"),
    ("Next call", "2026-05-01T12:00:00+02:00", "2026-05-01T10:00:00.000Z"),
    ("Next call", "2026-05-01T12:00:00", "2026-05-01T10:00:00.000Z"),
    ("Next call", 1777629600000, "2026-05-01T10:00:00.000Z"),
    ("Summary", "#h\n* a", "#h\n- a\n"), ("Summary", None, "\n"), ("Notes", "", None),
    ("Contacts", ["recCont0000000006"], ["recCont0000000006"]), ("Name", None, None),
    ("Barcode", {"text": "123"}, {"text": "123"}),
]


def good_cells_read_back(t):
    for name, write, read in GOOD_CELLS:
        a = t.send("PATCH", DEALS + "/recDeal0000000001", {"fields": {name: write}})
        assert a.status == 200, f"{name} {write!r}: {a.text}"
        got = a.json["fields"].get(name)
        assert got == read, f"{name} {write!r}: {got!r}"


def links_keep_both_sides(t):
    t.send("PATCH", DEALS + "/recDeal0000000004", {"fields": {"Contacts": ["recCont0000000005"]}})
    c = t.send("GET", BASE + "/Contacts/recCont0000000005").json["fields"]["Deals"]
    assert "recDeal0000000004" in c
    t.send("DELETE", DEALS + "/recDeal0000000004")
    c = t.send("GET", BASE + "/Contacts/recCont0000000005").json["fields"].get("Deals", [])
    assert "recDeal0000000004" not in c


def put_clears_what_is_not_named(t):
    a = t.send("PUT", DEALS + "/recDeal0000000001", {"fields": {"Name": "only"}})
    left = {k for k in a.json["fields"] if k in ("Name", "Amount", "Stage", "Tags", "Contacts")}
    expect(left, {"Name"})


def typecast_brings_strings_to_type(t):
    a = t.send("POST", DEALS, {"typecast": True, "fields": {
        "Name": "cast", "Amount": "$1,234.50", "Stage": "Brand new", "Won": "true",
        "Contacts": ["Ana Núñez", "Nobody yet"]}})
    f = a.json["fields"]
    expect((f["Amount"], f["Stage"], f["Won"], f["Contacts"][0]),
           (1234.5, "Brand new", True, "recCont0000000002"))
    expect(len(f["Contacts"]), 2)
    schema = t.send("GET", META).json["tables"][0]["fields"][1]["options"]["choices"]
    assert "Brand new" in [c["name"] for c in schema]


def failed_typecast_leaves_no_choice(t):
    a = t.send("POST", DEALS, {"typecast": True, "records": [
        {"fields": {"Stage": "Brand new", "Contacts": ["Nobody yet"]}}, {"fields": {"Score": 1}}]})
    expect(a.status, 422)
    schema = t.send("GET", META).json["tables"][0]["fields"][1]["options"]["choices"]
    assert "Brand new" not in [c["name"] for c in schema]
    expect(len(t.send("GET", BASE + "/Contacts").json["records"]), 6)


def batches_hold_ten(t):
    eleven = [{"fields": {"Name": str(i)}} for i in range(11)]
    a = t.send("POST", DEALS, {"records": eleven})
    expect(error(a), (422, "INVALID_RECORDS"))
    expect(len(t.send("POST", DEALS, {"records": eleven[:10]}).json["records"]), 10)
    ids = [{"id": f"recDeal{i:010d}", "fields": {}} for i in range(1, 12)]
    expect(error(t.send("PATCH", DEALS, {"records": ids})), (422, "INVALID_RECORDS"))
    q = "&".join(f"records[]=recDeal{i:010d}" for i in range(1, 12))
    expect(error(t.send("DELETE", DEALS + "?" + q)), (422, "INVALID_RECORDS"))
    expect(error(t.send("DELETE", DEALS + "?records=recDeal0000000001")), (422, "INVALID_RECORDS"))


def odd_bodies_are_refused(t):
    expect(t.send("POST", DEALS, "{nope", {"Content-Type": "application/json"}).status, 400)
    expect(error(t.send("POST", DEALS, {"x": 1, "fields": {}})), (422, "INVALID_REQUEST_UNKNOWN"))
    expect(error(t.send("POST", DEALS, {})), (422, "INVALID_REQUEST_MISSING_FIELDS"))
    expect(error(t.send("PATCH", DEALS, {"records": [{"fields": {}}]})), (422, "INVALID_RECORDS"))
    expect(error(t.send("PATCH", DEALS, {"records": [
        {"id": "recNone0000000001", "fields": {"Name": "x"}}]})), (422, "ROW_DOES_NOT_EXIST"))


def deleting_what_is_gone(t):
    q = "?records[]=recDeal0000000001&records[]=recNone0000000001"
    expect(error(t.send("DELETE", DEALS + q)), (422, "ROW_DOES_NOT_EXIST"))
    expect(first(t).status, 200)
    expect(t.send("DELETE", DEALS + "/recDeal0000000001").json,
           {"id": "recDeal0000000001", "deleted": True})
    expect(error(t.send("DELETE", DEALS + "/recDeal0000000001")), (404, "MODEL_ID_NOT_FOUND"))


def upserts_create_update_or_fail(t):
    def up(*records, on=("Name",), method="PATCH"):
        return t.send(method, DEALS, {"performUpsert": {"fieldsToMergeOn": list(on)},
                                      "records": [dict(r) for r in records]})
    a = up({"fields": {"Name": "Ωmega", "Quantity": 1}}, {"fields": {"Name": "none such"}})
    expect((len(a.json["updatedRecords"]), len(a.json["createdRecords"])), (1, 1))
    expect([r["id"] for r in a.json["records"]],
           [a.json["updatedRecords"][0], a.json["createdRecords"][0]])
    t.send("POST", DEALS, {"fields": {"Name": "Ωmega"}})
    expect(up({"fields": {"Name": "Ωmega"}}).status, 422)
    expect(up({"id": "recNone0000000001", "fields": {"Name": "q"}}).status, 422)
    expect(up({"fields": {"Score": 1}}, on=("Score",)).status, 422)
    expect(up({"fields": {"Name": "x"}}, on=()).status, 422)
    a = up({"fields": {"Name": None}})
    expect(len(a.json["createdRecords"]), 1)
    a = up({"id": "recDeal0000000001", "fields": {"Name": "none such"}})
    expect(a.json["updatedRecords"], ["recDeal0000000001"])


# ---- schema, rights ----

def schema_writes_are_checked(t):
    fields = META + "/tblDeals000000001/fields"
    for body, want in (
            ({"name": "Name", "type": "singleLineText"}, "DUPLICATE_OR_EMPTY_FIELD_NAME"),
            ({"name": "name", "type": "singleLineText"}, "DUPLICATE_OR_EMPTY_FIELD_NAME"),
            ({"name": "N", "type": "autoNumber"}, "UNSUPPORTED_FIELD_TYPE_FOR_CREATE"),
            ({"name": "N", "type": "number"}, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE"),
            ({"name": "N", "type": "checkbox"}, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE"),
            ({"name": "N", "type": "multipleRecordLinks",
              "options": {"linkedTableId": "tblContacts000001", "prefersSingleRecordLink": True}},
             "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE"),
            ({"name": "N", "type": "nope"}, "INVALID_REQUEST_UNKNOWN")):
        a = t.send("POST", fields, body)
        assert error(a) == (422, want), f"{body}: {a.text}"
    a = t.send("POST", fields, {"name": "Links", "type": "multipleRecordLinks",
                                "options": {"linkedTableId": "tblContacts000001"}})
    expect(a.status, 200)
    inverse = a.json["options"]["inverseLinkFieldId"]
    contacts = t.send("GET", META).json["tables"][1]["fields"]
    assert inverse in [f["id"] for f in contacts]


def rights_are_enforced(t):
    reader = demo()["tokens"][1]["token"]
    expect(t.send("GET", DEALS, token=reader).status, 200)
    expect(error(t.send("POST", DEALS, {"fields": {}}, token=reader))[0], 403)
    expect(error(t.send("GET", DEALS, token="patNope")), (401, "AUTHENTICATION_REQUIRED"))
    expect(error(t.send("GET", DEALS, token=False)), (401, "AUTHENTICATION_REQUIRED"))
    expect(error(t.send("GET", "/v0/appNone0000000001/T")),
           (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"))
    expect(error(t.send("GET", BASE + "/tblNone0000000001")),
           (403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"))
    t.control("person", {"airtable": [
        {"op": "set_role", "user": "automation@example.com", "role": "comment"}]})
    expect(error(t.send("POST", DEALS, {"fields": {}})), (403, "INVALID_PERMISSIONS"))


# ---- webhooks ----

def make_hook(t, filters=None, includes=None):
    options = {"filters": filters or {"dataTypes": ["tableData", "tableFields"]}}
    if includes:
        options["includes"] = includes
    a = t.send("POST", HOOKS, {"specification": {"options": options}})
    assert a.status == 200, a.text
    return a.json["id"]


def payloads(t, hook, cursor=1):
    a = t.send("GET", f"{HOOKS}/{hook}/payloads?cursor={cursor}")
    assert a.status == 200, a.text
    return a.json


def a_hook_tells_of_edits(t):
    hook = make_hook(t)
    t.control("person", {"airtable": [
        {"op": "update", "table": "Deals", "record": "recDeal0000000002",
         "fields": {"Stage": "Won", "Contacts": ["recCont0000000003"]}},
        {"op": "rename_field", "table": "Deals", "field": "Notes", "name": "Remarks"}]})
    t.send("POST", DEALS, {"fields": {"Name": "made by us"}})
    t.send("DELETE", DEALS + "/recDeal0000000003")
    p = payloads(t, hook)
    by_table = [x for x in p["payloads"] if "changedTablesById" in x]
    edit = by_table[0]["changedTablesById"]["tblDeals000000001"]["changedRecordsById"]
    cells = edit["recDeal0000000002"]["current"]["cellValuesByFieldId"]
    assert any(isinstance(c, dict) and c.get("name") == "Won" and c["id"].startswith("sel")
               for c in cells.values()), cells
    assert [{"id": "recCont0000000003", "name": "李小龍"}] in list(cells.values())
    expect(by_table[0]["actionMetadata"]["source"], "client")
    # the contacts' side of the link is a payload of its own with the same number
    expect(by_table[1]["baseTransactionNumber"], by_table[0]["baseTransactionNumber"])
    assert "tblContacts000001" in by_table[1]["changedTablesById"]
    text = json.dumps(p)
    assert "changedFieldsById" in text and "destroyedRecordIds" in text
    expect([x["actionMetadata"]["source"] for x in p["payloads"] if "createdRecordsById" in
            json.dumps(x)], ["publicApi"])
    expect(payloads(t, hook, p["cursor"])["payloads"], [])
    expect(t.send("GET", HOOKS).json["webhooks"][0]["cursorForNextPayload"], p["cursor"])


def a_hook_tells_of_computed_changes_elsewhere(t):
    hook = make_hook(t, {"dataTypes": ["tableData"], "recordChangeScope": "tblDeals000000001"})
    t.control("person", {"airtable": [{"op": "update", "table": "Contacts",
                                       "record": "recCont0000000002",
                                       "fields": {"Email": "new@example.com"}}]})
    p = payloads(t, hook)["payloads"]
    assert p and "new@example.com" in json.dumps(p), p


def payloads_come_fifty_at_a_time(t):
    hook = make_hook(t)
    t.control("person", {"airtable": [{"op": "update", "table": "Deals", "fields": {"Quantity": i},
                                       "record": "recDeal0000000001"} for i in range(1000, 1060)]})
    p = payloads(t, hook)
    expect((len(p["payloads"]), p["mightHaveMore"], p["cursor"]), (50, True, 51))
    p = payloads(t, hook, 51)
    expect((len(p["payloads"]), p["mightHaveMore"]), (10, False))
    expect(t.send("GET", f"{HOOKS}/{hook}/payloads?limit=51").status, 422)


def reading_keeps_a_hook_alive_and_silence_ends_it(t):
    hook = make_hook(t)
    day = 86400000
    t.control("clock", {"advance_ms": 6 * day})
    payloads(t, hook)
    t.control("clock", {"advance_ms": 6 * day})
    edit = {"airtable": [{"op": "update", "table": "Deals", "record": "recDeal0000000001",
                          "fields": {"Quantity": 77}}]}
    t.control("person", edit)
    p = payloads(t, hook)
    expect(len(p["payloads"]), 1)
    t.control("clock", {"advance_ms": 8 * day})
    edit["airtable"][0]["fields"]["Quantity"] = 78
    t.control("person", edit)
    expect(len(payloads(t, hook, p["cursor"])["payloads"]), 0)
    expect(t.send("GET", HOOKS).json["webhooks"][0]["isHookEnabled"], False)
    t.control("clock", {"advance_ms": 7 * day})
    expect(t.send("GET", f"{HOOKS}/{hook}/payloads").status, 404)


def a_hook_breaks_silently_when_what_it_watched_goes(t):
    schema = t.send("GET", META).json["tables"][0]["fields"]
    notes = next(f["id"] for f in schema if f["name"] == "Notes")
    hook = make_hook(t, {"dataTypes": ["tableData"], "watchDataInFieldIds": [notes]})
    t.control("person", {"airtable": [{"op": "delete_field", "table": "Deals", "field": "Notes"},
                                      {"op": "delete", "table": "Deals",
                                       "record": "recDeal0000000001"}]})
    p = payloads(t, hook)["payloads"]
    expect([x.get("code") for x in p], ["INVALID_HOOK"])
    expect(t.send("GET", HOOKS).json["webhooks"][0]["isHookEnabled"], True)


def a_view_hook_tells_who_leaves_the_view(t):
    hook = make_hook(t, {"dataTypes": ["tableData"], "recordChangeScope": "viwDealsOpen00001"})
    t.control("person", {"airtable": [
        {"op": "update", "table": "Deals", "record": "recDeal0000000001", "fields": {"Stage": "Won"}},
        {"op": "view_leave", "table": "Deals", "view": "Open deals",
         "record": "recDeal0000000002"}]})
    p = payloads(t, hook)["payloads"]
    gone = [x["changedTablesById"]["tblDeals000000001"]["changedViewsById"]["viwDealsOpen00001"]
            ["destroyedRecordIds"] for x in p]
    expect(gone, [["recDeal0000000001"], ["recDeal0000000002"]])


def ten_hooks_are_enough(t):
    for _ in range(10):
        make_hook(t)
    a = t.send("POST", HOOKS, {"specification": {"options": {"filters":
                                                             {"dataTypes": ["tableData"]}}}})
    expect(error(a)[1], "TOO_MANY_WEBHOOKS_IN_BASE")
    expect(t.send("POST", HOOKS, {"specification": {"options": {"filters": {}}}}).status, 422)


# ---- limits ----

def five_a_second_then_thirty_seconds_of_refusal():
    with start("--limits", "on") as t:
        got = [first(t) for _ in range(6)]
        expect([a.status for a in got], [200] * 5 + [429])
        assert "Retry-After" not in got[5].headers
        t.control("clock", {"advance_ms": 25000})
        again = first(t)
        expect(again.status, 429)
        forms = {"errors" in got[5].json, "errors" in again.json}
        expect(forms, {True, False})
        expect(t.send("GET", "/v0/meta/whoami").status, 200)
        t.control("clock", {"advance_ms": 6000})
        expect(first(t).status, 200)
        assert t.control("stats")["limits"]["violations"] >= 1


def limits_are_counted_when_off():
    with start() as t:
        expect([first(t).status for _ in range(8)], [200] * 8)
        assert t.control("stats")["limits"]["violations"] >= 3


def a_month_can_be_used_up():
    with start() as t:
        t.control("limits", {"workspaces": [{"id": "wspDemo0000000001", "monthly_limit": 2}]})
        expect([first(t).status for _ in range(2)], [200, 200])
        expect(error(first(t)), (429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED"))
        expect(t.send("GET", META).status, 200)
        t.control("clock", {"advance_ms": 32 * 86400000})
        expect(first(t).status, 200)


# ---- faults ----

def post(t, name="made"):
    return t.send("POST", DEALS, {"fields": {"Name": name}})


def fault(t, match, **f):
    t.control("faults", [{"match": match, "fault": f}])


def lost(t, fn):
    try:
        fn(t)
    except (http.client.HTTPException, OSError, ssl.SSLError):
        return True
    return False


def count_made(t):
    state = t.control("state?only=airtable")["airtable"]["bases"][0]["tables"][0]["records"]
    return sum(1 for r in state if r["fields"].get("Name") == "made")


def faults_of_the_wire(t):
    made = 0
    for kind, applied in (("cut_before", 0), ("cut_after", 1), ("cut_headers", 1), ("truncate", 1),
                          ("wrong_length", 1)):
        fault(t, {"kind": "airtable.create"}, kind=kind)
        assert lost(t, post), kind
        made += applied
        expect(count_made(t), made)
        expect(post(t, "other").status, 200)
    last = t.control("requests")["requests"]
    expect({r["fault"] for r in last if "fault" in r},
           {"cut_before", "cut_after", "cut_headers", "truncate", "wrong_length"})


def faults_of_the_answer(t):
    for kind, status in (("500", 500), ("502", 502), ("503", 503)):
        fault(t, {"method": "POST"}, kind=kind)
        expect(post(t).status, status)
        expect(count_made(t), 0)
    fault(t, {"method": "POST"}, kind="503", apply=True, headers={"Retry-After": "7"})
    a = post(t)
    expect((a.status, a.headers["Retry-After"], count_made(t)), (503, "7", 1))
    for kind in ("garbage", "html", "empty"):
        fault(t, {"method": "POST"}, kind=kind)
        a = post(t)
        expect((a.status, a.json), (200, None))
    expect(count_made(t), 4)
    fault(t, {"path": DEALS, "nth": 2}, kind="status", code=418, body={"a": 1})
    expect([post(t, "o").status for _ in range(3)], [200, 418, 200])
    fault(t, {"kind": "airtable"}, kind="rate429")
    expect(post(t).status, 429)
    fault(t, {"kind": "airtable"}, kind="billing429")
    expect(error(post(t)), (429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED"))


def a_kept_connection_dies_under_a_second_request(t):
    fault(t, {"kind": "airtable.get"}, kind="conn_reset")
    c = t.connect()
    expect(t.send("GET", DEALS + "/recDeal0000000001", connection=c).status, 200)
    assert lost(t, lambda x: x.send("GET", DEALS + "/recDeal0000000001", connection=c))
    c.close()
    expect(first(t).status, 200)


def a_slow_answer_is_whole(t):
    fault(t, {"kind": "airtable.get"}, kind="slow", ms=1, bytes=100)
    expect(first(t).json["id"], "recDeal0000000001")
    fault(t, {"kind": "airtable.get"}, kind="delay", ms=300)
    began = time.time()
    first(t)
    assert time.time() - began >= 0.3


def a_held_request_is_applied_when_the_client_has_gone(t):
    fault(t, {"kind": "airtable.create"}, kind="hold", max_ms=10000)
    c = t.connect()
    c.request("POST", DEALS, json.dumps({"fields": {"Name": "made"}}),
              {"Authorization": "Bearer " + t.token, "Content-Type": "application/json"})
    time.sleep(0.2)
    expect(count_made(t), 0)
    c.sock.close()
    c.close()
    for _ in range(50):
        if count_made(t):
            break
        time.sleep(0.05)
    expect(count_made(t), 1)


def lists_can_lie(t):
    fault(t, {"kind": "airtable.list"}, kind="short_list")
    a = listing(t)
    expect((len(a.json["records"]), a.json.get("offset")), (3, None))
    a = listing(t, pageSize=10)
    fault(t, {"kind": "airtable.list"}, kind="repeat_page")
    b = listing(t, pageSize=10, offset=a.json["offset"])
    expect([r["id"] for r in b.json["records"]], [r["id"] for r in a.json["records"]])
    post(t)
    fault(t, {"kind": "airtable.list"}, kind="stale_read")
    expect("made" in names(listing(t)), False)
    expect("made" in names(listing(t)), True)


def a_token_can_end_in_the_middle(t):
    fault(t, {"kind": "airtable.get", "nth": 2}, kind="expire_token")
    expect([first(t).status for _ in range(3)], [200, 401, 401])
    t.control("auth", {"revive": t.token})
    expect(first(t).status, 200)


def people_edit_between_requests(t):
    edit = [{"op": "delete", "table": "Deals", "record": "recDeal0000000001"}]
    fault(t, {"kind": "airtable.get"}, kind="person", when="after", airtable=edit)
    expect([first(t).status, first(t).status], [200, 404])


def the_client_can_be_killed(t):
    import signal
    import subprocess
    child = subprocess.Popen(["sleep", "60"])
    t.control("client", {"pid": child.pid})
    fault(t, {"kind": "airtable.create"}, kind="kill_client", when="after")
    post(t)
    expect(child.wait(5), -signal.SIGKILL)
    expect(count_made(t), 1)
    child = subprocess.Popen(["sleep", "60"])
    fault(t, {"kind": "airtable.create"}, kind="kill_client", when="before", pid=child.pid)
    assert lost(t, post)
    expect(child.wait(5), -signal.SIGKILL)
    expect(count_made(t), 1)


def many_clients_at_once(t):
    out = []

    def work(i):
        out.append(post(t, f"thread {i}").status)
    threads = [threading.Thread(target=work, args=(i,)) for i in range(20)]
    for x in threads:
        x.start()
    for x in threads:
        x.join()
    expect(out, [200] * 20)
    numbers = [r["fields"]["Number"] for r in listing(t).json["records"]]
    expect(len(set(numbers)), len(numbers))


def gzip_when_asked(t):
    a = t.send("GET", DEALS, headers={"Accept-Encoding": "gzip"})
    expect(a.headers["Content-Encoding"], "gzip")
    expect(int(a.headers["airtable-uncompressed-content-length"]), len(a.text.encode()))


def writes_are_logged_with_old_and_new(t):
    t.control("reset", {})
    t.send("PATCH", DEALS + "/recDeal0000000001", {"fields": {"Name": "renamed"}})
    w = t.control("writes")["writes"]
    expect([(x["service"], x["what"], x["detail"]["record"]) for x in w],
           [("airtable", "update", "recDeal0000000001")])
    expect(w[0]["detail"]["cells"]["Name"], {"old": "Acme renewal", "new": "renamed"})


def big_tables_are_quick():
    with start("--generate", "base=appDemo0000000001,table=Big,records=10000,fields=20") as t:
        began = time.time()
        c = t.connect()

        def page(o):
            q = "?offset=" + urllib.parse.quote(o, safe="") if o else ""
            return t.send("GET", BASE + "/Big" + q, connection=c)
        got = pages(t, page)
        c.close()
        expect((len(got), sum(len(p) for p in got)), (100, 10000))
        assert time.time() - began < 20


WITH_TWIN = [
    pages_follow_the_offset, l2_takes_the_offset_from_the_body_only, bad_parameters_are_refused,
    an_iterator_ends_when_nobody_uses_it, a_listing_has_its_set_fixed_and_its_values_fresh,
    order_is_by_id_without_a_view_and_the_views_with_one, a_view_restricts,
    fields_can_be_chosen_and_named_by_id, empty_is_absent_and_zero_is_there, floats_pass_through,
    lookups_and_rollups_follow_links, string_cells_show_names, formulas_filter,
    bad_formulas_are_refused, last_modified_finds_what_changed, bad_cells_fail_the_whole_batch,
    good_cells_read_back, links_keep_both_sides, put_clears_what_is_not_named,
    typecast_brings_strings_to_type, failed_typecast_leaves_no_choice, batches_hold_ten,
    odd_bodies_are_refused, deleting_what_is_gone, upserts_create_update_or_fail,
    schema_writes_are_checked, rights_are_enforced, a_hook_tells_of_edits,
    a_hook_tells_of_computed_changes_elsewhere, payloads_come_fifty_at_a_time,
    reading_keeps_a_hook_alive_and_silence_ends_it,
    a_hook_breaks_silently_when_what_it_watched_goes, a_view_hook_tells_who_leaves_the_view,
    ten_hooks_are_enough, faults_of_the_wire, faults_of_the_answer,
    a_kept_connection_dies_under_a_second_request, a_slow_answer_is_whole,
    a_held_request_is_applied_when_the_client_has_gone, lists_can_lie,
    a_token_can_end_in_the_middle, people_edit_between_requests, the_client_can_be_killed,
    many_clients_at_once, gzip_when_asked, writes_are_logged_with_old_and_new,
]
ALONE = [five_a_second_then_thirty_seconds_of_refusal, limits_are_counted_when_off,
         a_month_can_be_used_up, big_tables_are_quick]


def title(fn):
    return fn.__name__.replace("_", " ")


def run(cases):
    scenario = demo()
    with start() as t:
        for fn in WITH_TWIN:
            t.control("load", scenario)
            t.control("faults", [])
            cases.run(title(fn), fn, t)
    for fn in ALONE:
        cases.run(title(fn), fn)
