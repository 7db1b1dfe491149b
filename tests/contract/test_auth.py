"""The twin's token servers against the documented rules: Airtable's OAuth with rotation, Google's codes,
refreshes, service accounts, device codes, revocation. Plays the browser, too."""
import base64
import hashlib
import json
import os
import re
import subprocess
import tempfile
import time
import urllib.parse

from rules_airtable import demo, expect, start, title
from twin import Cases

AIRTABLE = "demo-airtable-client"
GOOGLE = "demo-google-client.apps.googleusercontent.com"
DEVICE = "demo-google-device.apps.googleusercontent.com"
REDIRECT = "http://127.0.0.1:8976/callback"
LOOPBACK = "http://127.0.0.1:45678/"
SHEETS = "https://www.googleapis.com/auth/spreadsheets"
SCOPE = "data.records:read schema.bases:read"
VERIFIER = "v" * 50
STATE = "state-0123456789abcdef"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
cases = Cases()


def challenge(verifier=VERIFIER):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def form(t, path, headers=None, **fields):
    return t.send("POST", path, urllib.parse.urlencode(fields), dict(FORM, **(headers or {})),
                  token=False)


def authorize_url(service, **more):
    q = {"response_type": "code", "state": STATE, "code_challenge": challenge(),
         "code_challenge_method": "S256"}
    if service == "airtable":
        q.update(client_id=AIRTABLE, redirect_uri=REDIRECT, scope=SCOPE)
        path = "/oauth2/v1/authorize?"
    else:
        q.update(client_id=GOOGLE, redirect_uri=LOOPBACK, scope=SHEETS, access_type="offline",
                 prompt="consent")
        path = "/o/oauth2/v2/auth?"
    q.update(more)
    return path + urllib.parse.urlencode(q)


def browse(t, url, decision="accept", **more):
    """Opens the page and presses a button; gives the query of the address it leads to."""
    page = t.send("GET", url, token=False)
    if page.status == 200:
        hidden = {k: v for k, v in re.findall(r'name="([^"]+)" value="([^"]*)"', page.text)}
        assert "decision" in page.text
        hidden.update(decision=decision, **more)
        page = form(t, url.split("?")[0], **{k: unescape(v) for k, v in hidden.items()})
    expect(page.status, 302)
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.headers["Location"]).query))


def unescape(s):
    import html
    return html.unescape(s)


def grant(t):
    code = browse(t, authorize_url("airtable"))["code"]
    return form(t, "/oauth2/v1/token", grant_type="authorization_code", code=code,
                redirect_uri=REDIRECT, code_verifier=VERIFIER, client_id=AIRTABLE)


def refresh(t, token):
    return form(t, "/oauth2/v1/token", grant_type="refresh_token", refresh_token=token,
                client_id=AIRTABLE)


# ---- Airtable ----

def airtable_gives_a_pair_for_a_code(t):
    back = browse(t, authorize_url("airtable"))
    expect((back["state"], back["code_challenge"]), (STATE, challenge()))
    a = grant(t)
    expect((a.status, a.json["token_type"], a.json["expires_in"], a.json["refresh_expires_in"],
            a.json["scope"]), (200, "Bearer", 3600, 5184000, SCOPE))
    who = t.send("GET", "/v0/meta/whoami", token=a.json["access_token"])
    expect((who.json["id"], who.json["scopes"]), ("usrAnna0000000001", SCOPE.split()))
    expect(t.send("GET", "/v0/appDemo0000000001/Deals", token=a.json["access_token"]).status, 200)


def airtable_wants_pkce_state_and_the_registered_address(t):
    for more in ({"code_challenge": ""}, {"code_challenge_method": "plain"}, {"state": "short"}):
        expect(browse(t, authorize_url("airtable", **more))["error"], "invalid_request")
    expect(browse(t, authorize_url("airtable", scope="data.everything"))["error"], "invalid_scope")
    expect(t.send("GET", authorize_url("airtable", redirect_uri=REDIRECT + "/"), token=False).status,
           400)
    expect(browse(t, authorize_url("airtable"), "deny")["error"], "access_denied")


