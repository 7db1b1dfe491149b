#!/usr/bin/env python3
"""Several people on one machine: each sync runs with its user's credentials and with nothing of anybody else's;
who is alone never has to say who he is."""
import copy
import json

import harness
from browser import SignIn
from faulty import finish, of_kind, start
from harness import BASE, SHEET, TOKEN, Home, Twin, field, record, scenario
from oauth_grant import GOOGLE, GOOGLE_SECRET

NAME = field("Name")
ANNA, BEN = "usrAnna0000000001", "usrBen00000000002"
BEN_BASE, BEN_SHEET = "appBenBase0000001", SHEET[:-1] + "2"
BEN_TOKEN = "patBenToken000001." + "ab" * 32
BEN_ROBOT = "ben-robot@basesync-demo.iam.gserviceaccount.com"
PERSON, USAGE = 4, 2


def world():
    s = scenario([NAME], [record(Name="of anna")])
    s["airtable"]["users"] = [{"id": ANNA, "email": "anna@example.com"},
                              {"id": BEN, "email": "ben@example.com"}]
    base = copy.deepcopy(s["airtable"]["bases"][0])
    base.update(id=BEN_BASE, name="Ben's")
    base["tables"][0]["records"] = [record(Name="of ben")]
    s["airtable"]["bases"].append(base)
    sheet = copy.deepcopy(s["google"]["spreadsheets"][0])
    sheet.update(id=BEN_SHEET, shared=[{"email": BEN_ROBOT, "role": "writer"}])
    s["google"]["spreadsheets"].append(sheet)
    s["tokens"][0]["user"] = ANNA
    s["tokens"].append(dict(s["tokens"][0], token=BEN_TOKEN, user=BEN, bases=[BEN_BASE]))
    s["service_accounts"].append({"name": "ben-robot", "email": BEN_ROBOT})
    return s


def two(t, connect=("anna", "ben")):
    h = Home(t, extra="[user anna]\nemail = anna@example.com\n[user ben]\nemail = ben@example.com\n")
    h.set("annas", user="anna", direction="airtable_to_sheets")
    h.set("bens", user="ben", base=BEN_BASE, spreadsheet=BEN_SHEET, direction="airtable_to_sheets")
    h.run("init")
    token = {"anna": TOKEN, "ben": BEN_TOKEN}
    account = {"anna": t.service_account, "ben": t.service_account.replace("robot.", "ben-robot.")}
    for u in connect:
        h.run("connect", "airtable", "--user", u, "--token-file", "-", input=token[u] + "\n")
        h.run("connect", "sheets", "--user", u, "--service-account", account[u])
    return h


def accounts(t):
    return {r["account"] for r in t.requests() if "account" in r}


def test_a_sync_bears_its_users_tokens_and_no_others():
    with Twin(world()) as t, two(t) as h:
        for name, who, robot, base, sheet in (
                ("annas", ANNA, harness.ROBOT, BASE, SHEET),
                ("bens", BEN, BEN_ROBOT, BEN_BASE, BEN_SHEET)):
            t.reset()
            h.sync(name)
            assert accounts(t) == {who, robot}, accounts(t)
            for r in t.requests():
                if r["kind"].startswith("airtable") and "/meta/whoami" not in r["path"]:
                    assert base in r["path"], r
                if r["kind"].startswith("sheets"):
                    assert sheet in r["path"], r
        assert t.rows("Deals", SHEET)[1][0] == "of anna"
        assert t.rows("Deals", BEN_SHEET)[1][0] == "of ben"


def test_all_syncs_in_one_go_and_side_by_side_keep_their_tokens_apart():
    with Twin(world()) as t, two(t) as h:
        t.reset()
        h.sync()
        h.run("serve", "--once")
        for p in [start(h, "sync", n) for n in ("annas", "bens")]:
            finish(p)
        whose = {BASE: ANNA, BEN_BASE: BEN, SHEET: harness.ROBOT, BEN_SHEET: BEN_ROBOT}
        seen = 0
        for r in t.requests():
            for thing, who in whose.items():
                if thing in r["path"]:
                    assert r["account"] == who, r
                    seen += 1
            assert r["status"] == 200, r
        assert seen > 8


