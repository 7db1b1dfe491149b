"""What the sweeps share: works, each made ready once and brought back to its beginning for every disturbance;
disturbed runs and what must come of them. The clocks of program and twin run fifty times as fast, so that
back-offs, penalties and the wait for a late create cost next to nothing."""
import concurrent.futures
import copy
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import time

import harness
from harness import Home, Twin, field, record, scenario

SPEED = 50
TRIES = 6  # runs until the end state must be reached
# Sweeps wait a lot, for processes and for time: more of them at once than there are processors.
TOGETHER = int(os.environ.get("BASESYNC_SWEEP_JOBS", str(2 * (os.cpu_count() or 2))))
# Data that is lost with the machine is as good here, and no disk is waited for.
FOLDER = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

FIELDS = [
    field("Name"),
    field("Amount", "number", precision=2),
    field("Stage", "singleSelect", choices=[{"name": "New"}, {"name": "Won"}]),
    field("Number", "autoNumber"),
]
NAMES = [f"Deal {i}" for i in range(1, 13)]
DELETES = {"delete_extra_rows": "yes", "delete_extra_records": "yes", "max_delete": "90%"}
TO_SHEETS, TO_AIRTABLE, BOTH = "airtable_to_sheets", "sheets_to_airtable", "bidirectional"


def start_records():
    return [record(Name=n, Amount=i + 0.5, Stage="New") for i, n in enumerate(NAMES)]


def start_rows():
    return [["Name", "Amount", "Stage", "Number", "Record ID"]] + \
        [[n, i + 0.5, "New"] for i, n in enumerate(NAMES)]


def rows_of(state):
    return state["google"]["spreadsheets"][0]["sheets"][0]["rows"]


def filled(state):
    """The rows below the header that have a name."""
    return [row for row in rows_of(state)[1:] if row and harness.plain(row[0])]


def add_row(state, cells):
    """Below the last row that has anything in it."""
    rows = rows_of(state)
    at = max(i for i, row in enumerate(rows) if any(harness.plain(c) for c in row)) + 1
    rows[at:at + 1] = [cells]


def table_of(state):
    return state["airtable"]["bases"][0]["tables"][0]


# ---- the works: direction, more keys, the start, and what people do after a first sync (None: that first
# sync is the work). Three directions; creates, updates, deletes, and all of them. ----

def fill_sheet():
    """Twelve records into an empty tab."""
    return TO_SHEETS, {}, scenario(FIELDS, start_records()), None


def fill_airtable():
    """Rows without ids, two of them equal."""
    rows = start_rows() + [["Twin row", 7, "Won"], ["Twin row", 7, "Won"]]
    return TO_AIRTABLE, {"match": "Name"}, scenario(FIELDS, rows=rows), None


def fill_airtable_by_key():
    """The same with a key of their own, but for the two."""
    rows = start_rows() + [["Twin row", 7, "Won"], ["Twin row", 7, "Won"]]
    return TO_AIRTABLE, {"create_key": "Name"}, scenario(FIELDS, rows=rows), None


def fill_both():
    """New ones on both sides."""
    def change(state):
        for i in range(11):
            add_row(state, [f"Row {i}", i, "Won"])
            table_of(state)["records"].append({"fields": {"Name": f"Record {i}", "Amount": i}})
    return BOTH, {}, scenario(FIELDS, start_records()), change


def updates_to_sheet():
    def change(state):
        for r in table_of(state)["records"]:
            r["fields"]["Amount"] = 88
    return TO_SHEETS, {}, scenario(FIELDS, start_records()), change


def updates_to_airtable():
    def change(state):
        for row in filled(state):
            row[1] = 77
    return TO_AIRTABLE, {}, scenario(FIELDS, rows=start_rows()), change


def updates_both_ways():
    """Each side changes other cells, and both one."""
    def change(state):
        for r in table_of(state)["records"]:
            r["fields"]["Amount"] = 88
        for row in filled(state):
            row[2] = "Won"
        rows_of(state)[3][1] = 99
    return BOTH, {"conflicts": "sheets_wins"}, scenario(FIELDS, start_records()), change


