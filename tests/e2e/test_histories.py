#!/usr/bin/env python3
"""Random histories through the program itself: people edit, sort, insert, copy and delete on both sides, break
types, rename and move headers, tabs, fields and choices, between and during runs, and answers are lost. After
them: every record has one row with its values, nothing is doubled, a second run is quiet, and no text that
anybody typed has vanished unless a person removed it. A failure prints its seed: HISTORY_SEED=N plays that one
again, HISTORY_ROUNDS=N more of them."""
import datetime
import json
import os
import random
import re

from harness import Home, Twin, field, main, record, scenario
from test_to_sheets import ID, ISO, serial

KEYS = ["Name", "Amount", "B", "Due", "Stage"]
STAGES = ["Lead", "Won", "a, b", "1-2"]
TOKEN = re.compile(r"t\d{4,}")


class World:
    def __init__(self, seed):
        self.rng = rng = random.Random(seed)
        self.log = []
        self.next = 1000
        self.wiped = set()
        self.tab = "Deals"
        self.table = "Deals"
        self.headers = {k: k for k in KEYS}  # what the columns are called now
        self.fields = {k: k for k in KEYS}
        records = [record(Name=self.token(), Amount=i, B=self.token(), Due=f"2026-03-{i + 1:02d}",
                          Stage=rng.choice(STAGES)) for i in range(rng.randint(0, 6))]
        rows = [["Mine"] + rng.sample(KEYS, len(KEYS))]
        for _ in range(rng.randint(0, 4)):
            rows.append(["mine", *[self.entry(k) for k in rows[0][1:]]])
        self.options = {"direction": rng.choice(["bidirectional"] * 3 + ["airtable_to_sheets",
                                                                         "sheets_to_airtable"]),
                        "conflicts": rng.choice(["airtable_wins", "sheets_wins", "newest_wins"]),
                        "delete_extra_rows": rng.choice(["yes", "no"]),
                        "delete_extra_records": rng.choice(["yes", "no"]), "max_delete": "100%",
                        "first_sync": "yes"}
        self.t = Twin(scenario(
            [field("Name"), field("Amount", "number", precision=0), field("B"),
             field("Due", "date", dateFormat=ISO),
             field("Stage", "singleSelect", choices=[{"name": x} for x in STAGES]),
             field("Twice", "formula", formula="{Amount} * 2", result={"type": "number", "options": {"precision": 0}})],
            records, rows=rows, row_count=rng.choice([15, 200]), column_count=rng.choice([7, 20])))
        self.h = Home(self.t, self.options, [f"{k} {self.arrow()} {k}" for k in KEYS] + ["Twice -> Twice"]
                      if self.options["direction"] != "sheets_to_airtable" else KEYS,
                      airtable="requests_per_second = 50",
                      google="reads_per_minute = 6000\nwrites_per_minute = 6000").init()

    def arrow(self):
        return "<->" if self.options["direction"] == "bidirectional" else "->"

    def token(self):
        self.next += 1
        return f"t{self.next}"

    def entry(self, key):
        """What a person puts into a cell, as a cell of a scenario."""
        if self.rng.random() < 0.12:
            return self.token() if key not in ("Name", "B") else None
        if key == "Amount":
            return self.rng.randint(0, 99)
        if key == "Due":
            return {"v": serial(2026, 4, self.rng.randint(1, 28)),
                    "format": {"type": "DATE", "pattern": "d/m/yyyy"}}
        return self.rng.choice(STAGES) if key == "Stage" else self.token()

    def value(self, key):
        if self.rng.random() < 0.15:
            return None
        if key == "Amount":
            return self.rng.randint(100, 199)
        if key == "Due":
            return f"2026-05-{self.rng.randint(1, 28):02d}"
        return self.rng.choice(STAGES) if key == "Stage" else self.token()

    # ---- looking ----

    def seen(self):
        """Texts of people that either side holds now."""
        s = self.t.state()
        return set(TOKEN.findall(json.dumps(s["airtable"]) + json.dumps(s["google"])))

    def rows(self):
        return self.t.rows(self.tab)

    def records(self):
        return self.t.records(self.table)

    def person(self, airtable=None, sheets=None):
        before = self.seen()
        self.log.append({"airtable": airtable, "sheets": sheets})
        try:
            self.t.person(airtable=airtable, sheets=sheets)
        except RuntimeError as e:
            self.log.append(f"refused: {e}")
        self.wiped |= before - self.seen()

    # ---- people ----

    def sheet_edit(self):
        rng, rows = self.rng, self.rows()
        last = max(len(rows), 2)
        row, other = rng.randint(2, last), rng.randint(2, last)
        heads = [h for h in rows[0] if h]
        key = rng.choice(KEYS)
        if self.headers[key] not in heads:
            return
        at = rows[0].index(self.headers[key])
        cell = f"{chr(65 + at)}{row}"
        kind = rng.choice(["set"] * 6 + ["clear", "append", "append", "insert", "delete", "copy", "sort", "sort_part",
                                        "cut", "move_row", "move_column", "own_column", "blank", "hide", "id"])
        if kind == "set":
            e = self.entry(key)
            edit = {"op": "set", "cell": cell, "value": e} if not isinstance(e, dict) else {
                "op": "set", "cell": cell, "value": e["v"], "format": e["format"]}
            if e is None:
                edit = {"op": "clear", "range": cell}
        elif kind == "clear":
            edit = {"op": "clear", "range": cell}
        elif kind in ("append", "insert"):
            values = {self.headers[k]: self.entry(k) for k in KEYS if rng.random() < 0.8}
            if kind == "insert":
                self.person(sheets=[{"op": "insert_rows", "row": row, "sheet": self.tab}])
                edit = {"op": "set_row", "row": row, "values": values}
            else:
                edit = {"op": "append_row", "values": values}
        else:
            edit = {"delete": {"op": "delete_rows", "row": row},
                    "copy": {"op": "copy_row", "from": row, "to": other, "insert": True},
                    "sort": {"op": "sort", "by": rng.choice(heads), "header": True, "descending": rng.random() < .5},
                    "sort_part": {"op": "sort", "range": f"A{min(row, other)}:Z{max(row, other)}", "by": "A"},
                    "cut": {"op": "cut_paste", "from": row, "to": last + 2},
                    "move_row": {"op": "move_row", "from": row, "to": other},
                    "move_column": {"op": "move_column", "column": rng.choice(heads), "before": rng.choice(heads)},
                    "own_column": {"op": "add_column", "before": rng.choice(heads), "name": f"Own {rng.random()}"},
                    "blank": {"op": "insert_rows", "row": row, "count": 2},
                    "hide": {"op": "hide_rows", "row": row},
                    "id": {"op": "clear", "range": f"{chr(65 + rows[0].index(ID))}{row}"} if ID in rows[0]
                    else {"op": "insert_rows", "row": row}}[kind]
        self.person(sheets=[dict(edit, sheet=self.tab)])

    def airtable_edit(self):
        rng, ids = self.rng, list(self.records())
        kind = rng.choice(["set"] * 6 + ["create", "create", "delete"])
        if kind == "create" or not ids:
            fields = {self.fields[k]: self.value(k) for k in KEYS}
            self.person(airtable=[{"op": "create", "table": self.table,
                                   "fields": {k: v for k, v in fields.items() if v is not None}}])
        elif kind == "set":
            key = rng.choice(KEYS)
            self.person(airtable=[{"op": "update", "table": self.table, "record": rng.choice(ids),
                                   "fields": {self.fields[key]: self.value(key)}}])
        else:
            self.person(airtable=[{"op": "delete", "table": self.table, "record": rng.choice(ids)}])

    def drift(self):
        """Something that is followed, or that stops the sync until it is undone."""
        rng = self.rng
        if not self.h.sql("SELECT 1 FROM \"SyncLog\" WHERE status = 'SUCCESS'"):
            return  # what was renamed before the first run cannot be followed
        kind = rng.choice(["tab", "table", "field", "type", "header", "double", "no_id", "choice"])
        key = rng.choice(KEYS)
        if kind == "tab":
            new = f"Tab {rng.randint(0, 10 ** 6)}"
            self.person(sheets=[{"op": "rename_tab", "sheet": self.tab, "name": new}])
            self.tab = new
        elif kind == "table":
            new = f"Table {rng.randint(0, 10 ** 6)}"
            self.person(airtable=[{"op": "rename_table", "table": self.table, "name": new}])
            self.table = new
        elif kind == "field":
            new = f"Field {rng.randint(0, 10 ** 6)}"
            self.person(airtable=[{"op": "rename_field", "table": self.table, "field": self.fields[key],
                                   "name": new}])
            self.fields[key] = new
        elif kind == "type":
            self.person(airtable=[{"op": "change_type", "table": self.table, "field": self.fields["B"],
                                   "type": rng.choice(["multilineText", "singleLineText"])}])
        elif kind == "choice":
            new = f"Choice {rng.randint(0, 10 ** 6)}"
            self.person(airtable=[{"op": "add_choice", "table": self.table, "field": self.fields["Stage"],
                                   "name": new}])
        elif ID in self.rows()[0]:
            head = ID if kind == "no_id" else self.headers[key]
            if kind == "double":
                name = f"Own {rng.random()}"
                self.person(sheets=[{"op": "add_column", "sheet": self.tab, "name": name}])
                self.person(sheets=[{"op": "rename_header", "sheet": self.tab, "column": name, "name": head}])
                last = self.rows()[0]
                at = len(last) - 1 - last[::-1].index(head)
                back = {"op": "rename_header", "column": chr(65 + at), "name": name}
            else:
                self.person(sheets=[{"op": "rename_header", "sheet": self.tab, "column": head, "name": "Renamed"}])
                back = {"op": "rename_header", "column": "Renamed", "name": head}
            self.t.reset()
            p = self.h.sync(expect=4)
            assert head in p.stdout, p.stdout
            assert self.t.writes() == [], self.t.writes()
            self.person(sheets=[dict(back, sheet=self.tab)])

    # ---- runs ----

    def disturbed(self):
        rng = self.rng
        what = rng.choice(["sheets.write", "airtable.create", "airtable.update", "sheets.read", "airtable.list"])
        row = rng.randint(2, 8)
        people = [dict(e, sheet=self.tab) for e in rng.sample(
            [{"op": "sort", "by": "Mine", "header": True}, {"op": "insert_rows", "row": row},
             {"op": "move_row", "from": row, "to": rng.randint(2, 8)},
             {"op": "move_column", "column": "Mine", "before": self.headers["B"]}], 2)]
        fault = rng.choice([{"kind": "cut_after"}, {"kind": "503"}, {"kind": "500", "apply": True},
                            {"kind": "truncate"}, {"kind": "cut_before"}, {"kind": "429"},
                            {"kind": "person", "when": rng.choice(["before", "after"]), "sheets": people}])
        rule = {"match": {"kind": what, "nth": rng.randint(1, 2)}, "count": 1, "fault": fault}
        if fault["kind"] == "429":
            rule["fault"] = {"kind": "status", "code": 429}
            rule["match"]["kind"] = "sheets"
        self.log.append(rule)
        self.t.faults(rule)
        self.h.sync(expect=None)
        self.t.faults()

    def settle(self):
        """Runs until nothing moves; says how it ended."""
        for _ in range(5):
            self.t.reset()
            p = self.h.sync("--allow-delete", expect=None)
            assert p.returncode in (0, 1, 3, 4), f"exit code {p.returncode}: {p.stdout}{p.stderr}"
            if p.returncode == 4 and "all-changed" in p.stdout:
                self.h.sync("--allow-all-changed", "--allow-delete", expect=None)
            elif not self.t.writes() and p.returncode == 0:
                return
        raise AssertionError(f"does not come to rest: {self.t.writes()[:3]}\n{p.stdout}\n{self.h.last_log()}")

    def check(self):
        rows = self.rows()
        heads = rows[0]
        records = self.records()
        table = [dict(zip(heads, r + [None] * (len(heads) - len(r)))) for r in rows[1:]]
        bearers = {}
        for r in table:
            if r[ID] in records:
                bearers.setdefault(r[ID], []).append(r)
        told = json.dumps(self.h.last_log()["errors"])
        way = self.options["direction"]
        for rec, fields in records.items():
            if rec not in bearers:
                assert way == "sheets_to_airtable" or "record" in told, f"{rec} has no row: {fields}\n{table}"
                continue
            if len(bearers[rec]) > 1:
                assert way == "airtable_to_sheets", f"{rec} has {len(bearers[rec])} rows"
                continue
            for k in KEYS:
                a, s = fields.get(self.fields[k]), bearers[rec][0][self.headers[k]]
                if k == "Due" and isinstance(s, (int, float)):
                    s = (datetime.date(1899, 12, 30) + datetime.timedelta(days=s)).isoformat()
                if (a or None) != (s or None) and not (a == 0 or s == 0):
                    assert self.fields[k] in told or k in told, f"{rec} {k}: {a!r} and {s!r}, {told}"
        history = json.dumps(self.h.sql('SELECT oldValue, newValue, losingValue, oldRaw FROM "SyncChange"'))
        lost = {x for x in (f"t{i}" for i in range(1001, self.next + 1))
                if x not in history} - self.seen() - self.wiped
        assert not lost or all(x not in self.ever for x in lost), f"lost: {lost}"

    def play(self):
        self.ever = self.seen()
        for _ in range(self.rng.randint(3, 6)):
            for _ in range(self.rng.randint(1, 5)):
                self.rng.choice([self.sheet_edit, self.airtable_edit])()
            self.ever |= self.seen()
            if self.rng.random() < 0.3:
                self.drift()
            if self.rng.random() < 0.5:
                self.disturbed()
            self.settle()
            self.check()


def history(seed):
    w = World(seed)
    with w.t, w.h:
        try:
            w.play()
        except Exception as e:
            raise AssertionError(f"HISTORY_SEED={seed}: {e}\n{w.options}\n" +
                                 "\n".join(json.dumps(x) for x in w.log[-14:])) from e


def test_random_histories_end_well():
    one = os.environ.get("HISTORY_SEED")
    first = int(os.environ.get("HISTORY_FIRST", "0"))
    for seed in [int(one)] if one else range(first, first + int(os.environ.get("HISTORY_ROUNDS", "12"))):
        history(seed)


if __name__ == "__main__":
    main(globals())
