"""WebRTC media over TCP: a browser whose UDP goes nowhere, on the one port that also serves its page and RTMPS."""

import certificates
import gateway as gateways
import publishers
import pytest
from media import CLIPS
from room_page import RoomPage
from test_flash_to_browser import assert_heard, assert_seen, finish
from waiting import wait_until

SELECTED = """async () => {
  const stats = [...(await window.flashgate.connection.peerConnection.getStats()).values()];
  const transport = stats.find((report) => report.type === 'transport');
  const pair = stats.find((report) => report.id === transport?.selectedCandidatePairId);
  return stats.find((report) => report.id === pair?.remoteCandidateId) ?? null;
}"""


@pytest.fixture
def one_port(tmp_path):
    """A gateway with a single listener for everything that a site lets out."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    certificate, key = certificates.self_signed(tmp_path / "tls")
    port = gateways.free_port()
    gateway = gateways.Gateway(
        tmp_path, certificate, key,
        listeners=[{"address": f"127.0.0.1:{port}", "accept": ["rtmps", "rtmpts", "https", "ice"],
                    "tls": {"certificate": str(certificate), "key": str(key)}}])
    gateway.rtmp_port = gateway.https_port = port
    yield gateway
    gateway.stop()


def test_a_browser_without_udp_sees_a_flash_client_through_the_one_port(one_port, started, clips, tmp_path):
    clip = CLIPS["h264-aac"]
    page = RoomPage(started("chromium", udp=False), one_port.page_url("room1")).wait_joined()
    page.watch("alice")
    program = publishers.ffmpeg(
        f"rtmps://127.0.0.1:{one_port.rtmp_port}/live/room1/alice", clips(clip.name), tmp_path / "client.log")
    try:
        page.wait_tile("alice", state="live")
        wait_until(lambda: page.tile("alice")["width"] == clip.size[0], what="the first picture")
        way = page.evaluate(SELECTED)
        assert (way["protocol"], way["port"]) == ("tcp", one_port.https_port), way
        assert_heard(page, "alice", clip)
        finish(program)
        assert_seen(page, "alice", clip)
    finally:
        program.kill()


def test_a_browser_with_udp_prefers_it(one_port, started, clips, tmp_path):
    page = RoomPage(started("chromium"), one_port.page_url("room1")).wait_joined()
    program = publishers.ffmpeg(
        f"rtmps://127.0.0.1:{one_port.rtmp_port}/live/room1/alice", clips("h264-aac"), tmp_path / "client.log")
    try:
        page.wait_tile("alice", state="live")
        way = wait_until(lambda: page.evaluate(SELECTED), what="a pair is selected")
        assert way["protocol"] == "udp" and way["port"] == one_port.udp_port
    finally:
        program.kill()