def an_airtable_code_is_good_for_one_try(t):
    code = browse(t, authorize_url("airtable"))["code"]
    args = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT,
            "client_id": AIRTABLE}
    a = form(t, "/oauth2/v1/token", code_verifier="w" * 50, **args)
    expect((a.status, a.json["error"]), (400, "invalid_grant"))
    a = form(t, "/oauth2/v1/token", code_verifier=VERIFIER, **args)
    expect((a.status, a.json["error"]), (400, "invalid_grant"))
    code = browse(t, authorize_url("airtable"))["code"]
    t.control("clock", {"advance_ms": 11 * 60000})
    a = form(t, "/oauth2/v1/token", code_verifier=VERIFIER, **dict(args, code=code))
    expect(a.json["error"], "invalid_grant")


def airtable_clients_say_who_they_are_in_one_way(t):
    basic = base64.b64encode(b"demo-airtable-web:demo-airtable-secret").decode()
    code = browse(t, authorize_url("airtable", client_id="demo-airtable-web"))["code"]
    args = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER}
    a = form(t, "/oauth2/v1/token", client_id="demo-airtable-web", **args)
    expect((a.status, a.json["error"]), (401, "invalid_client"))
    bad = base64.b64encode(b"demo-airtable-web:wrong").decode()
    expect(form(t, "/oauth2/v1/token", {"Authorization": "Basic " + bad}, **args).status, 401)
    expect(form(t, "/oauth2/v1/token", {"Authorization": "Basic " + basic}, **args).status, 200)
    no_secret = base64.b64encode((AIRTABLE + ":").encode()).decode()
    expect(form(t, "/oauth2/v1/token", {"Authorization": "Basic " + no_secret}, **args).status, 401)


def airtable_refreshes_kill_the_old_pair(t):
    one = grant(t).json
    two = refresh(t, one["refresh_token"]).json
    assert two["refresh_token"] != one["refresh_token"]
    expect(t.send("GET", "/v0/meta/whoami", token=one["access_token"]).status, 401)
    expect(t.send("GET", "/v0/meta/whoami", token=two["access_token"]).status, 200)
    expect(refresh(t, one["refresh_token"]).status, 409)
    t.control("clock", {"advance_ms": 60000})
    again = refresh(t, one["refresh_token"])
    expect((again.status, again.json["error"]), (400, "invalid_grant"))
    # reuse of a used token ended the grant
    expect(t.send("GET", "/v0/meta/whoami", token=two["access_token"]).status, 401)


def access_tokens_end_with_the_hour(t):
    one = grant(t).json
    t.control("clock", {"advance_ms": 3600001})
    a = t.send("GET", "/v0/meta/whoami", token=one["access_token"])
    expect((a.status, a.json["error"]["type"]), (401, "AUTHENTICATION_REQUIRED"))
    t.control("clock", {"advance_ms": 61 * 86400000})
    expect(refresh(t, one["refresh_token"]).json["error"], "invalid_grant")


# ---- Google: codes ----

def google_code(t, **more):
    return browse(t, authorize_url("google", **more))


def google_token(t, code, **more):
    args = {"grant_type": "authorization_code", "code": code, "redirect_uri": LOOPBACK,
            "client_id": GOOGLE, "client_secret": "demo-google-secret", "code_verifier": VERIFIER}
    args.update(more)
    return form(t, "/token", **args)


def google_gives_tokens_for_a_code(t):
    back = google_code(t)
    expect((back["state"], back["scope"]), (STATE, SHEETS))
    a = google_token(t, back["code"])
    expect((a.status, a.json["expires_in"], a.json["scope"]), (200, 3599, SHEETS))
    again = google_token(t, back["code"])
    expect((again.status, again.json["error"]), (400, "invalid_grant"))
    b = form(t, "/token", grant_type="refresh_token", refresh_token=a.json["refresh_token"],
             client_id=GOOGLE, client_secret="demo-google-secret")
    expect((b.status, "refresh_token" in b.json), (200, False))
    info = t.send("GET", "/tokeninfo?access_token=" + b.json["access_token"], token=False).json
    expect((info["scope"], info["aud"]), (SHEETS, GOOGLE))


