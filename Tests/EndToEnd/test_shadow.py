"""Rooms with an old server: it serves its Flash clients as ever, and the room has its speakers all the same."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

import gateway as gateways
import publishers
from gateway import free_port
from old_servers import SHARED_OBJECT, Nginx, ScriptedClient, ScriptedServer, message_bytes
from test_media_workers import workers
from waiting import wait_until
from whep import WhepPlayer

pytestmark = pytest.mark.gateway


@pytest.fixture
def shadowing(tmp_path, certificate, running):
    """shadowing({"board": "rtmp://..."}): a gateway whose rooms have these old servers."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")

    def start(shadows, **room):
        rooms = {name: {"open": True, "shadow": url, **room} for name, url in shadows.items()}
        return running(_Shadowing(tmp_path, *certificate, rooms=rooms, audit={"file": "audit.jsonl"}))

    return start


class _Shadowing(gateways.Gateway):
    """A gateway with a door for tunnels too."""

    def __init__(self, directory, certificate, key, **changes):
        self.tunnel_port = free_port()
        port = free_port()
        https = free_port()
        super().__init__(directory, certificate, key, listeners=[
            {"address": f"127.0.0.1:{port}", "accept": ["rtmp", "rtmpe"]},
            {"address": f"127.0.0.1:{https}", "accept": ["https"],
             "tls": {"certificate": str(certificate), "key": str(key)}},
            {"address": f"127.0.0.1:{self.tunnel_port}", "accept": ["rtmpt"]},
        ], **changes)
        self.rtmp_port, self.https_port = port, https


class Recorder:
    """ffmpeg plays from the old server into a file."""

    def __init__(self, url, path):
        self.path = path
        self._program = publishers.Program(
            ["ffmpeg", "-hide_banner", "-loglevel", "warning", "-nostdin", "-y", "-i", url, "-c", "copy",
             "-flush_packets", "1", "-f", "flv", str(path)], path.with_suffix(".log"))

    @property
    def size(self):
        return self.path.stat().st_size if self.path.exists() else 0

    def wait_growth(self, within=20, by=40_000):
        size = self.size
        wait_until(lambda: self.size >= size + by, within=within, what="the old server's player gets media")

    def stop(self):
        self._program.stop()

    def pictures(self):
        """Pictures that can be decoded from what was recorded."""
        done = subprocess.run(
            ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries",
             "stream=nb_read_frames", "-of", "csv=p=0", self.path], capture_output=True, text=True, check=True)
        return int(done.stdout.strip().strip(","))


def speaking(gateway):
    return gateway.metric("flashgate_shadow_publications_total", outcome="speaking")


def test_a_publisher_is_played_from_the_old_server_and_seen_in_the_room(shadowing, running, clips, tmp_path):
    nginx = running(Nginx(tmp_path))
    gateway = shadowing({"board": nginx.address})
    running(publishers.ffmpeg(gateway.publish_url("board", "alice"), clips("h264-aac"), tmp_path / "alice.log", loops=-1))
    wait_until(lambda: speaking(gateway) == 1, what="alice speaks in the room")
    recorder = running(Recorder(nginx.url("alice"), tmp_path / "old.flv"))
    player = running(WhepPlayer(gateway.whep_url("board", "alice")))
    recorder.wait_growth()
    wait_until(lambda: len(player.heard.pictures) > 20, within=30, what="pictures from the room")
    assert gateway.metric("flashgate_shadow_sessions") == 1
    recorder.stop()
    assert recorder.pictures() > 20


def test_a_tunnelled_publisher_is_played_from_the_old_server(shadowing, running, clips, tmp_path):
    nginx = running(Nginx(tmp_path))
    gateway = shadowing({"board": nginx.address})
    url = f"rtmpt://127.0.0.1:{gateway.tunnel_port}/live/board/alice"
    running(publishers.ffmpeg(url, clips("flv1-nellymoser"), tmp_path / "alice.log", loops=-1))
    wait_until(lambda: speaking(gateway) == 1, what="alice speaks in the room")
    running(Recorder(nginx.url("alice"), tmp_path / "old.flv")).wait_growth()


