#!/usr/bin/env python3
"""Rates, quotas and budgets: under the real limits no request is ever refused, whoever sends it; what is
refused all the same is waited for as the service wants it, and no longer than is sensible."""
import datetime
import time

import harness
from faulty import finish, of_kind, one_sentence, refusals, start, timed, together
from harness import Home, Twin, field, record, scenario

NAME = field("Name")
OTHER_BASE = "appOtherBase00001"
BUSY = 5
ON = {"limits": {"on": True}}


def rows(n, of="row"):
    return [["Name", "Record ID"]] + [[f"{of} {i:04d}"] for i in range(n)]


def fast(seconds):
    """Limits of the twin with a penalty of so many seconds."""
    return {"limits": {"on": True, "penalty_ms": int(seconds * 1000)}}


# ---- under the real limits ----

def busy_scenario(n):
    """Two bases of one account; three spreadsheets whose rows become records."""
    s = scenario([NAME], rows=rows(n, "a"), row_count=n + 100, **ON)
    base = s["airtable"]["bases"][0]
    base["tables"].append({"name": "More", "fields": [NAME]})
    s["airtable"]["bases"].append(
        {"id": OTHER_BASE, "name": "Other", "tables": [{"name": "Deals", "fields": [NAME]}]})
    s["tokens"][0]["bases"].append(OTHER_BASE)
    first = s["google"]["spreadsheets"][0]
    for k, of in ((2, "b"), (3, "c")):
        tab = dict(first["sheets"][0], rows=rows(n, of))
        s["google"]["spreadsheets"].append(dict(first, id=first["id"][:-1] + str(k), sheets=[tab]))
    return s


def closest(t):
    """The six requests to one base that came in the shortest time."""
    found = []
    for base in (harness.BASE, OTHER_BASE):
        r = [x for x in t.requests() if base in x["path"]]
        found += [(when(b["at"]) - when(a["at"]), [(x["at"], x["kind"]) for x in r[i:i + 6]])
                  for i, (a, b) in enumerate(zip(r, r[5:]))]
    return min(found)


def test_no_request_is_refused_with_many_processes_on_one_base_and_one_account():
    n = 420
    with Twin(busy_scenario(n)) as t:
        home = Home(t, {"direction": "sheets_to_airtable", "first_sync": "yes"})
        home.set("more", table="More", direction="sheets_to_airtable", first_sync="yes",
                 spreadsheet=harness.SHEET[:-1] + "2")
        home.set("other", base=OTHER_BASE, direction="sheets_to_airtable", first_sync="yes",
                 spreadsheet=harness.SHEET[:-1] + "3")
        with home:
            home.init()
            t.reset()
            others = [start(home, "sync", "--wait", name) for name in ("demo", "more", "other")]
            # meanwhile: looks at the same base by processes that take no lease
            looks = 0
            while any(p.poll() is None for p in others) or len(of_kind(t, "sheets.read")) < 61:
                for p in [start(home, "check") for _ in range(2)]:
                    finish(p, (0, BUSY))
                    looks += 1
            for p in others:
                finish(p)
            calls = t.control("stats")["calls"]
            assert calls["airtable"] > 200 and calls["sheets.read"] > 60, calls
            assert t.control("stats")["requests"] > 300
            assert refusals(t) == (0, 0), f"{t.control('stats')}\n{closest(t)}"
            assert looks > 3, looks
            for table, base in (("Deals", harness.BASE), ("More", None), ("Deals", OTHER_BASE)):
                names = [r["Name"] for r in t.records(table, base).values()]
                assert len(names) == len(set(names)) == n, (table, base, len(names))


# ---- refused all the same ----

