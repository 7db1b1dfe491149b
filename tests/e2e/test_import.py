#!/usr/bin/env python3
"""Moving in from the hosted product: its sign-ins, sealed with its key, and its syncs, whose columns were numbers."""
import ctypes
import ctypes.util
import json
import os

import harness
from faulty import of_kind
from harness import BASE, SHEET, Home, Twin, field, scenario
from oauth_grant import AIRTABLE, CLIENTS, GOOGLE, GOOGLE_SECRET, TABLES, grant

KEY = bytes(range(32))
USAGE, PERSON = 2, 4
ANNA, BEN = "5f0c0000-0000-4000-8000-00000000000a", "5f0c0000-0000-4000-8000-00000000000b"
TABLE, NAME, AMOUNT, TOTAL, GONE = ("tblDeals000000001", "fldName0000000001", "fldAmount00000001",
                                    "fldTotal000000001", "fldGone0000000001")
VIEW = "viwGrid0000000001"


def seal(text, key=KEY):
    """As the product did: AES-256-GCM, an IV of 16 bytes, hex(iv):hex(tag):hex(ciphertext)."""
    lib = ctypes.CDLL(ctypes.util.find_library("crypto") or "libcrypto.so.3")
    for name in ("EVP_CIPHER_CTX_new", "EVP_aes_256_gcm"):
        getattr(lib, name).restype = ctypes.c_void_p
    ctx = ctypes.c_void_p(lib.EVP_CIPHER_CTX_new())
    iv, data = os.urandom(16), text.encode()
    out, tag, n = ctypes.create_string_buffer(len(data) + 16), ctypes.create_string_buffer(16), \
        ctypes.c_int()
    ok = lib.EVP_EncryptInit_ex(ctx, ctypes.c_void_p(lib.EVP_aes_256_gcm()), None, None, None)
    ok &= lib.EVP_CIPHER_CTX_ctrl(ctx, 0x9, 16, None)
    ok &= lib.EVP_EncryptInit_ex(ctx, None, None, key, iv)
    ok &= lib.EVP_EncryptUpdate(ctx, out, ctypes.byref(n), data, len(data))
    ok &= lib.EVP_EncryptFinal_ex(ctx, tag, ctypes.byref(n))
    ok &= lib.EVP_CIPHER_CTX_ctrl(ctx, 0x10, 16, tag)
    lib.EVP_CIPHER_CTX_free(ctx)
    assert ok == 1
    return ":".join(x.hex() for x in (iv, tag.raw[:16], out.raw[:len(data)]))


def world():
    fields = [dict(field("Name"), id=NAME), dict(field("Amount", "number", precision=0), id=AMOUNT),
              dict(field("Total", "formula", formula="{Amount} * 2"), id=TOTAL)]
    records = [{"id": f"recDeal{i:010d}", "fields": {"Name": f"deal {i}", "Amount": i}}
               for i in range(3)]
    # as the product left a sheet: own columns, and the ids far right in column AA
    head = ["Remarks", "Deal", "Value", "", "Double"] + [""] * 21 + ["Record ID"]
    rows = [head] + [["mine", f"deal {i}", i, "", i * 2] + [""] * 21 + [f"recDeal{i:010d}"]
                     for i in range(3)]
    s = scenario(fields, records, rows=rows, column_count=30, oauth_clients=CLIENTS,
                 oauth={"airtable_user": "usrDemoUser000001", "google_user": "anna@example.com"})
    s["airtable"]["bases"][0]["tables"][0]["id"] = TABLE
    s["airtable"]["bases"][0]["tables"][0]["views"] = [{"id": VIEW, "name": "Grid", "type": "grid"}]
    s["airtable"]["users"] = [{"id": "usrDemoUser000001", "email": "anna@example.com"}]
    s["google"]["spreadsheets"][0]["shared"].append({"email": "anna@example.com", "role": "writer"})
    return s


