"""The rig itself: what the tests send is what they think it is, and is read back right."""

import socket
import subprocess

import av
import numpy as np
import pytest

import flv
import publishers
import rtmp
import signals
import tcp_ports
from gateway import free_port
from media import CLIPS
from mock.server import MockServer
from relay import UDPRelay, is_dtls_handshake
from waiting import NotInTime, wait_until
from whep import WhepPlayer


@pytest.mark.parametrize("number", [0, 1, 2, 4095, 8191, 9_999, 16_383])
def test_a_picture_number_is_read_back(number):
    assert signals.read_strip([235.0 if white else 16.0 for white in signals.strip(number)]) == number


def test_a_strip_with_one_wrong_block_is_not_believed():
    for number in range(0, 16_384, 97):
        for block in range(1, 19):
            blocks = signals.strip(number)
            blocks[block] = not blocks[block]
            assert signals.read_strip([235.0 if white else 16.0 for white in blocks]) is None
    assert signals.read_strip([16.0] * 20) is None and signals.read_strip([235.0] * 20) is None


def test_a_tone_is_measured():
    times = np.arange(16_384) / 48_000
    hertz, rms = signals.tone_of(0.25 * np.sin(2 * np.pi * 440 * times), 48_000)
    assert hertz == pytest.approx(440, rel=0.001) and rms == pytest.approx(0.25 / 2**0.5, rel=0.01)


