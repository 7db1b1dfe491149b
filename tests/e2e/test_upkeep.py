#!/usr/bin/env python3
"""Upkeep: rotating the key at any instant, backups that restore, pause, decisions, completion."""
import json
import os
import shutil
import stat
import subprocess

import harness
from harness import Home, Twin, field, record, scenario

FIELDS = [field("Name"), field("Amount", "number", precision=2)]


def world(**more):
    return scenario(FIELDS, [record(Name=f"Deal {i}", Amount=i) for i in range(3)], **more)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def test_a_new_key_replaces_the_old_one_and_nothing_is_lost():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        h.sync()
        key = os.path.join(h.dir, "basesync.key")
        old = read(key)
        before = h.sql('SELECT secret FROM "AirtableConnection"')
        h.run("key", "rotate")
        assert read(key) != old
        assert stat.S_IMODE(os.stat(key).st_mode) == 0o600
        assert not os.path.exists(key + ".new")
        assert h.sql('SELECT secret FROM "AirtableConnection"') != before
        h.quiet()  # the stored hashes are good still
        with open(key, "w", encoding="utf-8") as f:
            f.write(old)
        p = h.run("sync", expect=None)
        assert p.returncode != 0, p.stdout  # the old key opens nothing


def test_a_rotation_that_is_killed_anywhere_ends_with_a_key_that_opens():
    for point in ("rotate.created", "rotate.sealed", "store.commit"):
        for k in range(1, 4):
            with Twin(world()) as t, Home(t, {}) as h:
                h.init()
                h.sync()
                h.run("key", "rotate", expect=None, env={"BASESYNC_FAIL": f"{point}:{k}:kill"})
                h.quiet()
                h.run("key", "rotate")
                h.quiet()
                assert not os.path.exists(os.path.join(h.dir, "basesync.key.new"))


