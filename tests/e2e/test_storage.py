#!/usr/bin/env python3
"""What can be wrong with the database and the key: full disk, failing writes, read-only files, locks, damage,
other versions, other keys. Each is one sentence; nothing is sent that could not be recorded; the file stays
sound; when the cause is gone the next run goes on, and nothing is there twice."""
import contextlib
import copy
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

import harness
from faulty import (Stage, change, copy_home, finish, is_root, one_sentence, sound, start,
                    timed)
from harness import field, scenario

NAME = field("Name")
AMOUNT = field("Amount", "number", precision=0)
ROWS = 45
LATER, USAGE = 1, 2
NOBODY = 65534


class Work(Stage):
    """Rows that become records: the write that must never be made twice."""

    def __init__(self, folder=None):
        rows = [["Name", "Amount", "Record ID"]] + [[f"row {i:02d}", i] for i in range(ROWS)]
        rows += [["twins", 7], ["twins", 7]]
        super().__init__(scenario([NAME, AMOUNT], rows=rows),
                         {"direction": "bidirectional", "first_sync": "yes"}, folder=folder)

    def check(self, what):
        """The cause is gone: a run or two end in the state that an undisturbed run reaches."""
        sound(self.home)
        self.settle(what)
        want = sorted([f"row {i:02d}" for i in range(ROWS)] + ["twins", "twins"])
        records = self.twin.records("Deals")
        assert sorted(r["Name"] for r in records.values()) == want, (what, len(records))
        rows = self.twin.table("Deals")
        assert sorted(r["Name"] for r in rows) == want, what
        assert sorted(r["Record ID"] for r in rows) == sorted(records), what
        self.home.quiet()
        sound(self.home)


def refused(home, words, code, *args, user=None):
    """A command that must end in this sentence and leave services and file alone."""
    home.twin.reset()
    with open(home.db, "rb") as f:
        before = f.read()
    p = start(home, *(args or ("sync",)), user=user)
    text = finish(p, code)
    said = one_sentence(text)
    assert all(w in said for w in words), said
    assert home.twin.requests() == [], "asked the services all the same"
    with open(home.db, "rb") as f:
        assert f.read() == before, "the file was changed"
    return said


# ---- a full disk ----

@contextlib.contextmanager
def small_disk(megabytes):
    """A folder on a file system of its own, or None where that cannot be had."""
    folder = tempfile.mkdtemp(prefix="disk.")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs",
                              folder], stderr=subprocess.DEVNULL, check=False).returncode == 0
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", folder], check=True)
        os.rmdir(folder)


def fill(folder, leave):
    """Fills the disk but for so many bytes."""
    path = os.path.join(folder, "filler")
    free = os.statvfs(folder)
    room = free.f_bavail * free.f_frsize - leave
    with open(path, "wb") as f:
        f.write(b"x" * max(0, room))
    return path


def test_a_full_disk_stops_the_run_wherever_it_strikes():
    with small_disk(4) as folder:
        if folder is None:
            print("      no file system can be mounted here: the bound of file sizes stands for it")
            return
        stopped = 0
        with Work(folder) as w:
            for leave in [*range(0, 200, 8), *range(200, 600, 40)]:
                w.again()
                w.twin.reset()
                filler = fill(folder, leave * 1024)
                p = w.home.sync(expect=None)
                writes = [x for x in w.twin.writes() if x["service"] != "person"]
                os.unlink(filler)
                if p.returncode != 0:
                    stopped += 1
                    text = p.stdout + p.stderr
                    assert p.returncode == LATER, text
                    assert "disk is full" in text, text
                    assert leave > 0 or writes == [], "wrote with no room to record it"
                w.check(f"{leave} KiB left")
        assert stopped >= 4, stopped


def with_limit(home, size):
    """A run whose files cannot grow beyond so many bytes: writes fail with an error of their own."""
    def bound():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    p = subprocess.Popen([harness.BASESYNC, "-c", home.ini, "sync"], env=home.env,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         text=True, preexec_fn=bound)
    return finish(p, None), p.returncode


def test_a_write_that_fails_stops_the_run_wherever_it_strikes():
    with Work() as w:
        w.home.sync()
        grown = os.path.getsize(w.home.db)
        stopped = 0
        for size in [0, 512, *range(4096, max(grown, 400000), 8200)]:
            w.again()
            text, code = with_limit(w.home, size)
            if code != 0:
                stopped += 1
                assert code == LATER, text
                assert "basesync.db" in text, text
            w.check(f"files of at most {size} bytes")
        assert stopped >= 4, stopped


