"""Debian's haproxy, nginx and stunnel with the very files of Config/deploy, on free ports."""

import re
import socket
from pathlib import Path

import yaml

from gateway import Gateway, free_port
from publishers import Program
from waiting import wait_until

DEPLOY = Path(__file__).parents[2] / "Config" / "deploy"

COMMANDS = {
    "haproxy.cfg": lambda path: ["/usr/sbin/haproxy", "-db", "-f", path],
    "nginx.conf": lambda path: ["/usr/sbin/nginx", "-p", path.parent, "-c", path,
                                "-g", f"daemon off; pid {path.parent}/nginx.pid;"],
    "stunnel.conf": lambda path: ["/usr/bin/stunnel4", path],
}


class Ports:
    """A free port for each port that the files name."""

    def __init__(self):
        self._free = {}

    def __getitem__(self, written):
        if written not in self._free:
            self._free[written] = free_port()
        return self._free[written]

    def rewrite(self, text):
        """Puts free ports in place of the written ones, wherever an address stands before them."""
        return re.sub(r"(0\.0\.0\.0|127\.0\.0\.1):(\d+)", lambda match: f"127.0.0.1:{self[int(match[2])]}", text)


def gateway_behind(directory, certificate, key, ports):
    """The gateway of flashgate.yaml, with the rooms of the tests."""
    written = yaml.safe_load(ports.rewrite((DEPLOY / "flashgate.yaml").read_text()))
    for listener in written["listeners"]:
        if "tls" in listener:
            listener["tls"] = {"certificate": str(certificate), "key": str(key)}
    return Gateway(directory, certificate, key, listeners=written["listeners"])


class Proxy:
    """One of the three programs with its file of Config/deploy."""

    def __init__(self, file, directory, certificate, key, ports):
        tls = directory / "tls"
        tls.mkdir(exist_ok=True)
        (tls / "both.pem").write_bytes(certificate.read_bytes() + key.read_bytes())
        (tls / "cert.pem").write_bytes(certificate.read_bytes())
        (tls / "key.pem").write_bytes(key.read_bytes())
        text = (DEPLOY / file).read_text().replace("/etc/flashgate/tls", str(tls))
        path = directory / file
        path.write_text(ports.rewrite(text))
        self._program = Program([str(part) for part in COMMANDS[file](path)], directory / f"{file}.log")
        for written in re.findall(r"0\.0\.0\.0:(\d+)", (DEPLOY / file).read_text()):
            wait_until(lambda: _listens(ports[int(written)]), what=f"{file} listens for {written}")

    def stop(self):
        # Not killed: nginx ends its workers itself.
        self._program.stop()


def _listens(port):
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        return True
