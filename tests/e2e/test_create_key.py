#!/usr/bin/env python3
"""create_key: creates by upsert on a field that the user names are exact whatever becomes of their answers:
sent again at once, met by the late one, settled without waiting; and what cannot be exact is told."""
import json

import harness
from faulty import of_kind, timed
from harness import Home, Twin, field, record, scenario

FIELDS = [field("Name"), field("Order"), field("Amount", "number", precision=0),
          field("Sum", "formula", formula="{Amount}+1")]
HEADER = ["Name", "Order", "Amount", "Record ID"]
LONG_SETTLE = 60


def rows(n):
    return [HEADER] + [[f"same {i % 2}", f"A-{i}", i] for i in range(n)]


def begin(table, records=(), **sync):
    t = Twin(scenario(FIELDS, records, rows=table))
    keys = {"direction": "sheets_to_airtable", "create_key": "Order", "first_sync": "yes"}
    h = Home(t, dict(keys, **sync), fields=["Name", "Order", "Amount"], settle=LONG_SETTLE,
             airtable="requests_per_second = 50").init()
    t.reset()
    return t, h


def creates(t):
    """The bodies of what could make records, oldest first."""
    r = t.control("requests?bodies=1")["requests"]
    return [json.loads(x["body"]) for x in r if x["kind"] in ("airtable.create", "airtable.update")]


def exact(t, h, n):
    assert sorted(r["Order"] for r in t.records("Deals").values()) == \
        sorted(f"A-{i}" for i in range(n)), t.records("Deals")
    ids = {r["Order"]: r["Record ID"] for r in t.table("Deals")}
    assert ids == {r["Order"]: i for i, r in t.records("Deals").items()}, ids
    h.quiet()


def test_a_lost_answer_is_asked_for_again_in_the_same_run():
    for kind in ("cut_after", "cut_before", "truncate", "garbage", "empty"):
        t, h = begin(rows(12))
        with t, h:
            t.faults({"match": {"kind": "airtable.update"}, "fault": {"kind": kind}})
            took = timed(h.sync)
            assert took < LONG_SETTLE / 2, took
            sent = creates(t)
            assert [len(b["records"]) for b in sent] == [10, 10, 2], sent
            assert all(len(b["performUpsert"]["fieldsToMergeOn"]) == 1 for b in sent), sent
            exact(t, h, 12)


def test_a_create_that_arrives_after_its_repetition_makes_no_second_record():
    t, h = begin(rows(3))
    with t, h:
        with open(h.ini, encoding="utf-8") as f:
            text = f.read()
        with open(h.ini, "w", encoding="utf-8") as f:
            f.write(text.replace("[network]", "[network]\ntimeout = 2s", 1))
        t.faults({"match": {"kind": "airtable.update"}, "fault": {"kind": "hold", "max_ms": 20000}})
        h.sync()
        assert [len(b["records"]) for b in creates(t)] == [3, 3]
        exact(t, h, 3)


def test_answers_lost_for_good_are_settled_by_key_though_listings_are_stale():
    t, h = begin(rows(5), max_retries="0")
    with t, h:
        t.faults({"match": {"kind": "airtable.update"}, "fault": {"kind": "cut_after"}})
        h.sync(expect=3)
        assert h.sql('SELECT count(*) FROM "Intent" WHERE state = \'PENDING\'') == [(5,)]
        # the listing of the next run does not show what has just been made
        t.faults({"match": {"kind": "airtable.list"}, "count": -1,
                  "fault": {"kind": "stale_read", "ms": 600000}})
        took = timed(h.sync)
        assert took < LONG_SETTLE / 2, took
        t.faults()
        assert h.sql('SELECT count(*) FROM "Intent"') == [(0,)]
        exact(t, h, 5)


def test_an_answer_lost_twice_stays_open_until_it_is_known():
    t, h = begin(rows(2), max_retries="0")
    with t, h:
        lost = {"match": {"kind": "airtable.update"}, "count": -1, "fault": {"kind": "cut_before"}}
        t.faults(lost)
        h.sync(expect=3)
        h.sync(expect=1)
        assert h.sql('SELECT count(*) FROM "Intent" WHERE state = \'PENDING\'') == [(2,)]
        assert t.records("Deals") == {}
        t.faults()
        h.sync()
        exact(t, h, 2)


