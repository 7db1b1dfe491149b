#!/usr/bin/env python3
"""Sign-in by OAuth from the address for the browser to the stored, renewed and revoked grant; what people and
other programs may send meanwhile; several users, each with the own tokens and no other's."""
import json
import os
import signal
import socket
import time
import urllib.parse

import harness
from browser import Browser, SignIn
from faulty import killed, of_kind, together
from harness import Home, Twin, field, record, scenario
from oauth_grant import AIRTABLE, GOOGLE, GOOGLE_SECRET, TABLES

NAME = field("Name")
ANNA = "anna@example.com"
SCOPES = ("data.records:read data.records:write schema.bases:read webhook:manage user.email:read "
          "schema.bases:write")
SHEETS_SCOPE = "https://www.googleapis.com/auth/spreadsheets"
PERSON, USAGE = 4, 2


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def world(redirect=None, secret="demo-airtable-secret", google=None, **more):
    clients = [
        {"service": "airtable", "client_id": AIRTABLE, "scopes": SCOPES, "client_secret": secret,
         "redirect_uris": [redirect or "http://127.0.0.1:8976/callback"]},
        dict({"service": "google", "client_id": GOOGLE, "client_secret": GOOGLE_SECRET,
              "type": "desktop"}, **(google or {}))]
    if secret is None:
        del clients[0]["client_secret"]
    s = scenario([NAME], [record(Name=f"deal {i}") for i in range(3)], oauth_clients=clients,
                 oauth={"airtable_user": "usrDemoUser000001", "google_user": ANNA}, **more)
    s["airtable"]["users"] = [{"id": "usrDemoUser000001", "email": ANNA}]
    s["google"]["spreadsheets"][0]["shared"].append({"email": ANNA, "role": "writer"})
    return s


def home(t):
    h = Home(t, {"direction": "airtable_to_sheets"})
    h.run("init")
    h.client = os.path.join(h.dir, "client.json")
    with open(h.client, "w", encoding="utf-8") as f:
        json.dump({"installed": {"client_id": GOOGLE, "client_secret": GOOGLE_SECRET,
                                 "redirect_uris": ["http://localhost"]}}, f)
    h.secret = os.path.join(h.dir, "secret.txt")
    with open(h.secret, "w", encoding="utf-8") as f:
        f.write("demo-airtable-secret\n")
    return h


def airtable_args(h, redirect):
    return ["airtable", "--client-id", AIRTABLE, "--client-secret-file", h.secret,
            "--redirect", redirect]


def no_secret_is_shown(t, h, *texts):
    """Neither what the program says nor its files hold a token, a code or the client's secret."""
    auth = t.state()["auth"]
    secrets = [x["token"] for x in auth["tokens"]] + [g["refresh"] for g in auth["grants"]]
    secrets += [GOOGLE_SECRET, "demo-airtable-secret"]
    for name in ("basesync.db", "basesync.db-wal", "basesync.ini"):
        path = os.path.join(h.dir, name)
        if os.path.exists(path):
            with open(path, "rb") as f:
                texts += (f.read().decode("latin-1"),)
    for s in secrets:
        assert len(s) > 5
        for text in texts:
            assert s not in text, s


def stored(h, service):
    rows = h.sql(f'SELECT kind, needsReauth, scopes, refreshExpiry FROM "{TABLES[service]}"')
    return rows[0] if rows else None


def google_in(h, *args, **kw):
    s = SignIn(h, "sheets", "--client-file", h.client, *args, **kw)
    where = s.browser.decide(s.address())
    status, _, page = s.browser.get(where)
    assert status == 200 and "received" in page, (status, page)
    return s.finish()


# ---- the way in ----

