#!/usr/bin/env python3
"""The supervisor: due syncs by their schedules, groups side by side, workers that die, hang or eat
memory, reload, stop."""
import glob
import json
import os
import re
import signal
import socket
import subprocess
import time

import harness
from harness import Home, Twin, field, record, scenario

FIELDS = [field("Name"), field("Amount", "number", precision=2)]
RECORDS = [record(Name=f"Deal {i}", Amount=i) for i in range(3)]
BASES = ["appDemoBase000000", "appOther000000001", "appOther000000002"]
SHEETS = [harness.SHEET, "1otherSpreadsheetIdxxxxxxxxxxxxxxxxxxxxxxxxx01",
          "1otherSpreadsheetIdxxxxxxxxxxxxxxxxxxxxxxxxx02"]


def world(n=1):
    """n bases and n spreadsheets, alike."""
    s = scenario(FIELDS, RECORDS)
    base, sheet = s["airtable"]["bases"][0], s["google"]["spreadsheets"][0]
    s["airtable"]["bases"] = [dict(base, id=b) for b in BASES[:n]]
    s["google"]["spreadsheets"] = [dict(sheet, id=i) for i in SHEETS[:n]]
    s["tokens"][0]["bases"] = BASES[:n]
    return s


class Server:
    """basesync serve with a clock of its own."""

    def __init__(self, home, now="2026-01-22 10:02:00", env=None, real_time=False):
        self.home = home
        self.looked_at = self.ended = 0
        self.clock = os.path.join(home.dir, "clock")
        e = dict(home.env, TZ="UTC", **(env or {}))
        if not real_time:
            # Within a tick this clock stands still: a limit by the second would never let go.
            if "requests_per_second" not in home.airtable:
                home.airtable += "\nrequests_per_second = 50"
                with open(home.ini, encoding="utf-8") as f:
                    text = f.read().replace("[airtable]", "[airtable]\nrequests_per_second = 50")
                with open(home.ini, "w", encoding="utf-8") as f:
                    f.write(text)
            self.set(now)
            e["BASESYNC_CLOCK"] = self.clock
        self.log = open(os.path.join(home.dir, "serve.log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen([harness.BASESYNC, "-c", home.ini, "serve"], env=e,
                                        stdout=self.log, stderr=subprocess.STDOUT)
        self.until("serving ")
        self.until(lambda: all(x for (x,) in home.sql('SELECT nextSyncAt FROM "SyncConfig"')))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def set(self, now):
        with open(self.clock + ".new", "w", encoding="utf-8") as f:
            f.write(now)
        os.rename(self.clock + ".new", self.clock)

    def text(self):
        with open(self.log.name, encoding="utf-8") as f:
            return f.read()

    def jobs(self):
        """How many have ended. Reads only what is new: it is asked often."""
        with open(self.log.name, "rb") as f:
            f.seek(self.looked_at)
            new = f.read()
        whole = new.rfind(b"\n") + 1
        self.looked_at += whole
        self.ended += new[:whole].count(b"Job Summary:")
        return self.ended

    def until(self, what, seconds=30):
        """Waits until what() is true or a text is in the log."""
        check = what if callable(what) else lambda: what in self.text()
        end = time.time() + seconds
        while not check():
            assert time.time() < end, f"waited in vain for {what}\n{self.text()}"
            assert self.process.poll() is None, f"serve ended\n{self.text()}"
            time.sleep(0.02)

    def until_jobs(self, n, seconds=30):
        self.until(lambda: self.jobs() >= n, seconds)

    def stop(self, expect=0):
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        assert code == expect, f"serve ended with {code}\n{self.text()}"

    def children(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children",
                  encoding="ascii") as f:
            return [int(p) for p in f.read().split()]


def logs(home):
    return home.sql('SELECT c.slug, l.status, l.triggeredBy, l.errors FROM "SyncLog" l JOIN '
                    '"SyncConfig" c ON c.id = l.syncConfigId ORDER BY l.rowid')


def test_due_syncs_run_by_the_clock_and_missed_ticks_come_as_one():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        with Server(h, "2026-01-22 10:02:00") as s:
            s.until(lambda: h.sql('SELECT nextSyncAt FROM "SyncConfig"') ==
                    [("2026-01-22 10:05:00.000",)])
            assert logs(h) == []
            s.set("2026-01-22 10:05:00.200")
            s.until_jobs(1)
            s.set("2026-01-22 11:59:59")
            s.until_jobs(2)
            s.set("2026-01-22 12:00:00")
            s.until_jobs(3)
            s.stop()
            assert [x[:3] for x in logs(h)] == [("demo", "SUCCESS", "scheduled")] * 3
            assert h.sql('SELECT nextSyncAt FROM "SyncConfig"') == [("2026-01-22 12:05:00.000",)]
            text = s.text()
        assert "[SyncJob] Starting scheduled sync job...\n" in text, text
        assert "[SyncJob] Time: 2026-01-22T10:05:00.200Z\n" in text, text
        assert "[SyncJob]   Successful: 1\n" in text, text
        assert len(t.rows("Deals")) == 4


RULE = "=" * 60
JOB_LOG = f"""{RULE}
Starting scheduled sync job...
Time: 2026-01-22T10:05:00.000Z
{RULE}
Fetching active sync configurations...
Found 2 active sync configuration(s)
{RULE}
Processing config: My Airtable ↔ Sheets Sync (ID)
Direction: BIDIRECTIONAL
User: user@example.com
{RULE}
Decrypting access tokens...
Executing BIDIRECTIONAL sync...
✓ Sync completed successfully
  Status: success
  Airtable → Sheets: 3 added, 0 updated
  Sheets → Airtable: 0 added, 0 updated
  Conflicts: 0 resolved
  Duration: Nms
Updating sync metadata...
✓ Sync metadata updated
{RULE}
Processing config: One way (ID)
Direction: AIRTABLE_TO_SHEETS
User: user@example.com
{RULE}
Decrypting access tokens...
✗ Sync failed: WHY
  Status: failed
  Airtable → Sheets: 0 added, 0 updated
  Duration: Nms
Updating sync metadata...
✓ Sync metadata updated
{RULE}
Job Summary:
  Total Processed: 2
  Successful: 1
  Failed: 1
  Skipped: 0
  Duration: Nms
Detailed Results:
  1. ✓ My Airtable ↔ Sheets Sync - Synced successfully (success) (Nms)
  2. ✗ One way - Failed: WHY (failed) (Nms)
{RULE}
"""


def test_the_job_log_is_word_by_word_what_readers_of_such_logs_know():
    with Twin(world()) as t, Home(t, {"name": "My Airtable ↔ Sheets Sync"},
                                  extra="[user me]\nemail = user@example.com\n") as h:
        h.set("one", [], tab="Nowhere", name="One way", direction="airtable_to_sheets")
        h.init()
        with Server(h) as s:
            s.set("2026-01-22 10:05:00")
            s.until_jobs(1)
            s.stop()
            lines = s.text().splitlines()
        assert all(x.startswith(("[SyncJob] ", "[Supervisor] ")) for x in lines), lines
        text = "".join(x[10:] + "\n" for x in lines if x.startswith("[SyncJob] "))
        why = logs(h)[1][3]
        text = text.replace(json.loads(why)[0]["message"], "WHY")
        text = re.sub(r"\b[0-9]+ms", "Nms", text)
        text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", text)
        assert text == JOB_LOG, text


def test_a_run_that_was_missed_while_nobody_was_there_is_made_up_for():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        with Server(h, "2026-01-22 10:02:00") as s:
            s.stop()
        with Server(h, "2026-01-22 10:07:00") as s:
            s.until_jobs(1)
            s.stop()


def test_syncs_without_a_common_thing_run_side_by_side_and_others_do_not():
    with Twin(world(3)) as t, Home(t, {}) as h:
        h.set("other", [], base=BASES[1], spreadsheet=SHEETS[1])
        h.set("same", [], base=BASES[1], spreadsheet=SHEETS[2])
        h.init()
        t.faults({"match": {"kind": "airtable.list"}, "count": -1,
                  "fault": {"kind": "delay", "ms": 700}})
        with Server(h) as s:
            s.set("2026-01-22 10:05:00")
            s.until(lambda: len(s.children()) == 2)
            pids = s.children()
            args = []
            for p in pids:
                with open(f"/proc/{p}/cmdline", encoding="utf-8") as f:
                    args.append(f.read().rstrip("\0").split("\0"))
            ids = dict(h.sql('SELECT slug, id FROM "SyncConfig"'))
            given = sorted(a[a.index("--") + 1:] for a in args)
            assert given == sorted([[ids["demo"]], [ids["other"], ids["same"]]]), args
            assert all(a[3:5] == ["sync", "--worker"] for a in args), args
            s.until_jobs(1)
            s.stop()
        assert sorted(x[:2] for x in logs(h)) == [("demo", "SUCCESS"), ("other", "SUCCESS"),
                                                 ("same", "SUCCESS")]


def test_no_more_workers_than_allowed_run_at_once():
    with Twin(world(3)) as t, Home(t, {}, extra="") as h:
        h.set("b", [], base=BASES[1], spreadsheet=SHEETS[1])
        h.set("c", [], base=BASES[2], spreadsheet=SHEETS[2])
        with open(h.ini, encoding="utf-8") as f:
            text = f.read().replace("[basesync]", "[basesync]\nworkers = 1")
        with open(h.ini, "w", encoding="utf-8") as f:
            f.write(text)
        h.init()
        t.faults({"match": {"kind": "airtable.list"}, "count": -1,
                  "fault": {"kind": "delay", "ms": 200}})
        with Server(h) as s:
            s.set("2026-01-22 10:05:00")
            most = 0
            end = time.time() + 30
            while "Job Summary:" not in s.text() and time.time() < end:
                most = max(most, len(s.children()))
                time.sleep(0.01)
            assert most == 1, most
            s.stop()
        assert len(logs(h)) == 3


def serve_with_trouble(trouble, seconds=60, keys=""):
    """Two syncs; the first one's worker gets into trouble. Returns their log rows and the text."""
    with Twin(world(2)) as t, Home(t, {}) as h:
        h.set("good", [], base=BASES[1], spreadsheet=SHEETS[1])
        with open(h.ini, encoding="utf-8") as f:
            text = f.read().replace("[basesync]", "[basesync]\n" + keys)
        with open(h.ini, "w", encoding="utf-8") as f:
            f.write(text)
        h.init()
        t.faults({"match": {"kind": "airtable.list", "path": "/v0/" + BASES[0]}, "count": -1,
                  "fault": {"kind": "delay", "ms": 6000}})
        with Server(h) as s:
            s.set("2026-01-22 10:05:00")
            s.until(lambda: any(x[0] == "demo" for x in h.sql(
                'SELECT c.slug FROM "SyncLog" l JOIN "SyncConfig" c ON c.id = l.syncConfigId '
                "WHERE l.completedAt IS NULL")) and len(s.children()) == 1)
            trouble(s.children()[0])
            s.until_jobs(1, seconds)
            t.faults()
            s.set("2026-01-22 10:10:00")
            s.until_jobs(2)
            s.stop()
            out = s.text()
        return {x[0]: x for x in logs(h)[:2]}, logs(h)[2:], out


def test_a_worker_that_crashes_costs_its_run_only_and_is_written_down():
    for sig, name in ((signal.SIGSEGV, "ended by signal 11"), (signal.SIGKILL, "ended by signal 9")):
        if sig == signal.SIGSEGV and harness.PROFILE == "asan":
            name = "ended with exit code "  # the sanitizer catches the signal
        first, later, text = serve_with_trouble(lambda pid, sig=sig: os.kill(pid, sig))
        assert first["demo"][1] == "FAILED" and name in first["demo"][3], first
        assert first["good"][1] == "SUCCESS", first
        assert {x[1] for x in later} == {"SUCCESS"}, later
        assert "Failed: the worker process " in text and name in text, text


def test_a_worker_that_hangs_is_ended_after_its_time():
    first, later, text = serve_with_trouble(lambda pid: None, keys="worker_timeout = 2s")
    assert first["demo"][1] == "FAILED", first
    assert first["good"][1] == "SUCCESS", first
    assert {x[1] for x in later} == {"SUCCESS"}, later
    assert text.count("Job Summary:") == 2, text
    assert "stopped" in first["demo"][3] or "worker_timeout" in first["demo"][3], first


def test_a_worker_that_cannot_have_more_memory_is_written_down_and_another_sync_succeeds():
    if harness.PROFILE == "asan":
        return  # the bound is off there: the sanitizer's shadow is larger than any
    w = world(2)
    large = [record(Name=f"{i} " + "long " * 5000, Amount=i) for i in range(1500)]  # 37 MB to write
    table = w["airtable"]["bases"][0]["tables"][0]
    w["airtable"]["bases"][0]["tables"] = [dict(table, records=large)]
    with Twin(w) as t, Home(t, {}) as h:
        h.set("good", [], base=BASES[1], spreadsheet=SHEETS[1])
        with open(h.ini, encoding="utf-8") as f:
            text = f.read().replace("[basesync]", "[basesync]\nworker_memory = 24")
        with open(h.ini, "w", encoding="utf-8") as f:
            f.write(text)
        h.init()
        with Server(h) as s:
            s.set("2026-01-22 10:05:00")
            s.until_jobs(1)
            s.stop()
        outcome = dict(h.sql('SELECT c.slug, l.status FROM "SyncLog" l '
                             'JOIN "SyncConfig" c ON c.id = l.syncConfigId'))
        assert outcome == {"demo": "FAILED", "good": "SUCCESS"}, logs(h)
        [why] = [x[3] for x in logs(h) if x[1] == "FAILED"]
        # the program's own allocations end it; curl and zlib report theirs, and it goes on to say so
        assert any(w in why for w in ("the worker process", "emory", "allocate", "decompression")), why
        assert len(t.rows("Deals", SHEETS[1])) == 1 + len(RECORDS)
        assert t.rows("Deals", SHEETS[0]) == []


def test_a_run_longer_than_its_period_skips_and_says_so():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        t.faults({"match": {"kind": "airtable.list"}, "fault": {"kind": "delay", "ms": 1500}})
        with Server(h) as s:
            s.set("2026-01-22 10:05:00")
            s.until(lambda: len(s.children()) == 1)
            s.set("2026-01-22 10:10:00")
            s.until_jobs(2)
            s.stop()
            text = s.text()
        assert sorted(x[1] for x in logs(h)) == ["SKIPPED", "SUCCESS"], logs(h)
        assert "Skipped: the run before is still going on" in text, text


def test_hangup_reads_the_file_again_and_a_broken_one_changes_nothing():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        with Server(h) as s:
            h.set(schedule="0 11 * * *", name="New name")
            s.process.send_signal(signal.SIGHUP)
            s.until("read the configuration again: 1 active sync(s)")
            assert h.sql('SELECT name, nextSyncAt FROM "SyncConfig"') == [
                ("New name", "2026-01-22 11:00:00.000")]
            with open(h.ini, "a", encoding="utf-8") as f:
                f.write("\n[nonsense]\n")
            s.process.send_signal(signal.SIGHUP)
            s.until("the configuration stays as it was: ")
            s.set("2026-01-22 11:00:00")
            s.until_jobs(1)  # workers go by the file that was good
            s.stop()
        assert [x[1] for x in logs(h)] == ["SUCCESS"], logs(h)


def test_paused_syncs_rest_until_resumed():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        h.run("pause", "demo")
        assert "demo is paused" in h.sync("demo", expect=2).stderr
        with Server(h) as s:
            s.set("2026-01-22 10:05:00")
            s.until(lambda: h.sql('SELECT nextSyncAt FROM "SyncConfig"') ==
                    [("2026-01-22 10:10:00.000",)])
            assert logs(h) == []
            h.run("resume", "demo")
            s.set("2026-01-22 10:10:00")
            s.until_jobs(1)
            s.stop()


def test_the_stop_signal_lets_the_worker_end_well():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        t.faults({"match": {"kind": "airtable.list"}, "fault": {"kind": "delay", "ms": 1000}})
        with Server(h) as s:
            s.set("2026-01-22 10:05:00")
            s.until(lambda: h.sql('SELECT 1 FROM "SyncLog" WHERE completedAt IS NULL'))
            s.stop()
            assert "Job Summary:" in s.text()
        rows = h.sql('SELECT status FROM "SyncLog" WHERE completedAt IS NOT NULL')
        assert len(rows) == 1, rows
        h.run("sync")
        h.quiet()


def test_one_database_is_served_once():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        with Server(h) as s:
            p = h.run("serve", expect=5)
            assert "another `basesync serve` is at work" in p.stderr, p.stderr
            s.process.kill()
            s.process.wait()
        with Server(h) as s:  # a dead one does not count
            s.set("2026-01-22 10:05:00")
            s.until_jobs(1)
            s.stop()


def test_systemd_is_told():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        path = os.path.join(h.dir, "notify")
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind(path)
        sock.settimeout(20)
        with Server(h, env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "400000"}) as s:
            got = []
            while sum("WATCHDOG=1" in x for x in got) < 3:
                got.append(sock.recv(4096).decode())
            assert got[0] == "READY=1", got
            assert any("STATUS=1 active sync(s), 0 running, next at 2026-01-22T10:05:00.000Z" in x
                       for x in got), got
            s.stop()
            while "STOPPING=1" not in got:
                got.append(sock.recv(4096).decode())
        sock.close()