@pytest.mark.parametrize("name", CLIPS)
def test_each_clip_holds_what_it_says(clips, name):
    clip = CLIPS[name]
    pictures, sound, rate = decode(clips(name))
    read = [signals.read_picture(picture) for _, picture in pictures]
    assert [number for number, _ in read] == list(range(clip.pictures))
    if pictures:
        assert pictures[0][0] == pytest.approx(clip.video_delay, abs=0.05)
    if clip.audio is None:
        assert len(sound) == 0
    elif clip.hertz:
        middle = sound[len(sound) // 2:][:16_384]
        hertz, rms = signals.tone_of(middle, rate)
        assert hertz == pytest.approx(clip.hertz, rel=0.005)
        assert abs(signals.decibels(rms / clip.rms)) < 1
    else:
        flashes = [time for (time, _), (before, now) in zip(pictures[1:], zip(read, read[1:])) if now[1] and not before[1]]
        onsets = [index / rate for index in signals.burst_onsets(sound, rate)][1:]
        assert len(flashes) == len(onsets) == clip.seconds - 1
        assert all(abs(onset - flash) < 0.025 for onset, flash in zip(onsets, flashes))


def decode(path):
    """([(time, gray picture)], sound, its rate), times and samples both from the start of the file."""
    pictures, samples, rate = [], [], 1
    with av.open(str(path)) as container:
        begin = container.start_time / 1_000_000
        for frame in container.decode():
            time = float(frame.time) - begin
            if isinstance(frame, av.VideoFrame):
                pictures.append((time, frame.to_ndarray(format="gray")))
            else:
                rate = frame.sample_rate
                if not samples:
                    samples.append(np.zeros(max(0, round(time * rate))))
                samples.append(np.asarray(frame.to_ndarray(), np.float64).reshape(-1) / sample_scale(frame))
    return pictures, np.concatenate(samples) if samples else np.zeros(0), rate


def sample_scale(frame):
    return 1.0 if frame.format.name.startswith("flt") else 32768.0


def test_flv_tags_are_read(clips):
    tags = flv.read(clips("flv1-nellymoser"))
    assert sum(kind == flv.VIDEO for kind, _, _ in tags) == CLIPS["flv1-nellymoser"].pictures
    stamps = [stamp for _, stamp, _ in tags]
    assert stamps == sorted(stamps)


def test_the_byte_proxy_passes_single_bytes():
    with socket.create_server(("127.0.0.1", 0)) as server:
        proxy = tcp_ports.Relay(server.getsockname()[1], piece=1)
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            accepted, _ = server.accept()
            client.sendall(bytes(range(200)))
            client.shutdown(socket.SHUT_WR)
            received = b""
            while part := accepted.recv(4096):
                received += part
            accepted.close()
        proxy.close()
    assert received == bytes(range(200))


def test_a_condition_that_never_comes_true_says_what_was_seen():
    with pytest.raises(NotInTime, match="a miracle; last seen: 0"):
        wait_until(lambda: 0, within=0.1, what="a miracle")


@pytest.mark.parametrize("by", ["ffmpeg", "rtmp2sink", "librtmp", "script", "script past 24 bits"])
def test_each_publisher_sends_the_whole_clip(clips, tmp_path, by):
    """To ffmpeg as a server, which writes down what it got."""
    port, got = free_port(), tmp_path / "got.flv"
    url = f"rtmp://127.0.0.1:{port}/live/room/alice"
    server = subprocess.Popen(
        ["ffmpeg", "-loglevel", "error", "-nostdin", "-copyts", "-listen", "1", "-f", "flv", "-i", url, "-c", "copy", got],
        stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: listens(port), what="the server listens")
        path, log = clips("flv1-nellymoser"), tmp_path / "log"
        match by:
            case "ffmpeg": publisher = publishers.ffmpeg(url, path, log)
            case "rtmp2sink": publisher = publishers.rtmp2sink(url, path, log)
            case "librtmp": publisher = publishers.librtmp(url, path, log)
            case "script": publisher = rtmp.Publisher(url, path)
            case _: publisher = rtmp.Publisher(url, path, first_timestamp=0xFFFFF0)
        publisher.wait(within=20)
        server.wait(timeout=10)
    finally:
        server.kill()
        server.wait()
    numbers = [signals.read_picture(picture)[0] for _, picture in decode(got)[0]]
    assert numbers[:3] == [0, 1, 2] and len(numbers) >= 0.95 * CLIPS["flv1-nellymoser"].pictures
    if "past" in by:
        assert flv.read(got)[0][1] >= 0xFFFFF0


def listens(port):
    """Whether somebody listens there, without a connection: ffmpeg serves the first one only."""
    with open("/proc/net/tcp") as table:
        return any(line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A" for line in table)


@pytest.fixture
def server(certificate):
    server = MockServer(*certificate)
    yield server
    server.close()


def test_a_whep_player_reads_pictures_sound_and_skew(server):
    server.add("alice", audio="burst")
    player = WhepPlayer(f"https://127.0.0.1:{server.port}/whep/demo/alice")
    try:
        wait_until(lambda: player.has_reports and len(player.numbers) > 45, within=20, what="3 s and sender reports")
        assert player.in_order
        assert abs(player.media_skew()) < 0.060
    finally:
        player.close()


def test_a_whep_player_hears_a_tone_through_a_relay_that_lost_the_first_flight(server):
    server.add("alice", audio=440.0)
    lost = []

    def lose_first_flight(from_gateway, datagram):
        first = from_gateway and is_dtls_handshake(datagram) and len(lost) < 1
        if first:
            lost.append(datagram)
        return first

    relay = None

    def through_relay(sdp):
        nonlocal relay
        port = int(next(line for line in sdp.splitlines() if line.startswith("a=candidate:")).split()[5])
        relay = UDPRelay(port, lose_first_flight)
        return relay.rewrite(sdp)

    player = WhepPlayer(f"https://127.0.0.1:{server.port}/whep/demo/alice", through_relay)
    try:
        hertz, rms = wait_until(lambda: player.tone(), what="half a second of sound")
        assert hertz == pytest.approx(440, rel=0.02) and abs(signals.decibels(rms / (0.25 / 2**0.5))) < 3
        assert relay.lost == 1
    finally:
        player.close()
        relay.close()


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_the_probe_times_the_first_picture(server, room_page, browser):
    server.add("alice")
    page = room_page(browser, server.url())
    timing = page.evaluate("(path) => probe.whepFirstPicture(path)", "/whep/demo/alice")
    assert 0 < timing["answer"] < timing["firstPicture"] and timing["width"] == 320


def test_lip_sync_is_measured_in_a_browser(server, room_page):
    server.add("alice", audio="burst")
    page = room_page("chromium", server.url()).watch("alice")

    def agrees_with_the_browser():
        measured = page.lip_sync("alice")
        audio, video = (page.stats("alice", kind)["estimatedPlayoutTimestamp"] for kind in ("audio", "video"))
        return measured == pytest.approx(video - audio, abs=40)

    # The browser estimates for this moment, what was measured is of the seconds before: it still pulls the two together.
    wait_until(agrees_with_the_browser, within=20, what="the browser itself estimates the same")