def deletes_in_sheet():
    def change(state):
        del table_of(state)["records"][3:9]
    return TO_SHEETS, DELETES, scenario(FIELDS, start_records()), change


def deletes_in_airtable():
    def change(state):
        del rows_of(state)[2:10]
    return TO_AIRTABLE, DELETES, scenario(FIELDS, rows=start_rows()), change


def deletes_both_ways():
    def change(state):
        gone = {r["id"] for r in table_of(state)["records"][6:]}
        del table_of(state)["records"][6:]
        kept = [row for row in filled(state) if harness.plain(row[4]) not in gone]
        rows_of(state).remove(kept[0])
        rows_of(state).remove(kept[3])
    return BOTH, DELETES, scenario(FIELDS, start_records()), change


def all_of_it():
    """Edits on both sides, new ones on both, one deletion on both."""
    def change(state):
        table, rows = table_of(state), rows_of(state)
        by_name = {r["fields"].get("Name"): r for r in table["records"]}
        for n in NAMES[:3]:
            by_name[n]["fields"]["Amount"] = 1000
        table["records"].remove(by_name[NAMES[10]])
        table["records"].append({"fields": {"Name": "From Airtable", "Amount": 1}})
        at = {harness.plain(r[0]): i for i, r in enumerate(rows)}
        for n in NAMES[4:7]:
            rows[at[n]][1] = 2000
        add_row(state, ["From the sheet", 2, "Won"])
        del rows[at[NAMES[8]]]
    return BOTH, DELETES, scenario(FIELDS, start_records()), change


WORKS = [fill_sheet, fill_airtable, fill_airtable_by_key, fill_both, updates_to_sheet,
         updates_to_airtable, updates_both_ways, deletes_in_sheet, deletes_in_airtable,
         deletes_both_ways, all_of_it]


CHANGES = [w for w in WORKS if w()[3] is not None]


def edits(before, after):
    """What people must do for one state to become the other."""
    old = {r["id"]: r["fields"] for r in table_of(before)["records"]}
    new = {r["id"]: r["fields"] for r in table_of(after)["records"] if "id" in r}
    airtable = [{"op": "delete", "table": "Deals", "record": i} for i in old if i not in new]
    for i, fields in new.items():
        changed = {k: v for k, v in fields.items() if old[i].get(k) != v}
        if changed:
            airtable.append({"op": "update", "table": "Deals", "record": i, "fields": changed})
    airtable += [{"op": "create", "table": "Deals", "fields": r["fields"]}
                 for r in table_of(after)["records"] if "id" not in r]
    sheets = []
    if rows_of(before) != rows_of(after):
        sheets = [{"op": "clear", "range": "A2:E60"}]
        sheets += [{"op": "set_row", "row": i, "values": row}
                   for i, row in enumerate(rows_of(after), 1) if i > 1 and any(map(harness.plain, row))]
    return airtable, sheets