# ---- files that may not be written ----

@contextlib.contextmanager
def as_other(home):
    """The folder belongs to a user who is no superuser (if we are one); gives the user to run as."""
    if not is_root():
        yield None
        return
    program = os.path.join(home.dir, "program")
    shutil.copy2(harness.BASESYNC, program)
    mine, harness.BASESYNC = harness.BASESYNC, program
    os.chmod(home.twin.dir, 0o755)
    os.chmod(home.twin.ca, 0o644)
    try:
        for name in [home.dir, *(os.path.join(home.dir, n) for n in os.listdir(home.dir))]:
            os.chown(name, NOBODY, NOBODY)
        yield NOBODY
    finally:
        harness.BASESYNC = mine
        for name in [home.dir, *(os.path.join(home.dir, n) for n in os.listdir(home.dir))]:
            os.chown(name, 0, 0)


def test_a_database_that_may_not_be_written_is_said_before_anything_is_sent():
    with Work() as w:
        with as_other(w.home) as user:
            os.chmod(w.home.db, 0o400)
            refused(w.home, ["basesync.db", "read-only"], LATER, user=user)
            os.chmod(w.home.db, 0o600)
            os.chmod(w.home.dir, 0o500)
            try:
                refused(w.home, ["basesync.db"], LATER, user=user)
            finally:
                os.chmod(w.home.dir, 0o700)
        w.check("made writable again")


def test_a_database_that_may_not_be_read_or_is_not_there_is_said():
    with Work() as w:
        with as_other(w.home) as user:
            os.chmod(w.home.db, 0)
            w.twin.reset()
            said = one_sentence(finish(start(w.home, "sync", user=user), LATER))
            assert "basesync.db" in said, said
            os.chmod(w.home.db, 0o600)
        away = w.home.db + ".away"
        os.rename(w.home.db, away)
        said = one_sentence(finish(start(w.home, "sync"), (LATER, USAGE)))
        assert "is missing" in said and said.endswith(" init`"), said
        assert not os.path.exists(w.home.db), "an empty database was made in its place"
        assert w.twin.requests() == []
        os.rename(away, w.home.db)
        w.check("put back")


# ---- locks ----

def test_a_database_that_another_program_holds_is_waited_for_but_not_for_ever():
    with Work() as w:
        db = sqlite3.connect(w.home.db, isolation_level=None)
        db.execute("BEGIN EXCLUSIVE")
        w.twin.reset()
        p = start(w.home, "sync")
        time.sleep(2)
        db.execute("COMMIT")
        finish(p)  # two seconds are nothing
        w.again()
        db.close()
        db = sqlite3.connect(w.home.db, isolation_level=None)
        db.execute("BEGIN EXCLUSIVE")
        w.twin.reset()
        out = []
        took = timed(lambda: out.append(finish(start(w.home, "sync"), LATER)))
        assert took < 40, took
        assert "locked" in one_sentence(out[0]), out[0]
        assert w.twin.requests() == []
        db.execute("ROLLBACK")
        db.close()
        w.check("released")


def test_a_lock_in_the_middle_of_a_run_loses_nothing():
    with Work() as w:
        w.twin.faults({"match": {"kind": "airtable.create", "nth": 2},
                       "fault": {"kind": "delay", "ms": 1500}})
        p = start(w.home, "sync")
        while not [r for r in w.twin.requests() if r["kind"] == "airtable.create"]:
            assert p.poll() is None, finish(p, None)
            time.sleep(0.05)
        db = sqlite3.connect(w.home.db, isolation_level=None, timeout=20)
        db.execute("BEGIN IMMEDIATE")
        text = finish(p, None)
        assert p.returncode == LATER, text
        assert "locked" in text, text
        db.execute("ROLLBACK")
        db.close()
        w.twin.faults()
        w.check("locked while the answer of a create was under way")


# ---- damage ----

def spoil(path, at, data):
    with open(path, "r+b") as f:
        f.seek(at)
        f.write(data)


def truncate(path, size):
    with open(path, "r+b") as f:
        f.truncate(size)


