"""Holds the twin's Airtable against recorded answers of the real one (when CONTRACTS names their
folder), and against the rules that its documentation states."""
import copy
import urllib.parse

from twin import Cases, Match, Twin, have_contracts, recorded

FOLDER = "airtable-recorded"
TOKEN = "patContract000001.0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
USER = {"id": "usrEXAMPLE0000003", "email": "user@example.com", "name": "Example User"}
ALL_SCOPES = ["data.records:read", "data.records:write", "schema.bases:read", "schema.bases:write",
              "webhook:manage", "user.email:read"]
cases = Cases()


# ---- states that recordings need ----

def scenario(bases, **more):
    return {"airtable": {"users": [USER, dict(USER, id="usrEXAMPLE0000001"),
                                   dict(USER, id="usrEXAMPLE0000002")], "bases": bases},
            "tokens": [{"token": TOKEN, "service": "airtable", "user": USER["id"],
                        "scopes": ALL_SCOPES, "bases": [b["id"] for b in bases]}], **more}


def base(id, tables, name="Base"):
    return {"id": id, "name": name, "tables": tables}


ONE_WAY = {"one_way": True}


def field_by_value(name, values):
    """A field of the type that the recorded values of a column suggest."""
    v = next((x for x in values if x is not None), None)
    if name.startswith("f_"):
        return field_2022(name, values)
    if isinstance(v, bool):
        return {"name": name, "type": "checkbox"}
    if isinstance(v, (int, float)):
        return {"name": name, "type": "number", "options": {"precision": 8}}
    if isinstance(v, list) and v and isinstance(v[0], dict):
        return {"name": name, "type": "multipleAttachments"}
    if isinstance(v, list) and v and str(v[0]).startswith("rec"):
        return {"name": name, "type": "multipleRecordLinks", "twin": ONE_WAY,
                "options": {"linkedTableId": "Linked"}}
    if isinstance(v, list):
        return {"name": name, "type": "multipleSelects",
                "options": {"choices": sorted({c for x in values for c in x or []})}}
    return {"name": name, "type": "multilineText"}


def field_2022(name, values):
    kind = name[2:]
    f = {"name": name, "type": kind}
    if kind in ("singleSelect", "multipleSelects"):
        names = set()
        for v in values:
            names.update([v] if isinstance(v, str) else v or [])
        f["options"] = {"choices": sorted(names)}
    elif kind == "multipleRecordLinks":
        f.update(options={"linkedTableId": "Linked"}, twin=ONE_WAY)
    elif kind in ("rollup", "multipleLookupValues", "count"):
        f["options"] = {"isValid": False}
    elif kind == "formula":
        f["options"] = {"formula": "{Name}&{f_autoNumber}"}
    elif kind == "button":
        f["twin"] = {"label": "Open URL", "url": "https://www.grouparoo.com"}
    elif kind == "rating":
        f["options"] = {"max": 5, "icon": "star", "color": "yellowBright"}
    return f


FIXED = ("f_button", "f_createdTime", "f_createdBy", "f_formula")


def table_of(id, name, records):
    """A table whose fields are inferred from records, and one for what they link to."""
    names = []
    for r in records:
        names += [n for n in r["fields"] if n not in names]
    names.sort(key=lambda n: n != "Name")
    fields = [field_by_value(n, [r["fields"].get(n) for r in records]) for n in names]
    linked = set()
    rows = []
    for r in records:
        row = {"id": r["id"], "createdTime": r["createdTime"], "fields": {}}
        for n, v in r["fields"].items():
            if n == "f_createdBy":
                row["createdBy"] = v["id"]
            if isinstance(v, list) and v and str(v[0]).startswith("rec"):
                linked.update(v)
            if n not in FIXED:
                row["fields"][n] = v
        rows.append(row)
    tables = [{"id": id, "name": name, "fields": fields, "records": rows}]
    if linked:
        tables.append({"name": "Linked", "fields": [{"name": "Name", "type": "singleLineText"}],
                       "records": [{"id": i, "fields": {}} for i in sorted(linked)]})
    return tables


# ---- replaying ----

def wire_path(request, match):
    path = match.live(request["path"])
    query = request.get("query")
    if query:
        parts = []
        for k, v in query.items():
            for one in v if isinstance(v, list) else [v]:
                key = k if "%" in k else urllib.parse.quote(k)
                parts.append(f"{key}={urllib.parse.quote(match.live(one), safe='')}")
        path += ("&" if "?" in path else "?") + "&".join(parts)
    return path


