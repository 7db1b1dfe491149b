#!/usr/bin/env python3
"""Runs all tests/e2e/test_*.py, two at a time, and ends with "N passed, N failed"."""
import concurrent.futures
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def run(path):
    limit = 1500
    try:
        p = subprocess.run([sys.executable, path], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, timeout=limit, check=False)
        return path, p.returncode, p.stdout
    except subprocess.TimeoutExpired as e:
        out = e.stdout.decode() if isinstance(e.stdout, bytes) else e.stdout or ""
        return path, 1, out + f"\nstopped after {limit} s\n"


def main():
    names = sys.argv[1:]
    files = sorted(f for f in glob.glob(os.path.join(HERE, "test_*.py"))
                   if not names or any(n in os.path.basename(f) for n in names))
    passed = failed = skipped = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for path, code, out in pool.map(run, files):
            counts = re.findall(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", out, re.M)
            p, f, s = (int(x or 0) for x in counts[-1]) if counts else (0, 1, 0)
            if code != 0 and f == 0:
                f = 1
            passed, failed, skipped = passed + p, failed + f, skipped + s
            print(f"---- {os.path.basename(path)}: {p} passed, {f} failed", flush=True)
            if f:
                print(out, flush=True)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    sys.exit(1 if failed or passed == 0 else 0)


main()
