#!/usr/bin/env python3
"""Runs all tests/e2e/test_*.py and ends with "N passed, N failed". Most of them wait: for time, for the disk,
for each other. So several run at once, first those that only must come out right; then, two at a time, those
that measure time; last, one by one, the sweeps, which keep all processors busy by themselves."""
import concurrent.futures
import glob
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 2400  # seconds for one file
AT_ONCE = int(os.environ.get("BASESYNC_E2E_JOBS", str(2 * (os.cpu_count() or 2))))
MEASURE_TIME = ("limits", "serve", "tokens", "notify")
SWEEPS = ("sweep", "combinations", "memory", "people")
# What is met in real time the sanitizers stretch: nothing new would run through them there.
NOT_SANITIZED = ("limits", "memory", "serve", "notify", "seeing", "soak", "storage") \
    if os.environ.get("PROFILE") == "asan" else ()
# These wait longest, and so begin first.
LONG = ("lies", "storage", "soak")


def run(path):
    """One file in a process group of its own, so that nothing it started outlives it."""
    began = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as out:
        p = subprocess.Popen([sys.executable, path], stdin=subprocess.DEVNULL, stdout=out,
                             stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code = p.wait(LIMIT)
        except subprocess.TimeoutExpired:
            code = 1
            out.write(f"\nstopped after {LIMIT} s\n")
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        p.wait()
        out.seek(0)
        return path, code, out.read(), time.monotonic() - began


def count(code, out):
    counts = re.findall(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", out, re.M)
    p, f, s = (int(x or 0) for x in counts[-1]) if counts else (0, 1, 0)
    return p, 1 if code != 0 and f == 0 else f, s


def title(path):
    return os.path.basename(path)[len("test_"):-len(".py")]


def tell(path, note, result, seconds, out):
    print(f"---- {title(path)}{note}: %d passed, %d failed, %d skipped" % result +
          f" ({seconds:.0f} s)", flush=True)
    if result[1]:
        print(out, flush=True)
    else:
        # what sweeps have counted, and the seeds that give it again
        print("".join(line + "\n" for line in out.splitlines()
                      if re.match(r" +(seed )?\d+\b", line)), end="", flush=True)


def main():
    names = sys.argv[1:]
    # One seed for both tries of a file: what fails by chance alone must not pass by chance.
    os.environ.setdefault("BASESYNC_SEED", str(random.SystemRandom().randrange(1 << 31)))
    files = sorted(f for f in glob.glob(os.path.join(HERE, "test_*.py"))
                   if any(n in os.path.basename(f) for n in names) or
                   not names and title(f) not in NOT_SANITIZED)
    parts = [([f for f in files if title(f) not in MEASURE_TIME + SWEEPS], AT_ONCE),
             ([f for f in files if title(f) in MEASURE_TIME], 2),
             ([f for f in files if title(f) in SWEEPS], 1)]
    results, again = {}, []
    for part, at_once in parts:
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            # the longest first, so that none is left over to the end
            part.sort(key=lambda f: (title(f) in LONG, os.path.getsize(f)), reverse=True)
            for f in concurrent.futures.as_completed([pool.submit(run, p) for p in part]):
                path, code, out, seconds = f.result()
                results[path] = count(code, out)
                tell(path, "", results[path], seconds, out)
                if results[path][1]:
                    again.append(path)
    # Limits and leases are met in real time: what failed beside another file is judged alone, and
    # said to have needed it.
    for path in again:
        print(f"---- {title(path)} again, alone", flush=True)
        _, code, out, seconds = run(path)
        results[path] = count(code, out)
        tell(path, ", alone", results[path], seconds, out)
    passed, failed, skipped = (sum(r[i] for r in results.values()) for i in range(3))
    if again:
        print(f"needed to be alone: {', '.join(title(p) for p in again)}")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed or passed == 0 else 0)


main()
