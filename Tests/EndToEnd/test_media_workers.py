"""Codecs run in processes of the gateway's own; the end of one must not be noticed by more than its tracks."""

import os
import signal
import statistics
import subprocess
from pathlib import Path

import pytest

from gateway import binary
from room_page import RoomPage
from waiting import wait_until

pytestmark = pytest.mark.gateway

#: What the loss of a worker may cost a track, in milliseconds.
PAUSE = 500


def workers(gateway):
    """Process ids of the gateway's living children: it has none but its media workers."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == gateway.pid and state != "Z":
            found.append(int(stat.parent.name))
    return found


def lost(gateway):
    return gateway.metric("flashgate_media_workers_lost_total")


def status(process):
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def test_a_killed_worker_costs_a_moment_and_the_sound_comes_back(gateway, room, shared, publish):
    page = RoomPage(shared("chromium"), gateway.page_url(room)).wait_joined()
    page.watch("alice")
    publish("alice", "long")
    page.wait_tile("alice", state="live")
    page.wait_tone("alice", 440.0)
    pauses = []
    for _ in range(5):
        seen, before = len(page.pictures("alice").times), lost(gateway)
        wait_until(lambda: len(page.pictures("alice").times) >= seen + 10, what="pictures")
        killed = workers(gateway)
        assert killed
        for process in killed:
            os.kill(process, signal.SIGKILL)
        wait_until(lambda: lost(gateway) > before, what="the gateway noticed")
        seen = len(page.pictures("alice").times)
        wait_until(lambda: len(page.pictures("alice").times) >= seen + 10, what="pictures after the loss")
        times = page.pictures("alice").times[seen - 10:]
        pauses.append(max(after - before for before, after in zip(times, times[1:])))
    # The median, for other programs on the machine make pauses too.
    assert statistics.median(pauses) <= PAUSE, pauses
    assert page.pictures("alice").in_order
    page.wait_tone("alice", 440.0)
    assert gateway.readiness()[0] == 200


def test_a_worker_has_no_rights(gateway, room, shared, publish):
    page = RoomPage(shared("chromium"), gateway.page_url(room)).wait_joined()
    page.watch("alice")
    publish("alice", "small")
    page.wait_tile("alice", state="live")
    wait_until(lambda: page.pictures("alice").numbers, what="pictures")
    found = workers(gateway)
    assert found
    for process in found:
        rights = status(process)
        assert rights["NoNewPrivs"] == "1" and rights["Seccomp"] == "2", rights
        limits = Path(f"/proc/{process}/limits").read_text()
        assert any(line.split()[:5] == ["Max", "open", "files", "4", "4"] for line in limits.splitlines()), limits


def test_the_help_does_not_name_the_workers_verb(gateway):
    shown = subprocess.run([binary(), "help"], capture_output=True, text=True, check=True).stdout
    assert "serve" in shown and "worker" not in shown
