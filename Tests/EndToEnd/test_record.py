"""`flashgate record` between real clients and real servers: what passes, what is written, and what others make of it."""

import random
import re
import socket
import statistics
import struct
import subprocess
import threading
import time

import gateway as gateways
import publishers
import pytest
import tunnel
from nginx_rtmp import NginxRTMP
from taps import Dump, Tap, assert_dissected, extracted, gist, inspect, needs_root, tshark
from waiting import wait_until

pytestmark = pytest.mark.gateway

CLIENTS = {"ffmpeg": publishers.ffmpeg, "librtmp": publishers.librtmp, "rtmp2sink": publishers.rtmp2sink}


@pytest.fixture(scope="module")
def clip(tmp_path_factory, clips):
    """Two seconds of H.264 and AAC."""
    short = tmp_path_factory.mktemp("short") / "short.flv"
    subprocess.run(
        ["ffmpeg", "-hide_banner", "-loglevel", "error", "-i", clips("h264-aac"), "-t", "2", "-c", "copy", short], check=True)
    return short


@pytest.fixture(scope="module")
def nginx(tmp_path_factory):
    running = NginxRTMP(tmp_path_factory.mktemp("nginx"))
    yield running
    running.stop()


@pytest.fixture
def tap(tmp_path):
    """tap(forward, ...): a tap, ended after the test."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    running = []

    def start(forward, *options, name="tap", **more):
        running.append(Tap(forward, tmp_path / f"{name}.pcapng", *options, **more))
        return running[-1]

    yield start
    for each in running:
        each.kill()


class Peer:
    """A server that hands each connection to `serve`."""

    def __init__(self, serve, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self.port = self._listener.getsockname()[1]
        self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        threading.Thread(target=self._accept, args=(serve,), daemon=True).start()

    def _accept(self, serve):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    def close(self):
        self._listener.close()


def receive_all(connection):
    data = bytearray()
    while piece := connection.recv(65536):
        data += piece
    return bytes(data)


def connect(tap):
    return socket.create_connection(("127.0.0.1", tap.port), timeout=30)


# What passes.


def test_bytes_pass_unchanged_both_ways_and_each_half_closes_by_itself(tap):
    question, answer = random.Random(1).randbytes(5_000_000), random.Random(2).randbytes(7_000_000)
    heard = []

    def serve(connection):
        # All of the question must have come, and its end, before the answer begins.
        heard.append(receive_all(connection))
        connection.sendall(answer)
        connection.close()

    peer = Peer(serve)
    with connect(tap(peer.address)) as client:
        client.sendall(question)
        client.shutdown(socket.SHUT_WR)
        assert receive_all(client) == answer
    assert heard == [question]


def test_a_side_that_does_not_read_holds_the_other_back_and_loses_nothing(tap):
    data, go, heard = random.Random(3).randbytes(40_000_000), threading.Event(), []

    def serve(connection):
        go.wait(60)
        heard.append(receive_all(connection))
        connection.close()

    running = tap(Peer(serve).address)
    client = connect(running)
    client.setblocking(False)
    sent = 0
    # As much as goes in without anybody reading: the buffers of the sockets, and no memory of the tap's.
    quiet = time.monotonic() + 1
    while time.monotonic() < quiet and sent < len(data):
        try:
            sent += client.send(data[sent:sent + 65536])
            quiet = time.monotonic() + 1
        except BlockingIOError:
            threading.Event().wait(0.02)
    assert sent < 30_000_000
    go.set()
    client.settimeout(30)
    client.sendall(data[sent:])
    client.shutdown(socket.SHUT_WR)
    receive_all(client)
    assert heard == [data]


def test_a_reset_is_passed_on_and_a_server_that_is_not_there_refuses(tap, tmp_path):
    def serve(connection):
        connection.recv(10)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    running = tap(Peer(serve).address)
    client = connect(running)
    client.sendall(b"\x03 hello")
    with pytest.raises(ConnectionResetError):
        client.recv(10)
    closed = gateways.free_port()
    lonely = tap(f"127.0.0.1:{closed}", name="lonely")
    client = connect(lonely)
    with pytest.raises(ConnectionResetError):
        client.recv(10)
    assert "cannot be reached: Connection refused" in wait_until(
        lambda: "turned away" in lonely.said() and lonely.said(), what="the tap says so")
    lonely.stop()
    assert [line.split("\t") for line in tshark(lonely.file, "-T", "fields", "-e", "tcp.flags", "-e", "tcp.dstport")] == [
        ["0x0002", str(closed)], ["0x0014", str(client.getsockname()[1])]]
    running.stop()
    assert tshark(running.file, "-Y", "tcp.flags.reset == 1")


def test_many_clients_at_once_are_kept_apart(tap, tmp_path):
    def serve(connection):
        while data := connection.recv(65536):
            connection.sendall(data)
        connection.close()

    running = tap(Peer(serve).address)

    def talk(number):
        data = bytes([3]) + bytes([number % 256]) * 20_000
        with connect(running) as client:
            for position in range(0, len(data), 997):
                client.sendall(data[position:position + 997])
            client.shutdown(socket.SHUT_WR)
            assert receive_all(client) == data
            return True

    results = []
    threads = [threading.Thread(target=lambda number=number: results.append(talk(number))) for number in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 100
    assert "100 connections, 0 of them refused; 2000100 bytes from clients, 2000100 from the server" in running.stop()
    assert len(tshark(running.file, "-Y", "tcp.flags == 0x002")) == 100
    assert tshark(running.file, "-Y", "tcp.analysis.flags and not tcp.analysis.keep_alive") == []


def test_ipv6_and_both_families_at_once(tap, tmp_path):
    def serve(connection):
        connection.sendall(b"hello")
        connection.close()

    running = tap(Peer(serve, "::1").address, host="[::1]")
    with socket.create_connection(("::1", running.port)) as client:
        assert receive_all(client) == b"hello"
    running.stop()
    assert tshark(running.file, "-Y", "ipv6.src == ::1 and tcp.len == 5")
    mixed = tap(Peer(serve, "::1").address, name="mixed")
    with connect(mixed) as client:
        assert receive_all(client) == b"hello"
    mixed.stop()
    assert tshark(mixed.file, "-Y", "ipv6.dst == ::ffff:127.0.0.1 and tcp.len == 5")


def test_the_time_it_adds_is_measured(tap):
    def serve(connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while data := connection.recv(65536):
            connection.sendall(data)

    peer = Peer(serve)
    running = tap(peer.address)

    def round_trips(port):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            times = []
            for number in range(2000):
                begin = time.perf_counter()
                client.sendall(number.to_bytes(4) * 64)
                answer = b""
                while len(answer) < 256:
                    answer += client.recv(256)
                times.append(time.perf_counter() - begin)
                assert answer == number.to_bytes(4) * 64
            return [1000 * each for each in statistics.quantiles(times, n=100)]

    direct, tapped = round_trips(peer.port), round_trips(running.port)
    print(f"round trip, ms: direct p50 {direct[49]:.3f} p99 {direct[98]:.3f}; "
          f"through the tap p50 {tapped[49]:.3f} p99 {tapped[98]:.3f}")
    assert len(tapped) == len(direct)


# What is written.


@pytest.mark.parametrize("server", ["nginx", "flashgate"])
@pytest.mark.parametrize("client", CLIENTS)
def test_the_tap_and_a_direct_capture_hold_the_same_session(
        client, server, tap, nginx, gateway, room, clip, flashgate, tmp_path):
    running = tap(f"127.0.0.1:{nginx.port if server == 'nginx' else gateway.rtmp_port}")
    dump = Dump(running.port, tmp_path / "direct.pcap")
    name = f"{client}-{server}"
    path = f"live/{name}" if server == "nginx" else f"live/{room}/{name}"
    program = CLIENTS[client](f"rtmp://127.0.0.1:{running.port}/{path}", clip, tmp_path / "client.log")
    try:
        program.wait(within=30)
    finally:
        program.kill()
    wait_until(lambda: _connections(running.port) == 0, what="the connection is closed")
    dump.stop()
    running.stop()
    (recorded,), notices = inspect(flashgate, running.file)
    (direct,), _ = inspect(flashgate, dump.file)
    assert notices == []
    assert gist(recorded) == gist(direct)
    assert recorded["client"] == direct["client"]
    assert {track["kind"] for track in recorded["tracks"]} == {"audio", "video"}
    assert any("NetStream.Publish.Start" in argument for line in recorded["commands"] for argument in line["arguments"])
    streams = extracted(flashgate, running.file, tmp_path / "recorded")
    assert streams and streams == extracted(flashgate, dump.file, tmp_path / "direct")
    port = int(recorded["server"].rsplit(":", 1)[1])
    assert_dissected(running.file, port)


def _connections(port):
    """Established connections to a port of this machine."""
    lines = open("/proc/net/tcp").read().splitlines()[1:]
    return sum(int(line.split()[1].split(":")[1], 16) == port and line.split()[3] in ("01", "08") for line in lines)


def test_a_capture_by_tshark_is_read_too(nginx, clip, flashgate, tmp_path):
    needs_root()
    file = tmp_path / "tshark.pcapng"
    with open(tmp_path / "tshark.log", "wb") as log:
        capturing = subprocess.Popen(
            ["tshark", "-i", "lo", "-f", f"tcp port {nginx.port}", "-w", file], stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: file.exists() and file.stat().st_size > 0, what="tshark has begun")
        wait_until(lambda: b"Capturing on" in (tmp_path / "tshark.log").read_bytes(), what="tshark captures")
        # The first packets may come before the socket is bound: a client is let through until one is seen.
        def is_seen():
            socket.create_connection(("127.0.0.1", nginx.port)).close()
            return file.stat().st_size > 1000
        wait_until(is_seen, what="tshark sees packets")
        program = publishers.ffmpeg(nginx.publish_url("seen", nginx.port), clip, tmp_path / "client.log")
        program.wait(within=30)
        sizes = [-1]
        wait_until(lambda: sizes.append(file.stat().st_size) or sizes[-1] == sizes[-2], every=0.5, what="it is quiet")
    finally:
        capturing.terminate()
        capturing.wait()
    (session,), _ = inspect(flashgate, file)
    assert {track["kind"]: track["frames"] > 20 for track in session["tracks"]} == {"audio": True, "video": True}


def test_a_tunnel_is_recorded_and_read_however_proxies_spoil_it(tap, tmp_path, certificate, clip, flashgate):
    port = gateways.free_port()
    server = gateways.Gateway(
        tmp_path, *certificate, rooms={"demo": {"open": True}},
        listeners=[{"address": f"127.0.0.1:{port}", "accept": ["rtmp", "rtmpt", "http"]}])
    way = None
    try:
        running = tap(f"127.0.0.1:{port}")
        way = tunnel.Tunnel(running.port, way=tunnel.Spoiled)
        program = publishers.ffmpeg(f"rtmp://127.0.0.1:{way.port}/live/demo/alice", clip, tmp_path / "client.log")
        program.wait(within=60)
        wait_until(lambda: server.metric("flashgate_sessions", protocol="rtmpt") == 0, what="the session is closed")
        running.stop()
    finally:
        if way:
            way.close()
        server.stop()
    (session,), _ = inspect(flashgate, running.file)
    assert session["transport"] == "rtmpt"
    (stream,) = extracted(flashgate, running.file, tmp_path / "streams").values()
    assert _frames(tmp_path / "streams") == _frames_of(clip), len(stream)


def _frames_of(path):
    """{codec: number of packets} by ffprobe."""
    out = subprocess.run(
        ["ffprobe", "-v", "error", "-count_packets", "-show_entries", "stream=codec_name,nb_read_packets", "-of",
         "compact=nokey=1:print_section=0", path], capture_output=True, text=True, check=True, timeout=60).stdout
    return {line.split("|")[0]: int(line.split("|")[1]) for line in out.splitlines()}


def _frames(directory):
    (path,) = directory.iterdir()
    return _frames_of(path)


# What goes wrong.


def test_a_recorder_that_is_killed_leaves_all_but_its_last_moment(tap, nginx, clip, flashgate, tmp_path):
    running = tap(f"127.0.0.1:{nginx.port}")
    program = publishers.ffmpeg(nginx.publish_url("killed", running.port), clip, tmp_path / "client.log", loops=20)
    try:
        wait_until(lambda: running.file.stat().st_size > 50_000, what="something is recorded")
        running.kill()
        ended = time.time()
        last = float(tshark(running.file, "-T", "fields", "-e", "frame.time_epoch")[-1])
        assert ended - last < 1
        (session,), _ = inspect(flashgate, running.file)
        assert session["tracks"]
    finally:
        program.kill()


@pytest.fixture
def small_disk(tmp_path):
    """A file system of half a megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", folder], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def _echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data)
    connection.close()


