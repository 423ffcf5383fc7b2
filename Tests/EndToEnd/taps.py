"""`flashgate record` under test, and what others say of the captures: tcpdump and tshark."""

import json
import os
import re
import signal
import subprocess

import pytest

from gateway import binary, free_port
from publishers import Program
from waiting import wait_until


def needs_root():
    """Nobody else may look at what goes over an interface."""
    if os.geteuid():
        pytest.skip("capturing packets needs root")


class Tap:
    """A running `flashgate record` on a free port; `file` is what it writes."""

    def __init__(self, forward, file, *options, prefix=(), host="127.0.0.1", log=None):
        self.port, self.file = free_port(), file
        self._program = Program(
            [*prefix, binary(), "record", "--listen", f"{host}:{self.port}", "--forward", str(forward),
             "--output", file, *options], log or file.with_suffix(".log"))
        self.pid = self._program.pid
        try:
            wait_until(lambda: "recording " in self.said(), what="the tap listens")
        except BaseException:
            self._program.kill()
            raise

    def said(self):
        return self._program.log.read_text(errors="replace")

    def stop(self):
        """Ends it properly; returns what it has to say for itself."""
        self._program.stop()
        return self.said()

    def kill(self):
        self._program.kill()


class Dump:
    """A running tcpdump of one port on loopback."""

    def __init__(self, port, file):
        needs_root()
        self.file = file
        self._program = Program(
            ["tcpdump", "-i", "lo", "--immediate-mode", "-U", "-B", "16384", "-s", "0", "-w", file, f"tcp port {port}"], file.with_suffix(".log"))
        wait_until(lambda: "listening on" in self._program.log.read_text(errors="replace"), what="tcpdump listens")

    def stop(self):
        """Ends it when nothing more comes."""
        sizes = [-1]

        def is_quiet():
            sizes.append(self.file.stat().st_size)
            return sizes[-1] == sizes[-2]

        wait_until(is_quiet, what="the capture is quiet", every=0.3)
        self._program._end(signal.SIGINT)
        said = self._program.log.read_text(errors="replace")
        assert re.search(r"^0 packets dropped by kernel", said, re.M), said


def tshark(file, *options, port=None):
    """Lines that tshark prints; `port` is where it is to look for RTMP."""
    decode = [] if port is None else ["-d", f"tcp.port=={port},rtmpt"]
    done = subprocess.run(
        ["tshark", "-n", "-r", file, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", *decode, *options],
        capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def assert_dissected(file, port):
    """tshark sees RTMP, and nothing wrong with it or with what carries it."""
    # A reset that a side sent is none of the tap's.
    wrong = ("_ws.malformed or (_ws.expert.severity >= 0x00600000 and not tcp.flags.reset == 1) or tcp.analysis.lost_segment or tcp.analysis.retransmission"
             " or tcp.analysis.ack_lost_segment or tcp.analysis.out_of_order or ip.checksum.status == 0"
             " or tcp.checksum.status == 0")
    assert tshark(file, "-Y", wrong, port=port) == []
    commands = tshark(file, "-Y", "rtmpt.header.typeid == 20", "-T", "fields", "-e", "amf.string", port=port)
    assert any("connect" in line for line in commands), "no connect is dissected"


def inspect(flashgate, file, *options):
    """(sessions, notices) of a capture."""
    code, out, err = flashgate("inspect", file, "--json", *options)
    assert code == 0, err
    found = json.loads(out)
    return found["sessions"], found["notices"]


def gist(session):
    """What of a session does not hang on how it was captured."""
    commands = [(line["side"], line["stream"], line["name"], line["transaction"], line["arguments"])
                for line in session["commands"]]
    findings = sorted((finding["side"], finding["what"].split(": ", 1)[1]) for finding in session["findings"])
    tracks = [track for track in session["tracks"]]
    return {
        "connect": session["connect"], "client": [each for each in commands if each[0] == "client"],
        "server": [each for each in commands if each[0] == "server"], "tracks": tracks, "findings": findings,
        "bytes": (session["client_bytes"], session["server_bytes"]),
        "handshakes": (session["client_handshake"], session["server_handshake"]),
    }


def extracted(flashgate, file, directory, *options):
    """{name: bytes} of the streams in a capture."""
    code, _, err = flashgate("inspect", file, "--extract", directory, *options)
    assert code == 0, err
    return {path.name: path.read_bytes() for path in directory.iterdir()}