def test_rtmpe_ends_at_the_gateway(shadowing, running, clips, tmp_path):
    nginx = running(Nginx(tmp_path))
    gateway = shadowing({"board": nginx.address})
    url = gateway.publish_url("board", "alice").replace("rtmp:", "rtmpe:")
    running(publishers.librtmp(url, clips("long"), tmp_path / "alice.log"))
    wait_until(lambda: speaking(gateway) == 1, what="alice speaks in the room")
    assert gateway.metric("flashgate_sessions", protocol="rtmpe", state="connected") == 1
    running(Recorder(nginx.url("alice"), tmp_path / "old.flv")).wait_growth()


def test_a_flash_player_is_served_by_the_old_server(shadowing, running, clips, tmp_path):
    nginx = running(Nginx(tmp_path))
    gateway = shadowing({"board": nginx.address})
    running(publishers.ffmpeg(
        gateway.publish_url("board", "alice"), clips("flv1-nellymoser"), tmp_path / "alice.log", loops=-1))
    wait_until(lambda: speaking(gateway) == 1, what="alice speaks in the room")
    player = running(Recorder(gateway.publish_url("board", "alice"), tmp_path / "played.flv"))
    player.wait_growth()
    # Without the old server it would have been refused: the report must know of it.
    assert gateway.metric("flashgate_shadow_differences_total", kind="play") == 1
    player.stop()
    assert player.pictures() > 10


def test_an_old_server_whose_certificate_nobody_vouches_for_is_not_trusted(shadowing, running, certificate):
    old = running(ScriptedServer(certificate=certificate))
    gateway = shadowing({"board": old.address.replace("rtmp:", "rtmps:")})
    client = running(ScriptedClient(gateway.rtmp_port))
    assert client.ended.wait(20)
    assert client.answers.codes() == ["NetConnection.Connect.Failed"]


def test_killed_media_workers_leave_the_old_path_flowing(shadowing, running, clips, tmp_path):
    nginx = running(Nginx(tmp_path))
    gateway = shadowing({"board": nginx.address})
    running(publishers.ffmpeg(
        gateway.publish_url("board", "alice"), clips("flv1-nellymoser"), tmp_path / "alice.log", loops=-1))
    wait_until(lambda: speaking(gateway) == 1, what="alice speaks in the room")
    recorder = running(Recorder(nginx.url("alice"), tmp_path / "old.flv"))
    player = running(WhepPlayer(gateway.whep_url("board", "alice")))
    wait_until(lambda: player.heard.pictures, within=30, what="pictures from the room")
    for _ in range(3):
        lost = gateway.metric("flashgate_media_workers_lost_total")
        for process in workers(gateway):
            os.kill(process, signal.SIGKILL)
        wait_until(lambda: gateway.metric("flashgate_media_workers_lost_total") > lost, what="the loss is noticed")
        recorder.wait_growth(by=10_000)
    assert gateway.metric("flashgate_shadow_sessions") == 1


def test_a_full_room_leaves_the_old_path_flowing(shadowing, running, clips, tmp_path):
    nginx = running(Nginx(tmp_path))
    gateway = shadowing({"board": nginx.address}, max_participants=1)
    for name in ("alice", "bob"):
        running(publishers.ffmpeg(
            gateway.publish_url("board", name), clips("h264-aac"), tmp_path / f"{name}.log", loops=-1))
        recorder = running(Recorder(nginx.url(name), tmp_path / f"{name}.flv"))
        recorder.wait_growth()
    assert gateway.metric("flashgate_shadow_publications_total", outcome="room_full") == 1
    assert gateway.metric("flashgate_shadow_differences_total", kind="publish") == 1


