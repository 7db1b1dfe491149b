"""Official clients at work with the twin: the npm packages of Airtable and of Google. Runs where node
and npm are; the packages go into a folder of the build."""
import os
import re
import shutil
import subprocess

from rules_airtable import start
from twin import BUILD, Cases

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients")
WORK = os.path.abspath(os.path.join(BUILD, "contract-clients"))
cases = Cases()


def install():
    """Copies the scripts beside the packages; None, or why the packages are not there."""
    os.makedirs(WORK, exist_ok=True)
    same = False
    want = os.path.join(HERE, "package.json")
    have = os.path.join(WORK, "package.json")
    if os.path.isdir(os.path.join(WORK, "node_modules")) and os.path.exists(have):
        with open(want, encoding="utf-8") as a, open(have, encoding="utf-8") as b:
            same = a.read() == b.read()
    for name in os.listdir(HERE):
        shutil.copy(os.path.join(HERE, name), WORK)
    if same:
        return None
    try:
        p = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=WORK,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        return "npm took too long"
    if p.returncode == 0:
        return None
    shutil.rmtree(os.path.join(WORK, "node_modules"), ignore_errors=True)
    return "npm could not install the packages"


def run(script):
    with start() as t:
        env = dict(os.environ, TWIN_URL=t.url, TWIN_TOKEN=t.token, NODE_EXTRA_CA_CERTS=t.ca,
                   TWIN_KEY=os.path.join(t.dir, "robot.json"))
        p = subprocess.run(["node", script], cwd=WORK, env=env, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, timeout=120, check=False, text=True)
        lines = p.stdout.splitlines()
        for line in lines:
            m = re.match(r"^(ok|FAIL)\s+(.*)$", line)
            if m:
                cases.check(m.group(2), m.group(1) == "ok")
        if not any(re.match(r"^\d+ passed, \d+ failed$", x) for x in lines):
            cases.check(script, False, p.stdout[-2000:])


missing = [tool for tool in ("node", "npm") if not shutil.which(tool)]
reason = "not on this machine: " + ", ".join(missing) if missing else install()
if reason:
    cases.skip("official clients", reason)
else:
    run("airtable.js")
    run("google.js")
cases.end()