def test_systemd_is_told_of_a_reload_by_an_abstract_socket():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        name = f"basesync-test-{os.getpid()}"
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind("\0" + name)
        sock.settimeout(20)

        def until(what):
            got = [sock.recv(4096).decode()]
            while not got[-1].startswith(what):
                got.append(sock.recv(4096).decode())
            return got
        with Server(h, env={"NOTIFY_SOCKET": "@" + name}) as s:
            assert until("READY=1") == ["READY=1"]
            for broken in (False, True):
                if broken:
                    with open(h.ini, "a", encoding="utf-8") as f:
                        f.write("\n[nonsense]\n")
                before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                s.process.send_signal(signal.SIGHUP)
                told = until("RELOADING=1")[-1].split("\n")
                assert told[1].startswith("MONOTONIC_USEC=") and \
                    before <= int(told[1].split("=")[1]) <= before + 60000000, told
                assert until("READY=1") == ["READY=1"]
            s.stop()
        sock.close()


def test_the_idle_supervisor_sleeps():
    with Twin(world()) as t, Home(t, {"schedule": "0 0 29 2 *"}) as h:
        h.init()
        with Server(h, real_time=True) as s:
            time.sleep(0.5)

            def switches():
                with open(f"/proc/{s.process.pid}/status", encoding="ascii") as f:
                    return [line for line in f if line.startswith("voluntary_ctxt")]
            before = switches()
            time.sleep(3)
            assert switches() == before
            assert len(glob.glob(f"/proc/{s.process.pid}/fd/*")) < 16
            s.stop()


def test_once_runs_all_and_tells_how_it_went():
    with Twin(world(2)) as t, Home(t, {}) as h:
        h.set("good", [], base=BASES[1], spreadsheet=SHEETS[1])
        h.init()
        h.run("serve", "--once")
        h.set(table="Nowhere")
        p = h.run("serve", "--once", expect=1)
        assert "Successful: 1" in p.stdout and "Failed: 1" in p.stdout, p.stdout


if __name__ == "__main__":
    harness.main(globals())
