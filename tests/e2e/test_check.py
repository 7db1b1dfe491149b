#!/usr/bin/env python3
"""`check`: each step of a sync is broken in turn, and the check says which it is and what to do, without a write."""
import json
import os
import subprocess

import harness
from browser import SignIn
from faulty import is_root, of_kind
from harness import BASE, ROBOT, SHEET, TOKEN, Home, Twin, field, record, scenario
from oauth_grant import CLIENTS, GOOGLE, GOOGLE_SECRET

PERSON, USAGE, LATER = 4, 2, 1
FIELDS = [field("Name"), field("Amount", "number", precision=0),
          field("Double", "formula", formula="{Amount} * 2")]


def world(rows=None, **more):
    s = scenario(FIELDS, [record(Name=f"deal {i}", Amount=i) for i in range(3)], rows=rows, **more)
    s["airtable"]["users"] = [{"id": "usrDemoUser000001", "email": "demo@example.com"}]
    return s


def items(h, *names, expect=0, env=None):
    p = h.run("check", "--json", *names, expect=expect, env=env)
    return json.loads(p.stdout)


def failed(h, expect, *words, step=None, env=None):
    """Exactly what was broken fails, with these words in its sentence; nothing was written."""
    found = items(h, expect=expect, env=env)
    bad = [x for x in found if x["result"] == "failed"]
    assert bad, found
    hit = [x for x in bad if all(w in x["text"] for w in words) and step in (None, x["step"])]
    assert hit, (words, step, bad)
    assert [w for w in h.twin.writes() if w["service"] != "person"] == []
    return found


def noted(h, step, *words, expect=0, env=None):
    found = items(h, expect=expect, env=env)
    assert any(x["result"] == "note" and x["step"] == step and all(w in x["text"] for w in words)
               for x in found), (step, words, found)
    return found


def test_all_steps_are_named_when_all_is_well():
    with Twin(world()) as t, Home(t, {}).init() as h:
        t.reset()
        found = items(h)
        steps = [x["step"] for x in found]
        for step in ("configuration", "key", "database", "disk", "certificates", "airtable",
                     "scopes", "access", "table", "fields", "key", "limits", "google",
                     "spreadsheet", "right", "tab", "plan", "clock"):
            assert step in steps, (step, steps)
        assert {x["result"] for x in found} == {"ok"}, found
        assert set(found[0]) == {"sync", "step", "result", "text"}
        assert [x["text"] for x in found if x["step"] == "right"] == ["the account may write"]
        text = h.run("check").stdout
        assert "All is well." in text and "[sync demo]" in text and t.ca in text, text
        assert t.writes() == []
        assert len(of_kind(t, "airtable.create")) == len(of_kind(t, "sheets.write")) == 0


# ---- credentials and rights ----

def test_missing_and_refused_credentials():
    with Twin(world()) as t, Home(t, {}) as h:
        h.run("init")
        failed(h, USAGE, "basesync connect airtable", step="airtable")
        failed(h, USAGE, "basesync connect sheets", step="google")
        h.init()
        t.control("auth", {"expire": TOKEN})
        failed(h, PERSON, "basesync connect airtable", step="airtable")
        t.control("auth", {"revive": TOKEN})
        t.control("auth", {"disable": "robot", "on": True})
        t.control("auth", {"expire_all": "google"})
        h.run("connect", "airtable", "--token-file", "-", input=TOKEN + "\n")
        failed(h, PERSON, "basesync connect sheets")


def test_scopes_of_tokens_and_of_sign_ins():
    with Twin(world()) as t, Home(t, {}).init() as h:
        for scope in ("schema.bases:read", "data.records:read"):
            s = world()
            s["tokens"][0]["scopes"] = [x for x in s["tokens"][0]["scopes"] if x != scope]
            t.load(s)
            failed(h, PERSON, scope, "airtable.com/create/tokens")
    clients = [dict(CLIENTS[0]), dict(CLIENTS[1])]
    oauth = {"airtable_user": "usrDemoUser000001", "google_user": ROBOT}
    with Twin(world(oauth_clients=clients, oauth=oauth)) as t, Home(t, {}).init() as h:
        s = SignIn(h, "airtable", "--client-id", clients[0]["client_id"], "--redirect",
                   clients[0]["redirect_uris"][0], "--paste", typed="\n")
        s.type(s.browser.decide(s.address(), granted_scope="data.records:read schema.bases:read")
               + "\n")
        s.finish()
        failed(h, PERSON, "lacks data.records:write", "connect airtable --oauth",
               "direction = airtable_to_sheets", step="scopes")
        h.set(direction="airtable_to_sheets")
        items(h)