def connections(t, user=ANNA):
    a, g = grant(t, "airtable"), grant(t, "google")
    both = {"id": "x", "userId": user, "needsReauth": True, "lastRefreshError": "network",
            "createdAt": "2026-01-01T00:00:00.000Z", "tokenExpiry": "2020-01-01T00:00:00.000Z"}
    return (dict(both, accessToken=seal(a["access_token"]), refreshToken=seal(a["refresh_token"]),
                 accountId="usrDemoUser000001"),
            dict(both, accessToken=seal(g["access_token"]), refreshToken=seal(g["refresh_token"]),
                 googleAccountEmail="anna@example.com"))


def config(**more):
    return dict({"id": "c1", "userId": ANNA, "name": "My Deals ↔ Sheets", "airtableBaseId": BASE,
                 "airtableTableId": TABLE, "airtableTableName": "Deals", "airtableViewId": None,
                 "googleSpreadsheetId": SHEET, "googleSheetId": "0", "googleSheetName": "Deals",
                 "fieldMappings": json.dumps({AMOUNT: 2, NAME: 1, TOTAL: 4}),
                 "syncDirection": "BIDIRECTIONAL", "conflictResolution": "AIRTABLE_WINS",
                 "isActive": True, "lastSyncStatus": "success"}, **more)


class Moving(Home):
    def __init__(self, t, extra="", key=KEY):
        super().__init__(t, extra=extra)
        self.run("init")
        self.key = self.file("key", key.hex() + "\n")
        self.a = self.file("a.json", {"client_id": AIRTABLE})
        self.g = self.file("g.json", {"web": {"client_id": GOOGLE, "client_secret": GOOGLE_SECRET}})

    def file(self, name, content):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(content if isinstance(content, str) else json.dumps(content))
        return path

    def move(self, content, *args, expect=0, key=True, **kw):
        files = [self.file(f"export{i}.json", x) for i, x in
                 enumerate(content if isinstance(content, tuple) else (content,))]
        return self.run("import", "basesync", *files, *(["--key-file", self.key] if key else []),
                        "--airtable-client", self.a, "--google-client", self.g, *args,
                        expect=expect, **kw)

    def config_text(self):
        with open(self.ini, encoding="utf-8") as f:
            return f.read()


def everything(t):
    a, g = connections(t)
    return {"users": [{"id": ANNA, "email": "anna@example.com", "name": "Anna", "password": "x"}],
            "airtableConnections": [a], "googleSheetsConnections": [g], "syncConfigs": [config()],
            "syncLogs": [{"id": 1}]}


def test_sign_ins_and_syncs_move_in_and_the_first_run_disturbs_nothing():
    with Twin(world()) as t, Moving(t) as h:
        before = h.config_text()
        os.chmod(h.ini, 0o640)
        p = h.move(everything(t), "--write")
        assert "anna@example.com" in p.stderr and "1 section(s) were added" in p.stderr, p.stderr
        text = h.config_text()
        assert text.startswith(before) and os.stat(h.ini).st_mode & 0o777 == 0o640
        added = text[len(before):]
        for line in ("[sync my-deals-sheets]", "name        = My Deals ↔ Sheets",
                     "table       = Deals", "tab         = Deals", "direction   = bidirectional",
                     "conflicts   = airtable_wins", "field       = Name <-> Deal",
                     "field       = Amount <-> Value", "field       = Total -> Double",
                     "active      = yes"):
            assert line + "\n" in added, (line, added)
        for table in TABLES.values():
            rows = h.sql(f'SELECT kind, needsReauth, secret, clientId FROM "{table}"')
            assert rows[0][:2] == ("oauth", 0) and rows[0][2].startswith("v1:"), rows
        h.run("check")
        h.sync("--first-sync")
        assert [w for w in t.writes() if w["service"] == "airtable"] == []
        assert t.rows("Deals")[1][:5] == ["mine", "deal 0", 0, None, 0], t.rows("Deals")[1]
        t.person(sheets=[{"op": "set", "cell": "B2", "value": "renamed"}])
        h.sync()
        assert t.records("Deals")["recDeal0000000000"]["Name"] == "renamed"
        h.quiet()


