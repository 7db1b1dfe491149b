#!/usr/bin/env python3
"""The program at its user's hands: set-up, listings, and bad input of every kind, which gets one clear
sentence and an exit code and changes nothing."""
import json
import os
import resource
import signal
import socket
import sqlite3
import stat
import subprocess

from harness import (BASE, BASESYNC, ROBOT, SHEET, TOKEN, Home, Twin, field, main, record, scenario)

NAME = field("Name")
TO_SHEETS = {"direction": "airtable_to_sheets"}
OTHER_TOKEN = "patOther000000001." + "ab" * 32


def world(n=3, **more):
    return scenario([NAME, field("Amount", "number", precision=0)],
                    [record(Name=f"deal {i}", Amount=i) for i in range(n)], **more)


def one_sentence(p, *words, code=None):
    """Standard error holds one sentence of ours, with these words in it."""
    lines = [x for x in p.stderr.splitlines() if x.strip()]
    assert len(lines) == 1 and lines[0].startswith("basesync: "), (p.returncode, p.stdout, p.stderr)
    for w in words:
        assert w in lines[0], (w, lines[0])
    assert p.returncode != 0, lines
    if code is not None:
        assert p.returncode == code, (p.returncode, lines)
    return lines[0]


def failed_run(h, *words, code=None, status="FAILED", kind=None):
    """A sync that cannot go on: its reason is in the job log, in SyncLog and in SyncConfig, and
    nothing was written."""
    p = h.sync(expect=None)
    log = h.last_log()
    assert log["status"] == status, (log, p.stdout, p.stderr)
    first = log["errors"][0]
    for w in words:
        assert w in first["message"], (w, first["message"])
        assert w in p.stdout, (w, p.stdout)
    assert "\n" not in first["message"]
    assert p.returncode != 0, p.stdout
    if code is not None:
        assert p.returncode == code, (p.returncode, p.stdout)
    if kind is not None:
        assert first["type"] == kind, first
    writes = [w for w in h.twin.writes() if w["service"] in ("airtable", "sheets")]
    assert writes == [], writes[:3]
    return first["message"]


def secrets_stay_inside(h, p):
    for text in (p.stdout, p.stderr):
        assert TOKEN.split(".")[1] not in text and "PRIVATE KEY" not in text
    with open(h.db, "rb") as f:
        data = f.read()
    assert TOKEN.encode() not in data and b"PRIVATE KEY" not in data


# ---- set-up ----

def test_init_writes_what_is_missing_and_overwrites_nothing():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        with open(h.ini, encoding="utf-8") as f:
            ini = f.read()
        h.run("init")
        key = os.path.join(h.dir, "basesync.key")
        assert stat.S_IMODE(os.stat(key).st_mode) == 0o600
        assert stat.S_IMODE(os.stat(h.db).st_mode) == 0o600
        with open(key, "rb") as f:
            first = f.read()
        h.run("init")
        with open(key, "rb") as f:
            assert f.read() == first
        with open(h.ini, encoding="utf-8") as f:
            assert f.read() == ini


def test_init_in_an_empty_folder_writes_a_sample_that_is_right():
    with Twin(world()) as t, Home(t) as h:
        os.unlink(h.ini)
        h.run("init")
        assert os.path.exists(h.ini)
        p = h.run("sync")
        assert "Found 0 active sync configuration(s)" in p.stdout, p.stdout


def test_credentials_are_sealed_listed_and_never_shown():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.run("init")
        p = h.run("connect", "airtable", "--token-file", "-", input=TOKEN + "\n")
        secrets_stay_inside(h, p)
        p = h.run("connect", "sheets", "--service-account", t.service_account)
        assert ROBOT in p.stdout
        secrets_stay_inside(h, p)
        p = h.run("connections", "--json")
        found = json.loads(p.stdout)
        assert ROBOT in json.dumps(found), found
        secrets_stay_inside(h, p)
        p = h.sync()
        secrets_stay_inside(h, p)
        assert t.rows("Deals")[0][0] == "Name"


def test_check_proves_each_step_and_writes_nothing():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.init()
        t.reset()
        h.run("check")
        assert t.writes() == []
        h.set(tab="Nowhere")
        p = h.run("check", expect=None)
        assert p.returncode != 0 and "Nowhere" in p.stdout + p.stderr, p.stdout
        assert t.writes() == []