def test_one_users_trouble_is_not_the_others():
    with Twin(world()) as t, two(t) as h:
        h.sync()
        t.control("auth", {"expire": TOKEN})
        t.person(airtable=[{"op": "create", "base": BEN_BASE, "table": "Deals",
                            "fields": {"Name": "new of ben"}}])
        t.reset()
        p = h.sync(expect=None)
        assert "`basesync connect airtable --user anna`" in p.stdout, p.stdout
        assert len(t.rows("Deals", BEN_SHEET)) == 3
        status = h.sql('SELECT s.slug, l.status FROM "SyncLog" l JOIN "SyncConfig" s '
                       'ON s.id = l.syncConfigId ORDER BY l.rowid DESC LIMIT 2')
        assert dict(status) == {"annas": "FAILED", "bens": "SUCCESS"}, status
        marks = h.sql('SELECT u.name, c.needsReauth FROM "AirtableConnection" c '
                      'JOIN "User" u ON u.id = c.userId ORDER BY 1')
        assert marks[1] == ("ben", 0), marks


def test_who_has_no_connection_gets_nobody_elses():
    with Twin(world()) as t, two(t, connect=("anna",)) as h:
        t.reset()
        p = h.sync("bens", expect=None)
        assert p.returncode != 0 and "basesync connect airtable --user ben" in p.stdout, p.stdout
        assert t.requests() == []
        p = h.run("discover", "--user", "ben", expect=None)
        assert p.returncode != 0 and "connect airtable" in p.stderr, p.stderr
        assert t.requests() == []
        p = h.run("check", "bens", expect=None)
        assert "connect airtable" in p.stdout and accounts(t) == set(), p.stdout


def test_several_users_must_say_who_and_one_need_not():
    with Twin(world()) as t, two(t) as h:
        for command in (["connect", "airtable"], ["disconnect", "sheets"], ["discover"]):
            p = h.run(*command, expect=USAGE, input="")
            assert "--user NAME" in p.stderr, p.stderr
        assert "carl" in h.run("disconnect", "sheets", "--user", "carl", expect=USAGE).stderr
        listed = json.loads(h.run("connections", "--json").stdout)
        assert sorted((c["user"], c["account"]) for c in listed) == [
            ("anna", harness.ROBOT), ("anna", ANNA),
            ("ben", BEN_ROBOT), ("ben", BEN)], listed
        h.run("disconnect", "airtable", "--user", "anna")
        assert [c["user"] for c in json.loads(h.run("connections", "--json").stdout)
                if c["service"] == "airtable"] == ["ben"]
        h.sync("bens")
        h.set("bens", user=None)
        p = h.sync(expect=USAGE)
        assert "user" in p.stderr and "bens" in p.stderr, p.stderr
    with Twin(scenario([NAME], [record(Name="one")])) as t, \
            Home(t, {"direction": "airtable_to_sheets"}).init() as h:
        h.sync()
        assert json.loads(h.run("connections", "--json").stdout)[0]["user"] == "default"


def test_two_users_of_one_google_account_do_not_lose_it_together():
    s = world()
    s["oauth_clients"] = [{"service": "google", "client_id": GOOGLE,
                           "client_secret": GOOGLE_SECRET, "type": "desktop"}]
    s["oauth"] = {"google_user": "team@example.com"}
    for x in s["google"]["spreadsheets"]:
        x["shared"].append({"email": "team@example.com", "role": "writer"})
    with Twin(s) as t, two(t) as h:
        client = h.dir + "/client.json"
        with open(client, "w", encoding="utf-8") as f:
            json.dump({"installed": {"client_id": GOOGLE, "client_secret": GOOGLE_SECRET}}, f)
        for u in ("anna", "ben"):
            i = SignIn(h, "sheets", "--user", u, "--client-file", client)
            i.browser.get(i.browser.decide(i.address()))
            i.finish()
        p = h.run("disconnect", "sheets", "--user", "anna")
        assert "same account" in p.stderr, p.stderr
        assert [r for r in of_kind(t, "token") if r["path"] == "/revoke"] == []
        h.sync("bens")
        h.sync("annas", expect=None)
        h.run("disconnect", "sheets", "--user", "ben")
        assert all(g["revoked"] for g in t.state()["auth"]["grants"][-1:])


if __name__ == "__main__":
    harness.main(globals())
