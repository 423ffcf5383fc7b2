"""RTMP inside HTTP: real clients by RTMPT and RTMPTS, and what proxies between them and the gateway do to requests."""


import resource
import statistics
import threading
import urllib.error
import urllib.request

import certificates
import gateway as gateways
import publishers
import pytest
import rtmp
import tcp_ports
import tunnel
from media import CLIPS
from room_page import RoomPage
from test_flash_to_browser import assert_heard, assert_seen, finish
from waiting import wait_until

EVERYTHING = ["rtmp", "rtmps", "rtmpt", "rtmpts", "http", "https"]


@pytest.fixture(scope="module")
def tunnels(tmp_path_factory):
    """A gateway whose one port takes all that carries RTMP, in the clear and inside TLS, and pages."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    directory = tmp_path_factory.mktemp("tunnels")
    certificate, key = certificates.self_signed(directory / "tls")
    port = gateways.free_port()
    gateway = gateways.Gateway(
        directory, certificate, key,
        # librtmp manages no later version than 1.2.
        listeners=[{"address": f"127.0.0.1:{port}", "accept": EVERYTHING,
                    "tls": {"certificate": str(certificate), "key": str(key), "maximum_version": "1.2"}}])
    gateway.rtmp_port = gateway.https_port = port
    yield gateway
    gateway.stop()


def tunnel_url(gateway, scheme, room, name, port=None):
    return f"{scheme}://127.0.0.1:{port or gateway.rtmp_port}/live/{room}/{name}"


def open_page(shared, gateway, room):
    return RoomPage(shared("chromium"), gateway.page_url(room)).wait_joined()


# Real clients.


@pytest.mark.parametrize("client, scheme", [
    (publishers.ffmpeg, "rtmpt"), (publishers.ffmpeg, "rtmpts"),
    (publishers.librtmp, "rtmpt"), (publishers.librtmp, "rtmpts"),
])
def test_a_tunnelled_client_is_seen_and_heard(tunnels, room, shared, clips, tmp_path, client, scheme):
    clip = CLIPS["flv1-nellymoser"]
    page = open_page(shared, tunnels, room)
    page.watch("alice")
    program = client(tunnel_url(tunnels, scheme, room, "alice"), clips(clip.name), tmp_path / "client.log")
    try:
        page.wait_tile("alice", state="live")
        wait_until(lambda: page.tile("alice")["width"] == clip.size[0], what="the first picture")
        assert tunnels.metric("flashgate_sessions", protocol=scheme, state="connected") == 1
        assert_heard(page, "alice", clip)
        finish(program)
        assert_seen(page, "alice", clip)
        # librtmp reads no answers, so that its connection ends by a reset with its goodbye on the way. Were that lost, the
        # session would be given up only after 30 s without a request, and the speaker be expected back for 20 s more.
        page.wait_gone("alice")
    finally:
        program.kill()
    wait_until(lambda: tunnels.metric("flashgate_sessions", protocol=scheme) == 0, what="the session is forgotten")


# What happens on the way.


class BufferingProxy(tcp_ports.Port):
    """Passes nothing of an answer on before all of it has come, and then in small pieces."""

    def __init__(self, target_port):
        self._target = target_port
        super().__init__()

    def carry(self, client):
        server = tunnel.Connection(self._target)
        threading.Thread(target=tcp_ports.pass_on, args=(client, server), daemon=True).start()
        try:
            while True:
                status, fields, body = server.answer()
                head = "".join(f"{name.title()}: {value}\r\n" for name, value in fields.items())
                answer = f"HTTP/1.1 {status} Answer\r\n{head}\r\n".encode() + body
                for position in range(0, len(answer), 50):
                    client.sendall(answer[position:position + 50])
        except OSError:
            client.close()


def test_requests_cut_repeated_out_of_order_and_over_new_connections_lose_nothing(tunnels, room, shared, clips):
    clip = CLIPS["flv1-nellymoser"]
    page = open_page(shared, tunnels, room)
    page.watch("alice")
    way = tunnel.Tunnel(tunnels.rtmp_port, way=tunnel.Spoiled)
    program = rtmp.Publisher(f"rtmp://127.0.0.1:{way.port}/live/{room}/alice", clips(clip.name))
    try:
        page.wait_tile("alice", state="live")
        assert_heard(page, "alice", clip)
        finish(program)
        assert_seen(page, "alice", clip)
        page.wait_gone("alice")
    finally:
        program.kill()
        way.close()
    strays = way.ways[0].strays
    assert strays and set(strays) == {409}
    assert tunnels.metric("flashgate_tunnel_requests_total", kind="repeated") > 10
    wait_until(lambda: tunnels.metric("flashgate_sessions", protocol="rtmpt") == 0, what="the session is closed")


def test_a_proxy_in_front_that_buffers_whole_answers_disturbs_nobody(tunnels, room, shared, clips, tmp_path):
    clip = CLIPS["flv1-nellymoser"]
    proxy = BufferingProxy(tunnels.rtmp_port)
    page = open_page(shared, tunnels, room)
    page.watch("alice")
    program = publishers.ffmpeg(
        tunnel_url(tunnels, "rtmpt", room, "alice", port=proxy.port), clips(clip.name), tmp_path / "client.log")
    try:
        page.wait_tile("alice", state="live")
        finish(program)
        assert_seen(page, "alice", clip)
    finally:
        program.kill()
        proxy.close()


def test_a_drain_is_told_to_a_client_between_two_of_its_polls(tmp_path, clips):
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    certificate, key = certificates.self_signed(tmp_path / "tls")
    port = gateways.free_port()
    gateway = gateways.Gateway(
        tmp_path, certificate, key, listeners=[{"address": f"127.0.0.1:{port}", "accept": ["rtmpt"]}])
    way = tunnel.Tunnel(port, pause=0.2)
    program = rtmp.Publisher(f"rtmp://127.0.0.1:{way.port}/live/room1/alice", clips("flv1-nellymoser"))
    try:
        wait_until(lambda: gateway.metric("flashgate_participants", kind="flash") == 1, what="alice speaks")
        gateway.terminate()
        program.wait_end(within=20)
        assert "NetConnection.Connect.AppShutdown" in program.answers.codes()
        assert gateway.wait(within=20) == 0
    finally:
        program.kill()
        way.close()
        gateway.stop()


def test_a_client_that_reads_none_of_its_answers_is_served_on(tmp_path):
    """As librtmp publishes: requests one after another, and none of their answers is ever read."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    certificate, key = certificates.self_signed(tmp_path / "tls")
    port = gateways.free_port()
    gateway = gateways.Gateway(
        tmp_path, certificate, key, limits={"handshake_timeout": "120s"}, log={"level": "warning", "format": "text"},
        listeners=[{"address": f"127.0.0.1:{port}", "accept": ["rtmpt"]}])
    connection = tunnel.Connection(port, receive_buffer=65_536)
    try:
        session = connection.post("/open/1", b"\0")[2].decode().strip()
        # Answers of more than the kernel keeps for anybody.
        count = 30_000
        for begin in range(0, count, 500):
            connection.sendall(b"".join(
                tunnel.HEAD.format(path=f"/send/{session}/{number}", version="1.1", fields="Content-Length: 0\r\n").encode()
                for number in range(begin, begin + 500)))
            wait_until(lambda: gateway.metric("flashgate_tunnel_requests_total", kind="send") == begin + 500, 20,
                       f"{begin} requests are taken")
        answers = [connection.answer() for _ in range(count)]
        assert {(status, body) for status, _, body in answers} == {(200, b"\x01")}
    finally:
        connection.close()
        gateway.stop()


