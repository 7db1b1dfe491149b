"""Starts a twin for the contract tests, sends it requests as they stand, counts cases."""
import gzip
import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROFILE = os.environ.get("PROFILE", "debug")
BUILD = os.environ.get("O", os.path.join(ROOT, "build"))
TWIN = os.path.abspath(os.environ.get("TWIN") or os.path.join(BUILD, PROFILE, "twin"))
CONTRACTS = os.environ.get("CONTRACTS", "")


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.text = body
        try:
            self.json = json.loads(body)
        except ValueError:
            self.json = None


class Twin:
    def __init__(self, scenario, *options):
        self.dir = tempfile.mkdtemp(prefix="contract.")
        path = os.path.join(self.dir, "scenario.json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(scenario, f)
        self.process = subprocess.Popen(
            [TWIN, "--state-dir", self.dir, "--scenario", path, "--until-eof", *options],
            stdout=subprocess.PIPE, stdin=subprocess.PIPE)
        line = self.process.stdout.readline().decode()
        if not line.startswith("READY port="):
            raise RuntimeError("the twin did not start: " + line)
        self.port = int(line.strip().split("=")[1])
        self.url = f"https://localhost:{self.port}"
        self.ca = os.path.join(self.dir, "ca.pem")
        self.tls = ssl.create_default_context(cafile=self.ca)
        self.token = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def connect(self):
        return http.client.HTTPSConnection("localhost", self.port, context=self.tls, timeout=20)

    def send(self, method, path, body=None, headers=None, token=True, connection=None):
        """One request on a connection of its own (or the one given); path as it goes on the wire."""
        c = connection or self.connect()
        h = dict(headers or {})
        if token and self.token and "Authorization" not in h:
            h["Authorization"] = "Bearer " + (self.token if token is True else token)
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
            h.setdefault("Content-Type", "application/json")
        if isinstance(body, str):
            body = body.encode()
        try:
            c.request(method, path, body, h)
            r = c.getresponse()
            data = r.read()
        finally:
            if not connection:
                c.close()
        if r.headers.get("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        return Answer(r.status, r.headers, data.decode("utf-8", "replace"))

    def control(self, path, body=None):
        a = self.send("GET" if body is None else "POST", "/__twin__/" + path, body, token=False)
        if a.status != 200:
            raise RuntimeError(f"control {path}: {a.text}")
        return a.json


# ---- comparing a recorded value with one that came ----

ID = re.compile(r"^(app|tbl|fld|viw|rec|usr|sel|att|ach|itr|wsp)[A-Za-z0-9]{14}$")
OFFSET = re.compile(r"^itr[A-Za-z0-9]{14}/rec[A-Za-z0-9]{14}$")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


class Match:
    """Equal but for ids (one to one, by kind), times and addresses of files."""

    def __init__(self):
        self.to_live = {}
        self.to_recorded = {}
        self.why = ""

    def same_id(self, want, got):
        if want == got and want not in self.to_live:
            self.to_live[want] = got
            self.to_recorded[got] = want
            return True
        if want[:3] != got[:3]:
            return False
        if self.to_live.setdefault(want, got) != got:
            return False
        return self.to_recorded.setdefault(got, want) == want

    def same(self, want, got, path=""):
        self.why = f"{path or '/'}: recorded {json.dumps(want)[:300]}, came {json.dumps(got)[:300]}"
        if isinstance(want, str) and isinstance(got, str):
            if ID.match(want) and ID.match(got):
                return self.same_id(want, got)
            if OFFSET.match(want) and OFFSET.match(got):
                return (self.same_id(want[:17], got[:17]) and self.same_id(want[18:], got[18:]))
            if TIME.match(want) and TIME.match(got):
                return True
            if want.startswith("https://") and "REDACTED" in want:
                return got.startswith("https://")
            return want == got
        if isinstance(want, bool) or isinstance(got, bool) or want is None or got is None:
            return want is got
        if isinstance(want, (int, float)) and isinstance(got, (int, float)):
            return want == got
        if isinstance(want, list) and isinstance(got, list):
            return (len(want) == len(got) and
                    all(self.same(w, g, f"{path}/{i}") for i, (w, g) in enumerate(zip(want, got))))
        if isinstance(want, dict) and isinstance(got, dict):
            return self.same_object(want, got, path)
        return False

    def same_object(self, want, got, path):
        keys = {self.to_live.get(k, k): k for k in want}
        if set(keys) != set(got):
            # keys that are new ids: pair what is left in order
            left_w = [k for live, k in keys.items() if live not in got]
            left_g = [k for k in got if k not in keys]
            if len(left_w) != len(left_g) or not all(
                    ID.match(w) and ID.match(g) and self.same_id(w, g)
                    for w, g in zip(left_w, left_g)):
                self.why = f"{path}: keys recorded {sorted(want)}, came {sorted(got)}"
                return False
            keys = {self.to_live.get(k, k): k for k in want}
        return all(self.same(want[w], got[g], f"{path}/{w}") for g, w in keys.items())

    def live(self, text):
        """A recorded path or body with the ids that stand here."""
        return re.sub(r"\b(app|tbl|fld|viw|rec|usr|sel|att|ach|itr|wsp)[A-Za-z0-9]{14}\b",
                      lambda m: self.to_live.get(m.group(0), m.group(0)), text)


# ---- counting ----

class Cases:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, name, ok, why=""):
        if ok:
            self.passed += 1
            print(f"ok    {name}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL  {name}: {why}", flush=True)
        return ok

    def run(self, name, fn, *args):
        try:
            fn(*args)
            self.check(name, True)
        except Exception as e:  # pylint: disable=broad-except
            self.check(name, False, f"{type(e).__name__}: {e}")

    def skip(self, name, why):
        self.skipped += 1
        print(f"SKIP  {name}: {why}", flush=True)

    def end(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}")
        sys.exit(1 if self.failed else 0)


def recorded(folder, name):
    with open(os.path.join(CONTRACTS, folder, name), encoding="utf-8") as f:
        return json.load(f)["exchanges"]


def have_contracts(folder, cases=None):
    if CONTRACTS and os.path.isdir(os.path.join(CONTRACTS, folder)):
        return True
    why = f"the recordings are not here (set CONTRACTS to the folder that has {folder})"
    if cases:
        cases.skip("recorded answers", why)
    else:
        print("SKIPPED: " + why, flush=True)
    return False