def test_access_to_the_base():
    with Twin(world()) as t, Home(t, {}).init() as h:
        s = world()
        s["airtable"]["bases"].append({"id": "appOther000000001", "name": "Other", "tables": [
            {"name": "T", "fields": [{"name": "A", "type": "singleLineText"}]}]})
        s["tokens"][0]["bases"] = ["appOther000000001"]
        t.load(s)
        failed(h, PERSON, BASE, "add the base to the token's access", step="access")
        for role in ("read", "comment"):
            s = world()
            s["airtable"]["bases"][0]["roles"] = {"usrDemoUser000001": role}
            t.load(s)
            failed(h, PERSON, f"may only {role}", "make it an editor", step="access")
        h.set(direction="airtable_to_sheets")
        items(h)


def test_access_to_the_spreadsheet():
    with Twin(world()) as t, Home(t, {}).init() as h:
        t.person(sheets=[{"op": "unshare", "email": ROBOT}])
        failed(h, PERSON, ROBOT, "hare", step="spreadsheet")
        t.person(sheets=[{"op": "share", "email": ROBOT, "role": "reader"}])
        failed(h, PERSON, ROBOT, "may only read", "as an editor", step="right")
        t.person(sheets=[{"op": "share", "email": ROBOT, "role": "writer"}])
        # Drive need not be enabled in the project: then only a write can tell
        t.faults({"match": {"kind": "drive"}, "count": -1, "fault": {
            "kind": "status", "code": 403, "body": {"error": {
                "code": 403, "status": "PERMISSION_DENIED", "message": "Drive API is disabled",
                "errors": [{"reason": "accessNotConfigured"}]}}}})
        assert "shows at the first write" in json.dumps(items(h))


# ---- table, tab, fields, keys ----

def test_what_the_section_names_must_be_there():
    with Twin(world()) as t, Home(t, {}).init() as h:
        good = dict(h.syncs["demo"][0])
        for change, words, step in (
                ({"base": "appNotThere000001"}, ("appNotThere000001",), None),
                ({"table": "Leads"}, ("Leads", "basesync discover " + BASE), "table"),
                ({"view": "None such"}, ("None such", "correct `view`"), "table"),
                ({"match": "Nome"}, ("Nome", "correct `match`"), "key"),
                ({"create_key": "Nr"}, ("Nr", "correct `create_key`"), "key"),
                ({"modified_field": "When"}, ("When", "correct `modified_field`"), "key"),
                ({"tab": "Tab"}, ("Tab", "basesync discover " + SHEET), "tab"),
                ({"spreadsheet": SHEET[:-1] + "9"}, ("share",), "spreadsheet")):
            h.syncs["demo"] = (dict(good, **change), [])
            h.write_ini()
            failed(h, PERSON, *words, step=step)
        h.syncs["demo"] = (good, ["Name", "Amuont"])
        h.write_ini()
        failed(h, PERSON, "Amuont", "correct `field`", step="fields")
        h.syncs["demo"] = (good, ["Name", "Double <- Double"])
        h.write_ini()
        failed(h, PERSON, "Double", "computed", step="plan")


def test_headers_of_the_tab():
    with Twin(world(rows=[["Name", "Amount", "Name"]])) as t, Home(t, {}).init() as h:
        failed(h, PERSON, "columns A and C", "rename one", step="plan")
    with Twin(world(rows=[["Name"]])) as t, Home(t, {"include_header": "no"}).init() as h:
        failed(h, PERSON, "Amount", "header row", step="plan")


def test_keys_that_are_not_unique():
    rows = [["Name", "Amount"], ["deal 1", 5], ["deal 1", 6], ["deal 2", 7]]
    with Twin(world(rows=rows)) as t, Home(t, {}).init() as h:
        noted(h, "plan", "2 rows without id and 1 record are all called \"deal 1\"",
              "make the name unique", "Name")
        h.syncs["demo"] = ({}, ["Amount"])
        h.write_ini()
        noted(h, "key", "\"Name\"", "not among the fields", "`match`")


def test_values_that_do_not_fit_are_listed_up_to_a_bound():
    rows = [["Name", "Amount"]] + [[f"new {i}", "many"] for i in range(15)]
    with Twin(world(rows=rows)) as t, Home(t, {}).init() as h:
        found = noted(h, "plan", "Amount", "many")
        notes = [x for x in found if x["result"] == "note" and x["step"] == "plan"]
        assert len(notes) == 11 and "and 5 more" in notes[-1]["text"], notes


