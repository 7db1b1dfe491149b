"""What the tests of limits, tokens, storage and lies share: processes at work together, and looks at what
the services were asked and what they answered."""
import os
import signal
import sqlite3
import subprocess
import threading
import time

import harness


def start(home, *args, env=None, user=None):
    """Starts the program without waiting for it."""
    return subprocess.Popen([harness.BASESYNC, "-c", home.ini, *args], user=user,
                            env=dict(home.env, **(env or {})), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process, expect=0, seconds=harness.RUN_SECONDS):
    """Waits for a started program; expect is the exit code, several of them, or None: any. Gives its
    output, standard error last."""
    out, err = process.communicate(timeout=seconds)
    wanted = expect if isinstance(expect, tuple) else (expect,)
    if expect is not None and process.returncode not in wanted:
        raise AssertionError(f"{process.args[3:]}: exit code {process.returncode}, {expect} "
                             f"expected\n{out}\n{err}")
    return out + err


def together(*functions):
    """Runs the functions at once; the first error of any is raised."""
    errors = []

    def run(f):
        try:
            f()
        except BaseException as e:  # pylint: disable=broad-except
            errors.append(e)

    threads = [threading.Thread(target=run, args=(f,)) for f in functions]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if errors:
        raise errors[0]


def of_kind(twin, prefix, status=None):
    """The requests of a kind, oldest first."""
    return [r for r in twin.requests() if r["kind"].startswith(prefix) and
            (status is None or r["status"] == status)]


def refusals(twin):
    """429s, and what would have been one."""
    s = twin.control("stats")
    return s.get("status_429", 0), s["limits"]["violations"]


def timed(f):
    at = time.monotonic()
    f()
    return time.monotonic() - at


def change(home, *statements):
    """Changes the database while nobody uses it, past the program."""
    db = sqlite3.connect(home.db)
    try:
        for s in statements:
            db.execute(*(s if isinstance(s, tuple) else (s,)))
        db.commit()
    finally:
        db.close()


def sound(home):
    """The database passes SQLite's own check."""
    db = sqlite3.connect(f"file:{home.db}?mode=ro", uri=True)
    try:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        db.close()


def killed(process, seconds=harness.RUN_SECONDS):
    process.communicate(timeout=seconds)
    assert process.returncode == -signal.SIGKILL, f"exit code {process.returncode}, no kill"


def one_sentence(text):
    """Says one thing on one line, of the program's, and nothing secret."""
    lines = [line for line in text.splitlines() if line.startswith("basesync: ")]
    assert len(lines) == 1, text
    assert len(lines[0]) < 600, lines[0]
    return lines[0]


def is_root():
    return os.geteuid() == 0
