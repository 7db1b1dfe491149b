#!/usr/bin/env python3
"""Telling people: once when a trouble begins, once when it has ended, a reminder while it lasts; by HTTP,
by a command, by mail; pings around each job."""
import base64
import json
import os
import signal
import stat
import time

import harness
import sinks
from harness import Home, Twin
from test_serve import Server, world


def home_with(twin, notify, **sync):
    return Home(twin, sync, extra="[notify]\n" + notify + "\n")


def ticks(server, *times):
    """Runs one job after another and waits for what is to be told after each."""
    for at in times:
        n = server.text().count("Job Summary:")
        server.set(at)
        server.until_jobs(n + 1)
        for _ in range(3):  # the teller starts just after the summary
            time.sleep(0.05)
            server.until(lambda: server.children() == [])


def told(http):
    return [json.loads(body)["status"] + ": " + json.loads(body)["title"]
            for method, _, _, body in http.got if method == "POST"]


TEMPLATE = ('template = {"title": "{title}", "text": "{message}", "sync": "{sync}", "status": '
            '"{status}", "at": "{time}", "left": "{nothing}"}')


def test_a_trouble_is_told_once_when_it_begins_and_once_when_it_has_ended():
    with Twin(world()) as t, sinks.Http(t) as http, \
            home_with(t, f"url = {http.url}/hook\n{TEMPLATE}", name='The "big" sync') as h:
        h.init()
        with Server(h) as s:
            ticks(s, "2026-01-22 10:05:00")
            assert http.got == [], http.got
            t.faults({"match": {"kind": "airtable"}, "count": -1,
                      "fault": {"kind": "status", "code": 403}})
            ticks(s, "2026-01-22 10:10:00", "2026-01-22 10:15:00")
            assert told(http) == ['person: basesync: The "big" sync needs you'], http.got
            s.stop()
        with Server(h, "2026-01-22 10:18:00") as s:  # what was told is known over a restart
            ticks(s, "2026-01-22 10:20:00")
            assert len(http.got) == 1, http.got
            t.faults()
            ticks(s, "2026-01-22 10:25:00", "2026-01-22 10:30:00")
            s.stop()
        assert told(http)[1:] == ['recovered: basesync: The "big" sync works again'], http.got
        first = json.loads(http.got[0][3])
        assert http.got[0][:3] == ("POST", "/hook", "application/json"), http.got[0]
        assert first["sync"] == "demo" and first["left"] == "{nothing}", first
        assert first["at"] == "2026-01-22T10:10:00.000Z", first
        assert first["text"] == [x for x in h.sql('SELECT json_extract(errors, \'$[0].message\') '
                                                  'FROM "SyncLog" WHERE status <> \'SUCCESS\'')][0][0]


def test_a_passing_failure_is_told_as_one_and_its_turn_for_the_worse_too():
    with Twin(world()) as t, sinks.Http(t) as http, \
            home_with(t, f"url = {http.url}\n{TEMPLATE}\nrepeat = 0s", max_retries=0) as h:
        h.init()
        with Server(h) as s:
            t.faults({"match": {"kind": "airtable"}, "count": -1,
                      "fault": {"kind": "500"}})
            ticks(s, "2026-01-22 10:05:00", "2026-01-22 10:10:00")
            assert [x.split(":")[0] for x in told(http)] == ["failed"], http.got
            t.faults({"match": {"kind": "airtable"}, "count": -1,
                      "fault": {"kind": "status", "code": 403}})
            ticks(s, "2026-01-22 10:15:00")
            t.faults({"match": {"kind": "airtable"}, "count": -1,
                      "fault": {"kind": "500"}})
            ticks(s, "2026-01-22 10:20:00", "2026-01-25 10:25:00")  # lighter: nothing new
            assert [x.split(":")[0] for x in told(http)] == ["failed", "person"], http.got
            s.stop()