def _pass(running, data):
    with connect(running) as client:
        threading.Thread(target=lambda: (client.sendall(data), client.shutdown(socket.SHUT_WR)), daemon=True).start()
        assert receive_all(client) == data


def test_a_full_disk_stops_the_recording_and_not_the_clients(small_disk, flashgate):
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(100_000))
    running = Tap(Peer(_echo).address, small_disk / "tap.pcapng", log=small_disk.parent / "tap.log")
    try:
        for _ in range(3):
            _pass(running, b"\x03" + random.Random(4).randbytes(400_000))
        wait_until(lambda: "NOT RECORDING" in running.said(), what="the tap says so")
        assert running.said().count("NOT RECORDING: No space left on device; clients are still forwarded") == 1
        ballast.unlink()

        def is_recording():
            _pass(running, b"\x03 short")
            return "recording again" in running.said()

        wait_until(is_recording, what="the tap records again", every=0.3)
        said = running.stop()
    finally:
        running.kill()
    missing = int(re.search(r"recording again; (\d+) packets are missing", said)[1])
    assert missing > 10 and re.search(rf"{missing} dropped", said)
    marks = tshark(running.file, "-Y", "tcp.payload contains \"short\"")
    assert marks, "nothing is recorded behind the gap"
    code, _, err = flashgate("inspect", running.file)
    assert f"{missing} packets did not get into the file" in err


