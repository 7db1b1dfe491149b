"""A sign-in as its user does it: the program is started, its address is opened in a browser (the twin's consent
page), a button is pressed, and the browser goes where it is sent."""
import html
import http.client
import os
import pty
import re
import select
import subprocess
import time
import urllib.parse

import harness


class Browser:
    """Opens addresses of the twin, and of listeners on this machine."""

    def __init__(self, twin):
        self.twin = twin

    def get(self, url, method="GET", body=None, headers=None):
        u = urllib.parse.urlsplit(url)
        c = http.client.HTTPSConnection(u.hostname, u.port, context=self.twin.tls, timeout=20) \
            if u.scheme == "https" else http.client.HTTPConnection(u.hostname, u.port, timeout=20)
        try:
            c.request(method, (u.path or "/") + ("?" + u.query if u.query else ""), body,
                      headers or {})
            r = c.getresponse()
            return r.status, r.getheader("Location"), r.read().decode()
        finally:
            c.close()

    def decide(self, url, decision="accept", **form):
        """Opens the consent page, presses a button; gives the address the browser is sent to."""
        status, where, text = self.get(url)
        if status == 302:
            return where  # the service said no before it showed a page
        assert status == 200, (status, text)
        fields = {k: html.unescape(v) for k, v in
                  re.findall(r'name="([^"]+)" value="([^"]*)"', text)}
        fields.pop("decision", None)
        fields.update(form, decision=decision)
        status, where, text = self.get(
            url.split("?")[0], "POST", urllib.parse.urlencode(fields),
            {"Content-Type": "application/x-www-form-urlencoded"})
        assert status == 302, (status, text)
        return where


class SignIn:
    """`basesync connect ... --oauth` under way. keyboard: standard input is a terminal."""

    def __init__(self, home, *args, keyboard=False, typed=None, env=None):
        self.home, self.browser = home, Browser(home.twin)
        self.master = None
        slave = subprocess.DEVNULL
        if keyboard:
            self.master, slave = pty.openpty()
        elif typed is not None:
            slave = subprocess.PIPE
        self.process = subprocess.Popen(
            [harness.BASESYNC, "-c", home.ini, "connect", *args, "--oauth"], stdin=slave,
            env=dict(home.env, **(env or {})), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if keyboard:
            os.close(slave)
        if typed:
            self.type(typed)
        self.out = b""

    def kill(self):
        """A test that failed must leave nobody at the port."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    __del__ = kill

    def address(self, seconds=30):
        """The address that is to be opened."""
        end = time.time() + seconds
        while time.time() < end:
            found = re.search(rb"^(https://\S+)\n", self.out, re.M)
            # the lines after it come in the same breath
            if found and (b"Waiting" in self.out or b"paste" in self.out):
                return found.group(1).decode()
            if not select.select([self.process.stdout], [], [], 1)[0]:
                continue
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                break
            self.out += piece
        raise AssertionError(f"no address was printed: {self.finish(None)}")

    def comes_back_to(self):
        q = urllib.parse.parse_qs(urllib.parse.urlsplit(self.address()).query)
        return q["redirect_uri"][0]

    def type(self, text):
        if self.master is not None:
            os.write(self.master, text.encode())
        else:
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()

    def finish(self, expect=0):
        """The exit code is looked at; gives all that was printed."""
        out, err = self.process.communicate(timeout=harness.RUN_SECONDS)
        if self.master is not None:
            os.close(self.master)
        text = (self.out + out + err).decode()
        if expect is not None:
            assert self.process.returncode == expect, (self.process.returncode, expect, text)
        return text