def test_bytes_calls_and_shared_objects_go_both_ways_as_they_are(shadowing, running):
    old = running(ScriptedServer(results={"getRoster": ("alice,bob",)}))
    gateway = shadowing({"board": old.address})
    client = running(ScriptedClient(gateway.rtmp_port))
    wait_until(lambda: "NetConnection.Connect.Success" in client.answers.codes(), what="the old server's answer")
    assert client.answers.commands()[0][2] == {"fmsVer": "OLD/1,0"}
    client.command("getRoster", 2, None, "board", pieces=1)
    wait_until(lambda: any(command[:2] == ("_result", 2.0) for command in client.answers.commands()), what="the roster")
    server = old.clients[0]
    server.call("onRoster", "alice joined")
    # Bytes of a shared object that nobody here could make sense of.
    client.send(message_bytes(3, SHARED_OBJECT, os.urandom(700)), pieces=7)
    wait_until(lambda: any(message.kind == SHARED_OBJECT for message in client.answers.messages), what="the echo")
    client.command("createStream", 3, None)
    client.command("publish", 4, None, "alice", "live", stream=1)
    wait_until(lambda: "NetStream.Publish.Start" in client.answers.codes(), what="publishing")
    assert any(command[0] == "onRoster" for command in client.answers.commands())
    wait_until(lambda: server.received == client.sent, what="all bytes at the old server")
    assert client.received == server.sent
    assert gateway.metric("flashgate_shadow_differences_total", kind="call") == 1
    assert gateway.metric("flashgate_shadow_differences_total", kind="server_call") == 1
    assert gateway.metric("flashgate_shadow_differences_total", kind="shared_object") == 1
    # What the client says last still comes to the old server, and then the end.
    client.command("goodbye", 0, None)
    client.close()
    assert server.ended.wait(10)
    assert server.received == client.sent


def test_the_old_servers_end_is_the_clients_and_an_old_server_away_is_told(shadowing, running):
    old = running(ScriptedServer())
    gateway = shadowing({"board": old.address})
    client = running(ScriptedClient(gateway.rtmp_port))
    wait_until(lambda: client.answers.codes(), what="the old server's answer")
    old.stop()
    assert client.ended.wait(10)
    late = running(ScriptedClient(gateway.rtmp_port))
    assert late.ended.wait(20)
    assert late.answers.codes() == ["NetConnection.Connect.Failed"]
    assert gateway.metric("flashgate_shadow_sessions_total", outcome="unreachable") == 1


def test_who_is_denied_never_reaches_the_old_server(shadowing, running, tmp_path):
    (tmp_path / "black.txt").write_text("127.0.0.1\n")
    old = running(ScriptedServer())
    gateway = shadowing({"board": old.address})
    board = running(ScriptedClient(gateway.rtmp_port))
    wait_until(lambda: board.answers.codes(), what="let in while nothing forbids")
    assert len(old.clients) == 1
    configuration = gateway.configuration.read_text() + "access: { blacklist: [black.txt] }\n"
    gateway.configuration.write_text(configuration)
    gateway.hang_up()
    assert board.ended.wait(10)
    assert "NetConnection.Connect.Rejected" in board.answers.codes()
    with pytest.raises(OSError):
        ScriptedClient(gateway.rtmp_port)
    assert len(old.clients) == 1


def test_an_old_server_that_stalls_costs_the_gateway_no_memory(shadowing, running):
    old = running(ScriptedServer())
    gateway = shadowing({"board": old.address})
    client = running(ScriptedClient(gateway.rtmp_port))
    wait_until(lambda: client.answers.codes(), what="the old server's answer")
    server = old.clients[0]
    server.keeps = False
    before = _resident(gateway)
    old.stall()
    body = message_bytes(4, 8, bytes(60_000), stream=1)
    client._socket.settimeout(2)
    sent = 0
    # Until the client is made to wait: what is in between are buffers of the kernel.
    with pytest.raises(TimeoutError):
        while sent < 200_000_000:
            sent += client._socket.send(body)
    assert sent < 64_000_000
    assert _resident(gateway) - before < 16_000_000
    old.resume()
    wait_until(lambda: server.count >= sent, within=30, what="all that was sent comes after all")


def _resident(gateway):
    """Bytes of memory of the gateway's process."""
    return int(Path(f"/proc/{gateway.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
