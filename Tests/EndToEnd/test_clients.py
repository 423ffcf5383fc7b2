"""Clients other than those of most tests: a publisher with a face, receivers of other stacks, other addresses, a relay."""

import json
import socket
import subprocess
from pathlib import Path

import pytest

import gateway as gateways
import signals
from browser_player import BrowserPlayer
from media import CLIPS
from obs import OBS
from room_page import RoomPage
from waiting import wait_until

_GSTREAMER = Path(__file__).with_name("webrtcbin_player.py")


def test_gstreamer_receives_sound_and_pictures(gateway, room, publish):
    publish("alice", "long")
    wait_until(lambda: gateway.metric("flashgate_participants", kind="flash") >= 1, what="alice speaks")

    def play():
        # Debian's Python: GStreamer's bindings are not to be had by pip.
        done = subprocess.run(
            ["/usr/bin/python3", _GSTREAMER, gateway.whep_url(room, "alice"), "20"], capture_output=True, text=True,
            timeout=60)
        return done.returncode == 0 and json.loads(done.stdout.splitlines()[-1])

    heard = wait_until(play, within=60, what="webrtcbin plays")
    assert heard["pictures"] > 30
    assert heard["sounds"] > 50
    assert any("width=(int)320" in caps for caps in heard["caps"])


def test_obs_is_seen_and_heard(gateway, room, shared, clips, tmp_path, running):
    clip = CLIPS["long"]
    page = RoomPage(shared("chromium"), gateway.page_url(room)).wait_joined()
    page.watch("alice")
    obs = running(OBS(f"rtmp://127.0.0.1:{gateway.rtmp_port}/live/{room}", "alice", clips("long"), clip.size, clip.fps, tmp_path))
    # It begins slowly where its pictures are drawn without a graphics card.
    page.wait_tile("alice", within=30, state="live")
    tone = page.wait_tone("alice", clip.hertz, within=30)
    assert abs(signals.decibels(tone["rms"] / clip.rms)) <= 3
    wait_until(lambda: len(page.pictures("alice").numbers) > 2 * clip.fps, within=30, what="pictures")
    pictures = page.pictures("alice")
    # It draws by a clock of its own, and so one picture twice now and then.
    assert pictures.numbers == sorted(pictures.numbers)
    assert page.tile("alice")["width"] == clip.size[0]
    # An orderly end: its place is not kept as that of one whose connection broke.
    obs.end_stream()
    page.wait_gone("alice", within=10)
    log = gateway.log.read_text()
    assert f"room={room} reason=client_ended" in log, [line for line in log.splitlines() if f"room={room} " in line]


@pytest.fixture
def gateway_at(tmp_path, certificate):
    """gateway_at(webrtc={...}): a gateway of its own with other media addresses."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    running = []

    def start(**webrtc):
        port = gateways.free_port(socket.SOCK_DGRAM)
        running.append(gateways.Gateway(tmp_path, *certificate, webrtc={"udp_port": port, **webrtc}))
        running[-1].udp_port = port
        return running[-1]

    yield start
    for each in running:
        each.stop()


def play_in_chromium(gateway, shared, clips, tmp_path, **options):
    import publishers

    program = publishers.ffmpeg(
        gateway.publish_url("room1", "alice"), clips("long"), tmp_path / "ffmpeg.log")
    player = None
    try:
        wait_until(lambda: gateway.metric("flashgate_participants", kind="flash") == 1, what="alice speaks")
        player = BrowserPlayer(shared("chromium"), gateway, "room1", "alice", **options)
        return wait_until(
            lambda: (state := player.state()) and len(state["shown"]) > 15 and state, within=30, what="pictures")
    finally:
        if player:
            player.close()
        program.kill()


def test_media_goes_by_ipv6_where_that_is_what_is_advertised(gateway_at, shared, clips, tmp_path):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    state = play_in_chromium(gateway_at(advertised_addresses=["::1"]), shared, clips, tmp_path)
    assert state["remote"]["address"] in ("::1", "[::1]")


def test_the_first_address_that_answers_is_used_of_several(gateway_at, shared, clips, tmp_path):
    # 192.0.2.0/24 is for documents: nobody is there.
    state = play_in_chromium(
        gateway_at(advertised_addresses=["192.0.2.1", "2001:db8::1", "127.0.0.1"]), shared, clips, tmp_path)
    assert state["remote"]["address"] == "127.0.0.1"


def test_media_goes_through_a_turn_server(gateway_at, shared, clips, tmp_path):
    port = gateways.free_port(socket.SOCK_DGRAM)
    log = open(tmp_path / "turnserver.log", "wb")
    server = subprocess.Popen(
        ["turnserver", "-n", "--no-tls", "--no-dtls", "--no-cli", "--lt-cred-mech", "--fingerprint",
         "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={port}", "--allow-loopback-peers",
         "--user=flash:gate", "--realm=test", "--log-file=stdout", "--pidfile", str(tmp_path / "turn.pid"),
         "--userdb", str(tmp_path / "turn.db")],
        stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    servers = [{"urls": f"turn:127.0.0.1:{port}?transport=udp", "username": "flash", "credential": "gate"}]
    try:
        state = play_in_chromium(
            gateway_at(advertised_addresses=["127.0.0.1"]), shared, clips, tmp_path, ice_servers=servers,
            policy="relay")
        assert state["local"]["candidateType"] == "relay"
    finally:
        server.kill()
        server.wait()
        log.close()
