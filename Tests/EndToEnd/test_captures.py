"""Captures of every kind, by `flashgate inspect`: inside TLS, in tunnels, FLV files; and streams as other files."""

import json
import os
import subprocess

import gateway as gateways
import publishers
import pytest
from nginx_rtmp import NginxRTMP
from taps import Dump, Tap, extracted, inspect, tshark


pytestmark = pytest.mark.gateway


@pytest.fixture(scope="module")
def clip(tmp_path_factory, clips):
    """clip("h264-aac"): two seconds of it."""
    folder = tmp_path_factory.mktemp("short")

    def make(name):
        short = folder / f"{name}.flv"
        if not short.exists():
            subprocess.run(
                ["ffmpeg", "-hide_banner", "-loglevel", "error", "-i", clips(name), "-t", "2", "-c", "copy", short], check=True)
        return short

    return make


# Inside TLS.


@pytest.fixture(scope="module")
def sealed(tmp_path_factory, certificate, clip):
    """sealed("rtmps"): (capture, key log) of a client inside TLS."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    made = {}

    def capture(scheme):
        if scheme not in made:
            folder = tmp_path_factory.mktemp(scheme)
            port = gateways.free_port()
            server = gateways.Gateway(
                folder, *certificate, rooms={"demo": {"open": True}},
                listeners=[{"address": f"127.0.0.1:{port}", "accept": ["rtmp", "rtmps", "rtmpts"],
                            "tls": {"certificate": str(certificate[0]), "key": str(certificate[1])}}])
            dump = Dump(port, folder / "sealed.pcap")
            keys = folder / "keys.log"
            os.environ["SSLKEYLOGFILE"] = str(keys)
            try:
                program = publishers.ffmpeg(
                    f"{scheme}://127.0.0.1:{port}/live/demo/alice", clip("flv1-nellymoser"), folder / "client.log")
                program.wait(within=30)
            finally:
                del os.environ["SSLKEYLOGFILE"]
                server.stop()
            dump.stop()
            made[scheme] = (dump.file, keys)
        return made[scheme]

    return capture


@pytest.mark.parametrize("scheme", ["rtmps", "rtmpts"])
def test_with_its_keys_a_session_inside_tls_is_read_whole(sealed, scheme, clip, flashgate, tmp_path):
    capture, keys = sealed(scheme)
    code, out, err = flashgate("inspect", capture)
    assert code == 70 and "cannot be read without their keys (--keylog)" in err, err
    (session,), _ = inspect(flashgate, capture, "--keylog", keys)
    assert session["transport"] == scheme
    assert any(field == {"name": "app", "value": '"live/demo"'} for field in session["connect"])
    extracted(flashgate, capture, tmp_path / "streams", "--keylog", keys)
    (stream,) = (tmp_path / "streams").iterdir()
    found, sent = packets(stream), packets(clip("flv1-nellymoser"))
    # ffmpeg closes a tunnel without sending what it has gathered for the next request.
    assert found == sent or scheme == "rtmpts" and all(0.9 * sent[codec] <= found[codec] <= sent[codec] for codec in sent)
    # Times are those of the packets.
    times = [float(line) for line in tshark(capture, "-T", "fields", "-e", "frame.time_epoch")]
    assert session["duration_ms"] <= 1000 * (times[-1] - times[0]) + 1
    numbers = [line["packet"] for line in session["commands"] if line["side"] == "client"]
    assert numbers == sorted(numbers) and 3 < numbers[0] <= len(times)


def test_keys_inside_the_capture_are_used(sealed, flashgate, tmp_path):
    capture, keys = sealed("rtmps")
    whole = tmp_path / "with-keys.pcapng"
    subprocess.run(["editcap", "--inject-secrets", f"tls,{keys}", capture, whole], check=True, capture_output=True)
    (session,), _ = inspect(flashgate, whole)
    assert session["transport"] == "rtmps" and len(session["tracks"]) == 2


def test_keys_that_cannot_be_used_are_refused(sealed, flashgate, tmp_path, monkeypatch):
    capture, keys = sealed("rtmps")
    code, _, err = flashgate("inspect", capture, "--keylog", tmp_path / "nothing")
    assert code == 70 and "nothing cannot be read" in err
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = flashgate("inspect", capture, "--keylog", keys)
    assert code == 70 and "tshark is not installed; install it" in err


def test_keys_in_a_capture_that_cannot_be_used_cost_what_they_would_have_opened(sealed, flashgate, tmp_path, monkeypatch):
    capture, keys = sealed("rtmps")
    whole = tmp_path / "with-keys.pcapng"
    subprocess.run(["editcap", "--inject-secrets", f"tls,{keys}", capture, whole], check=True, capture_output=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    code, _, err = flashgate("inspect", whole)
    assert code == 70 and "the keys in the file were not used: TLS cannot be read: tshark is not installed" in err


# Files.


def test_an_flv_file_is_a_client_that_publishes_it(flashgate, clip, tmp_path):
    (session,), notices = inspect(flashgate, clip("flv1-nellymoser"))
    assert session["transport"] == "file" and notices == []
    (publish,) = [line for line in session["commands"] if line["name"] == "publish"]
    assert publish["arguments"][1] == '"flv1-nellymoser"'
    extracted(flashgate, clip("flv1-nellymoser"), tmp_path / "streams")
    (stream,) = (tmp_path / "streams").iterdir()
    assert packets(stream) == packets(clip("flv1-nellymoser"))


def packets(path):
    """{codec: packets} by ffprobe, which must have nothing to complain of."""
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=codec_name,nb_read_packets", "-of", "json", path],
        capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return {stream["codec_name"]: int(stream["nb_read_packets"]) for stream in json.loads(done.stdout)["streams"]}


@pytest.mark.parametrize("name,format,kept", [
    ("h264-aac", "mkv", True), ("h264-aac", "mp4", True), ("flv1-nellymoser", "mkv", None), ("h264-aac", "wav", False),
    ("flv1-nellymoser", "wav", False)])
def test_streams_are_written_as_other_files(name, format, kept, clip, flashgate, tmp_path):
    code, _, err = flashgate("inspect", clip(name), "--extract", tmp_path / "out", "--format", format)
    if kept is None and code == 1:
        # What Matroska has no place for is refused by name.
        assert "nellymoser has no place in mkv; use --format flv" in err
        assert list((tmp_path / "out").iterdir()) == []
        return
    assert code == 0, err
    (file,) = (tmp_path / "out").iterdir()
    assert file.name == f"1-client-1.{format}"
    if kept is not False:
        assert packets(file) == packets(clip(name))
        return
    assert list(packets(file)) == ["pcm_s16le"]
    seconds = float(subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", file], capture_output=True,
        text=True, check=True).stdout)
    assert 1.8 < seconds < 2.3
    volume = subprocess.run(
        ["ffmpeg", "-hide_banner", "-i", file, "-af", "volumedetect", "-f", "null", "-"], capture_output=True, text=True).stderr
    assert -40 < float(volume.split("mean_volume: ")[1].split(" dB")[0]) < -5


def test_a_codec_without_a_place_is_named_with_what_to_do(clip, flashgate, tmp_path):
    code, _, err = flashgate("inspect", clip("flv1-nellymoser"), "--extract", tmp_path / "out", "--format", "mp4")
    assert code == 1 and "has no place in mp4; use --format mkv, or flv" in err
    assert list((tmp_path / "out").iterdir()) == []
    assert flashgate("inspect", clip("h264-aac"), "--format", "mkv")[0] == 64


# Captures that were written anew by others.


def test_what_editcap_makes_of_a_capture_is_the_same_session(clip, flashgate, tmp_path):
    server = NginxRTMP(tmp_path)
    try:
        tap = Tap(f"127.0.0.1:{server.port}", tmp_path / "tap.pcapng")
        dump = Dump(tap.port, tmp_path / "direct.pcap")
        publishers.ffmpeg(server.publish_url("a", tap.port), clip("h264-aac"), tmp_path / "client.log").wait(within=30)
        tap.stop()
        dump.stop()
    finally:
        server.stop()
    streams = extracted(flashgate, tap.file, tmp_path / "clean")
    for number, options in enumerate((["-F", "pcap"], ["-F", "nsecpcap"], ["-t", "3600"])):
        other = tmp_path / f"other-{number}"
        subprocess.run(["editcap", *options, tap.file, other], check=True, capture_output=True)
        assert extracted(flashgate, other, tmp_path / f"streams-{number}") == streams
    both = tmp_path / "both.pcapng"
    subprocess.run(["mergecap", "-w", both, tap.file, dump.file], check=True, capture_output=True)
    sessions, _ = inspect(flashgate, both)
    assert len(sessions) == 2 and sessions[0]["tracks"] == sessions[1]["tracks"]
    # Cut off within the last packet: all before it is there.
    short = tmp_path / "short.pcapng"
    short.write_bytes(tap.file.read_bytes()[:-200])
    code, out, err = flashgate("inspect", short, "--json")
    assert code == 0 and "what follows is not read" in err and "at offset " in err
    assert json.loads(out)["sessions"][0]["connect"]
