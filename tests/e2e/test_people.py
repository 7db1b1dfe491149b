#!/usr/bin/env python3
"""People sort, insert, move, cut and delete rows and columns in the very moments of a run, at random:
before or after any of its reads and writes. Each record keeps one row with its own values, each remark
beside the data stays with its row, and the run after the next one writes nothing. A failure prints its
seed: PEOPLE_SEED=N tries that one alone, PEOPLE_ROUNDS=N more of them."""
import json
import os
import random

from harness import Home, Twin, field, main, record, scenario
from test_to_sheets import ID, ids

RECORDS = 12


def edit(rng):
    """One edit of a person in the tab "Deals"."""
    row, other = rng.randint(2, RECORDS + 2), rng.randint(2, RECORDS + 2)
    sort = {"op": "sort", "by": rng.choice(["Name", "Mine", "Amount"]), "header": True,
            "descending": rng.random() < 0.5}
    e = rng.choice([
        sort, sort,
        {"op": "sort", "range": f"A2:Z{rng.randint(5, RECORDS + 1)}", "by": "Name",
         "descending": True},
        {"op": "insert_rows", "row": row, "count": rng.randint(1, 3)},
        {"op": "insert_rows", "row": row, "rows": [[None] * 10 + ["a line of my own"]]},
        {"op": "delete_rows", "row": row},
        {"op": "move_row", "from": row, "to": other},
        {"op": "cut_paste", "from": row, "to": RECORDS + 8},
        {"op": "move_column", "column": "Amount", "before": rng.choice(["Name", "Mine", "B", ID])},
        {"op": "move_column", "column": ID, "before": rng.choice(["Name", "Mine"])},
        {"op": "add_column", "before": rng.choice(["Name", "Amount", ID]),
         "name": f"Wedge {rng.randint(0, 10 ** 6)}"},
        {"op": "set", "cell": f"N{row}", "value": f"beside row {row}"}])
    return dict(e, sheet="Deals")


def start(rng):
    t = Twin(scenario([field("Name"), field("Amount", "number", precision=0), field("B")],
                      [record(Name=f"n{i:02d}", Amount=i, B=f"b{i}") for i in range(RECORDS)],
                      rows=[["Mine"]], row_count=rng.choice([30, 200]),
                      column_count=rng.choice([14, 20])))
    h = Home(t, {"direction": "airtable_to_sheets"}, airtable="requests_per_second = 50").init()
    h.sync()
    t.person(sheets=[{"op": "set", "sheet": "Deals", "cell": f"A{i + 2}",
                      "value": f"about {r['Name']}"} for i, r in enumerate(t.table("Deals"))])
    return t, h


def work(rng, t, expected):
    """Some records are edited, sometimes one is made."""
    for i in rng.sample(range(RECORDS), rng.randint(1, 5)):
        key = f"n{i:02d}"
        expected[key] = (rng.randint(100, 999), rng.choice([expected[key][1], "changed"]))
        t.person(airtable=[{"op": "update", "table": "Deals", "record": key,
                            "fields": {"Amount": expected[key][0], "B": expected[key][1]}}])
    if rng.random() < 0.6:
        key = f"z{len(expected):03d}"
        expected[key] = (len(expected), "new")
        t.person(airtable=[{"op": "create", "table": "Deals",
                            "fields": {"Name": key, "Amount": expected[key][0], "B": "new"}}])


def faults_found(t, expected):
    known = ids(t)
    table = t.table("Deals")
    rows = [r for r in table if r[ID]]
    wrong = []
    if sorted(r[ID] for r in rows) != sorted(known.values()):
        wrong.append("the rows are not those of the records")
    for r in rows:
        if known.get(r["Name"]) != r[ID] or (r["Amount"], r["B"]) != expected[r["Name"]]:
            wrong.append(f"values of another row: {r}")
        if r["Mine"] not in (None, f"about {r['Name']}"):
            wrong.append(f"a remark beside another row: {r}")
    for r in table:
        if not r[ID] and (r["Name"] or r["Amount"] is not None or r["B"]):
            wrong.append(f"left over: {r}")
    return wrong


def moments(rng):
    """When people act: before or after one request."""
    match = {"kind": rng.choice(["sheets.read", "sheets.write", "sheets.write"]),
             "nth": rng.choice([1, 1, 2, 3, 4])}
    whens = rng.choice([["before"], ["after"], ["before", "after"]])
    return [{"match": match, "count": 1, "fault": {
        "kind": "person", "when": when,
        "sheets": [edit(rng) for _ in range(rng.choice([1, 1, 2, 3]))]}} for when in whens]


def history(seed):
    rng = random.Random(seed)
    t, h = start(rng)
    expected = {f"n{i:02d}": (i, f"b{i}") for i in range(RECORDS)}
    struck = 0
    with t, h:
        for _ in range(3):
            work(rng, t, expected)
            t.reset()
            rules = moments(rng)
            t.faults(*rules)
            first = h.sync(expect=None)
            assert first.returncode in (0, 4), first.stdout
            struck += sum(f["hits"] for f in t.control("faults")["faults"])
            t.faults()
            h.sync()
            wrong = faults_found(t, expected)
            assert not wrong, "\n".join([json.dumps(rules)] + wrong)
            h.quiet()
    return struck


def test_people_at_work_during_runs_at_random():
    one = os.environ.get("PEOPLE_SEED")
    seeds = [int(one)] if one else range(int(os.environ.get("PEOPLE_ROUNDS", "20")))
    struck = 0
    for seed in seeds:
        try:
            struck += history(seed)
        except Exception as e:
            raise AssertionError(f"PEOPLE_SEED={seed}: {e}") from e
    assert struck >= len(seeds) or one, f"people acted {struck} times in {len(seeds)} histories"


if __name__ == "__main__":
    main(globals())