def test_server_errors_that_do_not_end_keep_the_create_open():
    t, h = begin(rows(2), max_retries="1")
    with t, h:
        t.faults({"match": {"kind": "airtable.update"}, "count": -1,
                  "fault": {"kind": "503", "apply": True}})
        h.sync(expect=None)
        assert h.sql('SELECT count(*) FROM "Intent" WHERE state = \'PENDING\'') == [(2,)]
        t.faults()
        h.sync()
        exact(t, h, 2)


def test_empty_and_doubled_keys_are_created_the_ordinary_way_and_told():
    table = rows(3) + [["x", "A-1", 7], ["y", None, 8], ["z", "K", 9]]
    t, h = begin(table, [record(Name="there", Order="K", Amount=1)])
    with t, h:
        h.sync()
        sent = creates(t)
        by_key = [r for b in sent if "performUpsert" in b for r in b["records"]]
        plain = [r for b in sent if "performUpsert" not in b for r in b["records"]]
        assert (len(by_key), len(plain)) == (2, 4), sent
        assert len(t.records("Deals")) == 7
        assert [r for r in t.records("Deals").values() if r["Name"] == "there"] == \
            [{"Name": "there", "Order": "K", "Amount": 1, "Sum": 2}]
        said = [x["message"] for x in h.last_log()["errors"]]
        assert sum("has no \"Order\"" in m for m in said) == 1, said
        assert sum("has the same \"Order\"" in m for m in said) == 3, said
        h.quiet()


def test_a_key_that_a_record_bears_in_another_spelling_overwrites_nothing():
    """Airtable may take "a-1 " for "A-1": such a row is created the ordinary way, and when its answer is
    lost it is not asked for by its key either."""
    there = [record(Name="there", Order=" a-1", Amount=70), record(Name="hers", Order="a-2", Amount=80)]
    for lost in (False, True):
        t, h = begin(rows(4), there, match="Name")
        with t, h:
            h.settle = 1
            h.write_ini()
            if lost:
                t.faults({"match": {"kind": "airtable.create"}, "fault": {"kind": "cut_after"}})
            h.sync(expect=None)
            by_key = [r for b in creates(t) if "performUpsert" in b for r in b["records"]]
            assert len(by_key) == 2, by_key
            if not lost:
                said = [x["message"] for x in h.last_log()["errors"]]
                assert sum("has the same \"Order\"" in m for m in said) == 2, said
            t.faults()
            for _ in range(2):
                h.sync(expect=None)
            got = sorted((r["Order"], r["Name"], r["Amount"]) for r in t.records("Deals").values())
            assert got == sorted([(" a-1", "there", 70), ("a-2", "hers", 80)] +
                                 [(f"A-{i}", f"same {i % 2}", i) for i in range(4)]), got
            h.quiet()


def test_two_new_rows_whose_keys_differ_in_case_become_two_records():
    t, h = begin([HEADER, ["x", "k-1", 1], ["y", "K-1 ", 2], ["z", "K-2", 3]])
    with t, h:
        h.sync()
        assert sorted(r["Name"] for r in t.records("Deals").values()) == ["x", "y", "z"]
        by_key = [r for b in creates(t) if "performUpsert" in b for r in b["records"]]
        assert len(by_key) == 1, by_key
        h.quiet()


def test_one_refused_row_does_not_keep_the_others():
    t, h = begin(rows(4))
    with t, h:
        t.faults({"match": {"kind": "airtable.update"},
                  "fault": {"kind": "status", "code": 422, "type": "INVALID_VALUE_FOR_COLUMN"}})
        h.sync()
        assert [len(b["records"]) for b in creates(t)] == [4, 2, 2]
        exact(t, h, 4)


def test_a_field_that_cannot_be_a_key_is_refused_in_one_sentence():
    for key, said in (("Nowhere", "has no field \"Nowhere\""), ("Sum", "by field \"Sum\" (formula)")):
        t, h = begin(rows(1), create_key=key)
        with t, h:
            h.sync(expect=None)
            assert t.writes() == []
            message = h.last_log()["errors"][-1]["message"]
            assert said in message and "create_key" in message, message
            out = h.run("check", expect=None).stdout
            assert "create_key" in out, out
    t, h = begin(rows(1), direction="bidirectional")
    with t, h:
        h.set(fields=["Name", "Order -> Order", "Amount"])
        h.sync(expect=None)
        message = h.last_log()["errors"][-1]["message"]
        assert "\"Order\" does not flow to Airtable" in message, message


if __name__ == "__main__":
    harness.main(globals())
