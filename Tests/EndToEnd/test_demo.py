"""`make demo` as a person meets it: a printed address, a voice and a picture behind it, and nothing left at the end."""

import os
import queue
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

import gateway as gateway_module
from room_page import RoomPage
from waiting import wait_until

pytestmark = pytest.mark.gateway

ROOT = Path(__file__).parents[2]
SPEAKER = "flash-speaker"


def processes_of(session):
    """The process ids in that session that are no zombies."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, its_session = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue  # it ended meanwhile
        if int(its_session) == session and state != "Z":
            found.append(int(stat.parent.name))
    return found


class Demo:
    """Scripts/demo on free ports, with the program that is under test."""

    def __init__(self, log):
        ports = [gateway_module.free_port(kind)
                 for kind in (socket.SOCK_STREAM, socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_STREAM)]
        self.https_port = ports[1]
        environment = {**os.environ, "FLASHGATE_BINARY": str(gateway_module.binary()),
                       "FLASHGATE_DEMO_PORTS": " ".join(map(str, ports))}
        self._log = open(log, "w+b")
        # As on a terminal: a shell cannot trap what it was started to ignore.
        self.process = subprocess.Popen(
            ["env", "--default-signal=INT", ROOT / "Scripts" / "demo"], env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self._log, text=True, start_new_session=True)
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def line(self, within):
        return self._lines.get(timeout=within)

    @property
    def log(self):
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def kill(self):
        for pid in processes_of(self.process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self._log.close()


@pytest.fixture
def demo(tmp_path):
    if gateway_module.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    running = Demo(tmp_path / "demo.log")
    yield running
    running.kill()


def test_the_demo_is_seen_and_heard_over_its_repeats_and_ends_without_a_trace(demo, shared):
    url = demo.line(within=60)
    assert url == f"https://127.0.0.1:{demo.https_port}/rooms/demo", demo.log
    said = demo.log
    page = RoomPage(shared("chromium"), url).wait_joined()
    page.watch(SPEAKER)
    tile = page.wait_tile(SPEAKER, state="live", tracks=["audio", "video"])
    assert tile["flash"]
    wait_until(lambda: page.pictures(SPEAKER).decoded >= 30, what="pictures")
    wait_until(lambda: page.tone(SPEAKER)["rms"] > 0.02, what="a voice")
    offered = page.timings()["offered"]

    # The recording begins anew, and the listener sees it go on.
    def begins():
        numbers = page.pictures(SPEAKER).numbers
        return [index for index, (before, after) in enumerate(zip(numbers, numbers[1:])) if after < before]

    [again] = wait_until(begins, 25, "the pictures' numbers begin again")
    wait_until(lambda: len(page.pictures(SPEAKER).numbers) >= again + 30, what="pictures of the repeat")
    wait_until(lambda: page.tone(SPEAKER)["rms"] > 0.02, what="the voice of the repeat")
    assert page.timings()["offered"] == offered, "it took a new negotiation"
    assert page.names == [SPEAKER]
    # The address stays the last that a person reads.
    assert demo.log == said

    started = processes_of(demo.process.pid)
    assert len(started) >= 3, "the script, the gateway and the player"
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(timeout=15) == 130
    assert demo.line(within=5) is None, "nothing came after the address"
    assert processes_of(demo.process.pid) == []


def test_a_port_that_is_taken_is_told_and_ends_the_demo(tmp_path):
    if gateway_module.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        free = [gateway_module.free_port() for _ in range(3)]
        done = subprocess.run(
            [ROOT / "Scripts" / "demo"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
            env={**os.environ, "FLASHGATE_BINARY": str(gateway_module.binary()), "TMPDIR": str(tmp_path),
                 "FLASHGATE_DEMO_PORTS": f"{free[0]} {taken} {free[1]} {free[2]}"})
    assert done.returncode == 1
    assert done.stdout == ""
    assert "demo.yaml:" in done.stderr and str(taken) in done.stderr
    assert list(tmp_path.iterdir()) == []
