"""What the tests of limits, tokens, storage and lies share: processes at work together, and looks at what
the services were asked and what they answered."""
import copy
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
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


def copy_home(source, target):
    """INI, key and database of one folder into another, in place of those there."""
    for name in os.listdir(target):
        if name.startswith("basesync.db"):
            os.unlink(os.path.join(target, name))
    for name in os.listdir(source):
        if name.startswith("basesync."):
            shutil.copy2(os.path.join(source, name), os.path.join(target, name))


class Stage:
    """A twin and a home right before a run; `again` brings both back to that moment. change(state), when
    given, edits what the services hold after a first sync."""

    def __init__(self, scenario, sync, change=None, folder=None):
        self.twin = harness.Twin(scenario)
        self.home = harness.Home(self.twin, sync, airtable="requests_per_second = 50")
        if folder:
            shutil.rmtree(self.home.dir)
            self.home.dir = folder
            self.home.ini = os.path.join(folder, "basesync.ini")
            self.home.db = os.path.join(folder, "basesync.db")
            self.home.write_ini()
        self.home.init()
        self.start = scenario
        if change:
            self.home.sync()
            state = self.twin.state()
            change(state)
            self.start = dict(scenario, airtable=state["airtable"], google=state["google"])
        self.saved = tempfile.mkdtemp(prefix="saved.")
        copy_home(self.home.dir, self.saved)
        self.again()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.saved)
        if os.path.dirname(self.home.dir) == tempfile.gettempdir():
            self.home.close()
        self.twin.close()

    def again(self):
        copy_home(self.saved, self.home.dir)
        self.twin.load(copy.deepcopy(self.start))
        self.twin.reset()

    def settle(self, what, runs=4):
        """Runs until one succeeds."""
        for _ in range(runs):
            p = self.home.sync(expect=None)
            if p.returncode == 0:
                return
        raise AssertionError(f"{what}: no run succeeds\n{p.stdout}\n{p.stderr}")