def replay(twin, name, exchanges, match=None, by_fields=()):
    """Sends each recorded request and compares status and body."""
    match = match or Match()
    for i, e in enumerate(exchanges):
        q, want = e["request"], e["response"]
        body = q.get("body")
        if body is not None:
            import json
            body = json.loads(match.live(json.dumps(body)))
        got = twin.send(q["method"], wire_path(q, match), body)
        ok = got.status == want["status"]
        why = f"status recorded {want['status']}, came {got.status} {got.text[:300]}"
        if ok:
            ok = match.same(want["body"], got.json)
            why = match.why
        cases.check(f"{name}: {q['method']} {q['path']} ({i + 1})", ok, why)
    return match


def start(sc):
    t = Twin(sc)
    t.token = TOKEN
    return t


def recorded_2017():
    paging = recorded(FOLDER, "2017-paging-9-records-in-3-full-pages.json")
    records = [r for e in paging for r in e["response"]["body"].get("records", [])]
    unique = list({r["id"]: r for r in records}.values())
    with start(scenario([base("appTtHA5PfJnVfjdu",
                              table_of("tblMovies000000001"[:17], "Movies", unique))])) as t:
        replay(t, "2017 paging", [e for e in paging if "view=" not in e["request"]["path"] and
                                  "view" not in e["request"].get("query", {})])
    single = recorded(FOLDER, "2017-errors-and-single-record-writes.json")
    actor = next(e for e in single if e["request"]["method"] == "PATCH")
    before = copy.deepcopy(actor["response"]["body"])
    before["fields"]["Name"] = "Marlon Brando"
    tables = table_of("tblActors000000001"[:17], "Actors", [before])
    tables[0]["records"].append({"id": "recAt6z10EYD6NtEH", "fields": {"Name": "x"}})
    tables.append({"name": "Movies", "fields": [
        {"name": "Name", "type": "singleLineText"},
        {"name": "Photos", "type": "multipleAttachments"}]})
    with start(scenario([base("appTtHA5PfJnVfjdu", tables)])) as t:
        replay(t, "2017 errors and writes", single)


def recorded_2022():
    everything = recorded(FOLDER, "2022-list-all-field-types.json")
    bases = []
    for e in everything:
        parts = e["request"]["path"].split("/")
        id = parts[3] if parts[3].startswith("tbl") else "tblAll00000000001"
        bases.append(base(parts[2], table_of(id, "All", e["response"]["body"]["records"])))
    with start(scenario(bases)) as t:
        replay(t, "2022 all types", everything)

    def state_2022(records, next_number):
        tables = table_of("tbl273pmkdKl4Khj1", "Export", records)
        have = {f["name"] for f in tables[0]["fields"]}
        for kind in ("checkbox", "currency", "date", "dateTime", "duration", "email",
                     "multilineText", "multipleSelects", "number", "percent", "phoneNumber",
                     "rating", "richText", "singleLineText", "singleSelect", "url", "autoNumber",
                     "button", "createdBy", "createdTime", "formula", "lastModifiedBy",
                     "lastModifiedTime"):
            if "f_" + kind not in have:
                tables[0]["fields"].append(field_2022("f_" + kind, []))
        for f in tables[0]["fields"]:
            if f["name"] == "f_autoNumber":
                f["twin"] = {"next": next_number}
        # Links of which there are none: a count of 0 and a mean that is not a number.
        tables[0]["fields"] = [f for f in tables[0]["fields"]
                               if f["name"] not in ("f_rollup", "f_count")] + [
            {"name": "f_links", "type": "multipleRecordLinks", "twin": ONE_WAY,
             "options": {"linkedTableId": "Linked"}},
            {"name": "f_rollup", "type": "rollup", "twin": {"rollup": "AVERAGE"},
             "options": {"recordLinkFieldId": "f_links", "fieldIdInLinkedTable": "Size"}},
            {"name": "f_count", "type": "count", "options": {"recordLinkFieldId": "f_links"}}]
        for r in tables[0]["records"]:
            r["fields"].pop("f_rollup", None)
            r["fields"].pop("f_count", None)
        tables.append({"name": "Linked", "fields": [{"name": "Name", "type": "singleLineText"},
                                                    {"name": "Size", "type": "number"}]})
        return scenario([base("app21Qak1T4cGoiP7", tables)])

    clear = recorded(FOLDER, "2022-clear-all-types-with-null.json")
    rec = copy.deepcopy(clear[0]["response"]["body"]["records"][0])
    rec["fields"].update({"f_number": 5, "f_checkbox": True, "f_richText": "# x\n"})
    with start(state_2022([rec], 176)) as t:
        replay(t, "2022 clear", clear)
    batch = recorded(FOLDER, "2022-batch-with-one-bad-record.json")
    after = batch[-1]["response"]["body"]["records"]
    john = next(r for r in after if r["fields"]["Name"] == "John Doe")
    with start(state_2022([john], 176)) as t:
        match = Match()
        # The last listing is in the order of ids, which are others here: compare it as a set.
        replay(t, "2022 batch", batch[:-1], match)
        got = t.send("GET", batch[-1]["request"]["path"])
        ids = [r["id"] for r in got.json["records"]]
        cases.check("2022 batch: the listing is in the order of ids", ids == sorted(ids), ids)
        order = {match.to_live.get(r["id"], r["id"]): i for i, r in enumerate(after)}
        got.json["records"].sort(key=lambda r: order[r["id"]])
        cases.check("2022 batch: the table afterwards",
                    match.same({"records": after}, got.json), match.why)
    delete = recorded(FOLDER, "2022-delete-batch-then-get.json")
    rows = [{"id": i, "createdTime": "2022-01-08T00:00:00.000Z", "fields": {}}
            for i in ("recafslhLhajIYeaR", "recl2uR6XUHpiPIGJ")]
    with start(state_2022(rows, 1)) as t:
        replay(t, "2022 delete", delete)
    errors = recorded(FOLDER, "2022-errors-401-404.json")
    with start(state_2022([], 1)) as t:
        t.token = None
        replay(t, "2022 errors", [e for e in errors if e["response"]["status"] == 401])
        t.token = TOKEN
        # Metadata without access is 403 today; then it was 404.
        replay(t, "2022 errors", [e for e in errors if e["response"]["status"] == 404 and
                                  "appA1" not in e["request"]["path"]])


