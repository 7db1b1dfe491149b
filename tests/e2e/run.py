#!/usr/bin/env python3
"""Runs all tests/e2e/test_*.py, two at a time, and ends with "N passed, N failed"."""
import concurrent.futures
import glob
import os
import re
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def run(path):
    """One file in a process group of its own, so that nothing it started outlives it."""
    limit = 2400
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as out:
        p = subprocess.Popen([sys.executable, path], stdin=subprocess.DEVNULL, stdout=out,
                             stderr=subprocess.STDOUT, start_new_session=True)
        try:
            code = p.wait(limit)
        except subprocess.TimeoutExpired:
            code = 1
            out.write(f"\nstopped after {limit} s\n")
        try:
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        p.wait()
        out.seek(0)
        return path, code, out.read()


def count(code, out):
    counts = re.findall(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", out, re.M)
    p, f, s = (int(x or 0) for x in counts[-1]) if counts else (0, 1, 0)
    return p, 1 if code != 0 and f == 0 else f, s


def main():
    names = sys.argv[1:]
    files = sorted(f for f in glob.glob(os.path.join(HERE, "test_*.py"))
                   if not names or any(n in os.path.basename(f) for n in names))
    results, again = {}, []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for path, code, out in pool.map(run, files):
            results[path] = count(code, out)
            print(f"---- {os.path.basename(path)}: %d passed, %d failed, %d skipped"
                  % results[path], flush=True)
            if results[path][1]:
                print(out, flush=True)
                again.append(path)
    # Limits and leases are met in real time: what failed beside another file is judged alone, and
    # said to have needed it.
    for path in again:
        print(f"---- {os.path.basename(path)} again, alone", flush=True)
        _, code, out = run(path)
        results[path] = count(code, out)
        print(f"---- {os.path.basename(path)}, alone: %d passed, %d failed, %d skipped"
              % results[path], flush=True)
        if results[path][1]:
            print(out, flush=True)
    passed, failed, skipped = (sum(r[i] for r in results.values()) for i in range(3))
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed or passed == 0 else 0)


main()