def test_a_file_that_may_not_grow_is_no_end_of_the_tap(tap):
    running = tap(Peer(_echo).address, prefix=["prlimit", "--fsize=100000"])
    for _ in range(3):
        _pass(running, b"\x03" + random.Random(5).randbytes(100_000))
    assert "NOT RECORDING: File too large" in wait_until(
        lambda: "NOT RECORDING" in running.said() and running.said(), what="the tap says so")
    running.stop()
    assert tshark(running.file, "-Y", "tcp.flags == 0x002")


# What is not written.


def test_an_anonymous_recording_names_nobody_and_plays_the_same(tap, nginx, clip, flashgate, tmp_path):
    files = {}
    for options in ([], ["--anonymize"], ["--anonymize", "--without-media"], ["--anonymize", "--keep", "names,addresses,urls"]):
        running = tap(f"127.0.0.1:{nginx.port}", *options, name=f"tap{len(files)}")
        url = f"rtmp://127.0.0.1:{running.port}/live/alice?key=sesame"
        publishing = publishers.ffmpeg(
            url, clip, tmp_path / "client.log", options=["-rtmp_pageurl", "http://intranet.example/page", "-rtmp_swfurl",
                                                         "http://intranet.example/player.swf"])
        publishing.wait(within=30)
        running.stop()
        files[" ".join(options)] = running.file
    plain, hidden, silent, kept = files.values()
    texts = [b"alice", b"sesame", b"intranet", b"player.swf"]
    assert [text for text in texts if text in plain.read_bytes()] == texts
    assert [text for text in texts if text in hidden.read_bytes()] == []
    assert [text for text in texts if text in kept.read_bytes()] == [b"alice", b"intranet", b"player.swf"]
    assert tshark(hidden, "-Y", "ip.addr == 127.0.0.1") == [] and tshark(kept, "-Y", "ip.addr == 127.0.0.1")
    assert extracted(flashgate, hidden, tmp_path / "hidden") == extracted(flashgate, plain, tmp_path / "plain")
    (session,), notices = inspect(flashgate, silent)
    assert session["tracks"] == [] and notices == []
    (session,), _ = inspect(flashgate, hidden)
    assert_dissected(hidden, int(session["server"].rsplit(":", 1)[1]))