def test_status_logs_and_connections_speak_json():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.init().sync()
        for command in (["status"], ["logs"], ["connections"], ["conflicts"]):
            p = h.run(*command, "--json")
            json.loads(p.stdout)
        logs = json.loads(h.run("logs", "--json").stdout)
        logs = logs if isinstance(logs, list) else logs["logs"]
        assert logs[0]["status"] == "SUCCESS", logs
        assert "SUCCESS" in h.run("logs").stdout
        p = h.run("sync", "--json")
        assert json.loads(p.stdout)["exitCode"] == 0, p.stdout


def test_sql_answers_questions_without_another_program():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.init().sync()
        p = h.run("sql", "--", 'SELECT status FROM "SyncLog"')
        assert p.stdout.strip() == "SUCCESS", p.stdout
        p = h.run("sql", "--", 'DELETE FROM "SyncLog"', expect=None)
        assert p.returncode != 0
        assert h.sql('SELECT count(*) FROM "SyncLog"') == [(1,)]


def test_log_format_json_gives_one_object_per_line():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.init()
        with open(h.ini, encoding="utf-8") as f:
            text = f.read().replace("[basesync]", "[basesync]\nlog_format = json")
        with open(h.ini, "w", encoding="utf-8") as f:
            f.write(text)
        p = h.sync()
        lines = [json.loads(x) for x in p.stdout.splitlines() if x.strip()]
        assert len(lines) > 5 and all(isinstance(x, dict) for x in lines)


# ---- arguments ----

def test_unknown_commands_and_options_name_the_nearest_known_one():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.run("init")
        one_sentence(h.run("snyc", expect=None), "snyc", "sync", code=2)
        one_sentence(h.run("sync", "--dry-rum", expect=None), "--dry-rum", "--dry-run", code=2)
        one_sentence(h.run("sync", "dmeo", expect=None), "dmeo", "demo", code=2)
        one_sentence(h.run("connect", expect=None), code=2)
        p = h.run("--help")
        assert "sync" in p.stdout and p.stderr == ""


# ---- the INI ----

def broken_ini(text, *words, code=2):
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.init()
        t.reset()
        before = h.sql('SELECT count(*) FROM "SyncLog"')
        with open(h.ini, encoding="utf-8") as f:
            good = f.read()
        with open(h.ini, "w", encoding="utf-8") as f:
            f.write(text(good))
        for command in (["sync"], ["check"], ["status"]):
            one_sentence(h.run(*command, expect=None), "basesync.ini", *words, code=code)
        assert t.requests() == []
        assert h.sql('SELECT count(*) FROM "SyncLog"') == before


def line_of(good, start):
    return next(i for i, x in enumerate(good.split("\n"), 1) if x.startswith(start))


def test_an_unknown_key_is_told_with_its_line_and_the_nearest_known_name():
    broken_ini(lambda g: g.replace("direction =", "directoin ="), "directoin", "direction", ":")


def test_an_unknown_section_is_told():
    broken_ini(lambda g: g.replace("[network]", "[netwrok]"), "netwrok", "network")


def test_a_malformed_line_is_told():
    broken_ini(lambda g: g + "\nthis is no setting\n", ":")


def test_a_key_that_stands_twice_is_told():
    broken_ini(lambda g: g.replace("table = Deals", "table = Deals\ntable = Other"), "table")


def test_a_line_that_is_too_long_is_told():
    broken_ini(lambda g: g.replace("table = Deals", "table = " + "x" * 100000), ":")


def test_values_that_cannot_be_meant_are_told():
    broken_ini(lambda g: g.replace("direction = airtable_to_sheets", "direction = sideways"),
               "direction", "bidirectional")
    broken_ini(lambda g: g.replace(f"base = {BASE}", "base = My base"), "base")
    broken_ini(lambda g: g.replace("tab = Deals\n", "tab = Deals\nmax_retries = lots\n"),
               "max_retries", "number")
    broken_ini(lambda g: g.replace("tab = Deals\n", "tab = Deals\nschedule = every day\n"),
               "every day")


