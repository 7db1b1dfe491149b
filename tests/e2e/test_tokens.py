#!/usr/bin/env python3
"""Access tokens: renewed in the middle of a run, refreshed by one process at a time, durable before they are
used, right with a wrong clock; refused grants ask for a person, trouble on the way never does."""
import copy
import datetime
import os
import subprocess
import time

import harness
from faulty import finish, killed, of_kind, start, together
from harness import Home, Twin, field, record, scenario
from oauth_grant import CLIENTS, TABLES, lapse, sign_in

NAME = field("Name")
PERSON = 4
LATER = 1
OTHER_BASE = "appOtherBase00001"


def deals(n=3, **more):
    return scenario([NAME], [record(Name=f"deal {i:03d}") for i in range(n)], **more)


def to_sheet(t, **keys):
    return Home(t, dict({"direction": "airtable_to_sheets"}, **keys))


def names(t):
    return sorted(r[0] for r in t.rows("Deals")[1:])


def marked(home, service):
    return home.sql(f'SELECT needsReauth FROM "{TABLES[service]}"')[0][0]


def token_requests(t):
    return of_kind(t, "token")


# ---- service accounts ----

def ends_at(k, count):
    with Twin(deals()) as t, to_sheet(t).init() as h:
        t.reset()
        if k > 0:
            t.faults({"match": {"kind": "sheets", "nth": k}, "fault": {"kind": "expire_token"}})
        h.sync()
        if k == 0:
            count.append(len(of_kind(t, "sheets")))
            return
        refused = of_kind(t, "sheets", 401)
        assert len(refused) == 1, (k, refused)
        assert len(token_requests(t)) == 1, (k, token_requests(t))
        assert names(t) == ["deal 000", "deal 001", "deal 002"], (k, names(t))
        h.quiet()


def test_a_token_that_ends_at_any_request_is_renewed_once_and_the_run_goes_on():
    count = []
    ends_at(0, count)
    assert count[0] >= 3
    for k in range(1, count[0] + 1):
        ends_at(k, count)


def test_a_token_is_renewed_before_its_end_in_the_middle_of_a_long_run():
    s = deals(40, oauth={"access_seconds": 6}, latency={"sheets_read": 2500, "sheets_write": 2500})
    with Twin(s) as t, to_sheet(t).init() as h:
        t.reset()
        h.sync()
        assert of_kind(t, "sheets", 401) == [], "a token was used after its end"
        assert len(token_requests(t)) >= 2, token_requests(t)
        assert len(names(t)) == 40


def skewed(minutes):
    with Twin(deals()) as t:
        h = to_sheet(t)
        h.env["BASESYNC_CLOCK"] = str(int(minutes * 60000))
        with h:
            h.init()
            h.sync()
            assert len(names(t)) == 3
            # an hour later by the wrong clock: the cached token has lapsed
            h.env["BASESYNC_CLOCK"] = str(int((minutes + 61) * 60000))
            t.reset()
            t.control("auth", {"expire_all": "google"})
            h.sync()
            assert marked(h, "google") == 0
            assert of_kind(t, "token", 200), token_requests(t)


def test_a_clock_that_is_minutes_wrong_does_no_harm():
    together(*[lambda m=m: skewed(m) for m in (-90, -7, -0.8, 0.8, 7, 90)])


def test_a_disabled_account_needs_a_person_and_marks_that_connection_alone():
    with Twin(deals()) as t, to_sheet(t).init() as h:
        t.control("auth", {"disable": "robot", "on": True})
        t.control("auth", {"expire_all": "google"})
        lapse(h, "google")
        t.reset()
        p = h.sync(expect=PERSON)
        assert "basesync connect sheets" in p.stdout + p.stderr, p.stdout + p.stderr
        assert (marked(h, "google"), marked(h, "airtable")) == (1, 0)
        assert h.last_log()["errors"][-1]["type"] == "OAUTH"
        assert t.writes() == []
        # nobody is asked again before a person has acted
        t.reset()
        h.sync(expect=PERSON)
        assert token_requests(t) == [] and of_kind(t, "sheets") == []
        t.control("auth", {"disable": "robot", "on": False})
        h.sync(expect=PERSON)
        h.run("connect", "sheets", "--service-account", t.service_account)
        assert marked(h, "google") == 0
        h.sync()
        h.quiet()