def test_a_first_run_with_many_changes_is_told_before_it_stops():
    rows = [["Name", "Amount"]] + [[f"deal {i}", 100 + i] for i in range(3)] + \
        [[f"new {i}", i] for i in range(120)]
    with Twin(world(rows=rows)) as t, Home(t, {}).init() as h:
        failed(h, PERSON, "--first-sync", step="plan")


# ---- limits, clock, machine ----

def test_limits():
    with Twin(world()) as t, Home(t, {}, airtable="monthly_budget = 1000").init() as h:
        found = items(h)
        assert any("of 1000 calls to Airtable this month" in x["text"] for x in found), found
        h.airtable = "monthly_budget = 1"
        h.write_ini()
        failed(h, PERSON, "monthly_budget = 1", "raise it", step="limits")
    s = world()
    s["google"]["spreadsheets"][0]["sheets"].append(
        {"sheetId": 5, "title": "Big", "rowCount": 95000, "columnCount": 100, "rows": []})
    with Twin(s) as t, Home(t, {}).init() as h:
        noted(h, "limits", "of at most 10000000 cells", "before it is full")


def test_a_wrong_clock():
    with Twin(world()) as t, Home(t, {}).init() as h:
        for minutes, words in ((10, "ahead of"), (-10, "behind")):
            noted(h, "clock", words, "set it", env={"BASESYNC_CLOCK": str(minutes * 60000)})


def test_certificates():
    with Twin(world()) as other, Twin(world()) as t, Home(t, {}).init() as h:
        with open(h.ini, encoding="utf-8") as f:
            good = f.read()
        strange = os.path.join(h.dir, "strange.pem")
        with open(other.ca, encoding="utf-8") as a, open(strange, "w", encoding="utf-8") as b:
            b.write(a.read())
        h.file = lambda text: open(h.ini, "w", encoding="utf-8").write(text)
        h.file(good.replace(t.ca, strange))
        failed(h, LATER, "certificate", step="airtable")
        h.file(good.replace(t.ca, os.path.join(h.dir, "nowhere.pem")))
        failed(h, USAGE, "nowhere.pem", step="certificates")


def test_key_and_database():
    with Twin(world()) as t, Home(t, {}).init() as h:
        key = os.path.join(h.dir, "basesync.key")
        os.rename(key, key + ".away")
        failed(h, USAGE, "basesync.key", "init", step="key")
        os.rename(key + ".away", key)
        os.chmod(key, 0o644)
        failed(h, USAGE, "chmod 600", step="key")
        os.chmod(key, 0o600)
        os.rename(h.db, h.db + ".away")
        failed(h, USAGE, "database is missing", "init", step="database")
        os.rename(h.db + ".away", h.db)
        items(h)


def test_a_database_that_cannot_be_written_and_a_disk_that_is_nearly_full():
    if not is_root():
        print("skip  not root: no disk of a test's own can be made")
        return
    with Twin(world()) as t, Home(t, {}).init() as h:
        disk = os.path.join(h.dir, "disk")
        os.mkdir(disk)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=False,
                          stderr=subprocess.DEVNULL).returncode:
            print("skip  no disk of a test's own can be mounted here")
            return
        try:
            os.rename(h.db, h.db + ".away")
            subprocess.run(["cp", h.db + ".away", disk + "/basesync.db"], check=True)
            with open(h.ini, encoding="utf-8") as f:
                ini = f.read().replace("database = basesync.db", "database = disk/basesync.db")
            with open(h.ini, "w", encoding="utf-8") as f:
                f.write(ini)
            failed(h, LATER, "MiB are free", "free some", step="disk")
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            failed(h, LATER, "basesync.db", step="database")
        finally:
            subprocess.run(["umount", disk], check=True)


# ---- sign-ins that lapse ----

def test_a_sign_in_that_lapses_soon():
    clients = [dict(CLIENTS[1], refresh_expires_in=604799)]
    with Twin(world(oauth_clients=clients, oauth={"google_user": ROBOT})) as t, \
            Home(t, {}).init() as h:
        path = os.path.join(h.dir, "client.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"installed": {"client_id": GOOGLE, "client_secret": GOOGLE_SECRET}}, f)
        s = SignIn(h, "sheets", "--client-file", path)
        s.browser.get(s.browser.decide(s.address()))
        s.finish()
        found = noted(h, "google", "lapses on 20", "connect sheets --oauth")
        assert any(x["step"] == "right" and "first write" in x["text"] for x in found), found


if __name__ == "__main__":
    harness.main(globals())