def google_refuses_wrong_codes(t):
    code = google_code(t)["code"]
    expect(google_token(t, "4/nope").json["error_description"], "Malformed auth code.")
    expect(google_token(t, code, code_verifier="w" * 50).json["error_description"], "Bad Request")
    code = google_code(t)["code"]
    expect(google_token(t, code, redirect_uri="http://127.0.0.1:1/").json["error"], "invalid_grant")
    expect(google_token(t, code, client_secret="x").status, 401)
    expect(google_token(t, code, client_id="x").status, 401)
    expect(t.send("GET", authorize_url("google", redirect_uri="https://example.com/"),
                  token=False).status, 400)


def google_gives_a_refresh_token_only_for_offline(t):
    a = google_token(t, google_code(t, access_type="online")["code"])
    assert "refresh_token" not in a.json


def google_users_can_untick_scopes(t):
    back = browse(t, authorize_url("google", scope=SHEETS + " email"), granted_scope="email")
    expect(google_token(t, back["code"]).json["scope"], "email")


def google_revokes_the_whole_grant(t):
    a = google_token(t, google_code(t)["code"]).json
    expect(form(t, "/revoke", token=a["access_token"]).status, 200)
    expect(form(t, "/revoke", token=a["access_token"]).status, 400)
    b = form(t, "/token", grant_type="refresh_token", refresh_token=a["refresh_token"],
             client_id=GOOGLE, client_secret="demo-google-secret")
    expect((b.status, b.json["error_description"]), (400, "Token has been expired or revoked."))
    gone = t.send("GET", "/tokeninfo?access_token=" + a["access_token"], token=False)
    expect((gone.status, gone.json), (400, {"error_description": "Invalid Value"}))


def google_devices_wait_for_their_user(t):
    bad = form(t, "/device/code", client_id=DEVICE, scope=SHEETS)
    expect(bad.json["error"], "invalid_scope")
    d = form(t, "/device/code", client_id=DEVICE,
             scope="https://www.googleapis.com/auth/drive.file").json
    assert "verification_url" in d

    def poll():
        return form(t, "/token", grant_type="urn:ietf:params:oauth:grant-type:device_code",
                    device_code=d["device_code"], client_id=DEVICE,
                    client_secret="demo-device-secret")
    a = poll()
    expect((a.status, a.json["error"]), (428, "authorization_pending"))
    t.control("auth", {"approve": d["user_code"]})
    expect(poll().status, 200)


# ---- Google: service accounts ----

def b64(data):
    if not isinstance(data, bytes):
        data = json.dumps(data).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def sign(key_pem, text):
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as f:
        f.write(key_pem)
        f.flush()
        return subprocess.run(["openssl", "dgst", "-sha256", "-sign", f.name], input=text.encode(),
                              stdout=subprocess.PIPE, check=True).stdout


def assertion(t, name="robot", key_of=None, header=None, **claims):
    with open(os.path.join(t.dir, name + ".json"), encoding="utf-8") as f:
        account = json.load(f)
    with open(os.path.join(t.dir, (key_of or name) + ".json"), encoding="utf-8") as f:
        key = json.load(f)["private_key"]
    now = int(time.time())
    body = {"iss": account["client_email"], "scope": SHEETS, "iat": now, "exp": now + 3600,
            "aud": "https://oauth2.googleapis.com/token"}
    body.update(claims)
    body = {k: v for k, v in body.items() if v is not None}
    head = header or {"alg": "RS256", "typ": "JWT", "kid": account["private_key_id"]}
    text = b64(head) + "." + b64(body)
    return text + "." + b64(sign(key, text))


def jwt(t, text):
    return form(t, "/token", grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer",
                assertion=text)


def a_signed_assertion_gives_a_token(t):
    a = jwt(t, assertion(t))
    expect((a.status, set(a.json), a.json["expires_in"]),
           (200, {"access_token", "expires_in", "token_type"}, 3599))
    expect(jwt(t, assertion(t, iat=str(int(time.time())))).status, 200)
    expect(jwt(t, assertion(t, aud=t.url + "/token")).status, 200)


