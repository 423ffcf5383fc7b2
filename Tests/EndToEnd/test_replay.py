"""Recorded clients against the real gateway: the verb `replay` and the recordings under Fixtures."""

import re
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

import gateway as gateway_module
from gateway import Gateway
from waiting import wait_until
from whep import WhepPlayer

pytestmark = pytest.mark.gateway

FIXTURES = sorted((Path(__file__).parents[2] / "Fixtures").glob("*.pcapng"))


#: What no capture of can be read, and is refused by name.
REFUSED = sorted((Path(__file__).parents[2] / "Fixtures" / "refused").glob("*.pcapng"))


def notes(fixture):
    """The fields of the text beside a recording."""
    lines = fixture.with_suffix(".txt").read_text().splitlines()
    return dict(re.split(r"\s{2,}", line, maxsplit=1) for line in lines)


def participant(fixture):
    return notes(fixture)["address"].rsplit(" ", 1)[1]


#: Real programs that send a voice.
SPOKEN = [fixture for fixture in FIXTURES if "a voice" in notes(fixture)["content"]]


@pytest.fixture(scope="module")
def demo(tmp_path_factory, certificate):
    """A gateway with the room that is inside the recordings."""
    if gateway_module.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    running = Gateway(tmp_path_factory.mktemp("demo"), *certificate, rooms={"demo": {"open": True}})
    yield running
    running.stop()


