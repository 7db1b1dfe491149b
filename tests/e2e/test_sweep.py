#!/usr/bin/env python3
"""Nothing twice, nothing lost. A run is killed before and after every request and at every failpoint, and
every kind of fault strikes at every request; a later run must reach the state that an undisturbed run
reaches, and the run after it must write nothing. Random combinations of faults are seeded: the seed is
printed, and BASESYNC_SEED gives it again; BASESYNC_SWEEP=N sets how many there are."""
import copy
import json
import os
import random
import shutil
import subprocess
import tempfile

import harness
from harness import Home, Twin, field, record, scenario

SEED = int(os.environ.get("BASESYNC_SEED", random.SystemRandom().randrange(1 << 31)))
# Under the sanitizers each run is several times slower: they look at every fifth point.
STEP = int(os.environ.get("BASESYNC_SWEEP_STEP", "5" if harness.PROFILE == "asan" else "1"))
COMBINATIONS = int(os.environ.get("BASESYNC_SWEEP", "40" if harness.PROFILE == "asan" else "250"))
GOOGLE_LIMITS = "reads_per_minute = 6000\nwrites_per_minute = 6000"
TRIES = 6  # runs until the end state must be reached

FIELDS = [
    field("Name"),
    field("Amount", "number", precision=2),
    field("Stage", "singleSelect", choices=[{"name": "New"}, {"name": "Won"}]),
    field("Number", "autoNumber"),
]
NAMES = [f"Deal {i}" for i in range(1, 13)]


def start_records():
    return [record(Name=n, Amount=i + 0.5, Stage="New") for i, n in enumerate(NAMES)]


def header(fields=("Name", "Amount", "Stage", "Number", "Record ID")):
    return list(fields)


# ---- the work of each sweep: (direction, extra keys, prepare) ----

def fill_sheet():
    """Creates in the sheet: twelve records into an empty tab."""
    return "airtable_to_sheets", {}, scenario(FIELDS, start_records()), None


def fill_airtable():
    """Creates in Airtable: rows without ids, two of them equal."""
    rows = [header()] + [[n, i + 0.5, "New"] for i, n in enumerate(NAMES)]
    rows += [["Twin row", 7, "Won"], ["Twin row", 7, "Won"]]
    return "sheets_to_airtable", {"match": "Name"}, scenario(FIELDS, rows=rows), None


def edit(state):
    """Edits on both sides, new ones on both, one deletion on both."""
    table = state["airtable"]["bases"][0]["tables"][0]
    rows = state["google"]["spreadsheets"][0]["sheets"][0]["rows"]
    by_name = {r["fields"].get("Name"): r for r in table["records"]}
    for n in NAMES[:3]:
        by_name[n]["fields"]["Amount"] = 1000
    table["records"].remove(by_name[NAMES[10]])
    table["records"].append({"fields": {"Name": "From Airtable", "Amount": 1}})
    at = {harness.plain(r[0]): i for i, r in enumerate(rows)}
    for n in NAMES[4:7]:
        rows[at[n]][1] = 2000
    rows.append(["From the sheet", 2, "Won"])
    del rows[at[NAMES[8]]]


def both_ways():
    return ("bidirectional", {"delete_extra_rows": "yes", "delete_extra_records": "yes",
                              "max_delete": "50%"}, scenario(FIELDS, start_records()), edit)


def updates_to_airtable():
    def change(state):
        rows = state["google"]["spreadsheets"][0]["sheets"][0]["rows"]
        for row in rows[1:]:
            row[1] = 77
    rows = [header()] + [[n, i + 0.5, "New"] for i, n in enumerate(NAMES)]
    return "sheets_to_airtable", {}, scenario(FIELDS, rows=rows), change


def updates_to_sheet():
    def change(state):
        for r in state["airtable"]["bases"][0]["tables"][0]["records"]:
            r["fields"]["Amount"] = 88
    return "airtable_to_sheets", {}, scenario(FIELDS, start_records()), change


