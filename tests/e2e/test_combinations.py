#!/usr/bin/env python3
"""Random combinations of up to five faults strike one run, of any kind at any requests; what must come of it
is what the sweeps demand. The seed is printed: BASESYNC_SEED=N gives all of them again, BASESYNC_COMBINATION=I
with it the I-th alone; BASESYNC_SWEEP=N sets how many there are."""
import os
import random

import harness
from sweep import WORKS, Bench, at_once, spread
from test_sweep import ANSWERS_LOST, ANSWERS_WRONG, REFUSALS, SERVER_ERRORS

SEED = int(os.environ.get("BASESYNC_SEED", random.SystemRandom().randrange(1 << 31)))
COUNT = int(os.environ.get("BASESYNC_SWEEP", "100" if harness.PROFILE == "asan" else "2000"))
ONE = os.environ.get("BASESYNC_COMBINATION")
POOL = ANSWERS_LOST + ANSWERS_WRONG + SERVER_ERRORS + REFUSALS


def combination(i, requests):
    rng = random.Random(f"{SEED}/{i}")
    # requests that are made because of a fault are struck as well
    return [{"match": {"nth": rng.randint(1, len(requests) + 3)}, "fault": rng.choice(POOL)}
            for _ in range(rng.randint(1, 5))]


def strike(work, numbers):
    with Bench(work) as b:
        for i in numbers:
            rules = combination(i, b.requests)
            b.again()
            b.twin.faults(*rules)
            b.disturbed(f"BASESYNC_SEED={SEED} BASESYNC_COMBINATION={i}: {rules}")
    return len(numbers)


def test_random_combinations_of_faults():
    print(f"      seed {SEED}, {COUNT} combinations", flush=True)
    work_of = {i: WORKS[i % len(WORKS)] for i in ([int(ONE)] if ONE else range(COUNT))}
    jobs = [lambda w=w, part=part: strike(w, part) for w in WORKS
            for part in spread([i for i, x in work_of.items() if x is w], 2)]
    n = at_once(jobs)
    assert ONE or n == COUNT
    print(f"      {n} combinations, 0 violations")


if __name__ == "__main__":
    harness.main(globals())
