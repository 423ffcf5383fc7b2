"""`flashgate inspect` on captures, by the command line."""

import json
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.gateway

FIXTURES = sorted((Path(__file__).parents[2] / "Fixtures").glob("*.pcapng"))


@pytest.mark.parametrize("capture", FIXTURES, ids=lambda path: path.stem)
def test_a_capture_is_told_as_a_table_as_json_and_message_by_message(flashgate, capture):
    code, table, err = flashgate("inspect", capture)
    assert code == 0 and "handshake" in table and "connect" in table, err
    sessions = json.loads(flashgate("inspect", capture, "--json")[1])["sessions"]
    assert sessions
    for session in sessions:
        assert session["client_handshake"]
        assert any(field["name"] == "tcUrl" for field in session["connect"])
        assert session["tracks"] or "nothing is sent" in capture.with_suffix(".txt").read_text()
    lines = flashgate("inspect", capture, "--frames")[1].splitlines()
    assert sum("  client  audio" in line or "  client  video" in line for line in lines) >= sum(
        track["frames"] for session in sessions for track in session["tracks"])


def test_extracted_streams_are_played_by_others(flashgate, tmp_path):
    [capture] = [path for path in FIXTURES if path.stem == "ffmpeg-h264-aac"]
    assert flashgate("inspect", capture, "--extract", tmp_path)[0] == 0
    [stream] = tmp_path.glob("*.flv")
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=codec_name,nb_read_frames", "-of", "json", stream],
        capture_output=True, text=True, timeout=60)
    found = {entry["codec_name"]: int(entry["nb_read_frames"]) for entry in json.loads(probe.stdout)["streams"]}
    [session] = json.loads(flashgate("inspect", capture, "--json")[1])["sessions"]
    frames = {track["kind"]: track["frames"] for track in session["tracks"]}
    assert found == {"h264": frames["video"], "aac": frames["audio"]}, probe.stderr


def test_what_is_no_capture_is_told_with_its_place(flashgate, tmp_path):
    (tmp_path / "text").write_text("no capture")
    code, out, err = flashgate("inspect", "text")
    assert (code, out) == (70, "") and "not a capture" in err and "offset 0" in err
    assert flashgate("inspect", FIXTURES[0], "--json", "--frames")[0] == 64