TROUBLE = [{"kind": "cut_before"}, {"kind": "cut_after"}, {"kind": "truncate"}, {"kind": "500"},
           {"kind": "503"}, {"kind": "html"}, {"kind": "garbage"}, {"kind": "empty"},
           {"kind": "status", "code": 403, "type": "text/html", "body": "<h1>sign in to the hotel"},
           {"kind": "status", "code": 400, "type": "text/html", "body": "<h1>Bad Request"},
           {"kind": "status", "code": 511, "type": "text/html", "body": "<h1>Network login"}]


def trouble(fault):
    with Twin(deals()) as t, to_sheet(t, max_retries="0").init() as h:
        lapse(h, "google")
        t.faults({"match": {"kind": "token"}, "count": -1, "fault": fault})
        t.control("auth", {"expire_all": "google"})
        h.sync(expect=LATER)
        assert (marked(h, "google"), marked(h, "airtable")) == (0, 0), fault
        t.faults()
        h.sync()
        assert len(names(t)) == 3


def test_trouble_on_the_way_to_the_token_server_never_asks_for_a_sign_in():
    together(*[lambda f=f: trouble(f) for f in TROUBLE])


def test_a_token_server_that_cannot_be_reached_never_asks_for_a_sign_in():
    with Twin(deals()) as t, to_sheet(t).init() as h:
        lapse(h, "google")
        with open(h.ini, encoding="utf-8") as f:
            ini = f.read()
        for url in ("https://127.0.0.1:9/token", "https://no-such-host.invalid/token"):
            with open(h.ini, "w", encoding="utf-8") as f:
                f.write(ini.replace(f"token_url = {t.url}/token", f"token_url = {url}"))
            h.sync(expect=LATER)
            assert marked(h, "google") == 0, url
        h.write_ini()
        h.sync()


# ---- personal access tokens ----

def test_one_401_is_no_reason_to_stop():
    rows = [["Name", "Record ID"], ["one"], ["two"]]
    with Twin(scenario([NAME], rows=rows)) as t, \
            Home(t, {"direction": "sheets_to_airtable"}).init() as h:
        for kind in ("airtable.schema", "airtable.list", "airtable.create"):
            t.load(scenario([NAME], rows=rows))
            h.init()
            t.faults({"match": {"kind": kind}, "fault": {
                "kind": "status", "code": 401,
                "body": {"error": {"type": "AUTHENTICATION_REQUIRED",
                                   "message": "Authentication required"}}}})
            h.sync("--first-sync")
            assert sorted(r["Name"] for r in t.records("Deals").values()) == ["one", "two"], kind
            h.quiet()


def test_a_revoked_token_needs_a_person_and_connecting_again_is_all_it_takes():
    with Twin(deals()) as t, to_sheet(t).init() as h:
        h.sync()
        t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "new"}}])
        t.control("auth", {"expire": harness.TOKEN})
        t.reset()
        p = h.sync(expect=PERSON)
        text = p.stdout + p.stderr
        assert "basesync connect airtable" in text, text
        assert harness.TOKEN not in text and harness.TOKEN[20:] not in text
        assert t.writes() == []
        assert len(of_kind(t, "airtable", 401)) == 2, of_kind(t, "airtable")
        assert marked(h, "google") == 0
        t.control("auth", {"revive": harness.TOKEN})
        h.run("connect", "airtable", "--token-file", "-", input=harness.TOKEN + "\n")
        h.sync()
        assert len(names(t)) == 4
        h.quiet()


# ---- OAuth ----