def test_google_is_signed_in_to_in_a_browser_and_the_sync_runs():
    with Twin(world()) as t, home(t) as h:
        h.run("connect", "airtable", "--token-file", "-", input=harness.TOKEN + "\n")
        s = SignIn(h, "sheets", "--client-file", h.client)
        q = urllib.parse.parse_qs(urllib.parse.urlsplit(s.address()).query)
        assert q["code_challenge_method"] == ["S256"] and len(q["state"][0]) >= 16, q
        assert q["access_type"] == ["offline"] and q["prompt"] == ["consent"], q
        assert q["scope"] == [SHEETS_SCOPE + " openid email"], q
        assert q["redirect_uri"][0].startswith("http://127.0.0.1:"), q
        where = s.browser.decide(s.address())
        status, _, page = s.browser.get(where)
        assert status == 200 and "code" not in page, page
        text = s.finish()
        assert f"Signed in to Google as {ANNA}" in text, text
        assert "spreadsheets, openid, email" in text and "7 days" in text, text
        assert stored(h, "google") == ("oauth", 0, SHEETS_SCOPE + " openid email", None)
        h.sync()
        assert len(t.rows("Deals")) == 4
        listed = json.loads(h.run("connections", "--json").stdout)
        google = [c for c in listed if c["service"] == "sheets"][0]
        assert google["account"] == ANNA and google["kind"] == "sign-in", google
        no_secret_is_shown(t, h, text, json.dumps(listed), h.run("connections").stdout)
        # an hour later: renewed with the client that is kept beside it
        t.control("auth", {"expire_all": "google"})
        t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "new"}}])
        h.sync()
        assert len(t.rows("Deals")) == 5


def wait_for_port(port, seconds=60):
    """The one fixed port: another run of these tests on the same machine may have it just now."""
    until = time.time() + seconds
    while time.time() < until:
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return
            except OSError:
                time.sleep(0.2)


def test_airtable_is_signed_in_to_at_its_registered_address_and_the_sync_runs():
    wait_for_port(8976)
    with Twin(world()) as t, home(t) as h:
        h.run("connect", "sheets", "--service-account", t.service_account)
        s = SignIn(h, "airtable", "--client-id", AIRTABLE, "--client-secret-file", h.secret)
        assert s.comes_back_to() == "http://127.0.0.1:8976/callback"
        status, _, page = s.browser.get(s.browser.decide(s.address()))
        assert status == 200 and "received" in page
        text = s.finish()
        assert f"Signed in to Airtable as {ANNA}" in text and "60 days" in text, text
        assert "can see 1 base" in text, text
        until = stored(h, "airtable")[3]
        assert until and until > "2026-02", until
        assert h.sql("SELECT refreshExpiry > datetime('now', '+59 days') FROM "
                     '"AirtableConnection"') == [(1,)]
        no_secret_is_shown(t, h, text)
        h.sync()
        t.control("auth", {"expire_all": "airtable"})
        h.sync()
        assert [r["status"] for r in of_kind(t, "token.airtable", 200)][-1:] == [200]
        no_secret_is_shown(t, h)


def test_a_client_of_airtable_without_a_secret_sends_none():
    redirect = f"http://127.0.0.1:{free_port()}/back"
    with Twin(world(redirect, secret=None)) as t, home(t) as h:
        s = SignIn(h, "airtable", "--client-id", AIRTABLE, "--redirect", redirect)
        s.browser.get(s.browser.decide(s.address()))
        s.finish()
        assert stored(h, "airtable")[0] == "oauth"


def test_the_pair_is_stored_before_its_first_use():
    redirect = f"http://127.0.0.1:{free_port()}/back"
    with Twin(world(redirect)) as t, home(t) as h:
        t.reset()
        s = SignIn(h, *airtable_args(h, redirect), env={"BASESYNC_FAIL": "signin.stored:1:kill"})
        s.browser.get(s.browser.decide(s.address()))
        killed(s.process)
        assert of_kind(t, "airtable") == [], "used before it was stored"
        assert stored(h, "airtable")[0] == "oauth"
        h.run("connect", "sheets", "--service-account", t.service_account)
        h.sync()
        assert len(t.rows("Deals")) == 4


def test_the_account_is_asked_for_when_the_token_does_not_name_it():
    w = world()
    w["oauth"]["no_id_token"] = True
    with Twin(w) as t, home(t) as h:
        assert f"as {ANNA}" in google_in(h)
        # whose it is may stay unknown, the sign-in stays
        t.faults({"match": {"path": "/v1/userinfo"}, "count": -1, "fault": {"kind": "503"}})
        text = google_in(h)
        assert "could not be asked" in text, text
        assert stored(h, "google")[0] == "oauth"