class Bench:
    """A work made ready: the twin's state and the home right before the run that is disturbed. That one
    reads everything, since the twin's webhooks are gone with what it held before; as a delta it follows
    one, made by a quiet run, and what people do afterwards."""

    def __init__(self, work, delta=False, **network):
        direction, keys, start, change = work()
        self.name = work.__name__ + (" as a delta" if delta else "")
        self.people = None
        self.twin = Twin(start)
        self.home = Home(self.twin, dict(keys, direction=direction), settle=15, folder=FOLDER)
        self.home.network = network
        self.home.write_ini()
        self.home.init()
        if change is not None:
            self.home.sync()
        state = self.twin.state()
        if delta:
            after = copy.deepcopy(state)
            change(after)
            self.people = edits(state, after)
        elif change is not None:
            change(state)
        # the data as it is now, the credentials as they were
        self.start = json.dumps(dict(start, airtable=state["airtable"],
                                     google=state["google"])).encode()
        self.saved = self.home.db + ".saved"
        source, target = sqlite3.connect(self.home.db), sqlite3.connect(self.saved)
        source.backup(target)
        source.close()
        target.close()
        self.again()
        self.home.sync()
        self.requests = [r["kind"] for r in self.twin.requests()]
        assert not delta or "airtable.schema" not in self.requests, self.requests
        self.wanted = self.outcome()
        self.home.quiet()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.home.close()
        self.twin.close()

    def again(self):
        for name in os.listdir(self.home.dir):
            if name.startswith("basesync.db") and not name.endswith(".saved"):
                os.unlink(os.path.join(self.home.dir, name))
        shutil.copy(self.saved, self.home.db)
        since = int(time.time() * 1000)
        self.twin.control("load", self.start)
        self.twin.control("clock", {"speed": SPEED, "since_ms": since})
        self.twin.reset()
        self.home.env["BASESYNC_CLOCK"] = f"x{SPEED}@{since}"
        if self.people:
            self.home.sync()
            self.twin.person(*self.people)
            self.twin.reset()

    def outcome(self):
        """Both sides by content: ids of new records differ from run to run, nothing else may."""
        state = self.twin.state()
        table, rows = table_of(state), rows_of(state)
        names = {r["id"]: r["fields"].get("Name") for r in table["records"]}
        records = sorted(json.dumps({k: v for k, v in r["fields"].items() if k != "Number"},
                                    sort_keys=True) for r in table["records"])
        head = [harness.plain(c) for c in rows[0]] if rows else []
        out, ids = [], []
        for row in rows[1:]:
            cells = {h: harness.plain(c) for h, c in zip(head, row)}
            cells.pop("Number", None)
            if any(v not in (None, "") for v in cells.values()):
                if cells.get("Record ID"):
                    ids.append(cells["Record ID"])
                cells["Record ID"] = names.get(cells.get("Record ID"), cells.get("Record ID"))
                out.append(json.dumps({k: v for k, v in cells.items() if v not in (None, "")},
                                      sort_keys=True))
        assert len(ids) == len(set(ids)), f"an id stands in two rows: {ids}"
        return records, sorted(out)

    def runs_until_it_succeeds(self, what):
        for _ in range(TRIES):
            self.twin.reset()
            p = self.home.run("sync", expect=None)
            if p.returncode == 0:
                return
        raise AssertionError(f"{what}: no run succeeds\n{p.stdout}\n{p.stderr}\n{self.home.errors()}")

    def settles(self, what):
        """Undisturbed from now on: the first run that succeeds must leave the undisturbed outcome, and
        the one after it must write nothing; a run that had nothing to write is that one."""
        self.twin.faults()
        self.twin.control("auth", {"revive": harness.TOKEN})
        self.runs_until_it_succeeds(what)
        got = self.outcome()
        if got != self.wanted:
            raise AssertionError(f"{what}: another end state\nwanted {self.wanted}\ngot    {got}\n"
                                 f"{self.home.errors()}")
        try:
            if self.twin.writes() != []:
                self.home.quiet()
        except AssertionError as e:
            raise AssertionError(f"{what}: {e}") from e

    def disturbed(self, what, env=None):
        p = self.home.run("sync", expect=None, env=env)
        self.settles(f"{self.name}, {what} (exit code {p.returncode})")

    def killed(self, when, k):
        """A run that dies at its request k. The shell waits until its pid is known to the twin, then it
        becomes the program."""
        p = subprocess.Popen(["sh", "-c", 'read -r _; exec "$@"', "sh", harness.BASESYNC, "-c",
                              self.home.ini, "sync"], env=self.home.env, stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.twin.faults({"match": {"nth": k},
                          "fault": {"kind": "kill_client", "when": when, "pid": p.pid}})
        p.communicate(b"\n", timeout=harness.RUN_SECONDS)
        return p.returncode


def at_once(jobs):
    """Runs all jobs, several at a time; the first error is raised when all have ended. Gives the sum of
    what they give."""
    with concurrent.futures.ThreadPoolExecutor(TOGETHER) as pool:
        return sum(f.result() for f in [pool.submit(j) for j in jobs])


def spread(points, parts):
    """The points dealt out to so many hands."""
    return [points[i::parts] for i in range(parts) if points[i::parts]]