def test_a_reminder_comes_after_its_time():
    with Twin(world()) as t, sinks.Http(t) as http, \
            home_with(t, f"url = {http.url}\n{TEMPLATE}\nrepeat = 2h", table="Nowhere") as h:
        h.init()
        with Server(h) as s:
            ticks(s, "2026-01-22 10:05:00", "2026-01-22 11:00:00", "2026-01-22 12:04:00",
                  "2026-01-22 12:05:00", "2026-01-22 12:10:00")
            s.stop()
        assert told(http) == ["person: basesync: demo needs you",
                              "person: basesync: demo still needs you"], http.got


def test_held_conflicts_need_a_person():
    with Twin(world()) as t, sinks.Http(t) as http, \
            home_with(t, f"url = {http.url}", conflicts="hold") as h:
        h.init()
        h.sync()
        rec = next(i for i, f in t.records("Deals").items() if f["Name"] == "Deal 1")
        row = [r[0] for r in t.rows("Deals")].index("Deal 1") + 1
        t.person(airtable=[{"op": "update", "table": "Deals", "record": rec,
                            "fields": {"Amount": 77}}],
                 sheets=[{"op": "set", "cell": f"B{row}", "value": 88}])
        with Server(h) as s:
            ticks(s, "2026-01-22 10:05:00", "2026-01-22 10:10:00")
            assert len(http.got) == 1, http.got
            assert http.got[0][2] == "text/plain; charset=utf-8", http.got
            assert http.got[0][3] == (
                "basesync: demo needs you\n1 cell(s) were changed on both sides and wait for your "
                "decision: `basesync conflicts --sync demo` lists them."), http.got
            h.run("conflicts", "demo", rec, "Amount", "sheets")
            ticks(s, "2026-01-22 10:15:00")
            s.stop()
        assert http.got[1][3].startswith("basesync: demo works again\n"), http.got


def test_a_way_that_fails_is_tried_again_and_never_costs_a_sync():
    with Twin(world()) as t, sinks.Http(t) as http, \
            home_with(t, f"url = {http.url}/secret-part\n{TEMPLATE}", table="Nowhere") as h:
        h.set("good", [], table="Deals")
        h.init()
        http.status = 503
        with Server(h) as s:
            ticks(s, "2026-01-22 10:05:00", "2026-01-22 10:10:00")
            assert len(http.got) == 2, http.got
            assert "[Notify] http: not told that basesync: demo needs you (demo); it is tried again " \
                "after the next job: the server of `url` in [notify] answers 503" in s.text(), s.text()
            http.status = 200
            ticks(s, "2026-01-22 10:15:00", "2026-01-22 10:20:00")
            s.stop()
            assert "secret-part" not in s.text(), s.text()
        assert len(http.got) == 3, http.got
        assert {x for (x,) in h.sql('SELECT l.status FROM "SyncLog" l JOIN "SyncConfig" c ON c.id = '
                                    "l.syncConfigId WHERE c.slug = 'good'")} == {"SUCCESS"}


def test_a_sync_that_cannot_start_is_told():
    with Twin(world()) as t, sinks.Http(t) as http, \
            home_with(t, f"url = {http.url}\n{TEMPLATE}") as h:
        h.init()
        h.sync()
        h.run("disconnect", "airtable")
        with Server(h) as s:
            ticks(s, "2026-01-22 10:05:00", "2026-01-22 10:10:00")
            s.stop()
        assert told(http) == ["person: basesync: demo needs you"], http.got
        assert "connect airtable" in json.loads(http.got[0][3])["text"], http.got
        row = h.sql('SELECT lastSyncStatus, lastErrorType FROM "SyncConfig"')
        assert row == [("success", "CONFIG")], row


