"""What the end-to-end tests share: a twin, a folder with INI, key and database, the program run as its
user runs it, and looks at both services' state. Python's standard library only."""
import http.client
import json
import os
import shutil
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROFILE = os.environ.get("PROFILE", "debug")
BUILD = os.environ.get("O", os.path.join(ROOT, "build"))
BASESYNC = os.path.abspath(os.environ.get("BASESYNC") or os.path.join(BUILD, PROFILE, "basesync"))
TWIN = os.path.abspath(os.environ.get("TWIN") or os.path.join(BUILD, PROFILE, "twin"))
RUN_SECONDS = 120

BASE = "appDemoBase0000001"[:17]
SHEET = "1demoSpreadsheetIdxxxxxxxxxxxxxxxxxxxxxxxxxx01"
ROBOT = "robot@basesync-demo.iam.gserviceaccount.com"
TOKEN = "patDemoToken00001.0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"


class Twin:
    """One twin process. `with Twin(scenario) as t:`"""

    def __init__(self, scenario, *options):
        self.dir = tempfile.mkdtemp(prefix="twin.")
        path = os.path.join(self.dir, "scenario.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(scenario, f)
        self.process = subprocess.Popen(
            [TWIN, "--port", "0", "--state-dir", self.dir, "--scenario", path, "--until-eof",
             *options], stdout=subprocess.PIPE, stdin=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        if not line.startswith("READY port="):
            raise RuntimeError("the twin did not start: " + line)
        self.port = int(line.strip().split("=")[1])
        self.url = f"https://127.0.0.1:{self.port}"
        self.ca = os.path.join(self.dir, "ca.pem")
        self.tls = ssl.create_default_context(cafile=self.ca)
        self.service_account = os.path.join(self.dir, "robot.json")
        self.local = threading.local()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stdin.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def control(self, path, body=None):
        """Control call of the twin; body None is a GET, bytes are JSON already."""
        data = None if body is None else body if isinstance(body, bytes) else \
            json.dumps(body).encode()
        status, text = self._exchange("GET" if data is None else "POST", path, data)
        if status >= 400:
            raise RuntimeError(f"{path}: {text}")
        return json.loads(text) if text.strip() else None

    def _exchange(self, method, path, data):
        """One connection per thread is kept: a handshake costs more than most of these calls."""
        for last in (False, True):
            # a child that was forked has no share in it
            if getattr(self.local, "pid", None) != os.getpid():
                self.local.pid, self.local.connection = os.getpid(), None
            if self.local.connection is None:
                self.local.connection = http.client.HTTPSConnection(
                    "127.0.0.1", self.port, context=self.tls, timeout=60)
            try:
                self.local.connection.request(method, "/__twin__/" + path, data,
                                              {"Content-Type": "application/json"})
                r = self.local.connection.getresponse()
                return r.status, r.read().decode()
            except (http.client.RemoteDisconnected, ConnectionError):
                self.local.connection.close()
                self.local.connection = None
                if last:
                    raise
        return None

    def load(self, scenario):
        self.control("load", scenario)

    def state(self):
        """What both services hold for people; webhooks, which every reading changes, are apart."""
        state = self.control("state")
        for b in state["airtable"]["bases"]:
            b.pop("webhooks", None)
        return state

    def hooks(self, base=0):
        return self.control("state")["airtable"]["bases"][base]["webhooks"]

    def person(self, airtable=None, sheets=None):
        edits = {}
        if airtable:
            edits["airtable"] = airtable
        if sheets:
            edits["sheets"] = sheets
        self.control("person", edits)

    def faults(self, *rules):
        self.control("faults", list(rules))

    def requests(self):
        r = self.control("requests")
        return r["requests"] if isinstance(r, dict) else r

    def writes(self):
        r = self.control("writes")
        return r["writes"] if isinstance(r, dict) else r

    def reset(self):
        self.control("reset", {})

    def records(self, table, base=None):
        """Records of a table by name or id as {id: {field name: value}}."""
        for b in self.state()["airtable"]["bases"]:
            if base is not None and b["id"] != base:
                continue
            for t in b["tables"]:
                if table in (t["name"], t["id"]):
                    return {r["id"]: r["fields"] for r in t["records"]}
        raise KeyError(table)

    def rows(self, tab, spreadsheet=None):
        """Rows of a tab as lists of plain values (formulas as their entered text), without the empty
        cells at the end of a row and the empty rows at the end."""
        rows = [[plain(c) for c in row] for row in self.cells(tab, spreadsheet)]
        for row in rows:
            while row and row[-1] in (None, ""):
                row.pop()
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def cells(self, tab, spreadsheet=None):
        for s in self.state()["google"]["spreadsheets"]:
            if spreadsheet is not None and s["id"] != spreadsheet:
                continue
            for t in s["sheets"]:
                if t["title"] == tab:
                    return t["rows"]
        raise KeyError(tab)

    def table(self, tab, spreadsheet=None):
        """Rows below the header as dictionaries by header text."""
        rows = self.rows(tab, spreadsheet)
        header = rows[0] if rows else []
        out = []
        for row in rows[1:]:
            row = row + [None] * (len(header) - len(row))
            out.append({h: v for h, v in zip(header, row) if h not in (None, "")})
        return out


def plain(cell):
    if isinstance(cell, dict):
        if "f" in cell:
            return cell["f"]
        return cell.get("v")
    return cell


class Home:
    """A user's folder: INI, key, database. `sync` is a dictionary of the [sync demo] section."""

    def __init__(self, twin, sync=None, fields=(), extra="", settle=0, google="", airtable="",
                 folder=None):
        self.twin = twin
        self.dir = tempfile.mkdtemp(prefix="home.", dir=folder)
        self.ini = os.path.join(self.dir, "basesync.ini")
        self.db = os.path.join(self.dir, "basesync.db")
        self.settle = settle
        self.extra, self.google, self.airtable = extra, google, airtable
        self.network = {}
        self.syncs = {}
        if sync is not None:
            self.syncs["demo"] = (dict(sync), list(fields))
        self.write_ini()
        self.env = dict(os.environ, LC_ALL="C.UTF-8", HOME=self.dir)
        for name in ("BASESYNC_KEY", "SSL_CERT_FILE", "BASESYNC_FAIL", "BASESYNC_CLOCK"):
            self.env.pop(name, None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def write_ini(self):
        lines = ["[basesync]", "database = basesync.db", "key_file = basesync.key", "",
                 "[airtable]", f"api_url = {self.twin.url}",
                 f"oauth_url = {self.twin.url}/oauth2/v1", self.airtable, "",
                 "[google]", f"sheets_url = {self.twin.url}", f"drive_url = {self.twin.url}",
                 f"token_url = {self.twin.url}/token",
                 f"auth_url = {self.twin.url}/o/oauth2/v2/auth",
                 f"revoke_url = {self.twin.url}/revoke",
                 f"userinfo_url = {self.twin.url}/v1/userinfo", self.google, "",
                 "[network]", f"ca_file = {self.twin.ca}", f"settle = {self.settle}s",
                 *[f"{k} = {v}" for k, v in self.network.items()], "", self.extra]
        for slug, (sync, fields) in self.syncs.items():
            values = {"base": BASE, "table": "Deals", "spreadsheet": SHEET, "tab": "Deals",
                      "direction": "bidirectional"}
            values.update(sync)
            lines.append(f"[sync {slug}]")
            lines += [f"{k} = {v}" for k, v in values.items() if v is not None]
            lines += [f"field = {f}" for f in fields]
            lines.append("")
        with open(self.ini, "w", encoding="utf-8") as f:
            f.write("\n".join(lines))

    def set(self, slug="demo", fields=None, **values):
        sync, old = self.syncs.get(slug, ({}, []))
        sync.update(values)
        self.syncs[slug] = (sync, old if fields is None else list(fields))
        self.write_ini()

    def run(self, *args, expect=0, input=None, env=None, seconds=RUN_SECONDS):
        """Runs the program; expect is the exit code (None: any). Returns the finished process."""
        e = dict(self.env, **(env or {}))
        p = subprocess.run([BASESYNC, "-c", self.ini, *args], input=input, text=True, env=e,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds,
                           check=False)
        if expect is not None and p.returncode != expect:
            raise AssertionError(f"basesync {' '.join(args)}: exit code {p.returncode}, "
                                 f"{expect} expected\n{p.stdout}\n{p.stderr}\n{self.errors()}")
        return p

    def errors(self):
        try:
            row = self.sql('SELECT status, errors FROM "SyncLog" ORDER BY rowid DESC LIMIT 1')
            return f"last log: {row}"
        except sqlite3.Error:
            return ""

    def init(self):
        self.run("init")
        self.run("connect", "airtable", "--token-file", "-", input=TOKEN + "\n")
        self.run("connect", "sheets", "--service-account", self.twin.service_account)
        return self

    def sync(self, *args, expect=0, env=None):
        return self.run("sync", *args, expect=expect, env=env)

    def sql(self, query, *args):
        # as its user would: the file may be in use, so only read
        db = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)
        try:
            return db.execute(query, args).fetchall()
        finally:
            db.close()

    def last_log(self):
        db = sqlite3.connect(f"file:{self.db}?mode=ro", uri=True)
        db.row_factory = sqlite3.Row
        try:
            row = db.execute('SELECT * FROM "SyncLog" ORDER BY startedAt DESC, rowid DESC '
                             "LIMIT 1").fetchone()
            out = dict(row)
            out["errors"] = json.loads(out["errors"]) if out["errors"] else []
            return out
        finally:
            db.close()

    def quiet(self, *args):
        """One more run: it must write nothing on either side."""
        self.twin.reset()
        self.sync(*args)
        writes = self.twin.writes()
        assert writes == [], f"a second run wrote: {writes[:5]}"
        log = self.last_log()
        assert log["status"] == "SUCCESS", log


# ---- scenarios ----

_types = {"text": "singleLineText", "long": "multilineText", "rich": "richText"}


def field(name, type="singleLineText", **options):
    f = {"name": name, "type": _types.get(type, type)}
    if options:
        f["options"] = options
    return f


def scenario(fields, records=(), rows=None, tab="Deals", tables=(), sheets=(), time_zone="Etc/GMT",
             row_count=200, column_count=20, locale="en_US", **more):
    """One base with one table "Deals" (and `tables`), one spreadsheet with one tab."""
    main = {"name": "Deals", "fields": list(fields), "records": [dict(r) for r in records]}
    out = {
        "airtable": {"bases": [{"id": BASE, "name": "Demo", "tables": [main, *tables]}]},
        "google": {"spreadsheets": [{
            "id": SHEET, "title": "Demo", "locale": locale, "timeZone": time_zone,
            "shared": [{"email": ROBOT, "role": "writer"}],
            "sheets": [{"sheetId": 0, "title": tab, "rowCount": row_count,
                        "columnCount": column_count, "rows": rows or []}, *sheets]}]},
        "tokens": [{"token": TOKEN, "service": "airtable", "user": "usrDemoUser000001",
                    "scopes": ["data.records:read", "data.records:write", "schema.bases:read",
                               "schema.bases:write", "webhook:manage"], "bases": [BASE]}],
        "service_accounts": [{"name": "robot", "email": ROBOT}],
    }
    out.update(more)
    return out


def record(**fields):
    return {"fields": fields}


# ---- running tests ----

def main(module_globals):
    """Runs every function test_*; prints a line each and the closing count."""
    wanted = sys.argv[1:]
    passed = failed = 0
    for name, fn in list(module_globals.items()):
        if not name.startswith("test_") or (wanted and not any(w in name for w in wanted)):
            continue
        started = time.time()
        try:
            fn()
            passed += 1
            print(f"ok    {name} ({time.time() - started:.1f} s)", flush=True)
        except Exception as e:  # pylint: disable=broad-except
            failed += 1
            import traceback
            traceback.print_exc()
            print(f"FAIL  {name}: {e}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