def test_a_key_that_is_needed_and_missing_is_told():
    broken_ini(lambda g: g.replace("table = Deals\n", ""), "table")


def test_an_ini_that_cannot_be_read_is_told():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.run("init")
        os.rename(h.ini, h.ini + ".away")
        one_sentence(h.sync(expect=None), "basesync.ini", code=2)
        os.mkdir(h.ini)
        one_sentence(h.sync(expect=None), "basesync.ini", code=2)
        os.rmdir(h.ini)
        with open(h.ini, "wb") as f:
            f.write(b"[basesync]\n\xff\xfe\x00\x01 = \x00\n")
        one_sentence(h.sync(expect=None), "basesync.ini", code=2)


# ---- base, table, tab, fields ----

def wrong_target(change, *words, code=4, kind=None, fields=None):
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.init()
        t.reset()
        h.set(fields=fields, **change)
        return failed_run(h, *words, code=code, kind=kind)


def test_a_base_that_is_not_there_is_told():
    wrong_target({"base": "appNotThere000001"}, "appNotThere000001", kind="PERMISSION")


def test_a_table_that_is_not_there_is_told():
    wrong_target({"table": "Leads"}, "Leads", kind="SCHEMA")


def test_a_view_that_is_not_there_is_told():
    wrong_target({"view": "No such view"}, "No such view", kind="SCHEMA")


def test_a_field_that_is_not_there_is_told():
    wrong_target({}, "Amuont", kind="SCHEMA", fields=["Name", "Amuont"])


def test_a_tab_that_is_not_there_is_told():
    wrong_target({"tab": "Verkauf"}, "Verkauf", kind="SCHEMA")


def test_a_spreadsheet_that_is_not_there_is_told():
    wrong_target({"spreadsheet": "1notThereNotThereNotThereNotThereNotThere001"}, ROBOT)


def test_a_header_that_stands_twice_stops_the_sync_and_names_both_columns():
    with Twin(world(rows=[["Name", "Amount", "Name"]])) as t, Home(t, TO_SHEETS) as h:
        h.init()
        t.reset()
        failed_run(h, "\"Name\"", "A", "C", code=4, kind="SCHEMA")


# ---- credentials ----

def test_a_sheet_that_is_not_shared_names_the_address_to_share_it_with():
    s = world()
    s["google"]["spreadsheets"][0]["shared"] = []
    with Twin(s) as t, Home(t, TO_SHEETS) as h:
        h.init()
        t.reset()
        failed_run(h, ROBOT, "hare", code=4, kind="PERMISSION")


def test_a_sheet_that_is_shared_for_reading_only_is_told():
    s = world()
    s["google"]["spreadsheets"][0]["shared"] = [{"email": ROBOT, "role": "reader"}]
    with Twin(s) as t, Home(t, TO_SHEETS) as h:
        h.init()
        t.reset()
        failed_run(h, ROBOT, code=4, kind="PERMISSION")


def test_a_token_without_a_needed_scope_is_told_when_connecting():
    s = world()
    s["tokens"][0]["scopes"] = ["data.records:read"]
    with Twin(s) as t, Home(t, TO_SHEETS) as h:
        h.run("init")
        p = h.run("connect", "airtable", "--token-file", "-", input=TOKEN + "\n", expect=None)
        one_sentence(p, "schema.bases:read")
        secrets_stay_inside(h, p)


def test_a_token_that_loses_a_scope_is_told_by_the_run():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.init()
        s = world()
        s["tokens"][0]["scopes"] = ["schema.bases:read"]
        t.load(s)
        failed_run(h, "data.records:read", code=4, kind="PERMISSION")


def test_a_token_that_may_not_write_is_told_before_anything_is_lost():
    with Twin(world(rows=[["Name", "Amount"], ["new one", 5]])) as t, \
            Home(t, {"direction": "sheets_to_airtable"}) as h:
        h.init()
        s = world(rows=[["Name", "Amount"], ["new one", 5]])
        s["tokens"][0]["scopes"] = ["schema.bases:read", "data.records:read"]
        t.load(s)
        p = h.sync(expect=4)
        assert "data.records:write" in p.stdout, p.stdout
        assert len(t.records("Deals")) == 3
        assert t.rows("Deals")[1][:2] == ["new one", 5]