# ---- 2026 ----

def bases_2026():
    schemas = recorded(FOLDER, "2026-base-schema.json")
    tasks = [r for e in recorded(FOLDER, "2026-list-records-101-in-2-pages.json")
             for r in e["response"]["body"]["records"]]
    out = []
    for e in schemas:
        tables = copy.deepcopy(e["response"]["body"]["tables"])
        out.append(base(e["request"]["path"].split("/")[4], tables))
    project = next(b for b in out if b["id"] == "appBeIpEI3hxUKRMo")
    for t in project["tables"]:
        names = {f["name"]: f for f in t["fields"]}
        t["records"] = []
        if t["name"] == "Tasks":
            # Values of formulas that look at today are those of the day of the recording.
            links = {n for n, f in names.items() if f["type"] == "multipleRecordLinks"}
            for r in tasks:
                fields = {n: v for n, v in r["fields"].items() if n not in links}
                t["records"].append(dict(r, fields=dict(
                    fields, **{n: v for n, v in r["fields"].items() if n in links})))
    by_name = {t["name"]: t for t in project["tables"]}
    ids = {t: set() for t in by_name}
    for r in tasks:
        for n in ("Project", "Assignee"):
            ids["Projects" if n == "Project" else "People"].update(r["fields"].get(n, []))
    for name in ("Projects", "People"):
        by_name[name]["records"] = [{"id": i, "fields": {}} for i in sorted(ids[name])]
    return out


def recorded_2026():
    bases = bases_2026()
    with start(scenario(bases)) as t:
        replay(t, "2026 schema", recorded(FOLDER, "2026-base-schema.json"))
        replay(t, "2026 listing", recorded(FOLDER, "2026-list-records-101-in-2-pages.json"))
    recorded_2026_writes()
    recorded_2026_schema_writes()
    recorded_2026_upsert(bases)
    recorded_2026_hooks()
    meta = recorded(FOLDER, "2026-meta-bases-and-whoami.json")
    for e in meta[:2]:
        listed = [base(b["id"], [], b["name"]) for b in e["response"]["body"]["bases"]]
        with start(scenario(listed)) as t:
            replay(t, "2026 bases", [e])


def plain(id, names, ids, name="T", extra=()):
    return {"id": id, "name": name, "fields": [{"name": n, "type": "singleLineText"}
                                               for n in names] + list(extra),
            "records": [{"id": i, "createdTime": "2026-04-24T15:05:12.000Z", "fields": {"Name": "x"}}
                        for i in ids]}


def recorded_2026_writes():
    writes = recorded(FOLDER, "2026-record-writes.json")
    summary = {"name": "Attachment Summary", "type": "aiText"}
    empty = {"state": "empty", "value": None, "isStale": False}
    t1 = plain("tblNPITrPesLLh2eA", ["Name", "Notes"],
               ["recWsJGqTEObUmxhd", "recslM5i7emIT0Mn9", "recACUTT9vJKEr3KI", "rec0gK1LIhmseBPyf"],
               extra=[summary])
    for r in t1["records"]:
        if r["id"] in ("recWsJGqTEObUmxhd", "recslM5i7emIT0Mn9"):
            r["fields"] = {"Name": "Updated Record 2", "Attachment Summary": empty}
        elif r["id"] == "rec0gK1LIhmseBPyf":
            r["fields"] = {"Name": "Test Record"}
    tables = [t1, plain("tblRgiSOLlimcvmOc", ["Name", "Status"], [], "T2"),
              plain("tbldBkl22VIG2sT42", ["Name", "Status"], ["recWH6lLAqx5yYJEe"], "T3")]
    other = [plain("tblgD61sNWm5tGEPt", ["Name"],
                   ["recOLTnMnKYY3I82n", "recjTCj5fiAyBeOVi", "recnoqfxDeD3y78QM"])]
    for e in writes:
        q = e["request"].get("query", {})
        if e["request"]["method"] == "DELETE" and "records[]" in q:
            q["records[]"] = ["recjTCj5fiAyBeOVi", "recnoqfxDeD3y78QM"]
    with start(scenario([base("appJxrbEgLaF00M2f", tables),
                         base("appB9sIxHQg6dsy8R", other)])) as t:
        replay(t, "2026 writes", writes)


