"""A sign-in by OAuth for the tests: the browser's part against the twin, and the refresh token put into the
database in the sealed form of the program (AES-256-GCM from the crypto library that Python's own ssl uses)."""
import base64
import ctypes
import ctypes.util
import hashlib
import html
import http.client
import json
import os
import re
import urllib.parse

from faulty import change

AIRTABLE = "demo-airtable-client"
GOOGLE = "demo-google-client.apps.googleusercontent.com"
GOOGLE_SECRET = "demo-google-secret"
REDIRECT = "http://127.0.0.1:8976/callback"
VERIFIER = "v" * 50
CLIENTS = [
    {"service": "airtable", "client_id": AIRTABLE, "redirect_uris": [REDIRECT],
     "scopes": "data.records:read data.records:write schema.bases:read schema.bases:write "
               "webhook:manage user.email:read"},
    {"service": "google", "client_id": GOOGLE, "client_secret": GOOGLE_SECRET, "type": "desktop"}]


def post(twin, path, fields):
    c = http.client.HTTPSConnection("127.0.0.1", twin.port, context=twin.tls, timeout=20)
    try:
        c.request("POST", path, urllib.parse.urlencode(fields),
                  {"Content-Type": "application/x-www-form-urlencoded"})
        r = c.getresponse()
        return r.status, r.getheader("Location"), r.read().decode()
    finally:
        c.close()


def page(twin, path):
    c = http.client.HTTPSConnection("127.0.0.1", twin.port, context=twin.tls, timeout=20)
    try:
        c.request("GET", path)
        r = c.getresponse()
        text = r.read().decode()
        assert r.status == 200, text
        return text
    finally:
        c.close()


def grant(twin, service):
    """Signs in and gives the token server's first answer."""
    airtable = service == "airtable"
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    q = {"response_type": "code", "state": "state-0123456789abcdef", "redirect_uri": REDIRECT,
         "code_challenge": challenge.decode().rstrip("="), "code_challenge_method": "S256",
         "client_id": AIRTABLE if airtable else GOOGLE,
         "scope": CLIENTS[0]["scopes"] if airtable
         else "https://www.googleapis.com/auth/spreadsheets"}
    if not airtable:
        q.update(access_type="offline", prompt="consent")
    path = "/oauth2/v1/authorize" if airtable else "/o/oauth2/v2/auth"
    text = page(twin, path + "?" + urllib.parse.urlencode(q))
    hidden = {k: html.unescape(v) for k, v in re.findall(r'name="([^"]+)" value="([^"]*)"', text)}
    status, where, text = post(twin, path, dict(hidden, decision="accept"))
    assert status == 302, text
    code = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(where).query))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER, "client_id": q["client_id"]}
    if not airtable:
        form["client_secret"] = GOOGLE_SECRET
    status, _, text = post(twin, "/oauth2/v1/token" if airtable else "/token", form)
    assert status == 200, text
    return json.loads(text)


def seal(key, place, text):
    lib = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
    for name in ("EVP_CIPHER_CTX_new", "EVP_aes_256_gcm"):
        getattr(lib, name).restype = ctypes.c_void_p
    ctx = ctypes.c_void_p(lib.EVP_CIPHER_CTX_new())
    nonce, plain, aad = os.urandom(12), text.encode(), place.encode()
    out, tag, n = ctypes.create_string_buffer(len(plain) + 16), ctypes.create_string_buffer(16), \
        ctypes.c_int()
    ok = lib.EVP_EncryptInit_ex(ctx, ctypes.c_void_p(lib.EVP_aes_256_gcm()), None, key, nonce)
    ok &= lib.EVP_EncryptUpdate(ctx, None, ctypes.byref(n), aad, len(aad))
    ok &= lib.EVP_EncryptUpdate(ctx, out, ctypes.byref(n), plain, len(plain))
    ok &= lib.EVP_EncryptFinal_ex(ctx, tag, ctypes.byref(n))
    ok &= lib.EVP_CIPHER_CTX_ctrl(ctx, 0x10, 16, tag)
    lib.EVP_CIPHER_CTX_free(ctx)
    assert ok == 1
    # sizeof counts the terminating NUL of neither
    raw = nonce + out.raw[:len(plain)] + tag.raw
    ident = hashlib.sha256(b"basesync-key-id" + key).hexdigest()[:8]
    return f"v1:{ident}:" + base64.urlsafe_b64encode(raw).decode().rstrip("=")


TABLES = {"airtable": "AirtableConnection", "google": "GoogleSheetsConnection"}


def sign_in(home, service):
    """Makes the user's connection of the service one by OAuth; gives the first answer's tokens."""
    tokens = grant(home.twin, service)
    with open(os.path.join(home.dir, "basesync.key"), encoding="utf-8") as f:
        key = bytes.fromhex(f.read().strip())
    table = TABLES[service]
    ident = home.sql(f'SELECT id FROM "{table}"')[0][0]
    secrets = {"secret": tokens["refresh_token"],
               "clientId": AIRTABLE if service == "airtable" else GOOGLE,
               "clientSecret": None if service == "airtable" else GOOGLE_SECRET}
    for column, text in secrets.items():
        sealed = text and seal(key, f"{table}|{ident}|{column}", text)
        change(home, (f'UPDATE "{table}" SET "{column}" = ? WHERE id = ?', (sealed, ident)))
    change(home, f'UPDATE "{table}" SET kind = \'oauth\', accessToken = NULL, tokenExpiry = NULL, '
                 "needsReauth = 0")
    return tokens


def lapse(home, service):
    """The cached access token is past its time."""
    change(home, f'UPDATE "{TABLES[service]}" SET tokenExpiry = \'2020-01-01 00:00:00.000\'')