def waits(form):
    """A create that meets a 429 of this form, and a process beside it on the same base."""
    s = scenario([NAME], rows=rows(3), limits={"on": True, "form": form})
    with Twin(s) as t, Home(t, {"direction": "sheets_to_airtable"}).init() as h:
        t.reset()
        t.faults({"match": {"kind": "airtable.create"},
                  "fault": {"kind": "rate429", "penalty": True}})
        run = start(h, "sync")
        while not of_kind(t, "airtable.create"):
            assert run.poll() is None, finish(run, None)
            time.sleep(0.1)
        beside = start(h, "check")
        finish(run)
        finish(beside, (0, BUSY))
        refused = [r for r in t.requests() if r["status"] == 429]
        assert len(refused) == 1, refused
        since = [r["at"] for r in t.requests() if harness.BASE in r["path"] and
                 r["seq"] > refused[0]["seq"]]
        wait = min(when(x) for x in since) - when(refused[0]["at"])
        assert 29.5 <= wait <= 45, (wait, since)
        assert sorted(r["Name"] for r in t.records("Deals").values()) == \
            ["row 0000", "row 0001", "row 0002"]
        h.quiet()


def when(text):
    """A time of the twin's logs in seconds."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def google_waits():
    with Twin(scenario([NAME], [record(Name="A")])) as t, \
            Home(t, {"direction": "airtable_to_sheets"}).init() as h:
        t.reset()
        t.faults({"match": {"kind": "sheets.write"}, "fault": {"kind": "rate429"}})
        took = timed(h.sync)
        writes = of_kind(t, "sheets.write")
        assert [w["status"] for w in writes] == [429, 200], writes
        assert 20 <= took <= 70, took
        assert t.rows("Deals")[1][0] == "A"
        h.quiet()


def test_a_429_is_waited_out_in_both_forms_and_by_everybody_on_that_base():
    together(lambda: waits(0), lambda: waits(1), google_waits)


def test_a_429_is_remembered_over_a_restart():
    with Twin(scenario([NAME], [record(Name="A")], **fast(30))) as t, \
            Home(t, {"direction": "airtable_to_sheets", "max_retries": "0"}).init() as h:
        t.reset()
        t.faults({"match": {"kind": "airtable.list"}, "fault": {"kind": "rate429"}})
        h.sync(expect=1)
        until = h.sql('SELECT penaltyUntil FROM "RateBucket" WHERE name = ?',
                      f"airtable:{harness.BASE}")[0][0]
        left = when(until.replace(" ", "T") + "+00:00") - time.time()
        assert 20 < left <= 30.5, left  # the penalty and half a second of margin
        t.reset()
        p = start(h, "sync")
        time.sleep(3)
        p.terminate()
        finish(p, 1)
        assert of_kind(t, "airtable") == [], "a request left during the penalty"


def test_the_429_of_the_month_is_never_asked_again():
    with Twin(scenario([NAME], [record(Name="A")])) as t, \
            Home(t, {"direction": "airtable_to_sheets"}).init() as h:
        t.reset()
        t.faults({"match": {"kind": "airtable.list"}, "count": -1, "fault": {"kind": "billing429"}})
        took = timed(lambda: h.sync(expect=None))
        assert took < 10, took
        assert len(of_kind(t, "airtable.list")) == 1
        log = h.last_log()
        assert log["status"] == "FAILED", log
        assert log["errors"][-1]["type"] == "QUOTA", log["errors"]
        assert "month" in log["errors"][-1]["message"], log["errors"]
        t.faults()
        h.sync()


def test_the_plan_s_monthly_limit_of_the_service_ends_a_run_in_one_sentence():
    s = scenario([NAME], [record(Name=f"{i}") for i in range(350)])
    s["airtable"]["workspaces"] = [{"id": "wspDemo0000000001", "monthly_limit": 1000, "used": 998}]
    s["airtable"]["bases"][0]["workspace"] = "wspDemo0000000001"
    with Twin(s) as t, Home(t, {"direction": "airtable_to_sheets"}).init() as h:
        t.reset()
        h.sync(expect=None)
        assert len([r for r in t.requests() if r["status"] == 429]) == 1, t.requests()
        assert t.writes() == []
        assert h.last_log()["errors"][-1]["type"] == "QUOTA"


# ---- our own budget ----

def used(h):
    return sum(n for n, in h.sql('SELECT calls FROM "UsageMonth"'))


def test_the_monthly_budget_stops_before_it_is_passed_and_is_counted_over_restarts():
    s = scenario([NAME], [record(Name=f"{i:03d}") for i in range(250)])
    with Twin(s) as t, Home(t, {"direction": "airtable_to_sheets"}).init() as h:
        already = used(h)
        assert already == len(of_kind(t, "airtable")) > 0, "connect's calls count, too"
        budget = already + 9
        h.airtable = f"monthly_budget = {budget}"
        h.write_ini()
        t.reset()
        for _ in range(10):
            code = h.sync(expect=None).returncode
            assert len(of_kind(t, "airtable")) == used(h) - already
            if code != 0:
                break
        assert code == 4, code
        h.sync(expect=4)
        assert used(h) == budget
        assert len(of_kind(t, "airtable")) == 9, "not one call more than the budget"
        log = h.last_log()
        assert log["status"] == "FAILED" and log["errors"][-1]["type"] == "QUOTA", log
        said = log["errors"][-1]["message"]
        assert f"budget of {budget} Airtable calls is used up" in said, said
        assert "monthly_budget" in said, said
        h.airtable = ""
        h.write_ini()
        h.quiet()


def test_processes_at_once_do_not_pass_the_monthly_budget():
    with Twin(busy_scenario(120)) as t:
        home = Home(t, {"direction": "sheets_to_airtable", "first_sync": "yes"})
        home.set("other", base=OTHER_BASE, direction="sheets_to_airtable", first_sync="yes",
                 spreadsheet=harness.SHEET[:-1] + "3")
        with home:
            home.init()
            home.airtable = f"monthly_budget = {used(home) + 15}"
            home.write_ini()
            t.reset()
            for p in [start(home, "sync", name) for name in ("demo", "other")]:
                finish(p, None)
            assert len(of_kind(t, "airtable")) == 15, len(of_kind(t, "airtable"))
            # and none of what was under way is doubled when there is budget again
            home.airtable = ""
            home.write_ini()
            home.sync()
            for base in (harness.BASE, OTHER_BASE):
                names = [r["Name"] for r in t.records("Deals", base).values()]
                assert len(names) == len(set(names)) == 120, len(names)
            home.quiet()


# ---- Retry-After ----

def test_retry_after_is_honoured_in_seconds_and_as_a_date():
    with Twin(scenario([NAME], [record(Name="A")])) as t, \
            Home(t, {"direction": "airtable_to_sheets", "full_scan": "0s"}).init() as h:
        for value in ("4", None):
            t.reset()
            at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=6)
            text = value or at.strftime("%a, %d %b %Y %H:%M:%S GMT")
            t.faults({"match": {"kind": "airtable.list"},
                      "fault": {"kind": "503", "headers": {"Retry-After": text}}})
            h.sync()
            lists = of_kind(t, "airtable.list")
            gap = when(lists[1]["at"]) - when(lists[0]["at"])
            assert 3.9 <= gap <= 12, (text, gap)


def test_a_retry_after_beyond_reason_is_not_waited_for():
    with Twin(scenario([NAME], [record(Name="A")])) as t, \
            Home(t, {"direction": "airtable_to_sheets"}).init() as h:
        for value in ("86400", "99999999999999999999", "Fri, 31 Dec 2100 23:59:59 GMT"):
            t.reset()
            t.faults({"match": {"kind": "sheets.read"}, "count": -1,
                      "fault": {"kind": "503", "headers": {"Retry-After": value}}})
            took = timed(lambda: h.sync(expect=1))
            assert took < 10, (value, took)
            assert len(of_kind(t, "sheets.read")) == 1, value
        t.faults()
        h.sync()
        h.quiet()


def test_a_senseless_retry_after_is_no_reason_to_wait_or_to_fail():
    with Twin(scenario([NAME], [record(Name="A")])) as t, \
            Home(t, {"direction": "airtable_to_sheets"}).init() as h:
        for value in ("-5", "soon", "", "Fri, 31 Dec 1999 23:59:59 GMT"):
            t.reset()
            t.faults({"match": {"kind": "airtable.list"},
                      "fault": {"kind": "503", "headers": {"Retry-After": value}}})
            assert timed(h.sync) < 15, value


if __name__ == "__main__":
    harness.main(globals())