def test_no_key_is_rotated_under_a_running_server_or_from_the_environment():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        h.sync()
        key = read(os.path.join(h.dir, "basesync.key")).strip()
        p = h.run("key", "rotate", expect=2, env={"BASESYNC_KEY": key})
        assert "from the environment" in p.stderr, p.stderr
        server = subprocess.Popen([harness.BASESYNC, "-c", h.ini, "serve"], env=h.env,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            while not h.sql("SELECT 1 FROM \"Lease\" WHERE name = 'serve'"):
                assert server.poll() is None, server.stdout.read()
            p = h.run("key", "rotate", expect=5)
            assert "stop it first" in p.stderr, p.stderr
        finally:
            server.terminate()
            server.communicate()
        h.run("key", "rotate")


def test_a_backup_taken_in_use_restores_to_a_quiet_run():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        h.sync()
        copy = os.path.join(h.dir, "copy.db")
        h.run("backup", copy)
        p = h.run("backup", copy, expect=2)
        assert "is there already" in p.stderr, p.stderr
        for name in os.listdir(h.dir):
            if name.startswith("basesync.db"):
                os.unlink(os.path.join(h.dir, name))
        shutil.move(copy, h.db)
        h.quiet()


def test_a_held_conflict_is_decided_by_command():
    with Twin(world()) as t, Home(t, {"conflicts": "hold"}) as h:
        h.init()
        h.sync()
        rec = next(i for i, f in t.records("Deals").items() if f["Name"] == "Deal 1")
        row = [r[0] for r in t.rows("Deals")].index("Deal 1") + 1
        t.person(airtable=[{"op": "update", "table": "Deals", "record": rec,
                            "fields": {"Amount": 77}}],
                 sheets=[{"op": "set", "cell": f"B{row}", "value": 88}])
        h.sync(expect=4)
        held = json.loads(h.run("conflicts", "--json").stdout)
        assert [(x["recordId"], x["field"], x["airtableValue"], x["sheetsValue"], x["choice"])
                for x in held] == [(rec, "Amount", "77", "88", None)], held
        assert json.loads(h.run("status", "--json").stdout)[0]["heldConflicts"] == 1
        p = h.run("conflicts", "demo", rec, "Amount", "nobody", expect=2)
        assert "airtable or sheets" in p.stderr, p.stderr
        p = h.run("conflicts", "demo", rec, "Name", "sheets", expect=2)
        assert "no open conflict" in p.stderr, p.stderr
        h.run("conflicts", "demo", rec, "Amount", "sheets")
        h.sync()
        assert t.records("Deals")[rec]["Amount"] == 88
        assert json.loads(h.run("conflicts", "--json").stdout) == []
        h.quiet()


def test_show_tells_each_change_of_a_run_by_the_start_of_its_id():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        h.sync()
        log = h.last_log()["id"]
        shown = json.loads(h.run("show", log[:8], "--json").stdout)
        assert shown["log"]["id"] == log and shown["log"]["rowsAdded"] == 3, shown["log"]
        assert [c["action"] for c in shown["changes"]].count("create") == 3, shown["changes"]
        assert h.run("logs", "show", log).stdout.startswith("Run        " + log)
        assert "no run whose id begins" in h.run("show", "zzzz", expect=2).stderr


def test_logs_are_chosen_by_sync_time_and_outcome():
    with Twin(world()) as t, Home(t, {}) as h:
        h.set("other", [], tab="Nowhere")
        h.init()
        h.sync(expect=4)

        def count(*args):
            return len(json.loads(h.run("logs", "--json", *args).stdout))
        assert count() == 2
        assert count("--failed") == 1
        assert count("--sync", "demo") == 1
        assert count("--sync", "demo", "--failed") == 0
        assert count("--limit", "1") == 1
        assert count("--since", "1h") == 2
        assert count("--since", "2999-01-01") == 0
        assert "--since: write a time" in h.run("logs", "--since", "soon", expect=2).stderr


def test_logs_follow_tells_new_runs_as_they_end():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        h.sync()
        p = subprocess.Popen([harness.BASESYNC, "-c", h.ini, "logs", "--follow", "--json"],
                             env=h.env, stdout=subprocess.PIPE, text=True)
        try:
            p.stdout.readline()  # what there was
            h.sync()
            row = json.loads(p.stdout.readline())
            assert row["id"] == h.last_log()["id"] and row["status"] == "SUCCESS", row
        finally:
            p.terminate()
            p.wait(20)
        assert p.returncode == 0


def test_discover_writes_a_section_that_works_as_it_is():
    with Twin(world()) as t, Home(t) as h:
        h.init()
        text = h.run("discover", "--ini", harness.BASE, "Deals", harness.SHEET, "Deals").stdout
        with open(h.ini, "a", encoding="utf-8") as f:
            f.write(text)
        h.run("check")
        h.sync()
        assert [r["Name"] for r in t.table("Deals")] == ["Deal 0", "Deal 1", "Deal 2"] or \
            sorted(r["Name"] for r in t.table("Deals")) == ["Deal 0", "Deal 1", "Deal 2"]
        assert "Amount" in h.run("discover", harness.SHEET).stdout


def test_disconnect_forgets_a_credential():
    with Twin(world()) as t, Home(t, {}) as h:
        h.init()
        h.run("disconnect", "airtable")
        assert [c["service"] for c in json.loads(h.run("connections", "--json").stdout)] == \
            ["sheets"]
        h.sync(expect=2)
        assert h.last_log()["status"] == "SKIPPED"
        assert "has no connection to airtable" in h.run("disconnect", "airtable", expect=2).stderr


def test_completion_scripts_are_sound():
    with Twin(world()) as t, Home(t) as h:
        script = h.run("completion", "bash").stdout
        for command in ("sync", "connect", "conflicts"):
            assert command in script
        assert "worker" not in script
        path = os.path.join(h.dir, "c.bash")
        with open(path, "w", encoding="utf-8") as f:
            f.write(script + '\nCOMP_WORDS=(basesync -c x sy); COMP_CWORD=3; _basesync; '
                             'echo "${COMPREPLY[@]}"\nCOMP_WORDS=(basesync sync --dr); COMP_CWORD=2; '
                             '_basesync; echo "${COMPREPLY[@]}"\n')
        got = subprocess.run(["bash", path], capture_output=True, text=True, check=True)
        assert got.stdout == "sync\n--dry-run\n", (got.stdout, got.stderr)
        assert "complete -c basesync" in h.run("completion", "fish").stdout
        h.run("completion", "tcsh", expect=2)


if __name__ == "__main__":
    harness.main(globals())
