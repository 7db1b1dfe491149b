#!/usr/bin/env python3
"""Calls, seconds, CPU, memory and size, as one table. API calls come first: they are what users run
out of. Each scene runs the program as its user would; the twin keeps the services' limits and
latencies, so wall time is what a real account would show at best.

SCENES="start fill" takes these scenes, RECORDS="1000" these sizes, RUNS=3 takes the median of so
many runs where a scene can be repeated. RESULTS=FILE adds the table to a file."""
import os
import platform
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
import harness  # noqa: E402

FIELDS = int(os.environ.get("FIELDS", "20"))
RUNS = int(os.environ.get("RUNS", "3"))
ALL = "start quiet full changed fill-sheet fill-airtable update-airtable five five-together gate"
SCENES = os.environ.get("SCENES", ALL).split()
PAGE, BATCH, PER_SECOND = 100, 10, 5  # Airtable's
rows = []


def sizes(default):
    return [int(n) for n in os.environ.get("RECORDS", default).split()]


# ---- measuring ----

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
    """Requests since the last reset by service, and the bytes of their bodies."""
    count = {"airtable": 0, "sheets": 0, "token": 0, "429": 0, "in": 0, "out": 0}
    for r in twin.requests():
        for name in ("airtable", "sheets", "token"):
            if r["kind"].startswith(name):
                count[name] += 1
        count["429"] += r["status"] == 429
        count["in"] += r["bytes_in"]
        count["out"] += r["bytes_out"]
    return count


HEAD = ("scene", "records", "Airtable", "least", "Google", "token", "429", "KiB", "wall s", "bound s",
        "ratio", "CPU s", "MiB")


def add(scene, n, measured, twin, least="", bound=0.0):
    """least: the fewest Airtable calls that can do it. bound: seconds that the rate limit asks for."""
    wall, cpu, memory = measured
    c = calls(twin)
    ratio = f"{wall / bound:.2f}" if bound else ""
    row = (scene, f"{n:,}", c["airtable"], least, c["sheets"], c["token"], c["429"],
           f"{(c['in'] + c['out']) / 1024:,.0f}", f"{wall:.2f}", f"{bound:.1f}" if bound else "", ratio,
           f"{cpu:.2f}", f"{memory:.1f}")
    rows.append(row)
    print("| " + " | ".join(str(x) for x in row) + " |", flush=True)


def median(home, twin, *args, runs=RUNS):
    """One run after another: the medians of wall, CPU and memory; the twin's log is the last one's."""
    taken = []
    for _ in range(runs):
        twin.reset()
        taken.append(timed(home, *args))
    return tuple(statistics.median(column) for column in zip(*taken))


def real(twin, home, on):
    """The services' limits and latencies, or neither: to get somewhere without measuring it."""
    twin.control("limits", {"on": on})
    twin.control("latency", {"mode": "real" if on else "none"})
    home.airtable = "" if on else "requests_per_second = 50"
    home.write_ini()
    if on:
        time.sleep(1.2)  # what was sent faster than allowed is over


# ---- tables ----

def generated(n, bases=1):
    """Bases of one table with n records of many types; a spreadsheet with an empty tab for each."""
    s = harness.scenario([harness.field("Name")], rows=[], row_count=1000, column_count=26)
    s["airtable"] = {"bases": []}
    s["generate"] = [f"base={base(i)},table=Deals,records={n},fields={FIELDS}" for i in range(bases)]
    s["tokens"][0]["bases"] = [base(i) for i in range(bases)]
    sheets = s["google"]["spreadsheets"]
    sheets += [dict(sheets[0], id=spreadsheet(i)) for i in range(1, bases)]
    return s


def base(i):
    return harness.BASE[:-1] + str(i)


def spreadsheet(i):
    return harness.SHEET[:-1] + str(i + 1)


def typed(n):
    """An empty table of text, number, date, check box and select fields, and n rows for it."""
    kinds = [("singleLineText", {}), ("number", {"precision": 2}), ("singleLineText", {}),
             ("date", {"dateFormat": {"name": "iso", "format": "YYYY-MM-DD"}}),
             ("checkbox", {"icon": "check", "color": "greenBright"}),
             ("singleSelect", {"choices": [{"name": c} for c in ("Open", "Won", "Lost")]})]
    fields = [harness.field("Name")]
    fields += [harness.field(f"F{i}", kinds[i % 6][0], **kinds[i % 6][1]) for i in range(1, FIELDS)]
    head = [f["name"] for f in fields]
    lines = [head] + [[f"Row {r}"] + [value(r, i) for i in range(1, FIELDS)] for r in range(n)]
    return harness.scenario(fields, rows=lines, row_count=n + 100, column_count=FIELDS + 6)