WORKS = [fill_sheet, fill_airtable, both_ways, updates_to_airtable, updates_to_sheet]


class Bench:
    """A work made ready: the twin's state and the home right before the run that is disturbed."""

    def __init__(self, work):
        direction, keys, start, change = work()
        self.twin = Twin(start)
        # The governor has tests of its own; here it would only make the sweep slow.
        self.home = Home(self.twin, dict(keys, direction=direction),
                         airtable="requests_per_second = 50", google=GOOGLE_LIMITS).init()
        if change is not None:
            self.home.sync()
        state = self.twin.state()
        if change is not None:
            change(state)
        # the data as it is now, the credentials as they were
        self.start = dict(start, airtable=state["airtable"], google=state["google"])
        self.saved = tempfile.mkdtemp(prefix="saved.")
        self.save()
        self.again()
        self.home.sync()
        self.requests = [r["seq"] for r in self.twin.requests()]
        self.wanted = self.outcome()
        self.home.quiet()

    def save(self):
        db = os.path.join(self.saved, "basesync.db")
        subprocess.run(["sqlite3", self.home.db, f".backup '{db}'"], check=True)

    def again(self):
        for name in os.listdir(self.home.dir):
            if name.startswith("basesync.db"):
                os.unlink(os.path.join(self.home.dir, name))
        shutil.copy(os.path.join(self.saved, "basesync.db"), self.home.db)
        self.twin.load(copy.deepcopy(self.start))
        self.twin.reset()

    def close(self):
        self.home.close()
        self.twin.close()
        shutil.rmtree(self.saved, ignore_errors=True)

    def outcome(self):
        """Both sides by content: ids of new records differ from run to run, nothing else may."""
        state = self.twin.state()
        table = state["airtable"]["bases"][0]["tables"][0]
        names = {r["id"]: r["fields"].get("Name") for r in table["records"]}
        records = sorted(json.dumps({k: v for k, v in r["fields"].items() if k != "Number"},
                                    sort_keys=True) for r in table["records"])
        rows = state["google"]["spreadsheets"][0]["sheets"][0]["rows"]
        head = [harness.plain(c) for c in rows[0]]
        out = []
        for row in rows[1:]:
            cells = {h: harness.plain(c) for h, c in zip(head, row)}
            cells.pop("Number", None)
            if any(v not in (None, "") for v in cells.values()):
                cells["Record ID"] = names.get(cells.get("Record ID"), cells.get("Record ID"))
                out.append(json.dumps({k: v for k, v in cells.items() if v not in (None, "")},
                                      sort_keys=True))
        ids = [r[head.index("Record ID")] for r in self.twin.rows("Deals")[1:]
               if len(r) > head.index("Record ID") and r[head.index("Record ID")]]
        assert len(ids) == len(set(ids)), f"an id stands in two rows: {ids}"
        return records, sorted(out)

    def disturbed(self, what, env=None):
        """One disturbed run, then runs until one succeeds; the outcome must be the undisturbed one."""
        p = self.home.run("sync", expect=None, env=env)
        self.twin.faults()
        for _ in range(TRIES):
            again = self.home.run("sync", expect=None)
            if again.returncode == 0:
                break
        else:
            raise AssertionError(f"{what}: no run succeeds\n{again.stdout}\n{again.stderr}\n"
                                 f"{self.home.errors()}")
        got = self.outcome()
        if got != self.wanted:
            raise AssertionError(f"{what} (exit code {p.returncode}): another end state\n"
                                 f"wanted {self.wanted}\ngot    {got}")
        self.home.quiet()


def sweep(work, faults):
    b = Bench(work)
    count = 0
    try:
        for k in range(1, len(b.requests) + 1, STEP):
            for f in faults:
                b.again()
                b.twin.faults({"match": {"nth": k}, "fault": f})
                b.disturbed(f"{work.__name__}, request {k} of {len(b.requests)}, {f}")
                count += 1
    finally:
        b.close()
    print(f"      {work.__name__}: {count} disturbances, 0 violations")