def test_an_unknown_token_is_not_stored():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.run("init")
        for bad in (OTHER_TOKEN, "", "not a token", "pat\x01x", "x" * 100000):
            p = h.run("connect", "airtable", "--token-file", "-", input=bad + "\n", expect=None)
            one_sentence(p)
            assert OTHER_TOKEN.split(".")[1] not in p.stderr
        assert h.sql('SELECT count(*) FROM "AirtableConnection"') == [(0,)]


def test_a_revoked_token_asks_to_connect_again_and_one_new_token_heals_it():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.init()
        t.reset()
        t.control("auth", {"expire": TOKEN})
        failed_run(h, "connect airtable", code=4, kind="OAUTH")
        t.control("auth", {"revive": TOKEN})
        h.run("connect", "airtable", "--token-file", "-", input=TOKEN + "\n")
        h.sync()


def test_a_disabled_service_account_asks_to_connect_again():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.init()
        t.reset()
        t.control("auth", {"disable": "robot"})
        t.control("auth", {"expire_all": "google"})
        failed_run(h, "connect sheets", code=4, kind="OAUTH")


def test_a_key_file_of_google_that_is_none_is_told():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.run("init")
        path = os.path.join(h.dir, "key.json")
        with open(t.service_account, encoding="utf-8") as f:
            good = json.load(f)
        broken = dict(good, private_key="-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        client = {"installed": {"client_id": "x", "client_secret": "y"}}
        for text in ("", "{", "[]", "null", json.dumps(client), json.dumps(broken),
                     json.dumps({k: v for k, v in good.items() if k != "client_email"})):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            p = h.run("connect", "sheets", "--service-account", path, expect=None)
            one_sentence(p)
            assert "PRIVATE" not in p.stderr
        one_sentence(h.run("connect", "sheets", "--service-account", path + ".no", expect=None),
                     "key.json.no")
        assert h.sql('SELECT count(*) FROM "GoogleSheetsConnection"') == [(0,)]


# ---- the key that seals ----

def test_a_missing_a_wrong_and_an_open_key_file_are_told():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.init()
        t.reset()
        key = os.path.join(h.dir, "basesync.key")
        os.rename(key, key + ".away")
        one_sentence(h.sync(expect=None), "basesync.key", code=2)
        with open(key, "w", encoding="utf-8") as f:
            f.write("00" * 31 + "zz\n")
        os.chmod(key, 0o600)
        one_sentence(h.sync(expect=None), "basesync.key", code=2)
        with open(key, "w", encoding="utf-8") as f:
            f.write("11" * 32 + "\n")
        one_sentence(h.sync(expect=None), "basesync.db", "sealed with key", code=2)
        os.replace(key + ".away", key)
        os.chmod(key, 0o644)
        one_sentence(h.sync(expect=None), "basesync.key", "chmod 600", code=2)
        os.chmod(key, 0o600)
        assert [w for w in t.writes() if w["service"] == "sheets"] == []
        h.sync()


# ---- the database ----

def test_a_corrupt_a_foreign_and_a_newer_database_are_told_and_left_alone():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.init()
        t.reset()

        def with_file(data, *words):
            for end in ("", "-wal", "-shm"):
                if os.path.exists(h.db + end):
                    os.unlink(h.db + end)
            with open(h.db, "wb") as f:
                f.write(data)
            os.chmod(h.db, 0o600)
            one_sentence(h.sync(expect=None), "basesync.db", *words)
            with open(h.db, "rb") as f:
                assert f.read() == data

        with open(h.db, "rb") as f:
            good = f.read()
        with_file(b"this is no database at all, it is a text\n" * 100)
        with_file(good[:100] + os.urandom(4096) + good[4196:])
        other = os.path.join(h.dir, "other.db")
        db = sqlite3.connect(other)
        db.execute("CREATE TABLE t(x)")
        db.commit()
        db.close()
        with open(other, "rb") as f:
            with_file(f.read())
        with open(other, "wb") as f:
            f.write(good)
        db = sqlite3.connect(other)
        db.execute("PRAGMA journal_mode=DELETE")
        db.execute("PRAGMA user_version=9999")
        db.commit()
        db.close()
        with open(other, "rb") as f:
            with_file(f.read(), "newer")
        assert t.requests() == []


def test_a_missing_database_is_told():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.init()
        os.unlink(h.db)
        one_sentence(h.sync(expect=None), "basesync.db", "init")


def test_a_full_disk_is_told_and_nothing_is_sent_whose_history_is_not_kept():
    with Twin(world(n=400)) as t, Home(t, TO_SHEETS) as h:
        h.init()
        t.reset()
        size = max(os.path.getsize(h.db + end) for end in ("", "-wal")
                   if os.path.exists(h.db + end))

        def no_room():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 8192, size + 8192))

        p = subprocess.run([BASESYNC, "-c", h.ini, "sync"], env=h.env, text=True, timeout=60,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                           preexec_fn=no_room)
        assert p.returncode not in (0, -signal.SIGXFSZ), (p.returncode, p.stdout, p.stderr)
        assert "basesync.db" in p.stdout + p.stderr, (p.stdout, p.stderr)
        assert [w for w in t.writes() if w["service"] == "sheets"] == []
        h.sync()
        assert len(t.rows("Deals")) == 401
        h.quiet()


