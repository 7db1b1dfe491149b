#!/usr/bin/env python3
"""Nothing twice, nothing lost. For each direction and for runs that create, update, delete or do all of it, a
run is killed before and after every request and at every failpoint, and every kind of fault strikes at every
request; the next run that succeeds must reach the state that an undisturbed run reaches, and a run after it
must write nothing. BASESYNC_SWEEP_STEP=N looks at every N-th point alone, at others for each work and fault."""
import os
import subprocess

import harness
from sweep import CHANGES, WORKS, Bench, all_of_it, at_once, fill_airtable

# Under the sanitizers each run is several times slower, and has the same end: they look at every tenth.
STEP = int(os.environ.get("BASESYNC_SWEEP_STEP", "10" if harness.PROFILE == "asan" else "1"))

ANSWERS_LOST = [{"kind": "cut_before"}, {"kind": "cut_before", "rst": True}, {"kind": "cut_after"},
                {"kind": "cut_after", "rst": True}, {"kind": "cut_headers"}, {"kind": "truncate"},
                {"kind": "conn_reset"}]
ANSWERS_WRONG = [{"kind": "garbage"}, {"kind": "html"}, {"kind": "empty"}, {"kind": "wrong_length"},
                 {"kind": "wrong_length", "by": -4}, {"kind": "short_list"}, {"kind": "repeat_page"},
                 {"kind": "stale_read"}]
SERVER_ERRORS = [{"kind": "500"}, {"kind": "500", "apply": True}, {"kind": "502"},
                 {"kind": "502", "apply": True}, {"kind": "503"}, {"kind": "503", "apply": True},
                 {"kind": "503", "headers": {"Retry-After": "1"}},
                 {"kind": "503", "headers": {"Retry-After": "40"}, "apply": True},
                 {"kind": "status", "code": 408}, {"kind": "status", "code": 408, "apply": True},
                 {"kind": "status", "code": 409}, {"kind": "status", "code": 504, "apply": True}]
REFUSALS = [{"kind": "expire_token"}, {"kind": "status", "code": 401}, {"kind": "status", "code": 403},
            {"kind": "status", "code": 404}, {"kind": "status", "code": 413},
            {"kind": "status", "code": 422}, {"kind": "rate429", "penalty": True},
            {"kind": "billing429"}]
SLOW = [{"kind": "delay", "ms": 300}, {"kind": "slow", "ms": 20, "bytes": 40}]


def told(name, count, what):
    print(f"      {name}: {count} {what}, 0 violations", flush=True)
    return count


def points(n, *salt):
    """Of the points 1 to n those that are looked at."""
    return [k for k in range(1, n + 1) if (k + sum(salt)) % STEP == 0]


def sweep(work, faults, **how):
    count = 0
    with Bench(work, **how) as b:
        for i, f in enumerate(faults):
            for k in points(len(b.requests), 3 * i, WORKS.index(work)):
                b.again()
                b.twin.faults({"match": {"nth": k}, "fault": f})
                b.disturbed(f"request {k} of {len(b.requests)}, {b.requests[k - 1]}: {f}")
                count += 1
        return told(b.name, count, "disturbances")


def every_fault(faults, works=WORKS, **how):
    n = at_once([lambda w=w: sweep(w, faults, **how) for w in works])
    print(f"      {n} disturbances, 0 violations")


def kill(work, **how):
    count = 0
    with Bench(work, **how) as b:
        at = points(len(b.requests), WORKS.index(work))
        for k in at:
            for when in ("before", "after"):
                b.again()
                code = b.killed(when, k)
                b.settles(f"{b.name}, killed {when} request {k} ({code})")
                count += code == -9
        # the run that is killed asks for what the undisturbed one did
        assert count >= 2 * len(at) * 0.8, (count, at)
        return told(b.name, count, "kills")


def failpoints(work):
    count = 0
    with Bench(work) as b:
        b.again()
        listed = b.home.db + ".points"
        b.home.run("sync", env={"BASESYNC_FAIL_LIST": listed})
        with open(listed, encoding="utf-8") as f:
            passed = [line.strip() for line in f if line.strip()]
        assert len(passed) > 10, "this build has no failpoints"
        for k in points(len(passed), WORKS.index(work)):
            b.again()
            b.disturbed(f"killed at failpoint {k} ({passed[k - 1]})",
                        env={"BASESYNC_FAIL": f"*:{k}:kill"})
            count += 1
    return told(work.__name__, count, "failpoints")


def test_killed_at_every_request():
    n = at_once([lambda w=w: kill(w) for w in WORKS])
    print(f"      {n} kill points at requests, 0 violations")


def test_killed_at_every_failpoint():
    n = at_once([lambda w=w: failpoints(w) for w in WORKS])
    print(f"      {n} kill points at failpoints, 0 violations")


def test_killed_at_every_request_of_a_delta():
    n = at_once([lambda w=w: kill(w, delta=True) for w in CHANGES])
    print(f"      {n} kill points at requests of deltas, 0 violations")


def test_every_answer_lost_or_wrong_at_every_request_of_a_delta():
    every_fault([ANSWERS_LOST[0], ANSWERS_LOST[2], ANSWERS_LOST[5], ANSWERS_WRONG[0],
                 SERVER_ERRORS[5], SERVER_ERRORS[0], REFUSALS[3], REFUSALS[5], REFUSALS[7]],
                CHANGES, delta=True)


def test_every_answer_lost_at_every_request():
    every_fault(ANSWERS_LOST)


def test_every_answer_wrong_at_every_request():
    every_fault(ANSWERS_WRONG)


def test_every_server_error_at_every_request():
    every_fault(SERVER_ERRORS)


def test_every_refusal_at_every_request():
    every_fault(REFUSALS)


def test_every_slowness_at_every_request():
    every_fault(SLOW)


def test_every_request_carried_out_after_we_have_given_up_on_it():
    every_fault([{"kind": "hold", "max_ms": 20000}], timeout="1s")


def writing(kinds):
    return [k for k in kinds if k.endswith(("create", "update", "delete", "write"))]


def test_two_processes_at_once_do_not_overlap():
    def twenty(work):
        with Bench(work) as b:
            for _ in range(20 if STEP == 1 else 5):
                b.again()
                both = [subprocess.Popen([harness.BASESYNC, "-c", b.home.ini, "sync", "--wait"],
                                         env=b.home.env, stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                        for _ in range(2)]
                for p in both:
                    out, _ = p.communicate(timeout=harness.RUN_SECONDS)
                    assert p.returncode == 0, out.decode()
                assert b.outcome() == b.wanted
                # one after the other: all that the first asks for, then what a quiet run asks for
                kinds = [r["kind"] for r in b.twin.requests()]
                second = len(kinds) - 1 - kinds[::-1].index("airtable.payloads")
                assert writing(kinds[:second]) == writing(b.requests), kinds
                assert writing(kinds[second:]) == [], kinds
                b.home.quiet()
        return 20
    at_once([lambda w=w: twenty(w) for w in (fill_airtable, all_of_it)])


if __name__ == "__main__":
    harness.main(globals())
