"""The gateway behind real proxies: whoever comes is known by its own address, and nobody can lie about it."""

import contextlib
import json
import re
import socket
import ssl

import gateway as gateways
import proxies
import pytest
import rtmp
import tunnel
from waiting import wait_until
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

#: The whole of 127.0.0.0/8 is this machine: a client comes from here, proxies from 127.0.0.1.
CLIENT, LIE = "127.0.0.77", "203.0.113.66"

_UNVERIFIED = ssl._create_unverified_context()


@pytest.fixture(scope="module")
def ports():
    return proxies.Ports()


@pytest.fixture(scope="module")
def behind(tmp_path_factory, certificate, ports):
    """The gateway of Config/deploy/flashgate.yaml."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    running = proxies.gateway_behind(tmp_path_factory.mktemp("behind"), *certificate, ports)
    yield running
    running.stop()


@pytest.fixture(scope="module", params=proxies.COMMANDS)
def proxy(request, behind, tmp_path_factory, certificate, ports):
    """One proxy after the other, with its file's name."""
    running = proxies.Proxy(request.param, tmp_path_factory.mktemp("proxy"), *certificate, ports)
    yield request.param
    running.stop()


def lines(gateway, begin, message):
    """The lines of the log since `begin` with this message, each as {field: value}."""
    text = gateway.log.read_bytes()[begin:].decode(errors="replace")
    # Fields follow: "publishing ended" is another message than "publishing".
    told = (line for line in text.splitlines() if re.search(rf" {message} \w+=", line))
    return [dict(re.findall(r"(\w+)=(\S+)", line)) for line in told]


def mark(gateway):
    return gateway.log.stat().st_size


def established(gateway, begin):
    return lines(gateway, begin, "connection established")


#: What each file passes on: the port it listens on, TLS to it or not, and how the gateway calls what comes.
WAYS = {
    "haproxy.cfg": [(1935, False, "rtmp"), (8443, True, "rtmps"), (443, True, "rtmps")],
    "nginx.conf": [(1935, False, "rtmp"), (8443, True, "rtmps"), (443, True, "rtmps")],
    "stunnel.conf": [(443, True, "rtmps")],
}


def test_a_publisher_is_known_by_its_own_address(proxy, behind, ports, clips):
    for way, (port, encrypted, name) in enumerate(WAYS[proxy]):
        begin = mark(behind)
        publisher = rtmp.Publisher(
            f"rtmp://127.0.0.1:{ports[port]}/live/room1/p{way}", clips("flv1-nellymoser"), source=CLIENT,
            tls=_UNVERIFIED if encrypted else None)
        try:
            wait_until(lambda: lines(behind, begin, "publishing"), what="it speaks")
        finally:
            publisher.kill()
        [publishing] = lines(behind, begin, "publishing")
        assert (publishing["address"], publishing["protocol"]) == (CLIENT, name)
        [line] = established(behind, begin)
        assert (line["address"], line["protocol"], line["proxy"]) == (CLIENT, name, "127.0.0.1")
        if port == 8443 or (proxy, port) == ("haproxy.cfg", 443):
            assert line["tls"] in ("1.3", "TLSv1.3")


class Closing:
    """A player whose proxy closes after each request, as nginx.conf tells it to."""

    def __init__(self, port):
        self._port = port

    def __call__(self, path, body):
        connection = tunnel.Connection(self._port, address=CLIENT)
        try:
            return connection.post(path, body)
        finally:
            connection.close()


def test_a_tunnel_behind_an_http_proxy_is_its_clients(proxy, behind, ports, clips):
    """nginx closes every connection after one request, on both sides."""
    if proxy == "stunnel.conf":
        pytest.skip("stunnel knows no HTTP")
    begin = mark(behind)
    way = tunnel.Tunnel(ports[80], way=Closing)
    player = rtmp.Publisher(f"rtmp://127.0.0.1:{way.port}/live/room2/tunnelled", clips("flv1-nellymoser"))
    try:
        [publishing] = wait_until(lambda: lines(behind, begin, "publishing"), what="it speaks")
    finally:
        player.kill()
        way.close()
    assert (publishing["address"], publishing["protocol"]) == (CLIENT, "rtmpt")


def ask(address, request, source=CLIENT):
    with socket.create_connection(("127.0.0.1", address), timeout=10, source_address=(source, 0)) as client:
        client.sendall(request)
        answer = b""
        while part := client.recv(65536):
            answer += part
    return answer


@pytest.mark.parametrize("lie", ["", f"X-Forwarded-For: {LIE}\r\n", f"Forwarded: for={LIE}\r\n",
                                 f"X-Forwarded-For: {LIE}\r\nForwarded: for=\"broken\r\n"])