def both_bases():
    s = deals(oauth_clients=CLIENTS, oauth={"airtable_user": "usrDemoUser000001",
                                            "google_user": harness.ROBOT})
    s["airtable"]["users"] = [{"id": "usrDemoUser000001", "email": "demo@example.com"}]
    other = copy.deepcopy(s["airtable"]["bases"][0])
    s["airtable"]["bases"].append(dict(other, id=OTHER_BASE, name="Other"))
    first = s["google"]["spreadsheets"][0]
    s["google"]["spreadsheets"].append(dict(copy.deepcopy(first), id=first["id"][:-1] + "2"))
    s["tokens"][0]["bases"].append(OTHER_BASE)
    return s


def two_syncs(t):
    h = to_sheet(t)
    h.set("other", base=OTHER_BASE, spreadsheet=harness.SHEET[:-1] + "2",
          direction="airtable_to_sheets")
    return h.init()


def refreshed_once(service):
    with Twin(both_bases()) as t, two_syncs(t) as h:
        sign_in(h, service)
        for round_ in range(6):
            t.reset()
            if round_ % 2:
                t.control("auth", {"expire_all": service})  # each meets a 401
            else:
                lapse(h, service)
            for p in [start(h, "sync", n) for n in ("demo", "other")]:
                finish(p)
            assert [r["status"] for r in of_kind(t, "token." + service)] == [200], round_
        assert marked(h, service) == 0
        assert len(names(t)) == 3


def test_processes_at_once_refresh_a_sign_in_once():
    together(lambda: refreshed_once("airtable"), lambda: refreshed_once("google"))


# What does not reach the token server, or is not carried out there.
IN_BETWEEN = [{"kind": "cut_before"}, {"kind": "500"}, {"kind": "503"},
              {"kind": "html", "apply": False}, {"kind": "garbage", "apply": False},
              {"kind": "empty", "apply": False},
              {"kind": "status", "code": 403, "type": "text/html", "body": "<h1>sign in to the hotel"},
              {"kind": "status", "code": 400, "type": "text/html", "body": "<h1>Bad Request"},
              {"kind": "status", "code": 511, "type": "text/html", "body": "<h1>Network login"}]


def in_between(service, fault):
    with Twin(both_bases()) as t, two_syncs(t) as h:
        h.set(max_retries="0")
        sign_in(h, service)
        t.control("auth", {"expire_all": service})
        lapse(h, service)
        t.faults({"match": {"kind": "token"}, "count": -1, "fault": fault})
        h.sync("demo", expect=LATER)
        assert (marked(h, "airtable"), marked(h, "google")) == (0, 0), (service, fault)
        t.faults()
        h.sync("demo")
        assert len(names(t)) == 3


def test_trouble_on_the_way_to_a_refresh_never_asks_for_a_sign_in():
    together(*[lambda s=s, f=f: in_between(s, f) for s in ("airtable", "google")
               for f in IN_BETWEEN])


def test_connecting_again_is_not_undone_by_a_refresh_that_was_under_way():
    with Twin(both_bases()) as t, two_syncs(t) as h:
        sign_in(h, "airtable")
        lapse(h, "airtable")
        t.reset()
        t.faults({"match": {"kind": "token.airtable"}, "fault": {"kind": "delay", "ms": 1500}})
        running = start(h, "sync", "demo")
        until = time.time() + 20
        while not h.sql('SELECT 1 FROM "Lease" WHERE name GLOB \'refresh:*\'') and \
                time.time() < until:
            time.sleep(0.02)
        h.run("connect", "airtable", "--token-file", "-", input=harness.TOKEN + "\n")
        finish(running, expect=None)
        assert [r["status"] for r in of_kind(t, "token.airtable")] == [200]
        assert h.sql('SELECT kind FROM "AirtableConnection"') == [("token",)]
        t.reset()
        h.sync()
        assert of_kind(t, "token.airtable") == [] and of_kind(t, "airtable", 401) == []