def kill(work):
    b = Bench(work)
    count = 0
    try:
        for k in range(1, len(b.requests) + 1, STEP):
            for when in ("before", "after"):
                b.again()
                p = subprocess.Popen([harness.BASESYNC, "-c", b.home.ini, "sync"], env=b.home.env,
                                     stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL, preexec_fn=lambda: tell(b, k, when))
                p.wait(harness.RUN_SECONDS)
                b.disturbed(f"{work.__name__}, killed {when} request {k}")
                count += 1
    finally:
        b.close()
    print(f"      {work.__name__}: {count} kill points, 0 violations")


def tell(bench, k, when):
    """Runs in the child right before it becomes the program: its pid is the one to kill."""
    bench.twin.faults({"match": {"nth": k},
                       "fault": {"kind": "kill_client", "when": when, "pid": os.getpid()}})


def failpoints(work):
    b = Bench(work)
    count = 0
    try:
        b.again()
        listed = os.path.join(b.saved, "points")
        b.home.run("sync", env={"BASESYNC_FAIL_LIST": listed})
        with open(listed, encoding="utf-8") as f:
            passed = [line.strip() for line in f if line.strip()]
        assert len(passed) > 10, "this build has no failpoints"
        for k in range(1, len(passed) + 1, STEP):
            b.again()
            b.disturbed(f"{work.__name__}, killed at failpoint {k} ({passed[k - 1]})",
                        env={"BASESYNC_FAIL": f"*:{k}:kill"})
            count += 1
    finally:
        b.close()
    print(f"      {work.__name__}: {count} failpoints, 0 violations")


ANSWERS_LOST = [{"kind": "cut_before"}, {"kind": "cut_after"}, {"kind": "cut_headers"},
                {"kind": "truncate"}]
ANSWERS_WRONG = [{"kind": "garbage"}, {"kind": "html"}, {"kind": "empty"},
                 {"kind": "wrong_length"}]
STATUSES = [{"kind": "500"}, {"kind": "503", "apply": True}, {"kind": "502", "apply": True},
            {"kind": "503", "headers": {"Retry-After": "1"}},
            {"kind": "status", "code": 413}, {"kind": "conn_reset"}]


def _make(prefix, run):
    for work in WORKS:
        def test(work=work):
            run(work)
        test.__name__ = f"test_{prefix}_{work.__name__}"
        globals()[test.__name__] = test


_make("killed_at_every_request", kill)
_make("killed_at_every_failpoint", failpoints)
_make("every_answer_lost_at_every_request", lambda w: sweep(w, ANSWERS_LOST))
_make("every_answer_wrong_at_every_request", lambda w: sweep(w, ANSWERS_WRONG))
_make("every_status_at_every_request", lambda w: sweep(w, STATUSES))


def test_random_combinations_of_faults():
    print(f"      seed {SEED}, {COMBINATIONS} combinations")
    rng = random.Random(SEED)
    pool = ANSWERS_LOST + ANSWERS_WRONG + STATUSES
    benches = [Bench(w) for w in WORKS]
    try:
        for i in range(COMBINATIONS):
            b = rng.choice(benches)
            rules = [{"match": {"nth": rng.randint(1, len(b.requests))}, "fault": rng.choice(pool)}
                     for _ in range(rng.randint(1, 5))]
            b.again()
            b.twin.faults(*rules)
            b.disturbed(f"seed {SEED}, combination {i}: {rules}")
    finally:
        for b in benches:
            b.close()


def test_two_processes_at_once_do_not_overlap():
    b = Bench(fill_airtable)
    try:
        for _ in range(20):
            b.again()
            both = [subprocess.Popen([harness.BASESYNC, "-c", b.home.ini, "sync", "--wait"],
                                     env=b.home.env, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                    for _ in range(2)]
            for p in both:
                out, _ = p.communicate(timeout=harness.RUN_SECONDS)
                assert p.returncode == 0, out.decode()
            assert b.outcome() == b.wanted
    finally:
        b.close()


if __name__ == "__main__":
    harness.main(globals())
