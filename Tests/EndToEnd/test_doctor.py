"""`flashgate doctor`: what an operator sees of the ways in."""

import json

import certificates
import gateway as gateways
import pytest


@pytest.fixture
def one_port(tmp_path):
    """A gateway that takes all that its version can on one port."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    certificate, key = certificates.self_signed(tmp_path / "tls")
    port = gateways.free_port()
    gateway = gateways.Gateway(
        tmp_path, certificate, key,
        listeners=[{"address": f"127.0.0.1:{port}", "accept": ["rtmp", "rtmpe", "rtmps", "rtmpt", "rtmpts"],
                    "tls": {"certificate": str(certificate), "key": str(key)}}])
    gateway.rtmp_port = gateway.https_port = port
    yield gateway
    gateway.stop()


def test_the_doctor_finds_every_open_way(one_port, flashgate):
    url = f"rtmp://127.0.0.1:{one_port.rtmp_port}/live/room1"
    code, out, _ = flashgate("doctor", "--url", url, "--json")
    findings = {finding["way"]["kind"]: finding for finding in json.loads(out)}
    assert code == 0
    assert list(findings) == ["rtmp", "rtmpt", "rtmps", "rtmpts", "rtmpe", "rtmpte"]
    for way in findings:
        assert findings[way]["stage"] == "accepted", findings[way]
        assert findings[way]["connectMilliseconds"] >= 0 and findings[way]["roundTripMilliseconds"] > 0
    assert findings["rtmps"]["tls"] == findings["rtmpts"]["tls"] == "1.3" and "tls" not in findings["rtmp"]

    code, out, _ = flashgate("doctor", "--url", url)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].split()[:3] == ["way", "port", "connected"] and len(lines) == 7
    assert lines[1].split()[0] == "rtmp" and " open " in lines[1]


def test_where_no_way_leads_in_the_answer_is_no(one_port, flashgate):
    code, out, _ = flashgate("doctor", "--url", f"rtmp://127.0.0.1:{gateways.free_port()}/live/room1")
    assert code == 1 and len(out.splitlines()) == 7 and " open" not in out

    code, out, _ = flashgate("doctor", "--url", f"rtmp://127.0.0.1:{one_port.rtmp_port}/live/nowhere", "--json")
    assert code == 1
    findings = json.loads(out)
    assert findings[0]["stage"] == "refused" and "no such room" in findings[0]["problem"]


def test_an_address_that_is_none_is_wrong_use(flashgate):
    code, out, error = flashgate("doctor", "--url", "http://example.org/")
    assert code == 64 and out == "" and "rtmp://HOST" in error