def test_without_write_the_sections_are_printed_and_no_file_is_touched():
    with Twin(world()) as t, Moving(t) as h:
        before = h.config_text()
        p = h.move(everything(t))
        assert h.config_text() == before
        assert p.stdout.startswith("[sync my-deals-sheets]\n"), p.stdout
        h.file("basesync.ini", before + "\n" + p.stdout)
        h.run("check")
        # again: what is there stays as it is
        there = h.config_text()
        p = h.move(everything(t), "--write")
        assert p.stderr.count("Kept:") == 3, p.stderr
        assert h.config_text() == there


def test_each_table_may_come_alone_and_as_an_array():
    with Twin(world()) as t, Moving(t) as h:
        a, g = connections(t)
        h.move(([a], [g], [config(fieldMappings={NAME: 1})], []), "--write")
        assert "field       = Name <-> Deal" in h.config_text()
        h.run("check")
        with Moving(t) as other:
            other.move({"AirtableConnection": [a], "GoogleSheetsConnection": [g],
                        "SyncConfig": [config()]}, key=False, expect=0,
                       env={"BASESYNC_IMPORT_KEY": KEY.hex()})


def test_what_cannot_be_carried_over_is_a_remark_and_never_a_wrong_column():
    with Twin(world()) as t, Moving(t) as h:
        t.person(sheets=[{"op": "set", "cell": "D1", "value": "Deal"}])
        e = everything(t)
        e["syncConfigs"] = [
            config(fieldMappings=json.dumps({NAME: 1, AMOUNT: 5, GONE: 2, TOTAL: 4}),
                   syncDirection="SHEETS_TO_AIRTABLE"),
            config(name="By title", googleSheetId="deals", airtableViewId=VIEW, isActive=False),
            config(name="Elsewhere", airtableBaseId="appNotThere000001"),
            config(name="No base at all", airtableBaseId="My base"),
            config(name="Two\nlines", googleSheetId="77")]
        p = h.move(e, "--write")
        added = h.config_text()
        for words in ('Left out: "Name", column B, has a header that stands there twice',
                      'Left out: "Amount", column F, has a column without a header',
                      f'Left out: "{GONE}", column C, is not in the table any more',
                      'Left out: "Total", column E, is computed by Airtable',
                      "view        = " + VIEW, "# field = fldName0000000001 <-> the header of "
                      "column B", "has no tab \"77\"", "name        = Two lines",
                      "# This sync cannot be carried over", "# base        = My base"):
            assert words in added, (words, added)
        assert "5 section(s)" in p.stderr and "5 of them not active" in p.stderr, p.stderr
        assert added.count("active      = no") == 5, added
        assert "[sync by-title]" in added
        h.run("check")
        h.sync()
        assert t.writes() == [w for w in t.writes() if w["service"] == "person"]


def test_users_are_found_by_their_address():
    two = "[user anna]\nemail = Anna@Example.com\n[user ben]\nemail = ben@example.com\n"
    with Twin(world()) as t:
        e = everything(t)
        e["users"].append({"id": BEN, "email": "ben@example.com"})
        e["syncConfigs"].append(config(userId=BEN, name="Ben's"))
        with Moving(t) as h:
            p = h.move(e, "--write", expect=USAGE)
            assert "[user anna]\nemail = anna@example.com\n[user ben]" in p.stdout, p.stdout
            assert h.sql('SELECT count(*) FROM "AirtableConnection"') == [(0,)]
            assert "[sync" not in h.config_text()
            del e["users"]
            p = h.move(e, expect=USAGE)
            assert "export of the users" in p.stderr, p.stderr
        with Moving(t, extra=two) as h:
            e["users"] = [{"id": ANNA, "email": "anna@example.com"},
                          {"id": BEN, "email": "ben@example.com"}]
            p = h.move(e)
            assert "user        = anna" in p.stdout and "user        = ben" in p.stdout, p.stdout
            # nobody reads with another's sign-in
            assert "there is no Airtable connection" in p.stdout, p.stdout
            rows = h.sql('SELECT u.name FROM "AirtableConnection" c JOIN "User" u '
                         "ON u.id = c.userId")
            assert rows == [("anna",)], rows
        with Moving(t, extra=two) as h:
            p = h.move({"syncConfigs": [config()]}, "--user", "ben")
            assert "user        = ben" in p.stdout, p.stdout


