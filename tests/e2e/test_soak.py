#!/usr/bin/env python3
"""Years in minutes: a day of ticks with five syncs, after which nothing has grown; and the supervisor at
rest: small, and not once awake."""
import json
import os
import shutil
import subprocess
import time

import harness
from harness import Home, Twin, field, record, scenario
from test_serve import BASES, SHEETS, Server, world

DAY = 24 * 60
TICKS = 288
SYNCS = ("one", "two", "three", "four", "five")
FIELDS = [field("Name"), field("Amount", "number", precision=2)]


def five_syncs():
    """Five tables of two bases and five tabs of two spreadsheets: two groups, side by side."""
    s = scenario(FIELDS, [])
    base, book = s["airtable"]["bases"][0], s["google"]["spreadsheets"][0]
    tab = book["sheets"][0]
    s["airtable"]["bases"] = [dict(base, id=BASES[k], tables=[]) for k in range(2)]
    s["google"]["spreadsheets"] = [dict(book, id=SHEETS[k], sheets=[]) for k in range(2)]
    for i, name in enumerate(SYNCS):
        s["airtable"]["bases"][i % 2]["tables"].append(
            {"name": name, "fields": FIELDS,
             "records": [record(Name=f"{name} {k}", Amount=k) for k in range(20)]})
        s["google"]["spreadsheets"][i % 2]["sheets"].append(dict(tab, sheetId=i, title=name))
    s["tokens"][0]["bases"] = BASES[:2]
    return s


def clock_text(minutes):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(1769040000 + minutes * 60))


def sizes(server):
    """Memory in KiB, descriptors, bytes of the database and of its log."""
    pid = server.process.pid
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        rss = next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
    wal = server.home.db + "-wal"
    return (rss, len(os.listdir(f"/proc/{pid}/fd")), os.path.getsize(server.home.db),
            os.path.getsize(wal) if os.path.exists(wal) else 0)


def edit(twin, tick):
    """A person now and then, on either side."""
    if tick % 12 == 0:
        name = SYNCS[tick // 12 % 5]
        base = BASES[SYNCS.index(name) % 2]
        rec = sorted(twin.records(name, base))[tick % 20]
        twin.control("person", {"airtable": [
            {"op": "update", "base": base, "table": name, "record": rec,
             "fields": {"Amount": tick}}]})
    elif tick % 12 == 6:
        name = SYNCS[tick // 12 % 5]
        twin.control("person", {"sheets": [
            {"op": "set", "spreadsheet": SHEETS[SYNCS.index(name) % 2], "sheet": name,
             "cell": f"B{2 + tick % 20}", "value": tick}]})


def test_a_day_of_five_syncs_leaves_nothing_behind():
    # The clock stands still within a tick: limits by the second would never let go.
    with Twin(five_syncs()) as t, Home(t, airtable="requests_per_second = 50",
                                       google="reads_per_minute = 6000") as h:
        h.extra = "[notify]\ncommand = /bin/true\n"
        for i, name in enumerate(SYNCS):
            h.set(name, [], base=BASES[i % 2], spreadsheet=SHEETS[i % 2], table=name, tab=name)
        with open(h.ini, encoding="utf-8") as f:
            text = f.read().replace("[basesync]", "[basesync]\nlog_days = 1\nhistory_days = 1")
        with open(h.ini, "w", encoding="utf-8") as f:
            f.write(text)
        h.init()
        began, seen = time.time(), {}
        with Server(h, clock_text(-3)) as s:
            jobs = 0
            for tick in range(TICKS):
                edit(t, tick)
                s.set(clock_text(5 * tick))
                jobs += 1
                s.until_jobs(jobs, 120)
                seen[tick] = sizes(s)
            status = h.sql('SELECT status, count(*) FROM "SyncLog" GROUP BY status')
            assert status == [("SUCCESS", TICKS * len(SYNCS))], status
            rows = h.sql('SELECT count(*) FROM "SyncChange"')[0][0]
            # Days later what was kept for a day has gone, and its space is used again.
            for tick in range(TICKS, TICKS + 24):
                s.set(clock_text(3 * DAY + 360 * tick))
                jobs += 1
                s.until_jobs(jobs, 120)
            late = sizes(s)
            kept = h.sql('SELECT count(*) FROM "SyncLog"')[0][0]
            s.stop()
        seconds = time.time() - began
        first, last = seen[24], seen[TICKS - 1]
        print(f"{TICKS} ticks x {len(SYNCS)} syncs in {seconds:.0f} s; KiB resident, descriptors, bytes "
              f"of database and log: {first} after two hours, {last} after a day, {late} days later",
              flush=True)
        assert max(last[0], late[0]) <= first[0] + 256, "the supervisor's memory grows"
        assert last[1] == first[1], "descriptors are left open"
        # A run's row is what a run costs: a few hundred bytes.
        grown = (last[2] - first[2]) / ((TICKS - 25) * len(SYNCS))
        assert grown < 700, f"{grown} bytes a run"
        assert last[3] <= 5 << 20, "the write-ahead log grows"
        assert kept <= 9 * len(SYNCS), kept  # a day of four runs, and one more until it is cleared
        assert late[2] <= last[2], (late, last)
        assert rows > 20, rows
        h.quiet()


# ---- at rest ----

def best_program():
    """The release program when it is built of this very commit: what users run."""
    release = os.path.join(harness.BUILD, "release", "basesync")
    if not os.path.exists(release):
        return harness.BASESYNC, False

    def commit(program):
        p = subprocess.run([program, "version", "--json"], stdout=subprocess.PIPE, text=True,
                           check=True)
        return json.loads(p.stdout).get("commit")
    return (release, True) if commit(release) == commit(harness.BASESYNC) else \
        (harness.BASESYNC, False)


def test_the_supervisor_at_rest_is_small_and_not_once_awake():
    program, is_release = best_program()
    if harness.PROFILE == "asan":
        print("skip  the sanitizer's memory is not the program's", flush=True)
        return
    with Twin(world()) as t, Home(t, {"schedule": "0 0 29 2 *"}) as h:
        h.init()
        debug, harness.BASESYNC = harness.BASESYNC, program
        try:
            with Server(h, real_time=True) as s:
                time.sleep(1)
                rss = sizes(s)[0]
                print(f"{'release' if is_release else 'debug'} program, {rss} KiB resident",
                      flush=True)
                # The debug program has glibc's pages beside it.
                assert rss <= (4096 if is_release else 6144), rss
                if not shutil.which("strace"):
                    print("skip  strace is not installed: wake-ups are not counted", flush=True)
                else:
                    calls = traced(s.process.pid, 5)
                    # The call it sleeps in is seen, and nothing else.
                    assert len(calls) <= 1, calls
                s.stop()
        finally:
            harness.BASESYNC = debug


def traced(pid, seconds):
    """The system calls that the process makes in this time."""
    out = f"/tmp/strace.{pid}"
    p = subprocess.Popen(["strace", "-p", str(pid), "-o", out], stderr=subprocess.PIPE, text=True)
    line = p.stderr.readline()
    assert "attached" in line, line
    time.sleep(seconds)
    p.terminate()
    p.communicate()
    try:
        with open(out, encoding="utf-8") as f:
            return [x for x in f.read().splitlines() if x.strip()]
    finally:
        os.unlink(out)


if __name__ == "__main__":
    harness.main(globals())
