#!/usr/bin/env python3
"""Calls, seconds, CPU, memory and size, as one table. API calls come first: they are what users run
out of. Each scene runs the program as its user would; the twin keeps the services' limits and
latencies, so wall time is what a real account would show at best."""
import os
import platform
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
import harness  # noqa: E402

RECORDS = [int(n) for n in os.environ.get("RECORDS", "100 1000 10000").split()]
FIELDS = int(os.environ.get("FIELDS", "20"))
SCENES = os.environ.get("SCENES", "start fill quiet edit").split()
rows = []


def peak_of(pid, out):
    """Greatest resident size of a process, MiB, from its own memory map: what wait4 tells begins with
    the size of the process that forked it."""
    try:
        while True:
            with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as f:
                for line in f:
                    if line.startswith("VmHWM:"):
                        out[0] = max(out[0], int(line.split()[1]) / 1024)
            time.sleep(0.005)
    except OSError:
        pass


def timed(home, *args, expect=0):
    """Runs the program; wall seconds, CPU seconds, peak MiB."""
    peak = [0.0]
    started = time.time()
    p = subprocess.Popen([harness.BASESYNC, "-c", home.ini, *args], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, env=home.env)
    watch = threading.Thread(target=peak_of, args=(p.pid, peak))
    watch.start()
    out = p.stdout.read().decode()
    _, status, usage = os.wait4(p.pid, 0)
    watch.join()
    p.returncode = os.waitstatus_to_exitcode(status)
    p.stdout.close()
    if p.returncode != expect:
        raise SystemExit(f"basesync {args}: exit code {p.returncode}\n{out}\n{home.errors()}")
    return time.time() - started, usage.ru_utime + usage.ru_stime, peak[0]


def calls(twin):
    """Requests since the last reset by service."""
    count = {"airtable": 0, "sheets": 0, "token": 0, "429": 0}
    for r in twin.requests():
        for name in ("airtable", "sheets", "token"):
            if r["kind"].startswith(name):
                count[name] += 1
        count["429"] += r["status"] == 429
    return count


def add(scene, n, measured, twin):
    wall, cpu, memory = measured
    c = calls(twin)
    rows.append((scene, n, c["airtable"], c["sheets"], c["token"], c["429"], wall, cpu, memory))
    print(f"  {scene:34} {n:>7} {c['airtable']:>6} {c['sheets']:>5} {c['token']:>3} {c['429']:>3} "
          f"{wall:8.2f} {cpu:7.2f} {memory:7.1f}", flush=True)


def generated(n):
    s = harness.scenario([harness.field("Name")], rows=[], row_count=1000, column_count=26)
    s["airtable"] = {"bases": []}
    s["generate"] = [f"base={harness.BASE},table=Deals,records={n},fields={FIELDS}"]
    return s


def real(twin, on):
    twin.control("limits", {"on": on})
    twin.control("latency", {"mode": "real" if on else "none"})


def scene(n, direction):
    with harness.Twin(generated(n)) as twin, harness.Home(
            twin, {"direction": direction}, airtable="" ) as home:
        home.init()
        real(twin, True)
        twin.reset()
        if "fill" in SCENES:
            add(f"first fill, {direction}", n, timed(home, "sync"), twin)
        else:
            real(twin, False)
            timed(home, "sync")
        if "quiet" in SCENES:
            real(twin, True)
            timed(home, "sync")
            time.sleep(2)
            twin.reset()
            add(f"quiet run, {direction}", n, timed(home, "sync"), twin)
            if twin.writes():
                raise SystemExit(f"a quiet run wrote {len(twin.writes())} times")
        if "edit" in SCENES:
            record = next(iter(twin.records("Deals")))
            name = twin.state()["airtable"]["bases"][0]["tables"][0]["fields"][0]["name"]
            twin.person(airtable=[{"op": "update", "table": "Deals", "record": record,
                                   "fields": {name: "edited by a person"}}])
            time.sleep(2)
            twin.reset()
            add(f"one record edited, {direction}", n, timed(home, "sync"), twin)


def start():
    best = min(run_once() for _ in range(20))
    size = os.path.getsize(harness.BASESYNC)
    print(f"  start to exit of `basesync version`: {best * 1000:.1f} ms; binary {size:,} bytes")


def run_once():
    started = time.perf_counter()
    subprocess.run([harness.BASESYNC, "version"], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def main():
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}; {FIELDS} fields; limits and "
          "latencies of the real services")
    if "start" in SCENES:
        start()
    print(f"  {'scene':34} {'records':>7} {'Airt.':>6} {'Goog.':>5} {'tok':>3} {'429':>3} "
          f"{'wall s':>8} {'CPU s':>7} {'MiB':>7}")
    for n in RECORDS:
        scene(n, "airtable_to_sheets")


main()