def test_a_sign_in_without_the_products_client_says_so():
    with Twin(world()) as t, Moving(t) as h:
        a, _ = connections(t)
        p = h.run("import", "basesync", h.file("x.json", [a]), "--key-file", h.key)
        assert "without the product's OAuth client" in p.stderr, p.stderr
        p = h.move([dict(a, refreshToken=None, userId=BEN)], "--write", expect=0)
        assert "Kept" in p.stderr, p.stderr
        with Moving(t) as other:
            p = other.move([dict(a, refreshToken=None)])
            assert "no refresh token" in p.stderr, p.stderr
            assert other.sql('SELECT count(*) FROM "AirtableConnection"') == [(0,)]


def test_a_wrong_key_and_bad_files_import_nothing_and_are_told_in_one_sentence():
    with Twin(world()) as t, Moving(t) as h:
        a, g = connections(t)
        good = everything(t)
        t.reset()

        def refused(content, *words, args=(), **kw):
            p = h.move(content, *args, expect=USAGE, **kw)
            lines = [x for x in p.stderr.splitlines() if x]
            assert len(lines) == 1 and all(w in lines[0] for w in words), (words, lines)
            assert h.sql('SELECT (SELECT count(*) FROM "AirtableConnection") + '
                         '(SELECT count(*) FROM "GoogleSheetsConnection")') == [(0,)]
            assert "[sync" not in h.config_text()
            for secret in (a["accessToken"], a["refreshToken"], KEY.hex()):
                assert secret not in p.stdout + p.stderr

        refused(good, "--key-file", key=False)
        wrong = h.file("wrong", (b"\x01" * 32).hex())
        refused(good, "another key", "nothing was imported", args=("--key-file", wrong))
        refused(good, "64 hex digits", args=("--key-file", h.file("short", "abcd")))
        half = dict(good, googleSheetsConnections=[dict(g, refreshToken=g["refreshToken"][:-2] + "00")])
        refused(half, "Google Sheets", "altered")
        for content, words in (
                ("", "not JSON"), ("{", "not JSON"), ("[1]", "no table"), ("{}", "holds none"),
                ("null", "no table"), ("\"text\"", "no table"),
                ({"users": {}}, "no array"), ({"users": [1]}, "no object"),
                ([config(userId=None)], "userId is missing"), ([config(name=5)], "name is no text"),
                ([config(fieldMappings="[]")], "fieldMappings"),
                ([config(fieldMappings="{")], "fieldMappings"),
                ([config(fieldMappings={NAME: -1})], "fieldMappings"),
                ([config(fieldMappings={NAME: 1e9})], "fieldMappings"),
                ([config(syncDirection="SIDEWAYS")], "syncDirection"),
                ([config(conflictResolution="COIN")], "conflictResolution"),
                ([config(name="x" * 5000)], "too long"),
                ([dict(a, tokenExpiry="soon")], "tokenExpiry"),
                ([a, a], "already"), ([config()] * 10001, "more than 10000"),
                ("[" * 5000, "not JSON")):
            refused(content, words)
        assert "no such" in h.run("import", "basesync", "/nowhere", expect=USAGE).stderr.lower()
        assert "basesync FILE" in h.run("import", "notion", "x", expect=USAGE).stderr
        assert of_kind(t, "airtable") == [] and of_kind(t, "sheets") == []


if __name__ == "__main__":
    harness.main(globals())