# How much later.


@pytest.mark.parametrize("pause, most", [(1 * tunnel.UNIT, 150), (33 * tunnel.UNIT, 600)])
def test_a_tunnel_adds_no_more_delay_than_its_polling(tunnels, room, shared, clips, pause, most):
    # At the slowest each poll comes at another moment of a picture's second, so that nine see them all.
    clip = CLIPS["lip-sync-long"]
    page = open_page(shared, tunnels, room)
    way = tunnel.Tunnel(tunnels.rtmp_port, pause=pause)
    running = {name: rtmp.Publisher(f"rtmp://127.0.0.1:{port}/live/{room}/{name}", clips(clip.name))
               for name, port in (("plain", tunnels.rtmp_port), ("tunnelled", way.port))}
    try:
        for name in running:
            page.watch(name)
            page.wait_tile(name, state="live")
        delays = {name: wait_until(lambda: flash_delays(page, name, program, 9), 40, "nine flashes")
                  for name, program in running.items()}
    finally:
        for program in running.values():
            program.kill()
        way.close()
    added = statistics.median(delays["tunnelled"]) - statistics.median(delays["plain"])
    print(f"polling each {pause * 1000:.0f} ms adds {added:.0f} ms; {delays}")
    assert added < most


def flash_delays(page, name, program, count):
    """Milliseconds from when a picture with the lit square was sent to when the browser had it to show; the first three,
    while its buffer settles, left out. Nothing before there are `count`."""
    begin = page.evaluate("() => performance.timeOrigin") - program.began * 1000
    delays = [(begin + at) % 1000 for at in page.pictures(name).flashes[3:]]
    return delays if len(delays) >= count else None


# What it leaves behind.


def test_thousands_of_sessions_opened_and_abandoned_leave_nothing_behind(tmp_path):
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    certificate, key = certificates.self_signed(tmp_path / "tls")
    gateway = gateways.Gateway(
        tmp_path, certificate, key, limits={"handshake_timeout": "2s"}, log={"level": "warning", "format": "text"},
        listeners=[{"address": f"0.0.0.0:{(port := gateways.free_port())}", "accept": ["rtmpt"]}])
    try:
        def settled():
            open_and_abandon(port, 5000)
            wait_until(lambda: gateway.metric("flashgate_sessions", protocol="rtmpt") == 0, 30, "all are forgotten")
            return resident_bytes(gateway.pid)

        # Pools and tables grow to what there is at once at most, which a busy machine may reach late; a leak shows each time.
        sizes = [settled(), settled()]
        while sizes[-1] - sizes[-2] > 400 * 5000:
            assert len(sizes) < 5, sizes
            sizes.append(settled())
    finally:
        gateway.stop()


def open_and_abandon(port, count):
    """Opens sessions from many addresses, as one address may have few; every third says a word and waits for no answer."""
    for number in range(count):
        if number % 16 == 0:
            address = f"127.1.{number // 16 // 250}.{number // 16 % 250 + 1}"
            connection = tunnel.Connection(port, address)
        status, _, session = connection.post("/open/1", b"\0")
        assert status == 200
        if number % 3 == 0:
            connection.post(f"/send/{session.decode().strip()}/0", b"\3")
        if number % 16 == 15:
            connection.close()


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm") as statistics_of_memory:
        return int(statistics_of_memory.read().split()[1]) * resource.getpagesize()


@pytest.mark.parametrize("path", ["/fcs/ident2", "/open/1", "/idle/00000000000000000000000000000000/1"])
def test_other_methods_than_post_are_told_the_one(tunnels, path):
    request = urllib.request.Request(f"http://127.0.0.1:{tunnels.rtmp_port}{path}", method="GET")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert (refused.value.code, refused.value.headers["Allow"]) == (405, "POST")