# ---- the network ----

def test_a_certificate_that_is_not_trusted_is_told():
    with Twin(world()) as other, Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.init()
        t.reset()
        with open(other.ca, encoding="utf-8") as f:
            strange = f.read()
        path = os.path.join(h.dir, "strange.pem")
        with open(path, "w", encoding="utf-8") as f:
            f.write(strange)
        with open(h.ini, encoding="utf-8") as f:
            text = f.read()
        with open(h.ini, "w", encoding="utf-8") as f:
            f.write(text.replace(t.ca, path))
        failed_run(h, "certificate", code=1, kind="NETWORK")
        assert t.requests() == []


def test_no_network_is_a_failure_that_heals_by_itself_and_no_reason_to_sign_in_again():
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.init()
        h.set(max_retries="0")
        with open(h.ini, encoding="utf-8") as f:
            text = f.read()
        with socket.socket() as s:  # a port that nobody listens on
            s.bind(("127.0.0.1", 0))
            nobody = f"https://127.0.0.1:{s.getsockname()[1]}"
            t.reset()
            with open(h.ini, "w", encoding="utf-8") as f:
                f.write(text.replace(t.url, nobody))
            failed_run(h, "127.0.0.1", code=1, kind="NETWORK")
        assert h.sql('SELECT needsReauth FROM "AirtableConnection"') == [(0,)]
        assert h.sql('SELECT needsReauth FROM "GoogleSheetsConnection"') == [(0,)]
        with open(h.ini, "w", encoding="utf-8") as f:
            f.write(text)
        h.sync()


def answers_that_are_wrong(kind, fault):
    with Twin(world()) as t, Home(t, TO_SHEETS) as h:
        h.init()
        h.set(max_retries="1")
        t.reset()
        t.faults({"match": {"kind": kind}, "count": -1, "fault": dict(fault, apply=False)})
        failed_run(h)
        t.faults()
        h.sync()
        h.quiet()


def test_answers_of_airtable_that_are_not_json_stop_the_run():
    for fault in ({"kind": "html"}, {"kind": "garbage"}, {"kind": "empty"}):
        answers_that_are_wrong("airtable.schema", fault)
        answers_that_are_wrong("airtable.list", fault)


def test_answers_of_google_that_are_not_json_stop_the_run():
    for fault in ({"kind": "html"}, {"kind": "garbage"}, {"kind": "empty"}):
        answers_that_are_wrong("sheets.read", fault)


def test_a_truncated_answer_stops_the_run_or_is_asked_for_again():
    with Twin(world(n=150)) as t, Home(t, TO_SHEETS) as h:
        h.init()
        for kind in ("airtable.list", "sheets.read", "airtable.schema"):
            t.faults({"match": {"kind": kind, "nth": 1}, "count": 1, "fault": {"kind": "truncate"}})
            h.sync(expect=None)
        t.faults()
        h.sync()
        assert len(t.rows("Deals")) == 151
        h.quiet()


if __name__ == "__main__":
    main(globals())