def test_what_cannot_be_made_anonymous_is_forwarded_and_not_recorded(tap):
    running = tap(Peer(_echo).address, "--anonymize")
    _pass(running, b"POST /open/1 HTTP/1.1\r\nSecret: sesame\r\n\r\n")
    wait_until(lambda: "is not recorded: it speaks no RTMP in the clear" in running.said(), what="the tap says so")
    assert "bytes could not be anonymized" in running.stop()
    assert b"sesame" not in running.file.read_bytes()


def test_wrong_use_is_told(flashgate):
    for arguments in (
            ["--listen", "a b:1", "--forward", "127.0.0.1:1", "--output", "x"],
            ["--listen", "127.0.0.1:0", "--forward", "127.0.0.1:0", "--output", "x"],
            ["--listen", "127.0.0.1:0", "--forward", "127.0.0.1:1", "--output", "x", "--keep", "names"],
            ["--listen", "127.0.0.1:0", "--forward", "127.0.0.1:1", "--output", "x", "--anonymize", "--keep", "keys"]):
        assert flashgate("record", *arguments)[0] == 64, arguments
    code, _, err = flashgate("record", "--listen", "127.0.0.1:0", "--forward", "127.0.0.1:1", "--output", "/nowhere/x")
    assert code == 70 and "No such file or directory" in err
    code, _, err = flashgate("record", "--listen", "127.0.0.1:0", "--forward", "127.0.0.1:1", "--output", "/dev/full")
    assert code == 70 and "No space left on device" in err