@pytest.fixture
def replay(demo):
    """replay(captures, ...): a running `flashgate replay`, ended after the test."""
    running = []

    def start(*arguments, port=None):
        running.append(subprocess.Popen(
            [gateway_module.binary(), "replay", *arguments, "--to", f"rtmp://127.0.0.1:{port or demo.rtmp_port}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_every_recording_has_a_text_and_is_under_a_megabyte():
    assert len(FIXTURES) >= 30
    for fixture in FIXTURES + REFUSED:
        assert fixture.stat().st_size < 1_000_000
        assert {"client", "command", "address", "codecs", "duration", "content", "outcome"} <= notes(fixture).keys()


def test_all_voices_play_at_once_and_are_seen_and_heard(demo, replay):
    assert len(SPOKEN) >= 5
    received = demo.metric("flashgate_rtmp_bytes_total", direction="in")
    running = replay(*SPOKEN)
    players = {}
    try:
        for fixture in SPOKEN:
            name = participant(fixture)
            player = players[name] = wait_until(lambda: WhepPlayer(demo.whep_url("demo", name)), what=f"{name} is there")
            wait_until(lambda: (heard := player.tone()) and heard[1] > 0.01, what=f"a voice from {name}")
            if notes(fixture)["codecs"].startswith("no picture"):
                continue
            wait_until(lambda: len(player.numbers) >= 15, what=f"pictures from {name}")
            assert player.in_order
        out, err = running.communicate(timeout=30)
    finally:
        for player in players.values():
            player.close()
    assert running.returncode == 0, err
    assert out == ""
    assert err.count(": done") == len(SPOKEN)
    sent = sum(int(re.search(r"(\d+) bytes", notes(fixture)["duration"])[1]) for fixture in SPOKEN)
    assert demo.metric("flashgate_rtmp_bytes_total", direction="in") - received == sent


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_loop_ends_well_by_a_signal(demo, replay, how):
    [short] = [fixture for fixture in FIXTURES if fixture.stem == "ffmpeg-audio-only"]
    running = replay("--loop", short)
    line = running.stderr.readline()
    assert line.rstrip().endswith("again and again")
    wait_until(lambda: demo.metric("flashgate_participants", kind="flash") >= 1, what="it speaks")
    running.send_signal(how)
    assert running.wait(timeout=10) == 0


def test_what_the_gateway_refuses_is_exit_code_1(replay, gateway):
    # Its rooms are others.
    running = replay(FIXTURES[0], port=gateway.rtmp_port)
    _, err = running.communicate(timeout=30)
    assert running.returncode == 1
    assert "the gateway refused" in err


def test_a_server_that_closes_in_mid_session_is_exit_code_1(replay):
    with socket.create_server(("127.0.0.1", 0)) as server:
        running = replay("--loop", FIXTURES[0], port=server.getsockname()[1])
        client, _ = server.accept()
        threading.Thread(target=lambda: (client.recv(100), client.close())).start()
        assert running.wait(timeout=10) == 1


def test_nobody_there_is_exit_code_70(replay):
    running = replay(FIXTURES[0], port=gateway_module.free_port())
    _, err = running.communicate(timeout=30)
    assert running.returncode == 70
    assert err.endswith("no connection to the gateway: Connection refused\n")


@pytest.mark.parametrize("arguments", [
    [], ["--to", "rtmp://h"], ["x.pcapng", "--to", "http://h"], ["x.pcapng", "--to", "rtmp://h", "--nonsense"],
    ["x.pcapng", "--loop"], ["x.pcapng", "--update"], ["x.pcapng", "--speed", "0"], ["x.pcapng", "--speed", "fast"],
    ["x.pcapng", "--jobs", "0"], ["x.pcapng", "--report", "report.pdf"],
    ["x.pcapng", "--to", "rtmp://h", "--golden", "g", "--update"],
    ["x.pcapng", "--to", "rtmp://h", "--config", "c"], ["x.pcapng", "--to", "rtmp://h", "--loop", "--golden", "g"]])
def test_wrong_use_is_exit_code_64(flashgate, arguments):
    code, out, err = flashgate("replay", *arguments)
    assert (code, out) == (64, "")
    assert err != ""


SHORT = [fixture for fixture in FIXTURES if fixture.stem in ("ffmpeg-h264-aac", "ffmpeg-audio-only")]


def test_golden_results_are_written_kept_and_compared(flashgate, tmp_path):
    golden = tmp_path / "golden"
    code, out, err = flashgate("replay", *SHORT, "--golden", golden)
    assert code == 1, err
    assert out.count("there is no ") == len(SHORT)
    code, out, _ = flashgate("replay", *SHORT, "--golden", golden, "--update")
    assert (code, out.count("golden result written")) == (0, len(SHORT))
    texts = {file.name: file.read_text() for file in golden.iterdir()}
    assert texts.keys() == {f"{fixture.stem}.txt" for fixture in SHORT}
    code, out, _ = flashgate("replay", *SHORT, "--golden", golden)
    assert (code, out.splitlines()[-1]) == (0, f"{len(SHORT)} sessions, 0 differ")
    flashgate("replay", *SHORT, "--golden", golden, "--update")
    assert {file.name: file.read_text() for file in golden.iterdir()} == texts


def test_a_difference_is_shown_with_its_packet(flashgate, tmp_path):
    [capture] = [fixture for fixture in SHORT if fixture.stem == "ffmpeg-h264-aac"]
    flashgate("replay", capture, "--golden", tmp_path, "--update")
    golden = tmp_path / "ffmpeg-h264-aac.txt"
    golden.write_text(golden.read_text().replace("NetStream.Publish.Start", "NetStream.Publish.BadName"))
    code, out, _ = flashgate("replay", capture, "--golden", tmp_path)
    assert code == 1
    [line, *_] = [line for line in out.splitlines() if "BadName" in line]
    assert re.match(r"  packet \d+, [\d.]+ s: gateway's message \d+: expected ", line), line


def test_reports_of_two_replays_are_equal_to_the_byte(flashgate, tmp_path):
    flashgate("replay", *SHORT, "--golden", tmp_path / "golden", "--update")
    reports = []
    for run in ["first", "second"]:
        files = [tmp_path / f"{run}.{kind}" for kind in ["json", "html", "xml"]]
        arguments = [word for file in files for word in ("--report", file)]
        code, _, err = flashgate("replay", *SHORT, "--golden", tmp_path / "golden", *arguments)
        assert code == 0, err
        reports.append([file.read_bytes() for file in files])
    assert reports[0] == reports[1]
    assert all(len(report) > 100 for report in reports[0])


def test_what_a_running_gateway_answers_is_compared(demo, replay, flashgate, tmp_path):
    flashgate("replay", *SHORT, "--golden", tmp_path, "--update")
    running = replay(*SHORT, "--golden", tmp_path, "--speed", "max")
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0, out + err
    assert out.splitlines()[-1] == f"{len(SHORT)} sessions, 0 differ"


def test_rooms_lists_and_keys_are_those_of_a_configuration(flashgate, gateway, tmp_path):
    # Its rooms are others than the one in the recordings.
    code, out, err = flashgate("replay", SHORT[0], "--config", gateway.configuration)
    assert code == 0, err
    assert "no_such_room" in out
    code, _, err = flashgate("replay", SHORT[0], "--config", tmp_path / "missing.yaml")
    assert code == 78, err


def test_what_is_no_capture_is_told_by_name(flashgate, tmp_path):
    (tmp_path / "text").write_text("this is no capture")
    for path, reason in [("text", "not a capture"), ("missing", "cannot read the capture: no such file\n"),
                         (".", "cannot read the capture: it is a directory\n")]:
        for verb in [["inspect", path], ["replay", path, "--to", "rtmp://127.0.0.1:1"]]:
            code, out, err = flashgate(*verb)
            assert (code, out) == (70, "")
            assert err.startswith(f"flashgate: {path}: {reason}"), err
            assert len(err.splitlines()) == 1
        assert f"flashgate: {path}: {reason}" in flashgate("replay", path)[2]