def test_a_new_pair_is_durable_before_it_is_used():
    with Twin(both_bases()) as t, two_syncs(t) as h:
        sign_in(h, "airtable")
        t.reset()
        killed(start(h, "sync", "demo", env={"BASESYNC_FAIL": "auth.kept:1:kill"}))
        assert [r["status"] for r in of_kind(t, "token.airtable")] == [200]
        assert of_kind(t, "airtable") == [], "the new token was used before it was kept"
        # what was kept is good, and the refresh token beside it, too
        h.sync("demo")
        assert len(of_kind(t, "token.airtable")) == 1
        lapse(h, "airtable")
        h.sync()
        assert [r["status"] for r in of_kind(t, "token.airtable")] == [200, 200]
        assert marked(h, "airtable") == 0


def kill_after_token(t, h, kind, *args):
    def tell():
        t.faults({"match": {"kind": kind},
                  "fault": {"kind": "kill_client", "when": "after", "pid": os.getpid()}})
    p = subprocess.Popen([harness.BASESYNC, "-c", h.ini, "sync", *args], env=h.env,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, preexec_fn=tell)
    killed(p)
    t.faults()


def test_a_pair_that_was_lost_on_its_way_asks_for_one_sign_in_in_the_end():
    with Twin(both_bases()) as t, two_syncs(t) as h:
        sign_in(h, "airtable")
        kill_after_token(t, h, "token.airtable", "demo")
        assert marked(h, "airtable") == 0
        t.control("clock", {"advance_ms": 60000})
        p = h.sync("demo", expect=PERSON)
        assert "basesync connect airtable" in p.stdout + p.stderr
        assert (marked(h, "airtable"), marked(h, "google")) == (1, 0)
        t.reset()
        h.sync("demo", expect=PERSON)
        assert of_kind(t, "token.airtable") == [], "the dead token was sent again"
        h.run("connect", "airtable", "--token-file", "-", input=harness.TOKEN + "\n")
        assert marked(h, "airtable") == 0
        h.sync()
        assert len(names(t)) == 3


def test_a_google_refresh_that_was_lost_on_its_way_is_asked_for_again():
    with Twin(both_bases()) as t, two_syncs(t) as h:
        sign_in(h, "google")
        kill_after_token(t, h, "token.google", "demo")
        h.sync()
        assert marked(h, "google") == 0
        assert len(names(t)) == 3


def test_somebody_else_s_refresh_of_a_moment_ago_is_waited_for():
    with Twin(both_bases()) as t, two_syncs(t) as h:
        sign_in(h, "airtable")
        t.reset()
        t.faults({"match": {"kind": "token.airtable"}, "fault": {
            "kind": "status", "code": 409,
            "body": {"error": "invalid_request", "error_description": "refreshed a moment ago"}}})
        h.sync("demo")
        assert [r["status"] for r in of_kind(t, "token.airtable")] == [409, 200]
        assert marked(h, "airtable") == 0


def revoked(service, other):
    with Twin(both_bases()) as t, two_syncs(t) as h:
        sign_in(h, service)
        h.sync()
        t.control("auth", {"revoke": "*"})
        t.control("auth", {"expire_all": service})
        t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "new"}}])
        t.reset()
        h.sync("demo", expect=PERSON)
        assert (marked(h, service), marked(h, other)) == (1, 0)
        assert t.writes() == []
        reason = h.sql(f'SELECT lastRefreshError FROM "{TABLES[service]}"')[0][0]
        assert "invalid_grant" in reason, reason
        sign_in(h, service)
        h.sync()
        assert len(names(t)) == 4, names(t)


def test_a_revoked_sign_in_marks_its_connection_and_no_other():
    together(lambda: revoked("airtable", "google"), lambda: revoked("google", "airtable"))


def test_the_end_of_a_token_is_kept_as_text_that_sqlite_compares():
    with Twin(deals()) as t, to_sheet(t).init() as h:
        h.sync()
        until = h.sql('SELECT tokenExpiry, tokenExpiry > datetime(\'now\') FROM '
                      '"GoogleSheetsConnection"')[0]
        assert until[1] == 1
        datetime.datetime.strptime(until[0], "%Y-%m-%d %H:%M:%S.%f")


if __name__ == "__main__":
    harness.main(globals())