def test_an_http_request_is_its_clients_whatever_the_client_writes(proxy, behind, ports, lie):
    if proxy == "stunnel.conf":
        pytest.skip("stunnel knows no HTTP")
    begin = mark(behind)
    # A path of its own: what a tunnel before it left behind may still be served.
    path = f"/nowhere-{begin}"
    answer = ask(ports[80], f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{lie}Connection: close\r\n\r\n".encode())
    assert answer.split(b" ", 2)[1] == b"404", answer[:200]
    [request] = wait_until(
        lambda: [line for line in lines(behind, begin, "request") if line["path"] == path],
        what="the request is in the log")
    assert request["address"] == CLIENT


@pytest.mark.parametrize("header", [b"", b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n",
                                    b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"])
@pytest.mark.parametrize("written", [11935, 18443, 11936])
def test_a_probe_that_connects_and_leaves_is_no_news(behind, ports, written, header):
    """As haproxy does, without a header, with one of its own, and with LOCAL."""
    begin = mark(behind)
    with socket.create_connection(("127.0.0.1", ports[written]), timeout=10) as probe:
        probe.sendall(header)
    refused = wait_until(lambda: lines(behind, begin, "connection refused"), what="the probe is in the log")
    assert {line["reason"] for line in refused} == {"left_early"}
    # A probe is nobody's session; those of earlier tests may still end.
    news = [line for line in behind.log.read_bytes()[begin:].decode().splitlines() if " session=" not in line]
    assert {line.split()[1] for line in news} == {"DEBUG"}


def test_a_stranger_cannot_say_that_it_is_somebody_else(behind, ports, clips):
    """Straight at a listener that believes 127.0.0.1 alone."""
    begin, before = mark(behind), behind.metrics()
    with socket.create_connection(("127.0.0.1", ports[11935]), timeout=10, source_address=(CLIENT, 0)) as client:
        client.sendall(f"PROXY TCP4 {LIE} 127.0.0.1 1 2\r\n".encode())
        client.sendall(b"\x03" + bytes(1536))
        assert client.recv(1) == b"\x03"
    [line] = wait_until(lambda: lines(behind, begin, "connection refused"), what="it is in the log")
    assert line["address"] == CLIENT
    assert "proxy" not in line
    answer = ask(ports[18080], f"GET /x HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {LIE}\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b" ", 2)[1] == b"404"
    [request] = wait_until(lambda: lines(behind, begin, "request"), what="the request is in the log")
    assert request["address"] == CLIENT
    for header in ("proxy_v1", "x_forwarded_for"):
        series = f'flashgate_forwarding_ignored_total{{header="{header}"}}'
        assert behind.metrics()[series] == before.get(series, 0) + 1


@pytest.mark.parametrize("header", [b"PROXY TCP4 nonsense\r\n", b"PROXY " + b"x" * 200,
                                    b"\r\n\r\n\0\r\nQUIT\n\x41\x11\0\x0c" + bytes(12)])
def test_a_trusted_proxys_broken_header_refuses_the_connection(behind, ports, header):
    before = behind.metric("flashgate_connections_total", reason="proxy_malformed")
    assert ask(ports[11935], header + b"\x03" + bytes(1536), source="127.0.0.1") == b""
    wait_until(lambda: behind.metric("flashgate_connections_total", reason="proxy_malformed") == before + 1,
               what="it is counted")


def test_browsers_behind_a_proxy_are_bounded_by_their_own_address(tmp_path, certificate):
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    port = gateways.free_port()
    certificate, key = certificate
    gateway = gateways.Gateway(
        tmp_path, certificate, key, limits={"sessions_per_address": 2},
        listeners=[{"address": f"127.0.0.1:{port}", "accept": ["https"],
                    "tls": {"certificate": str(certificate), "key": str(key)},
                    "forwarded_for": {"trusted": ["127.0.0.1/32"]}}])

    @contextlib.contextmanager
    def joining(address):
        """What a browser of that address hears first."""
        with connect(f"wss://127.0.0.1:{port}/rooms/room1/signal", ssl=_UNVERIFIED, proxy=None, open_timeout=10,
                     origin=f"https://127.0.0.1:{port}", additional_headers={"X-Forwarded-For": address}) as browser:
            # One too many is told so before it has said anything.
            with contextlib.suppress(ConnectionClosed):
                browser.send(json.dumps({"type": "join", "version": 1}))
            yield json.loads(browser.recv(timeout=10))

    try:
        with joining("192.0.2.1") as first, joining("192.0.2.1") as second, joining("192.0.2.1") as third:
            assert [first["type"], second["type"]] == ["welcome", "welcome"]
            assert (third["code"], third["retryAfter"]) == ("too-many-sessions", 10)
            with joining("192.0.2.2") as other:
                assert other["type"] == "welcome"
        wait_until(lambda: gateway.metric("flashgate_sessions", protocol="webrtc") == 0, what="all have left")
        with joining("192.0.2.1") as again:
            assert again["type"] == "welcome"
    finally:
        gateway.stop()