def test_a_file_that_is_no_database_is_refused_untouched():
    rng = random.Random(4)
    with Work() as w:
        for what, harm in (
                ("header", lambda p: spoil(p, 0, rng.randbytes(100))),
                ("magic", lambda p: spoil(p, 0, b"SQLite format 4\0")),
                ("text", lambda p: (truncate(p, 0), spoil(p, 0, b"[sync demo]\nname = x\n" * 60))),
                ("page size", lambda p: spoil(p, 16, b"\x00\x07")),
                ("somebody else's", lambda p: spoil(p, 68, b"\x0f\x05\x51\x12"))):
            w.again()
            harm(w.home.db)
            said = refused(w.home, ["basesync.db"], (LATER, USAGE))
            assert "internal" not in said.lower(), (what, said)
        w.again()
        w.check("put back")


def test_a_damaged_page_never_makes_anything_twice():
    rng = random.Random(7)
    with Work() as w:
        w.home.sync()
        w.twin.person(sheets=[{"op": "set", "sheet": "Deals", "cell": "B3", "value": 1234}])
        full, state = tempfile.mkdtemp(prefix="full."), w.twin.state()
        copy_home(w.home.dir, full)
        db = sqlite3.connect(w.home.db)
        size = db.execute("PRAGMA page_size").fetchone()[0]
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.close()
        found = 0
        for page in range(1, pages):
            copy_home(full, w.home.dir)
            w.twin.load(dict(copy.deepcopy(w.start), airtable=state["airtable"],
                             google=state["google"]))
            spoil(w.home.db, page * size, rng.randbytes(size))
            p = w.home.sync(expect=None)
            assert p.returncode in (0, LATER), (page, p.returncode, p.stdout, p.stderr)
            found += p.returncode == LATER
            records = w.twin.records("Deals")
            assert len(records) == ROWS + 2, f"page {page}: {len(records)} records"
            rows = [r for r in w.twin.table("Deals") if r.get("Name")]
            assert len(rows) == ROWS + 2, f"page {page}: {len(rows)} rows"
        assert found > 3, f"{found} of {pages} damaged pages were noticed"
        # the backup of before is put back: it knows nothing of the run, the sheet's ids do
        copy_home(w.saved, w.home.dir)
        w.home.sync()
        assert len(w.twin.records("Deals")) == ROWS + 2
        w.home.quiet()
        shutil.rmtree(full)


def test_a_file_that_was_cut_off_is_said_and_nothing_is_sent():
    with Work() as w:
        size = os.path.getsize(w.home.db)
        for keep in (size // 2 // 4096 * 4096, 4096, 1000):
            w.again()
            truncate(w.home.db, keep)
            w.twin.reset()
            text = finish(start(w.home, "sync"), (LATER, USAGE))
            assert "basesync.db" in one_sentence(text), text
            assert [x for x in w.twin.writes() if x["service"] != "person"] == []
        w.again()
        w.check("put back")


# ---- versions and keys ----

def test_a_database_of_a_newer_version_is_refused_in_a_sentence():
    with Work() as w:
        change(w.home, "PRAGMA user_version = 99")
        refused(w.home, ["newer", "99"], (LATER, USAGE))
        w.again()
        w.check("put back")


def test_a_key_that_does_not_fit_stops_before_anything_is_sent():
    with Work() as w:
        key = os.path.join(w.home.dir, "basesync.key")
        with open(key, encoding="utf-8") as f:
            right = f.read()

        def put(text, mode=0o600):
            with open(key, "w", encoding="utf-8") as f:
                f.write(text)
            os.chmod(key, mode)

        put("ab" * 32 + "\n")
        said = refused(w.home, ["sealed with key"], USAGE)
        assert "abab" not in said, said
        put("ab" * 31 + "\n")
        refused(w.home, ["basesync.key", "64 hex digits"], USAGE)
        put("")
        refused(w.home, ["basesync.key"], USAGE)
        for mode in (0o644, 0o640, 0o604, 0o620):
            put(right, mode)
            said = refused(w.home, ["basesync.key", "chmod 600"], USAGE)
            assert right.strip() not in said
        os.unlink(key)
        refused(w.home, ["basesync.key", "missing"], USAGE)
        put(right)
        w.check("put back")


def test_a_wrong_key_in_the_environment_is_refused_too():
    with Work() as w:
        w.home.env["BASESYNC_KEY"] = "cd" * 32
        said = refused(w.home, ["sealed with key"], USAGE)
        assert "cdcd" not in said
        w.home.env["BASESYNC_KEY"] = "not hex"
        said = refused(w.home, ["BASESYNC_KEY"], USAGE)
        assert "not hex" not in said
        del w.home.env["BASESYNC_KEY"]
        w.check("taken away")


if __name__ == "__main__":
    harness.main(globals())