def assertions_are_checked_in_order(t):
    now = int(time.time())
    for text, status, name, words in (
            ("nonsense", 400, "invalid_request", "Bad Request"),
            (assertion(t, key_of="stranger"), 400, "invalid_grant", "Invalid JWT Signature."),
            (assertion(t, iss="nobody@example.com"), 400, "invalid_grant",
             "Invalid grant: account not found"),
            (assertion(t, iat=now + 300, exp=now + 600), 400, "invalid_grant", "short-lived"),
            (assertion(t, iat=now - 7200, exp=now - 3600), 400, "invalid_grant", "short-lived"),
            (assertion(t, exp=now + 3700), 400, "invalid_grant", "short-lived"),
            (assertion(t, scope="", aud="x"), 400, "invalid_scope", "Invalid OAuth scope"),
            (assertion(t, aud="https://example.com/"), 400, "invalid_grant", "audience")):
        a = jwt(t, text)
        expect((a.status, a.json["error"]), (status, name))
        assert words in a.json["error_description"], a.text


def an_unknown_scope_gives_no_access_token(t):
    a = jwt(t, assertion(t, scope="https://example.com/nope"))
    expect((a.status, set(a.json)), (200, {"id_token"}))


def a_clock_that_goes_wrong_is_told_by_the_date(t):
    t.control("clock", {"advance_ms": -600000})
    a = jwt(t, assertion(t))
    expect((a.status, a.json["error"]), (400, "invalid_grant"))
    from email.utils import parsedate_to_datetime
    server = parsedate_to_datetime(a.headers["Date"]).timestamp()
    assert abs(time.time() - 600 - server) < 5
    expect(jwt(t, assertion(t, iat=int(server), exp=int(server) + 3600)).status, 200)


def expires_in_may_be_a_string(t):
    t.control("auth", {"settings": {"expires_in_as_string": True}})
    expect(jwt(t, assertion(t)).json["expires_in"], "3599")


def google_says_who_may_not_call(t):
    a = t.send("GET", "/v4/spreadsheets/x", token=False)
    expect((a.status, a.json["error"]["status"]), (403, "PERMISSION_DENIED"))
    a = t.send("GET", "/v4/spreadsheets/x", token="ya29.nope")
    expect((a.status, a.json["error"]["status"]), (401, "UNAUTHENTICATED"))
    assert "invalid_token" in a.headers["WWW-Authenticate"]


def google_counts_sixty_a_minute(t):
    token = jwt(t, assertion(t)).json["access_token"]
    t.control("limits", {"on": True})
    c = t.connect()
    got = [t.send("GET", "/v4/spreadsheets/x", token=token, connection=c) for _ in range(61)]
    c.close()
    t.control("limits", {"on": False})
    expect([a.status == 429 for a in got], [False] * 60 + [True])
    e = got[-1].json["error"]
    expect((e["status"], e["details"][0]["metadata"]["quota_limit"]),
           ("RESOURCE_EXHAUSTED", "ReadRequestsPerMinutePerUser"))
    assert "Retry-After" not in got[-1].headers


TESTS = [
    airtable_gives_a_pair_for_a_code, airtable_wants_pkce_state_and_the_registered_address,
    an_airtable_code_is_good_for_one_try, airtable_clients_say_who_they_are_in_one_way,
    airtable_refreshes_kill_the_old_pair, access_tokens_end_with_the_hour,
    google_gives_tokens_for_a_code, google_refuses_wrong_codes,
    google_gives_a_refresh_token_only_for_offline, google_users_can_untick_scopes,
    google_revokes_the_whole_grant, google_devices_wait_for_their_user,
    a_signed_assertion_gives_a_token, assertions_are_checked_in_order,
    an_unknown_scope_gives_no_access_token, a_clock_that_goes_wrong_is_told_by_the_date,
    expires_in_may_be_a_string, google_says_who_may_not_call, google_counts_sixty_a_minute,
]

with start() as twin:
    for test in TESTS:
        twin.control("load", demo())
        twin.control("clock", {"set_ms": int(time.time() * 1000)})
        cases.run(title(test), test, twin)
cases.end()
