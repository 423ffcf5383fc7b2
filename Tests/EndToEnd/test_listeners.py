"""What a listener accepts, and how each connection is counted."""

import socket
import ssl
import urllib.request

import certificates
import gateway as gateways
import publishers
import pytest
import rtmp
from waiting import wait_until

_UNVERIFIED = ssl._create_unverified_context()


@pytest.fixture
def one_port(tmp_path):
    """A gateway that accepts everything it can on its first port, and RTMP alone on its second."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    certificate, key = certificates.self_signed(tmp_path / "tls")
    port, plain = gateways.free_port(), gateways.free_port()
    gateway = gateways.Gateway(
        tmp_path, certificate, key,
        listeners=[
            {"address": f"127.0.0.1:{port}", "accept": ["https", "rtmp", "rtmps"],
             "tls": {"certificate": str(certificate), "key": str(key)}},
            {"address": f"127.0.0.1:{plain}", "accept": ["rtmp"]},
        ],
        limits={"handshake_timeout": "500ms"})
    gateway.rtmp_port, gateway.https_port = plain, port
    yield gateway
    gateway.stop()


def decisions(gateway):
    """{(protocol, decision, reason): count} of every connection so far."""
    name = "flashgate_connections_total"
    found = {}
    for series, value in gateway.metrics().items():
        if series.startswith(name + "{"):
            pairs = (pair.split("=") for pair in series[len(name) + 1:-1].split(","))
            labels = {label: text.strip('"') for label, text in pairs}
            found[labels["protocol"], labels["decision"], labels["reason"]] = int(value)
    return found


def test_rtmp_rtmps_and_https_share_a_port(one_port, clips, tmp_path):
    port = one_port.https_port
    clip = clips("flv1-nellymoser")
    plain = rtmp.Publisher(f"rtmp://127.0.0.1:{port}/live/room1/plain", clip)
    encrypted = publishers.ffmpeg(f"rtmps://127.0.0.1:{port}/live/room1/encrypted", clip, tmp_path / "ffmpeg.log")
    try:
        wait_until(lambda: one_port.metric("flashgate_participants", kind="flash") == 2, what="both speak")
        assert one_port.metric("flashgate_sessions", protocol="rtmp", state="connected") == 1
        assert one_port.metric("flashgate_sessions", protocol="rtmps", state="connected") == 1
        with urllib.request.urlopen(one_port.page_url("room1"), context=_UNVERIFIED, timeout=10) as page:
            assert page.status == 200
    finally:
        plain.kill()
        encrypted.kill()
    assert decisions(one_port) == {(protocol, "allowed", "none"): 1 for protocol in ("rtmp", "rtmps", "https")}


def closed_after(port, opening):
    """Sends `opening` and waits until the gateway has closed the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(opening)
        try:
            while client.recv(4096):
                pass
        except ConnectionResetError:
            pass


@pytest.mark.parametrize("opening, protocol, reason", [
    (b"\xff" * 4096, "garbage", "garbage"),
    (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "http", "http_not_accepted"),
    (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "tls", "tls_not_accepted"),
    (b"\x06" + bytes(1536), "rtmpe", "rtmpe_not_accepted"),
    (b"<policy-file-request/>\x00", "policy", "policy_not_accepted"),
    (b"\x03" + bytes(10), "rtmp", "handshake_timeout"),
    (b"", "unknown", "handshake_timeout"),
])
def test_a_connection_that_comes_to_nothing_is_counted_once_with_its_reason(one_port, opening, protocol, reason):
    closed_after(one_port.rtmp_port, opening)
    wait_until(lambda: decisions(one_port) == {(protocol, "denied", reason): 1}, what="it is counted")


def test_an_unknown_room_is_a_denial_also_when_only_the_stream_name_tells_it(one_port, clips):
    clip = clips("flv1-nellymoser")
    stranger = rtmp.Publisher(one_port.publish_url("nowhere", "alice"), clip)
    stranger.wait_end(within=10)
    assert stranger.answers.codes() == ["NetConnection.Connect.Rejected"]
    wait_until(lambda: decisions(one_port) == {("rtmp", "denied", "no_such_room"): 1}, what="the denial is counted")
    # The app names no room, so `connect` is accepted; the stream name names one that is not there.
    late = rtmp.Publisher(f"rtmp://127.0.0.1:{one_port.rtmp_port}/live/nowhere", clip, name_query="/alice")
    late.wait_end(within=10)
    wait_until(
        lambda: decisions(one_port) == {("rtmp", "denied", "no_such_room"): 2, ("rtmp", "allowed", "none"): 1},
        what="the allowance and the denial are counted")
    for publisher in (stranger, late):
        publisher.kill()
