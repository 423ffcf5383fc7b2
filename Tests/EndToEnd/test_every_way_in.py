"""Every way a Flash client takes, to a browser that sees the picture; and what TLS each listener speaks, and no other."""

import subprocess

import certificates
import gateway as gateways
import publishers
import pytest
import rtmp
from media import CLIPS
from room_page import RoomPage
from waiting import wait_until

CLIP = "small"


@pytest.fixture(scope="module")
def doors(tmp_path_factory):
    """A gateway with everything on one port, a port for clients that stop at TLS 1.2, and one for very old ones."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    directory = tmp_path_factory.mktemp("doors")
    certificate, key = certificates.self_signed(directory / "tls")
    tls = {"certificate": str(certificate), "key": str(key)}
    every, until12, old = (gateways.free_port() for _ in range(3))
    gateway = gateways.Gateway(
        directory, certificate, key,
        listeners=[
            {"address": f"127.0.0.1:{every}", "tls": tls,
             "accept": ["rtmp", "rtmpe", "rtmpt", "rtmps", "rtmpts", "http", "https", "policy"]},
            {"address": f"127.0.0.1:{until12}", "accept": ["rtmps"], "tls": {**tls, "maximum_version": "1.2"}},
            {"address": f"127.0.0.1:{old}", "accept": ["rtmps"],
             "tls": {**tls, "minimum_version": "1.0", "maximum_version": "1.1"}},
        ])
    gateway.rtmp_port = gateway.https_port = every
    gateway.until12, gateway.old = until12, old
    yield gateway
    gateway.stop()


#: The participant's name, by which program, which scheme, and on which of the gateway's ports.
WAYS = [
    ("ffmpeg-rtmp", publishers.ffmpeg, "rtmp", "rtmp_port"),
    ("ffmpeg-rtmps", publishers.ffmpeg, "rtmps", "rtmp_port"),
    ("ffmpeg-rtmpt", publishers.ffmpeg, "rtmpt", "rtmp_port"),
    ("ffmpeg-rtmpts", publishers.ffmpeg, "rtmpts", "rtmp_port"),
    ("librtmp-rtmpe", publishers.librtmp, "rtmpe", "rtmp_port"),
    ("librtmp-rtmpte", publishers.librtmp, "rtmpte", "rtmp_port"),
    ("librtmp-rtmps", publishers.librtmp, "rtmps", "until12"),
]


def test_whoever_comes_by_whichever_way_is_seen(doors, shared, clips, tmp_path):
    page = RoomPage(shared("chromium"), doors.page_url("room1")).wait_joined()
    running = []
    try:
        for name, program, scheme, port in WAYS:
            page.watch(name, sound=False)
            url = f"{scheme}://127.0.0.1:{getattr(doors, port)}/live/room1/{name}"
            running.append(program(url, clips(CLIP), tmp_path / f"{name}.log"))
        for name, *_ in WAYS:
            page.wait_tile(name, state="live", width=CLIPS[CLIP].size[0])
            wait_until(lambda: page.pictures(name).decoded >= 10, what=f"pictures of {name}")
        for scheme, count in {"rtmp": 1, "rtmpe": 1, "rtmps": 2, "rtmpt": 1, "rtmpte": 1, "rtmpts": 1}.items():
            assert doors.metric("flashgate_sessions", protocol=scheme, state="connected") == count
        for name, *_ in WAYS:
            pictures = page.pictures(name)
            assert pictures.in_order, f"{name}: {pictures.numbers}"
    finally:
        for program in running:
            program.kill()


def test_rtmpe_is_a_door_of_its_own_and_never_counts_as_encrypted(doors, tmp_path):
    # rtmpdump makes keys as Flash Player did; what it asks for then is another matter.
    log = tmp_path / "rtmpdump.log"
    before = doors.metric("flashgate_connections_total", protocol="rtmpe", decision="allowed")
    with open(log, "wb") as output:
        subprocess.run(
            ["rtmpdump", "-v", "-V", "-r", f"rtmpe://127.0.0.1:{doors.rtmp_port}/live/room1", "-y", "nobody",
             "-o", tmp_path / "out.flv", "--timeout", "5"],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, timeout=30, check=False)
    assert b"Genuine Adobe Flash Media Server" in log.read_bytes(), log.read_text(errors="replace")[-1500:]
    wait_until(lambda: doors.metric("flashgate_connections_total", protocol="rtmpe", decision="allowed") == before + 1,
               what="connect was understood and accepted")
    assert doors.metric("flashgate_tls_connections_total") == doors.metric(
        "flashgate_tls_connections_total", version="1.2") + doors.metric("flashgate_tls_connections_total", version="1.3")


VERSIONS = ["tls1", "tls1_1", "tls1_2", "tls1_3"]


@pytest.mark.parametrize("port, spoken", [
    ("rtmp_port", ["tls1_2", "tls1_3"]), ("until12", ["tls1_2"]), ("old", ["tls1", "tls1_1"])])
def test_a_listener_speaks_the_stated_versions_of_tls_and_no_other(doors, port, spoken):
    def speaks(version):
        done = subprocess.run(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{getattr(doors, port)}", f"-{version}",
             "-cipher", "DEFAULT:@SECLEVEL=0"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
        return done.returncode == 0 and "Cipher is (NONE)" not in done.stdout
    assert [version for version in VERSIONS if speaks(version)] == spoken


def test_a_listener_of_old_versions_is_told_of_and_no_other(doors):
    told = [line for line in doors.log.read_text(errors="replace").splitlines() if "speaks old TLS" in line]
    assert len(told) == 1 and " WARNING " in told[0] and f"127.0.0.1:{doors.old}" in told[0]
    weak = [series for series in doors.metrics() if series.startswith("flashgate_weak_tls_listener")]
    assert weak == [f'flashgate_weak_tls_listener{{listener="127.0.0.1:{doors.old}"}}']


def test_a_certificate_read_anew_drops_nobody(doors, clips):
    publisher = rtmp.Publisher(f"rtmp://127.0.0.1:{doors.rtmp_port}/live/room2/stays", clips("flv1-nellymoser"))
    try:
        wait_until(lambda: doors.metric("flashgate_participants", kind="flash") >= 1, what="it speaks")
        doors.hang_up()
        wait_until(lambda: "certificate read" in doors.log.read_text(errors="replace"), what="certificates were read")
        wait_until(lambda: doors.metric("flashgate_sessions", protocol="rtmp", state="connected") == 1, what="it stays")
    finally:
        publisher.kill()
