#!/usr/bin/env python3
"""Seeing how things stand: status in its forms, metrics, the queries that people type, progress, and the
month's budget of calls that stretches the schedule."""
import datetime
import json
import math
import os
import pty
import re
import select
import subprocess

import harness
from harness import Home, Twin, record, scenario
from test_serve import BASES, FIELDS, SHEETS, Server, logs, world

ACCOUNT = "usrDemoUser000001"


# ---- metrics ----

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)\{([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"\} '
                    r'([-+]?(?:[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|Inf)|NaN)$')


def parse_metrics(text):
    """The text format as its specification has it: {name: {label value: number}}. Each family is one
    block with HELP, then TYPE, then its samples, none of them twice."""
    assert text.endswith("\n") and "\r" not in text
    out, family = {}, None
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            family = line.split(" ")[2]
            assert family not in out, line
            assert len(line.split(" ", 3)[3]) > 0, line
            out[family] = {}
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {family} gauge" and out[family] == {}, line
        else:
            m = SAMPLE.match(line)
            assert m and m.group(1) == family, line
            label = m.group(3).replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")
            assert label not in out[family], line
            out[family][label] = math.inf if m.group(4) == "+Inf" else float(m.group(4))
    return out


def test_metrics_are_in_the_text_format_and_true():
    w = world(2)
    account = 'quo"te\\d@example.com'
    w["airtable"]["users"] = [{"id": ACCOUNT, "email": account, "name": "Me"}]
    w["tokens"][0]["scopes"].append("user.email:read")
    with Twin(w) as t, Home(t, {}, airtable="monthly_budget = 100000") as h:
        h.set("odd", [], tab="Nowhere", base=BASES[1], spreadsheet=SHEETS[1])
        h.init()
        with Server(h) as s:
            s.set("2026-01-22 10:05:00")
            s.until_jobs(1)
            s.stop()
        h.env["BASESYNC_CLOCK"] = h.dir + "/clock"
        with open(h.dir + "/clock", "w", encoding="ascii") as f:
            f.write("2026-01-22 10:12:00")
        m = parse_metrics(h.run("status", "--prometheus").stdout)
        at = datetime.datetime(2026, 1, 22, 10, 5, tzinfo=datetime.timezone.utc).timestamp()
        assert m["basesync_active"] == {"demo": 1, "odd": 1}, m
        assert m["basesync_last_run_success"] == {"demo": 1, "odd": 0}, m
        assert m["basesync_needs_person"] == {"demo": 0, "odd": 1}, m
        assert m["basesync_last_run_timestamp_seconds"] == {"demo": at, "odd": at}, m
        assert m["basesync_last_success_timestamp_seconds"] == {"demo": at}, m
        assert m["basesync_lag_seconds"] == {"demo": 420}, m
        assert m["basesync_late_seconds"] == {"demo": 120, "odd": 120}, m
        assert m["basesync_next_run_timestamp_seconds"] == {"demo": at + 300, "odd": at + 300}, m
        assert set(m["basesync_last_run_duration_seconds"]) == {"demo", "odd"}, m
        assert m["basesync_held_conflicts"] == {"demo": 0, "odd": 0}, m
        assert m["basesync_airtable_monthly_budget"] == {account: 100000}, m
        calls = h.sql("SELECT calls FROM \"UsageMonth\" WHERE month = '2026-01'")[0][0]
        assert m["basesync_airtable_calls_this_month"] == {account: calls}, m
        assert m["basesync_airtable_calls_forecast"][account] > calls, m
        h.run("pause", "demo")
        m = parse_metrics(h.run("status", "--prometheus", "demo").stdout)
        assert m["basesync_active"] == {"demo": 0}, m
        assert m["basesync_next_run_timestamp_seconds"] == {}, m


# ---- status ----

def test_status_tells_how_each_sync_stands():
    with Twin(world()) as t, Home(t, {}) as h:
        h.set("odd", [], tab="Nowhere")
        h.set("off", [], active="no")
        h.init()
        one = {x["sync"]: x for x in json.loads(h.run("status", "--json").stdout)}
        assert one["demo"]["lastSyncStatus"] is None and one["demo"]["lagSeconds"] is None, one
        h.sync(expect=4)
        one = {x["sync"]: x for x in json.loads(h.run("status", "--json").stdout)}
        assert one["demo"]["state"] == "ok" and 0 <= one["demo"]["lagSeconds"] < 60, one
        assert one["odd"]["state"] == "person" and one["odd"]["lagSeconds"] is None, one
        assert one["odd"]["lastErrorType"] == "SCHEMA", one
        assert one["demo"]["airtableAccount"] == ACCOUNT, one
        assert one["demo"]["airtableCallsThisMonth"] == h.sql(
            'SELECT calls FROM "UsageMonth"')[0][0], one
        assert "monthlyBudget" not in one["demo"], one
        text = h.run("status").stdout
        lines = {line.split()[0]: line for line in text.splitlines() if line}
        assert "success" in lines["demo"] and "failed" in lines["odd"], text
        assert "Nowhere" in lines["odd"] and " off " in lines["off"], text
        assert re.search(r"^Airtable calls this month: \d+, about \d+ by its end \(" + ACCOUNT,
                         text, re.M), text
        h.run("disconnect", "airtable")
        h.sync("demo", expect=2)
        text = h.run("status", "demo").stdout
        assert "not started" in text and "no Airtable connection" in text, text


# ---- the queries of people ----

def test_the_queries_that_people_type_answer_in_the_shell():
    """Recent logs, failed within the last hour, syncs that have not run for ten minutes."""
    with Twin(world()) as t, Home(t, {}) as h:
        h.set("odd", [], tab="Nowhere")
        h.init()
        h.sync(expect=4)

        def ask(query):
            return h.run("sql", "--", "-json", query)
        rows = json.loads(ask('SELECT l.id, c.name, l.status, l.recordsSynced, l.startedAt, '
                              'l.completedAt FROM "SyncLog" l JOIN "SyncConfig" c ON '
                              'l.syncConfigId = c.id ORDER BY l.startedAt DESC LIMIT 10;').stdout)
        assert {(r["name"], r["status"]) for r in rows} == {("demo", "SUCCESS"), ("odd", "FAILED")}
        rows = json.loads(ask("SELECT * FROM \"SyncLog\" WHERE status = 'FAILED' AND startedAt > "
                              "datetime('now', '-1 hour') ORDER BY startedAt DESC;").stdout)
        assert len(rows) == 1 and json.loads(rows[0]["errors"])[0]["type"] == "SCHEMA", rows
        late = ('SELECT id, name, lastSyncAt FROM "SyncConfig" WHERE isActive = 1 AND (lastSyncAt '
                "IS NULL OR lastSyncAt < datetime('now', '-10 minutes'));")
        assert ask(late).stdout == ""
        h.set("never", [], tab="Deals")
        h.run("status")  # mirrors the file
        assert [r["name"] for r in json.loads(ask(late).stdout)] == ["never"]
        assert h.run("sql", "--", 'DELETE FROM "SyncLog"', expect=None).returncode != 0
        assert len(logs(h)) == 2


# ---- progress ----

def on_terminal(home, *args):
    """Standard error on a terminal; gives both outputs."""
    master, slave = pty.openpty()
    p = subprocess.Popen([harness.BASESYNC, "-c", home.ini, *args], env=home.env, stderr=slave,
                         stdout=subprocess.PIPE, text=True)
    os.close(slave)
    out, shown = p.stdout.read, b""
    while True:
        ready = select.select([master], [], [], 0.05)[0]
        if ready:
            try:
                shown += os.read(master, 65536)
            except OSError:
                break
        elif p.poll() is not None:
            break
    os.close(master)
    text = out()
    p.stdout.close()
    p.wait()
    return text, shown.decode()


def test_progress_is_shown_on_a_terminal_and_nowhere_else():
    s = scenario(FIELDS, [record(Name=f"Deal {i}", Amount=i) for i in range(250)], row_count=400)
    with Twin(s) as t, Home(t, {}) as h:
        h.init()
        text, shown = on_terminal(h, "sync")
        assert re.search(r"\r\x1b\[K  [^\r]*\d+", shown), shown
        assert shown.rstrip("\r\n").endswith("\x1b[K"), shown  # wiped in the end
        assert "\x1b" not in text and "[SyncJob] ✓ Sync completed successfully" in text, text
        t.person(airtable=[{"op": "update", "table": "Deals", "record": r, "fields": {"Amount": 5}}
                           for r in t.records("Deals")])
        assert on_terminal(h, "sync", "--quiet") == ("", "")
        p = h.sync()
        assert "\x1b" not in p.stdout + p.stderr, p.stderr


# ---- the month's budget ----

def next_at(h, slug="demo"):
    return h.sql('SELECT nextSyncAt FROM "SyncConfig" WHERE slug = ?', slug)[0][0]


def month_calls(h, month="2026-01"):
    return sum(n for (n,) in h.sql('SELECT calls FROM "UsageMonth" WHERE month = ?', month))


def test_a_budget_stretches_the_schedule_so_that_the_month_lasts():
    budget = 60
    with Twin(world()) as t, Home(t, {}, airtable=f"monthly_budget = {budget}") as h:
        h.init()
        with Server(h, "2026-01-31 16:02:00") as s:
            ran = []
            # What is left in the end may be too little for one more run.
            while next_at(h) < "2026-02-01" and budget - month_calls(h) > 2:
                ran.append(next_at(h))
                s.set(ran[-1])
                s.until_jobs(len(ran))
                s.until(lambda: next_at(h) > ran[-1])
                if len(ran) == 4:
                    status = json.loads(h.run("status", "--json",
                                              env={"BASESYNC_CLOCK": s.clock}).stdout)[0]
                    table = h.run("status", env={"BASESYNC_CLOCK": s.clock}).stdout
            assert {x[1] for x in logs(h)} == {"SUCCESS"}, logs(h)
            assert budget * 0.8 <= month_calls(h) <= budget, (month_calls(h), ran)
            # It lasts: the last run is in the last tenth of the time, and no pause is a long one.
            assert ran[-1] > "2026-01-31 23:10", ran
            assert s.text().count("its syncs run less often") == 1, s.text()
            # A new month begins with a run at its first tick.
            assert next_at(h) <= "2026-02-01 00:00:00.000", next_at(h)
            s.set("2026-02-01 00:00:00")
            s.until_jobs(len(ran) + 1)
            s.stop()
        assert status["scheduleStretch"] > 1.5 and status["monthlyBudget"] == budget, status
        assert status["airtableCallsScheduled"] > budget >= status["airtableCallsForecast"], status
        assert status["callsLeft"] == budget - status["airtableCallsThisMonth"], status
        assert f" of {budget}, " in table and "so that the budget lasts" in table, table
        with Server(h, "2026-02-01 00:02:00") as s:  # said once a month, over restarts
            s.stop()
            assert s.text().count("its syncs run less often") <= 1, s.text()


def test_a_budget_that_is_used_up_lets_no_run_begin():
    with Twin(world()) as t, Home(t, {}, airtable="monthly_budget = 1") as h:
        h.init()
        with Server(h, "2026-01-22 10:02:00") as s:
            s.until(lambda: next_at(h) == "2026-02-01 00:00:00.000")
            s.set("2026-01-22 10:05:00")
            s.stop()
            assert "its syncs run less often" in s.text(), s.text()
        assert logs(h) == [] and month_calls(h) == 0


def test_without_a_budget_every_tick_runs():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        with Server(h, "2026-01-31 16:02:00") as s:
            for i in range(4):
                s.until(lambda i=i: next_at(h) == f"2026-01-31 16:{5 * (i + 1):02d}:00.000")
                s.set(next_at(h))
                s.until_jobs(i + 1)
            s.stop()


if __name__ == "__main__":
    harness.main(globals())