# ---- the pasted address ----

def test_a_machine_without_a_browser_takes_the_pasted_address():
    with Twin(world()) as t, home(t) as h:
        s = SignIn(h, "sheets", "--client-file", h.client, "--paste", typed="")
        where = s.browser.decide(s.address())
        s.type("http://127.0.0.1/?code=x&state=another-sign-in-00\n\nnonsense\n")
        s.type(where + "\n")
        text = s.finish()
        assert text.count("paste the whole address") == 2, text
        assert f"as {ANNA}" in text, text
        no_secret_is_shown(t, h, text)


def test_a_terminal_takes_what_comes_first_the_browser_or_the_pasted_address():
    with Twin(world()) as t, home(t) as h:
        for typed in (True, False):
            s = SignIn(h, "sheets", "--client-file", h.client, keyboard=True)
            where = s.browser.decide(s.address())
            s.type("not yet\n")
            if typed:
                s.type(where + "\n")
            else:
                s.browser.get(where)
            text = s.finish()
            assert f"as {ANNA}" in text, text


def test_input_that_ends_without_an_address_is_told():
    with Twin(world()) as t, home(t) as h:
        s = SignIn(h, "sheets", "--client-file", h.client, "--paste")
        assert "no address" in s.finish(USAGE)
        assert stored(h, "google") is None
        assert of_kind(t, "token") == []


def test_who_stops_or_never_comes_is_told_and_nothing_is_changed():
    with Twin(world()) as t, home(t) as h:
        s = SignIn(h, "sheets", "--client-file", h.client)
        s.address()
        s.process.send_signal(signal.SIGINT)
        assert "nothing was changed" in s.finish(USAGE)
        fast = {"BASESYNC_CLOCK": f"x600@{int(time.time() * 1000)}"}
        s = SignIn(h, "sheets", "--client-file", h.client, env=fast)
        assert "within 15 minutes" in s.finish(PERSON)
        assert stored(h, "google") is None
        assert of_kind(t, "token") == []


# ---- what else comes to the listener ----

def test_only_the_awaited_answer_ends_the_waiting():
    with Twin(world()) as t, home(t) as h:
        s = SignIn(h, "sheets", "--client-file", h.client)
        where = s.browser.decide(s.address())
        base = s.comes_back_to()
        b = Browser(t)
        assert b.get(base + "favicon.ico")[0] == 404
        assert b.get(base + "?code=x&state=" + "s" * 32)[0] == 400
        assert b.get(base + "?error=access_denied&state=forged-0123456789")[0] == 400
        assert b.get(where, "POST", "a=b")[0] == 405
        assert b.get(where, headers={"Host": "evil.example"})[0] == 400
        silent = [socket.create_connection(("127.0.0.1", int(base.split(":")[2].strip("/"))))
                  for _ in range(30)]
        assert of_kind(t, "token") == []
        assert b.get(where)[0] == 200
        s.finish()
        for c in silent:
            c.close()


def test_a_port_that_is_taken_is_told():
    with Twin(world()) as t, home(t) as h, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        redirect = f"http://127.0.0.1:{taken.getsockname()[1]}/callback"
        text = SignIn(h, *airtable_args(h, redirect)).finish(USAGE)
        assert "in use" in text and "--redirect" in text, text
        assert t.requests() == [] or of_kind(t, "token") == []


# ---- refusals ----

def test_a_refused_sign_in_is_told_and_changes_nothing():
    with Twin(world()) as t, home(t) as h:
        google_in(h)
        before = h.sql('SELECT secret, updatedAt FROM "GoogleSheetsConnection"')
        s = SignIn(h, "sheets", "--client-file", h.client)
        status, _, page = s.browser.get(s.browser.decide(s.address(), "deny"))
        assert status == 200 and "refused" in page, page
        text = s.finish(PERSON)
        assert "access_denied" in text and "nothing was changed" in text, text
        assert h.sql('SELECT secret, updatedAt FROM "GoogleSheetsConnection"') == before


