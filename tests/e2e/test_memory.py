#!/usr/bin/env python3
"""Out of memory at any allocation: the process ends at once or says why, the database is sound, and the next
run reaches what an undisturbed one reaches. The seed is printed; BASESYNC_SEED gives it again, and
BASESYNC_OOM=N sets how many allocations of each run fail."""
import os
import random
import signal
import subprocess
import tempfile

import harness
from faulty import Stage, sound, start
from harness import field, record, scenario

SEED = int(os.environ.get("BASESYNC_SEED", random.SystemRandom().randrange(1 << 31)))
COUNT = int(os.environ.get("BASESYNC_OOM", "40"))
FIELDS = [field("Name"), field("Amount", "number", precision=0),
          field("Stage", "singleSelect", choices=[{"name": "New"}, {"name": "Won"}])]
FINE, LATER, USAGE, PARTIAL = 0, 1, 2, 3


def library(folder):
    out = os.path.join(folder, "failing_malloc.so")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", out,
                    os.path.join(os.path.dirname(__file__), "failing_malloc.c")], check=True)
    return out


def both_sides(state):
    table = state["airtable"]["bases"][0]["tables"][0]
    table["records"].append({"fields": {"Name": "from airtable", "Amount": 1, "Stage": "Won"}})
    table["records"][0]["fields"]["Amount"] = 500
    rows = state["google"]["spreadsheets"][0]["sheets"][0]["rows"]
    rows[9] = ["from the sheet", 2, "New"]  # below the eight


def content(stage):
    records = sorted(str(sorted(r.items())) for r in stage.twin.records("Deals").values())
    rows = sorted(str([r.get(f["name"]) for f in FIELDS]) for r in stage.twin.table("Deals")
                  if r.get("Name"))
    return records, rows


def sweep(make, change):
    records = [record(Name=f"deal {i}", Amount=i, Stage="New") for i in range(8)]
    rng = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder, Stage(make(records), {
            "direction": "bidirectional", "first_sync": "yes"}, change) as s:
        preload = {"LD_PRELOAD": library(folder)}
        counted = os.path.join(folder, "count")
        s.home.sync(env=dict(preload, OOM_COUNT=counted))
        wanted = content(s)
        with open(counted, encoding="utf-8") as f:
            total = int(f.read())
        assert total > 1000, total
        died = 0
        points = sorted(set(rng.sample(range(1, total + 1), COUNT)) | set(range(1, 12)))
        for k in points:
            s.again()
            env = dict(preload, OOM_AT=str(k))
            if rng.random() < 0.5:
                env["OOM_ALL"] = "1"
            what = f"seed {SEED}, allocation {k} of {total} fails {env.get('OOM_ALL', 'once')}"
            p = start(s.home, "sync", env=env)
            out, err = p.communicate(timeout=harness.RUN_SECONDS)
            died += p.returncode == -signal.SIGABRT
            # ended by itself in a known way, or aborted on purpose; never a crash
            assert p.returncode in (FINE, LATER, USAGE, PARTIAL, -signal.SIGABRT, 127), \
                f"{what}: ended with {p.returncode}\n{out}\n{err}"
            if p.returncode == -signal.SIGABRT:
                assert "out of memory" in err, f"{what}: {err}"
            sound(s.home)
            s.settle(what)
            assert content(s) == wanted, f"{what}:\nwanted {wanted}\ngot    {content(s)}"
            s.home.quiet()
    assert died > COUNT // 4, f"{died} aborts"
    print(f"      seed {SEED}: {len(points)} of {total} allocations failed, {died} aborts, "
          "0 violations")


def plain(records):
    return scenario(FIELDS, records)


def rows_only(records):
    return scenario(FIELDS, rows=[["Name", "Amount", "Stage", "Record ID"]] + [
        [r["fields"]["Name"], r["fields"]["Amount"], "New"] for r in records])


def skipped():
    if harness.PROFILE != "debug":
        print("      the failing allocator works on the debug build alone")
        return True
    return False


def test_memory_may_run_out_at_any_allocation_while_both_sides_are_merged():
    if not skipped():
        sweep(plain, both_sides)


def test_memory_may_run_out_at_any_allocation_while_rows_become_records():
    if not skipped():
        sweep(rows_only, None)


if __name__ == "__main__":
    harness.main(globals())