def test_a_worker_that_dies_is_told_and_a_paused_sync_is_not():
    with Twin(world()) as t, sinks.Http(t) as http, \
            home_with(t, f"url = {http.url}\n{TEMPLATE}") as h:
        h.init()
        t.faults({"match": {"kind": "airtable.list"}, "fault": {"kind": "delay", "ms": 6000}})
        with Server(h) as s:
            s.set("2026-01-22 10:05:00")
            s.until(lambda: h.sql('SELECT 1 FROM "SyncLog" WHERE completedAt IS NULL'))
            os.kill(s.children()[0], signal.SIGKILL)
            s.until(lambda: len(http.got) == 1)
            assert "ended by signal 9" in http.got[0][3], http.got
            s.until(lambda: s.children() == [])
            h.run("pause", "demo")
            h.set("other", [], tab="Nowhere")
            s.process.send_signal(signal.SIGHUP)
            s.until("read the configuration again")
            ticks(s, "2026-01-25 10:10:00")
            assert [json.loads(x[3])["sync"] for x in http.got] == ["demo", "other"], http.got
            s.stop()


def test_pings_surround_each_job():
    with Twin(world()) as t, sinks.Http(t) as http:
        keys = "".join(f"ping_{k} = {http.url}/{k}\n" for k in ("start", "success", "failure"))
        with home_with(t, keys) as h:
            h.init()
            with Server(h) as s:
                ticks(s, "2026-01-22 10:05:00")
                assert http.paths() == ["/start", "/success"], http.got
                h.set(table="Nowhere")
                s.process.send_signal(signal.SIGHUP)
                s.until("read the configuration again")
                ticks(s, "2026-01-22 10:10:00")
                assert http.paths()[2:] == ["/start", "/failure"], http.got
                http.status = 404
                ticks(s, "2026-01-22 10:15:00")
                assert "[Notify] ping_start: the server" in s.text(), s.text()
                s.stop()
            assert {m for m, _, _, _ in http.got} == {"GET"}
            http.got.clear()
            http.status = 200
            h.run("serve", "--once", expect=1)
            assert http.paths() == ["/start", "/failure"], http.got


SCRIPT = """#!/bin/sh
env >>"$0.env"
printf '%s|%s|%s|%s\\n' "$BASESYNC_STATUS" "$BASESYNC_SYNC" "$BASESYNC_TITLE" "$*" >>"$0.got"
"""


def script(home, text):
    path = os.path.join(home.dir, "tell")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, stat.S_IRWXU)
    return path


def test_a_command_is_started_without_a_shell_and_finds_all_in_its_environment():
    with Twin(world()) as t, home_with(t, "", name="$(touch hurt); `id`") as h:
        path = script(h, SCRIPT)
        h.extra = f"[notify]\ncommand = {path} --to  me;x\n"
        h.set(table="Nowhere")
        h.init()
        with open(os.path.join(h.dir, "basesync.key"), encoding="ascii") as f:
            key = f.read().strip()
        with Server(h, env={"BASESYNC_KEY": key}) as s:
            ticks(s, "2026-01-22 10:05:00", "2026-01-22 10:10:00")
            s.stop()
        with open(path + ".got", encoding="utf-8") as f:
            got = f.read()
        assert got == "person|demo|basesync: $(touch hurt); `id` needs you|--to me;x\n", got
        with open(path + ".env", encoding="utf-8") as f:
            assert key not in f.read()


def test_a_command_that_hangs_or_fails_is_ended_and_written_down():
    with Twin(world()) as t, home_with(t, "", table="Nowhere") as h:
        path = script(h, "#!/bin/sh\nexit 3\n")
        h.extra = f"[notify]\ncommand = {path}\n"
        h.write_ini()
        h.init()
        p = h.run("notify", expect=1)
        assert "tell ended with exit code 3" in p.stderr, p.stderr
        h.extra = "[notify]\ncommand = /no/such/program\n"
        h.write_ini()
        assert "/no/such/program cannot be started: No such file" in \
            h.run("notify", expect=1).stderr
        # A grandchild holds on too: the whole group goes.
        script(h, f"#!/bin/sh\nsleep 987 &\necho $! >{h.dir}/pid\nwait\n")
        h.extra = f"[notify]\ncommand = {path}\n"
        h.write_ini()
        with Server(h) as s:
            s.set("2026-01-22 10:05:00")
            s.until(lambda: os.path.exists(h.dir + "/pid") and
                    os.path.getsize(h.dir + "/pid") > 0)
            with open(h.dir + "/pid", encoding="ascii") as f:
                pid = int(f.read())
            began = time.time()
            s.stop()
            assert time.time() - began < 20
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as f:
                assert f.read().rsplit(")", 1)[1].split()[0] == "Z"
        except FileNotFoundError:
            pass