def test_scopes_that_the_client_may_not_ask_for_are_named():
    redirect = f"http://127.0.0.1:{free_port()}/back"
    w = world(redirect)
    w["oauth_clients"][0]["scopes"] = "data.records:read schema.bases:read"
    with Twin(w) as t, home(t) as h:
        s = SignIn(h, *airtable_args(h, redirect))
        s.browser.get(s.browser.decide(s.address()))
        text = s.finish(PERSON)
        assert "invalid_scope" in text and "webhook:manage" in text and "--scopes" in text, text
        s = SignIn(h, *airtable_args(h, redirect), "--scopes", "data.records:read schema.bases:read")
        s.browser.get(s.browser.decide(s.address()))
        s.finish()
        assert stored(h, "airtable")[2] == "data.records:read schema.bases:read"


def test_boxes_left_empty_on_the_consent_page_are_named():
    with Twin(world()) as t, home(t) as h:
        s = SignIn(h, "sheets", "--client-file", h.client)
        s.browser.get(s.browser.decide(s.address(), granted_scope="openid email"))
        text = s.finish(PERSON)
        assert SHEETS_SCOPE in text and "nothing was stored" in text, text
        assert stored(h, "google") is None
    redirect = f"http://127.0.0.1:{free_port()}/back"
    with Twin(world(redirect)) as t, home(t) as h:
        s = SignIn(h, *airtable_args(h, redirect))
        s.browser.get(s.browser.decide(
            s.address(), granted_scope="data.records:read schema.bases:read webhook:manage"))
        text = s.finish()
        assert "not given: data.records:write; only direction = airtable_to_sheets" in text, text
        assert "as usrDemoUser000001" in text, text


def test_a_wrong_secret_and_a_lost_answer_store_nothing():
    with Twin(world()) as t, home(t) as h:
        wrong = os.path.join(h.dir, "wrong")
        with open(wrong, "w", encoding="utf-8") as f:
            f.write("not-the-secret")
        s = SignIn(h, "sheets", "--client-id", GOOGLE, "--client-secret-file", wrong)
        s.browser.get(s.browser.decide(s.address()))
        text = s.finish(PERSON)
        assert "invalid_client" in text and "not-the-secret" not in text, text
        # the first try's answer is lost: the code is used up, and that is said
        t.faults({"match": {"kind": "token"}, "fault": {"kind": "cut_after"}})
        s = SignIn(h, "sheets", "--client-file", h.client)
        s.browser.get(s.browser.decide(s.address()))
        assert "start again" in s.finish(PERSON)
        assert stored(h, "google") is None
        # one that did not reach the server does no harm
        t.faults({"match": {"kind": "token", "method": "POST", "path": "/token"},
                  "fault": {"kind": "cut_before"}})
        google_in(h)


def test_what_does_not_fit_together_is_told_before_anything_is_asked():
    with Twin(world()) as t, home(t) as h:
        t.reset()
        cases = [(["sheets", "--oauth"], "--client-file"),
                 (["airtable", "--oauth"], "airtable.com/create/oauth"),
                 (["sheets", "--client-file", h.client], "--oauth"),
                 (["airtable", "--paste"], "--oauth"),
                 (["sheets", "--oauth", "--client-file", h.client, "--client-id", "x"], "choose"),
                 (["airtable", "--oauth", "--token-file", h.secret], "choose"),
                 (["sheets", "--oauth", "--client-id", "x"], ""),
                 (["sheets", "--oauth", "--client-file", t.service_account], "--service-account"),
                 (["sheets", "--oauth", "--client-file", h.secret], "no JSON"),
                 (["sheets", "--oauth", "--client-file", h.client, "--redirect", "http://x.y/"],
                  "--redirect"),
                 (["sheets", "--oauth", "--client-file", h.client, "--redirect", "https://x.y/"],
                  "--paste")]
        web = os.path.join(h.dir, "web.json")
        with open(web, "w", encoding="utf-8") as f:
            json.dump({"web": {"client_id": "x", "client_secret": GOOGLE_SECRET}}, f)
        cases.append((["sheets", "--oauth", "--client-file", web], "Desktop app"))
        for args, words in cases:
            p = h.run("connect", *args, expect=USAGE, input="")
            lines = p.stderr.strip().splitlines()
            assert len(lines) == 1 and words in lines[0], (args, lines)
            assert GOOGLE_SECRET not in p.stderr
        assert t.requests() == []


