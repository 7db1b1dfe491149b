#!/usr/bin/env python3
"""The change feed: what a quiet cycle costs, that a run which reads only what is named does what a full one
would do, and everything that may happen to a webhook. Nothing of it may ever fail a sync."""
import harness
from harness import BASE, Home, Twin, field, record, scenario

NAME = field("Name")
AMOUNT = field("Amount", "number", precision=0)
NOTE = field("Note")
FIELDS = [NAME, AMOUNT, NOTE]


def records(n):
    return [record(Name=f"deal {i:04d}", Amount=i, Note=f"note {i}") for i in range(n)]


def calls(home, *args, expect=0):
    """One run: its calls of Airtable and of Sheets by kind, and how many there were of each."""
    home.twin.reset()
    home.sync(*args, expect=expect)
    asked = [r for r in home.twin.requests() if r["kind"].split(".")[0] in ("airtable", "sheets")]
    kinds = [r["kind"] for r in asked]
    return (sum(k.startswith("airtable") for k in kinds), sum(k.startswith("sheets") for k in kinds),
            kinds)


class World:
    """A twin and a home whose first run is over."""

    def __init__(self, n=12, sync=None, fields=FIELDS, **more):
        self.twin = Twin(scenario(fields, records(n), row_count=n + 50, **more))
        keys = {"direction": "bidirectional"}
        keys.update(sync or {})
        self.home = Home(self.twin, keys, airtable="requests_per_second = 50",
                         google="reads_per_minute = 6000\nwrites_per_minute = 6000").init()
        self.home.sync()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.home.close()
        self.twin.close()

    def agree(self):
        at = {i: (r.get("Name"), r.get("Amount"), r.get("Note"))
              for i, r in self.twin.records("Deals").items()}
        sh = {r["Record ID"]: (r.get("Name"), r.get("Amount"), r.get("Note") or None)
              for r in self.twin.table("Deals") if r.get("Record ID")}
        assert at == sh, f"Airtable {sorted(at.items())}\nSheets {sorted(sh.items())}"


# ---- what it costs ----

def test_a_quiet_cycle_costs_one_call_of_each_service_whatever_the_size():
    for n in (1, 100, 1000):
        with World(n) as w:
            for _ in range(2):
                a, s, kinds = calls(w.home)
                assert (a, s) == (1, 1), kinds
                assert w.home.last_log()["status"] == "SUCCESS"
            assert len(w.twin.hooks()) == 1


def test_one_changed_record_costs_at_most_four_calls_more():
    with World(1000) as w:
        w.twin.person(airtable=[{"op": "update", "table": "Deals", "record": "deal 0500",
                                 "fields": {"Amount": 9999}}])
        a, s, kinds = calls(w.home)
        assert a + s <= 6, kinds
        w.agree()
        assert any(r["Amount"] == 9999 for r in w.twin.table("Deals"))
        assert calls(w.home)[:2] == (1, 1)
        w.twin.person(sheets=[{"op": "set", "cell": "B300", "value": 777}])
        a, s, kinds = calls(w.home)
        assert a + s <= 6, kinds
        w.agree()
        assert any(r["Amount"] == 777 for r in w.twin.records("Deals").values())
        w.home.quiet()
        assert calls(w.home)[:2] == (1, 1)


if __name__ == "__main__":
    harness.main(globals())