def mail_keys(mail, user="me@example.com"):
    return (f"mail_url = {mail.url}\nmail_from = basesync@example.com\n"
            f"mail_to = me@example.com, you@example.com\nmail_user = {user}\n")


def test_mail_goes_over_tls_with_a_password_that_is_sealed():
    with Twin(world()) as t, sinks.Mail(t) as mail, \
            home_with(t, mail_keys(mail), table="Nowhere", name="Größe €") as h:
        h.init()
        p = h.run("notify", expect=1)
        assert "the password of me@example.com is not stored: run `basesync connect mail`" in p.stderr
        mail.refuse = "535 no"
        p = h.run("connect", "mail", "--password-file", "-", input="wrong-word\n", expect=2)
        assert "the mail server refuses" in p.stderr, p.stderr
        mail.refuse = None
        h.run("connect", "mail", "--password-file", "-", input="right-word\n")
        login = base64.b64decode(mail.logins[-1]).split(b"\0")
        assert login == [b"", b"me@example.com", b"right-word"], login
        sealed = h.sql("SELECT value FROM \"Meta\" WHERE name = 'sealed:mailPassword'")
        assert len(sealed) == 1 and "right-word" not in sealed[0][0], sealed
        with Server(h) as s:
            ticks(s, "2026-01-22 10:05:00", "2026-01-22 10:10:00")
            s.stop()
            assert "right-word" not in s.text()
        assert len(mail.got) == 2, mail.got  # the test message and this one
        sender, to, message = mail.got[1]
        assert (sender, to) == ("basesync@example.com", ["me@example.com", "you@example.com"])
        assert mail.subject(message) == "basesync: Größe € needs you", message["Subject"]
        assert "Nowhere" in message.get_payload(decode=True).decode(), message
        assert message["Auto-Submitted"] == "auto-generated" and message["Message-ID"]
        assert message["Date"].endswith("+0000"), message["Date"]


def test_each_way_is_remembered_by_itself():
    with Twin(world()) as t, sinks.Http(t) as http, sinks.Mail(t) as mail, \
            home_with(t, f"url = {http.url}\n{TEMPLATE}\n" + mail_keys(mail, ""),
                      table="Nowhere") as h:
        h.init()
        http.status = 500
        with Server(h) as s:
            ticks(s, "2026-01-22 10:05:00")
            assert (len(http.got), len(mail.got)) == (1, 1)
            http.status = 200
            ticks(s, "2026-01-22 10:10:00", "2026-01-22 10:15:00")
            assert (len(http.got), len(mail.got)) == (2, 1), (http.got, mail.got)
            s.stop()


def test_a_test_message_goes_every_way_by_hand():
    with Twin(world()) as t, sinks.Http(t) as http, \
            home_with(t, f"url = {http.url}\ncontent_type = application/x-www-form-urlencoded\n"
                         "template = token=abc&message={title}") as h:
        h.init()
        assert "http: a test message was sent." in h.run("notify").stdout
        assert http.got[0][3] == "token=abc&message=basesync%3A%20test", http.got
        http.status = 404
        assert "answers 404" in h.run("notify", expect=1).stderr
        h.extra = ""
        h.write_ini()
        assert "there is no way to tell anybody" in h.run("notify", expect=2).stderr


if __name__ == "__main__":
    harness.main(globals())