# ---- again, and out ----

def test_connecting_again_clears_the_mark_and_needs_no_client():
    with Twin(world()) as t, home(t) as h:
        h.run("connect", "airtable", "--token-file", "-", input=harness.TOKEN + "\n")
        google_in(h)
        h.sync()
        t.control("auth", {"revoke": "*"})
        t.control("auth", {"expire_all": "google"})
        t.person(airtable=[{"op": "create", "table": "Deals", "fields": {"Name": "new"}}])
        p = h.sync(expect=PERSON)
        assert "basesync connect sheets --oauth" in p.stdout, p.stdout
        assert stored(h, "google")[1] == 1
        listed = h.run("connections").stdout
        assert "connect again" in listed and "invalid_grant" in listed, listed
        s = SignIn(h, "sheets")
        s.browser.get(s.browser.decide(s.address()))
        s.finish()
        assert stored(h, "google")[1] == 0
        h.sync()
        assert len(t.rows("Deals")) == 5


def test_a_sign_in_that_ends_by_itself_is_told_with_its_day():
    with Twin(world(google={"refresh_expires_in": 604799, "testing": True})) as t, home(t) as h:
        text = google_in(h)
        assert "lapses on 20" in text and "Testing" in text, text
        assert stored(h, "google")[3] is not None
        listed = json.loads(h.run("connections", "--json").stdout)
        assert listed[0]["lapsesAt"].startswith("20"), listed
        assert "Lapses" in h.run("connections").stdout


def test_disconnect_takes_the_grant_back_and_forgets():
    with Twin(world()) as t, home(t) as h:
        google_in(h)
        text = h.run("disconnect", "sheets").stdout
        assert "taken back" in text, text
        assert stored(h, "google") is None
        assert [g["revoked"] for g in t.state()["auth"]["grants"]] == [True]
        assert h.run("disconnect", "sheets", expect=USAGE)


def test_a_grant_that_cannot_be_taken_back_is_forgotten_and_that_is_said():
    with Twin(world()) as t, home(t) as h:
        google_in(h)
        t.faults({"match": {"path": "/revoke"}, "count": -1, "fault": {"kind": "cut_before"}})
        p = h.run("disconnect", "sheets", expect=3)
        assert "could not be taken back" in p.stderr, p.stderr
        assert "myaccount.google.com/permissions" in p.stderr, p.stderr
        assert stored(h, "google") is None
        # one that is gone at Google already is no failure
        t.faults()
        google_in(h)
        t.control("auth", {"revoke": "*"})
        t.control("auth", {"expire_all": "google"})
        h.run("disconnect", "sheets")
        assert stored(h, "google") is None


def test_what_cannot_be_revoked_is_forgotten_and_its_place_is_named():
    redirect = f"http://127.0.0.1:{free_port()}/back"
    with Twin(world(redirect)) as t, home(t) as h:
        s = SignIn(h, *airtable_args(h, redirect))
        s.browser.get(s.browser.decide(s.address()))
        s.finish()
        t.reset()
        text = h.run("disconnect", "airtable").stdout
        assert "airtable.com" in text and "forgotten" in text, text
        h.run("connect", "airtable", "--token-file", "-", input=harness.TOKEN + "\n")
        assert "airtable.com/create/tokens" in h.run("disconnect", "airtable").stdout
        h.run("connect", "sheets", "--service-account", t.service_account)
        text = h.run("disconnect", "sheets").stdout
        assert harness.ROBOT in text, text
        assert h.run("connections").stdout.startswith("There is no connection yet")
        assert of_kind(t, "token") == [r for r in of_kind(t, "token") if r["path"] == "/token"]


if __name__ == "__main__":
    harness.main(globals())