def recorded_2026_schema_writes():
    exchanges = recorded(FOLDER, "2026-schema-writes.json")
    schemas = {e["request"]["path"].split("/")[4]: e["response"]["body"]["tables"]
               for e in recorded(FOLDER, "2026-base-schema.json")}
    bases = [base(i, copy.deepcopy(t)) for i, t in schemas.items()]
    for b in bases:
        b["tables"] = [t for t in b["tables"] if t["name"] != "Test Table Create Mock"]
        for t in b["tables"]:
            t["fields"] = [f for f in t["fields"] if f["name"] != "TestField9453"]
    with start(scenario(bases)) as t:
        replay(t, "2026 schema writes", exchanges)


def recorded_2026_upsert(bases):
    exchanges = recorded(FOLDER, "2026-upsert.json")
    want = exchanges[0]["response"]["body"]["records"][0]
    bases = copy.deepcopy(bases)
    project = next(b for b in bases if b["id"] == "appBeIpEI3hxUKRMo")
    tasks = next(t for t in project["tables"] if t["name"] == "Tasks")
    tasks["records"] = [r for r in tasks["records"] if r["id"] != want["id"]]
    tasks["records"].append(dict(want, fields=dict(want["fields"], Status="Done")))
    with start(scenario(bases)) as t:
        replay(t, "2026 upsert", exchanges)


def recorded_2026_hooks():
    ex = recorded(FOLDER, "2026-webhooks.json")
    create = ex[0]["request"]
    payloads = next(e for e in ex if "/payloads" in e["request"]["path"])
    listing = ex[2]["response"]["body"]["webhooks"][0]
    ai = {"name": "Attachment Summary", "type": "aiText", "id": "fldV5CueFSrUBiex7"}
    table = {"id": "tblNPITrPesLLh2eA", "name": "Table 1", "fields": [
        {"id": "fldagYnWofuTkZGQF", "name": "Name", "type": "singleLineText"}, ai]}
    with start(scenario([base("appJxrbEgLaF00M2f", [table])])) as t:
        hooks = "/v0/bases/appJxrbEgLaF00M2f/webhooks"
        made = t.send("POST", hooks, create["body"])
        cases.check("2026 hooks: create", made.status == 200 and Match().same(
            dict(ex[0]["response"]["body"], macSecretBase64=made.json["macSecretBase64"]),
            made.json), made.text)
        path = "/v0/appJxrbEgLaF00M2f/tblNPITrPesLLh2eA"
        first = t.send("POST", path, {"fields": {"Name": "Test record for delete action validate"}})
        t.send("POST", path, {"records": [{"fields": {"Name": "Test Record"}}]})
        t.send("DELETE", path + "/" + first.json["id"])
        got = t.send("GET", f"{hooks}/{made.json['id']}/payloads")
        want = copy.deepcopy(payloads["response"]["body"])
        for i, p in enumerate(want["payloads"]):
            p["baseTransactionNumber"] = got.json["payloads"][i]["baseTransactionNumber"]
            p["actionMetadata"]["sourceMetadata"]["user"].pop("profilePicUrl")
        m = Match()
        cases.check("2026 hooks: payloads", m.same(want, got.json), m.why)
        got = t.send("GET", hooks)
        one = got.json["webhooks"][0]
        cases.check("2026 hooks: an entry of the list has the recorded keys",
                    set(one) == set(listing) and one["cursorForNextPayload"] == 4, str(one))
        got = t.send("POST", f"{hooks}/{made.json['id']}/refresh")
        cases.check("2026 hooks: refresh", list(got.json) == ["expirationTime"], got.text)
        got = t.send("POST", f"{hooks}/{made.json['id']}/enableNotifications", {"enable": False})
        cases.check("2026 hooks: enableNotifications", got.json == {}, got.text)
        got = t.send("DELETE", f"{hooks}/{made.json['id']}")
        cases.check("2026 hooks: delete", (got.status, got.json) == (200, {}), got.text)


if have_contracts(FOLDER, cases):
    recorded_2017()
    recorded_2022()
    recorded_2026()
import rules_airtable  # noqa: E402  pylint: disable=wrong-import-position

rules_airtable.run(cases)
cases.end()
