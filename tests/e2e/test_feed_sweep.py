#!/usr/bin/env python3
"""The sweeps of test_sweep.py for runs that follow the change feed: whatever strikes one, the next run that
succeeds must reach the undisturbed end state, and a run after it must write nothing."""
import json
import os
import sqlite3

import harness
import test_sweep
from harness import Home, Twin, scenario
from sweep import (BOTH, DELETES, FIELDS, FOLDER, NAMES, TO_AIRTABLE, TO_SHEETS, Bench, at_once,
                   start_records, start_rows)

# Many more points than a short run has are no use: each kind of fault strikes at every one of them.
STEP = int(os.environ.get("BASESYNC_SWEEP_STEP", "5" if harness.PROFILE == "asan" else "1"))


def update(key, **fields):
    return {"op": "update", "table": "Deals", "record": key, "fields": fields}


def row_by_name(twin, name):
    return [r[0] if r else None for r in twin.rows("Deals")].index(name) + 1


def put(twin, name, **values):
    return {"op": "set_row", "row": row_by_name(twin, name), "values": values}


def named_to_sheet():
    def people(_):
        return {"airtable": [update(NAMES[2], Amount=88), update(NAMES[5], Stage="Won"),
                             {"op": "create", "table": "Deals", "fields": {"Name": "New", "Amount": 1}},
                             {"op": "delete", "table": "Deals", "record": NAMES[8]}]}
    return TO_SHEETS, DELETES, scenario(FIELDS, start_records()), people


def named_to_airtable():
    def people(twin):
        return {"sheets": [put(twin, NAMES[2], Amount=77), put(twin, NAMES[5], Stage="Won"),
                           {"op": "append_row", "values": {"Name": "New row", "Amount": 2}}]}
    return TO_AIRTABLE, {}, scenario(FIELDS, rows=start_rows()), people


def named_both_ways():
    def people(twin):
        return {"airtable": [update(NAMES[2], Amount=88), update(NAMES[3], Amount=66),
                             {"op": "create", "table": "Deals", "fields": {"Name": "New", "Amount": 1}},
                             {"op": "delete", "table": "Deals", "record": NAMES[8]}],
                "sheets": [put(twin, NAMES[3], Amount=99), put(twin, NAMES[5], Stage="Won"),
                           {"op": "append_row", "values": {"Name": "New row", "Amount": 2}},
                           {"op": "delete_rows", "row": row_by_name(twin, NAMES[10])}]}
    keys = dict(DELETES, conflicts="sheets_wins")
    return BOTH, keys, scenario(FIELDS, start_records()), people


WORKS = [named_to_sheet, named_to_airtable, named_both_ways]


class FeedBench(Bench):
    """Both sides agree and the webhook is there; then people edit, and the feed tells."""

    # pylint: disable=super-init-not-called
    def __init__(self, work, **network):
        direction, keys, start, people = work()
        self.name = work.__name__
        self.people = people
        self.twin = Twin(start)
        self.home = Home(self.twin, dict(keys, direction=direction), settle=15, folder=FOLDER)
        self.home.network = network
        self.home.write_ini()
        self.home.init()
        self.home.sync()
        self.home.sync()
        state = self.twin.control("state")
        assert len(state["airtable"]["bases"][0]["webhooks"]) == 1
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
        assert "airtable.payloads" in self.requests, self.requests
        assert "airtable.schema" not in self.requests, self.requests  # else it was a full run
        self.wanted = self.outcome()
        self.home.quiet()

    def again(self):
        super().again()
        self.twin.person(**self.people(self.twin))
        # the last edit, which a stale read does not show yet, is none of ours
        self.twin.person(sheets=[{"op": "set", "cell": "J2", "value": "note to self"}])
        self.twin.reset()


def each(run):
    """One of the sweeps of test_sweep.py on our works."""
    test_sweep.Bench, test_sweep.STEP = FeedBench, STEP
    return at_once([lambda w=w: run(w) for w in WORKS])


def test_killed_at_every_request():
    print(f"      {each(test_sweep.kill)} kill points at requests, 0 violations")


def test_killed_at_every_failpoint():
    print(f"      {each(test_sweep.failpoints)} kill points at failpoints, 0 violations")


def test_every_answer_lost_or_wrong_at_every_request():
    faults = test_sweep.ANSWERS_LOST + test_sweep.ANSWERS_WRONG
    print(f"      {each(lambda w: test_sweep.sweep(w, faults))} disturbances, 0 violations")


def test_every_error_at_every_request():
    faults = test_sweep.SERVER_ERRORS[::2] + test_sweep.REFUSALS
    print(f"      {each(lambda w: test_sweep.sweep(w, faults))} disturbances, 0 violations")


if __name__ == "__main__":
    harness.main(globals())