def value(r, i):
    return [f"text {r} of {i}", (r * 37 + i) % 100000 / 100, f"person{r}@example.com",
            {"v": 40000 + (r + i) % 5000, "format": {"type": "DATE", "pattern": "yyyy-mm-dd"}},
            (r + i) % 2 == 0, ("Open", "Won", "Lost")[r % 3]][i % 6]


def opened(scenario, direction, **more):
    twin = harness.Twin(scenario)
    return twin, harness.Home(twin, {"direction": direction, "first_sync": "yes", **more})


# ---- scenes ----

def start():
    best = statistics.median(run_once() for _ in range(50))
    size = os.path.getsize(harness.BASESYNC)
    print(f"\nstart to exit of `basesync version`: {best * 1000:.1f} ms (median of 50); "
          f"binary {size:,} bytes\n", flush=True)


def run_once():
    started = time.perf_counter()
    subprocess.run([harness.BASESYNC, "version"], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def edit_airtable(twin, home, ids, name):
    twin.person(airtable=[{"op": "update", "table": "Deals", "record": i, "fields": {"Name": name}}
                          for i in ids])


def edit_sheet(twin, home, row_numbers, name):
    """Column A is the first field's."""
    twin.person(sheets=[{"op": "set", "cell": f"A{r}", "value": f"{name} {r}"} for r in row_numbers])


def quiet(n):
    """A cycle in which nothing changed, then one record changed on either side."""
    twin, home = opened(generated(n), "bidirectional")
    with twin, home:
        home.init()
        real(twin, home, False)
        timed(home, "sync")
        timed(home, "sync")
        real(twin, home, True)
        add("quiet cycle", n, median(home, twin, "sync"), twin, 1)
        if twin.writes():
            raise SystemExit(f"a quiet run wrote {len(twin.writes())} times")
        record = home.sql('SELECT recordId FROM "PairState" ORDER BY rowHint LIMIT 1')[0][0]
        edit_airtable(twin, home, [record], "edited in Airtable")
        twin.reset()
        add("one record edited in Airtable", n, timed(home, "sync"), twin)
        edit_sheet(twin, home, [n // 2 + 1], "edited in the sheet")
        twin.reset()
        add("one record edited in the sheet", n, timed(home, "sync"), twin)


def full(n):
    """Everything read and compared. Time is the program's own: without limits and latencies."""
    twin, home = opened(generated(n), "airtable_to_sheets", full_scan="0s")
    with twin, home:
        home.init()
        real(twin, home, False)
        timed(home, "sync")
        timed(home, "sync")
        add("full compare, nothing changed", n, median(home, twin, "sync"), twin, -(-n // PAGE))


def changed(n):
    """1 % of the records changed on each side, none on both: the compare alone, and the whole run."""
    twin, home = opened(generated(n), "bidirectional", full_scan="0s")
    with twin, home:
        home.init()
        real(twin, home, False)
        timed(home, "sync")
        timed(home, "sync")
        ids = home.sql('SELECT recordId, rowHint FROM "PairState" ORDER BY rowHint')
        edit_airtable(twin, home, [i for i, _ in ids[::100]], "edited in Airtable")
        edit_sheet(twin, home, [r for _, r in ids[50::100]], "edited")
        add("full compare, 1 % changed on each side", n,
            median(home, twin, "sync", "--dry-run"), twin, -(-n // PAGE))
        twin.reset()
        add("the same, written", n, timed(home, "sync"), twin)


def fill_sheet(n):
    twin, home = opened(generated(n), "airtable_to_sheets")
    with twin, home:
        home.init()
        real(twin, home, True)
        twin.reset()
        add("first fill of an empty tab", n, timed(home, "sync"), twin, -(-n // PAGE),
            n / PAGE / PER_SECOND)


def fill_airtable(n):
    twin, home = opened(typed(n), "sheets_to_airtable")
    with twin, home:
        home.init()
        real(twin, home, True)
        twin.reset()
        add("first fill of an empty table", n, timed(home, "sync"), twin, -(-n // BATCH),
            n / BATCH / PER_SECOND)


def update_airtable(n):
    twin, home = opened(typed(n), "sheets_to_airtable")
    with twin, home:
        home.init()
        real(twin, home, False)
        timed(home, "sync")
        real(twin, home, True)
        edit_sheet(twin, home, range(2, n + 2), "edited")
        twin.reset()
        add("update of all records", n, timed(home, "sync", "--allow-all-changed"), twin,
            -(-n // BATCH), n / BATCH / PER_SECOND)


FIVE = 5


def five(n):
    """Five syncs of five bases, one process after another and side by side."""
    for beside in (False, True):
        twin = harness.Twin(generated(n, FIVE))
        home = harness.Home(twin)
        for i in range(FIVE):
            home.set(f"s{i}", base=base(i), spreadsheet=spreadsheet(i),
                     direction="airtable_to_sheets")
        with twin, home:
            home.init()
            real(twin, home, True)
            twin.reset()
            taken = []
            started = time.time()
            runs = [threading.Thread(target=lambda i=i: taken.append(timed(home, "sync", f"s{i}")))
                    for i in range(FIVE)]
            for t in runs:
                t.start()
                if not beside:
                    t.join()
            for t in runs:
                t.join()
            if len(taken) != FIVE:
                raise SystemExit(f"{len(taken)} of {FIVE} runs ended well")
            add("five first fills, " + ("side by side" if beside else "one after another"), n,
                (time.time() - started, sum(t[1] for t in taken), max(t[2] for t in taken)), twin,
                FIVE * -(-n // PAGE))


def five_together(n):
    """Five syncs of one base and one spreadsheet in one go: nothing changed, then one record of one."""
    twin = harness.Twin(together(n))
    home = harness.Home(twin)
    for i in range(FIVE):
        home.set(f"s{i}", base=base(0), table=f"Deals{i}", tab=f"Deals{i}", first_sync="yes")
    with twin, home:
        home.init()
        real(twin, home, False)
        for _ in range(3):
            timed(home, "sync")
        real(twin, home, True)
        add("five syncs of one base and spreadsheet, quiet", n, median(home, twin, "sync"), twin, 1)
        if twin.writes():
            raise SystemExit(f"a quiet run wrote {len(twin.writes())} times")
        record = home.sql('SELECT recordId FROM "PairState" p JOIN "SyncConfig" c ON c.id = p.syncConfigId '
                          "WHERE c.slug = 's2' LIMIT 1")[0][0]
        twin.person(airtable=[{"op": "update", "table": "Deals2", "record": record,
                               "fields": {"Name": "edited"}}])
        twin.reset()
        add("the same, one record edited in Airtable", n, timed(home, "sync"), twin)


def gate(n):
    """A quiet cycle behind Drive's version, which counts as one of Google's other calls."""
    twin, home = opened(generated(n), "bidirectional", drive_gate="yes")
    with twin, home:
        home.init()
        real(twin, home, False)
        for _ in range(3):
            timed(home, "sync")
            twin.control("clock", {"advance_ms": 240000})  # Drive notices edits after minutes
        timed(home, "sync")
        real(twin, home, True)
        add("quiet cycle behind drive_gate", n, median(home, twin, "sync"), twin, 1)
        kinds = [r["kind"] for r in twin.requests()]
        if kinds != ["airtable.payloads", "drive"]:
            raise SystemExit(f"the gate was open: {kinds}")


def together(n):
    """One base of five tables with n records each, and one spreadsheet with a tab for each."""
    s = generated(n)
    s["generate"] = [f"base={base(0)},table=Deals{i},records={n},fields={FIELDS}" for i in range(FIVE)]
    book = s["google"]["spreadsheets"][0]
    book["sheets"] = [dict(book["sheets"][0], sheetId=i, title=f"Deals{i}") for i in range(FIVE)]
    return s


def main():
    command = " ".join(f"{k}={os.environ[k]!r}" for k in ("SCENES", "RECORDS", "RUNS", "FIELDS")
                       if k in os.environ)
    print(f"machine: {os.cpu_count()} cores, {platform.machine()}; {FIELDS} fields; limits and "
          f"latencies of the real services; medians of {RUNS}\n")
    if "start" in SCENES:
        start()
    print("| " + " | ".join(HEAD) + " |\n|" + "---|" * len(HEAD), flush=True)
    scenes = (("quiet", quiet, "100 10000 50000"), ("full", full, "50000"),
              ("changed", changed, "50000"), ("fill-sheet", fill_sheet, "1000 10000"),
              ("fill-airtable", fill_airtable, "1000 10000"),
              ("update-airtable", update_airtable, "1000 10000"), ("five", five, "1000"),
              ("five-together", five_together, "100 1000"),
              ("gate", gate, "10000"))
    for name, scene, default in scenes:
        for n in sizes(default) if name in SCENES else ():
            scene(n)
    if "RESULTS" in os.environ:
        with open(os.environ["RESULTS"], "a", encoding="utf-8") as f:
            f.write(f"\n`{command} make bench`\n\n| " + " | ".join(HEAD) + " |\n|" +
                    "---|" * len(HEAD) + "\n")
            for row in rows:
                f.write("| " + " | ".join(str(x) for x in row) + " |\n")


main()
