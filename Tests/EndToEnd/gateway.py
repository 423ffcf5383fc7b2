"""The gateway under test: a real `flashgate serve` on free ports of its own."""

import collections
import json
import os
import re
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import yaml

from waiting import wait_until

ROOMS = 60


def binary():
    """The path in FLASHGATE_BINARY, or None if it is unset or leads nowhere."""
    path = os.environ.get("FLASHGATE_BINARY")
    return Path(path).resolve() if path and Path(path).is_file() else None


#: Ports that were given out lately: the system may name one again before it is used.
_given = collections.deque(maxlen=200)


def free_port(kind=socket.SOCK_STREAM):
    while True:
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given:
            _given.append(port)
            return port


class Gateway:
    def __init__(self, directory, certificate, key, **changes):
        self.rtmp_port, self.https_port, self.admin_port = (free_port() for _ in range(3))
        self.udp_port = free_port(socket.SOCK_DGRAM)
        configuration = {
            "listeners": [
                {"address": f"127.0.0.1:{self.rtmp_port}", "accept": ["rtmp"]},
                {"address": f"127.0.0.1:{self.https_port}", "accept": ["https"],
                 "tls": {"certificate": str(certificate), "key": str(key)}},
            ],
            "webrtc": {"udp_port": self.udp_port, "advertised_addresses": ["127.0.0.1"]},
            "rooms": {f"room{number}": {"open": True} for number in range(1, ROOMS + 1)},
            "admin": {"address": f"127.0.0.1:{self.admin_port}"},
            "log": {"level": "debug", "format": "text"},
            **changes,
        }
        self.configuration = directory / "flashgate.yaml"
        self.configuration.write_text(yaml.safe_dump(configuration, sort_keys=False))
        self.log = directory / "flashgate.log"
        with open(self.log, "wb") as log:
            self._process = subprocess.Popen(
                [binary(), "serve", "--config", self.configuration], stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        self.pid = self._process.pid
        try:
            wait_until(self._ready, within=20, what="/readyz answers")
        except BaseException:
            self.stop()
            raise

    # Addresses.

    def publish_url(self, room, name, port=None):
        return f"rtmp://127.0.0.1:{port or self.rtmp_port}/live/{room}/{name}"

    def page_url(self, room):
        return f"https://127.0.0.1:{self.https_port}/rooms/{room}"

    def whep_url(self, room, name):
        return f"https://127.0.0.1:{self.https_port}/whep/{room}/{name}"

    # What it says of itself.

    def metrics(self):
        """{name{labels}: value} of /metrics."""
        lines = self._admin("/metrics").splitlines()
        pairs = (line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))
        return {name: float(value) for name, value in pairs}

    def metric(self, name, **labels):
        """The sum of a metric over everything that has these labels."""
        def fits(series):
            match = re.fullmatch(r"(\w+)(?:\{(.*)\})?", series)
            found = dict(re.findall(r'(\w+)="([^"]*)"', match[2] or ""))
            return match[1] == name and all(found.get(label) == value for label, value in labels.items())
        return sum(value for series, value in self.metrics().items() if fits(series))

    def readiness(self):
        """(status, document) of /readyz."""
        try:
            return 200, json.loads(self._admin("/readyz"))
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())

    def admin(self, method, path, document=None, headers=None):
        """The answer of the API, as text; `document` is sent as JSON."""
        body = None if document is None else json.dumps(document).encode()
        headers = {**({} if body is None else {"Content-Type": "application/json"}), **(headers or {})}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.admin_port}{path}", data=body, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.read().decode()

    def hang_up(self):
        """Asks it to read certificates and rules of access anew."""
        self._process.send_signal(signal.SIGHUP)

    def terminate(self):
        """Asks it to drain."""
        self._process.send_signal(signal.SIGTERM)

    def wait(self, within):
        return self._process.wait(timeout=within)

    def stop(self):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def _ready(self):
        if self._process.poll() is not None:
            raise AssertionError(f"the gateway ended with {self._process.returncode}: {self.log.read_text()[-2000:]}")
        return self._admin("/readyz") is not None

    def _admin(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}{path}", timeout=5) as response:
            return response.read().decode()
