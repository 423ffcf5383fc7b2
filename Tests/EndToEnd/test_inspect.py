"""`flashgate inspect` on captures, by the command line."""

import json
import subprocess
from pathlib import Path

import pytest

from gateway import BINARY

FIXTURES = sorted((Path(__file__).parents[2] / "Fixtures").glob("*.pcapng"))


def inspect(*arguments):
    return subprocess.run([BINARY, "inspect", *map(str, arguments)], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("capture", FIXTURES, ids=lambda path: path.stem)
def test_a_capture_is_told_as_a_table_as_json_and_message_by_message(capture):
    table = inspect(capture)
    assert table.returncode == 0 and "handshake" in table.stdout and "publish" in table.stdout, table.stderr
    [session] = json.loads(inspect(capture, "--json").stdout)["sessions"]
    assert session["client_handshake"] and session["tracks"]
    assert any(field["name"] == "tcUrl" for field in session["connect"])
    lines = inspect(capture, "--frames").stdout.splitlines()
    assert sum("  client  audio" in line or "  client  video" in line for line in lines) >= sum(
        track["frames"] for track in session["tracks"])


def test_extracted_streams_are_played_by_others(tmp_path):
    [capture] = [path for path in FIXTURES if path.stem == "ffmpeg-h264-aac"]
    assert inspect(capture, "--extract", tmp_path).returncode == 0
    [stream] = tmp_path.glob("*.flv")
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,nb_read_frames", "-of", "json", stream],
        capture_output=True, text=True, timeout=60)
    found = {entry["codec_name"]: int(entry["nb_read_frames"]) for entry in json.loads(probe.stdout)["streams"]}
    [session] = json.loads(inspect(capture, "--json").stdout)["sessions"]
    frames = {track["kind"]: track["frames"] for track in session["tracks"]}
    assert found == {"h264": frames["video"], "aac": frames["audio"]}, probe.stderr


def test_what_is_no_capture_is_told_with_its_place(tmp_path):
    text = tmp_path / "text"
    text.write_text("no capture")
    result = inspect(text)
    assert result.returncode == 70 and "not a capture" in result.stderr and "offset 0" in result.stderr
    assert inspect(FIXTURES[0], "--json", "--frames").returncode == 64
