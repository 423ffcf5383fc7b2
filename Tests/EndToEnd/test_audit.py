"""The audit: what is kept, that no change of it goes unnoticed, and what happens when it cannot be written."""

import csv
import io
import json
import resource
import socket
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest

import certificates
import gateway as gateways
import rtmp
import tcp_ports
from waiting import wait_until

UNVERIFIED = ssl._create_unverified_context()


@pytest.fixture
def audited(tmp_path, certificate):
    """audited(required=True): a gateway that keeps an audit; all are ended after the test."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    running = []

    def start(rooms=None, **audit):
        running.append(gateways.Gateway(
            tmp_path, *certificate, rooms=rooms or {"demo": {"open": True}},
            audit={"file": "audit.jsonl", **audit}, log={"level": "info"}))
        running[-1].audit = tmp_path / "audit.jsonl"
        return running[-1]

    yield start
    for each in running:
        each.stop()


def records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def run(*arguments):
    done = subprocess.run([gateways.binary(), *arguments], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def ask_to_play(gateway):
    """The status and problem of a WHEP offer for nobody: 404 when the gate lets it in."""
    request = urllib.request.Request(gateway.whep_url("demo", "nobody"), data=b"v=0", method="POST",
                                     headers={"Content-Type": "application/sdp"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, context=UNVERIFIED, timeout=20)
    return refused.value.code


def test_decisions_keys_and_acts_are_kept_in_a_chain_and_no_key_is(audited, clips):
    gateway = audited(rooms={"board": {}})
    issued = json.loads(gateway.admin("POST", "/api/v1/rooms/board/keys", {"name": "alice"}))
    publisher = rtmp.Publisher(gateway.publish_url("board", "alice"), clips("flv1-nellymoser"),
                               name_query=f"?key={issued['key']}")
    wait_until(lambda: "NetStream.Publish.Start" in publisher.answers.codes(), what="publishing")
    gateway.admin("DELETE", "/api/v1/rooms/board/keys/alice")
    publisher.wait_end(10)
    late = rtmp.Publisher(gateway.publish_url("board", "alice"), clips("flv1-nellymoser"),
                          name_query=f"?key={issued['key']}")
    late.wait_end(10)
    gateway.hang_up()
    wait_until(lambda: any(each["event"] == "admin" for each in records(gateway.audit)), what="the reload is kept")
    gateway.terminate()
    gateway.wait(20)
    kept = records(gateway.audit)
    assert [each["seq"] for each in kept] == list(range(1, len(kept) + 1))
    sessions = [(each["decision"], each.get("step"), each.get("reason"), each.get("cause"), each.get("key"))
                for each in kept if each["event"] == "session"]
    assert ("allowed", "join", None, None, issued["id"]) in sessions
    assert ("expelled", None, "not_allowed", "revoked", issued["id"]) in sessions
    assert ("denied", "join", "not_allowed", "revoked", issued["id"]) in sessions
    assert [(each["act"], each["actor"]) for each in kept if each["event"] == "key"] == [("issued", "api"), ("revoked", "api")]
    assert kept[-1]["event"] == "gateway" and kept[-1]["act"] == "stop"
    assert issued["key"].split("-")[1] not in gateway.audit.read_text()
    code, out, err = run("audit", "verify", gateway.audit)
    assert (code, err) == (0, "") and f"records 1 to {len(kept)}" in out
    code, out, _ = run("audit", "export", "--config", gateway.configuration, "--from", "2020-01-01")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0 and [int(row["seq"]) for row in rows] == list(range(1, len(kept) + 1))
    assert any(row["decision"] == "expelled" and row["name"] == "alice" for row in rows)
    code, out, _ = run("audit", "export", "--config", gateway.configuration, "--to", "2020-01-01")
    assert code == 0 and len(out.splitlines()) == 1
    text = gateway.audit.read_text()
    gateway.audit.write_text(text.replace('"decision":"expelled"', '"decision":"allowed_"', 1))
    code, out, _ = run("audit", "verify", gateway.audit)
    assert code == 1 and f"{gateway.audit}:" in out
    gateway.audit.write_text("".join(line + "\n" for line in text.splitlines()[:-1]))
    assert run("audit", "verify", gateway.audit)[0] == 1


def test_keys_that_were_issued_without_a_gateway_are_kept_when_one_starts(audited, tmp_path):
    gateway = audited(rooms={"board": {}})
    gateway.terminate()
    gateway.wait(20)
    code, _, err = run("key", "issue", "--config", gateway.configuration, "--room", "board", "--name", "bob")
    assert code == 0, err
    gateway = audited(rooms={"board": {}})
    wait_until(lambda: [each["name"] for each in records(gateway.audit) if each["event"] == "key"] == ["bob"],
               what="the key's record")
    assert run("audit", "verify", gateway.audit)[0] == 0


def fill_the_disk(gateway):
    """No file of the gateway may grow from now on."""
    return resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE,
                            (gateway.audit.stat().st_size, resource.RLIM_INFINITY))


@pytest.mark.parametrize("required", [True, False])
def test_a_full_disk_stops_new_sessions_only_if_the_audit_is_required(audited, required):
    gateway = audited(required=required)
    assert ask_to_play(gateway) == 404
    # The size is known only once all that was recorded is written.
    wait_until(lambda: any(each["event"] == "session" for each in records(gateway.audit)), what="the record")
    before = fill_the_disk(gateway)
    assert ask_to_play(gateway) == (503 if required else 404)
    status, document = wait_until(lambda: gateway.readiness()[1]["faults"] and gateway.readiness(), what="a fault")
    assert status == (503 if required else 200)
    (fault,) = document["faults"]
    assert fault["part"] == "audit" and fault["blocking"] is required
    resource.prlimit(gateway.pid, resource.RLIMIT_FSIZE, before)
    wait_until(lambda: not gateway.readiness()[1]["faults"], what="the fault is gone")
    assert ask_to_play(gateway) == 404
    wait_until(lambda: len([each for each in records(gateway.audit) if each["event"] == "session"]) == 3,
               what="also what waited is written")
    gateway.terminate()
    gateway.wait(20)
    assert run("audit", "verify", gateway.audit)[0] == 0


def test_a_gateway_that_is_killed_leaves_a_chain_that_goes_on(audited):
    gateway = audited()
    for _ in range(3):
        ask_to_play(gateway)
        gateway.stop()
        gateway = audited()
    gateway.terminate()
    gateway.wait(20)
    code, out, _ = run("audit", "verify", gateway.audit)
    assert code == 0, out


def test_a_required_audit_that_cannot_be_written_is_refused_at_its_place(flashgate, tmp_path):
    (tmp_path / "c.yaml").write_text(
        "listeners: [{ address: 127.0.0.1:0, accept: [rtmp] }]\n".replace(":0", f":{gateways.free_port()}")
        + f"rooms: {{ demo: {{ open: true }} }}\nwebrtc: {{ udp_port: {gateways.free_port()} }}\n"
        + "audit: { file: nowhere/audit.jsonl, required: true }\n")
    code, _, err = flashgate("serve", "--config", "c.yaml")
    assert code == 78 and "c.yaml:4:16: the audit: cannot open" in err


def showing(certificate):
    """A client's TLS that shows `certificate`, if any."""
    context = ssl._create_unverified_context()
    if certificate:
        context.load_cert_chain(*certificate)
    return context


def test_the_subject_of_a_clients_certificate_is_kept_and_one_of_nobody_known_is_refused(tmp_path, certificate, clips):
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    port, known, stranger = gateways.free_port(), *(
        certificates.self_signed(tmp_path / name, common_name=name) for name in ("studio-7", "stranger"))
    gateway = gateways.Gateway(
        tmp_path, *certificate, audit={"file": "audit.jsonl"}, rooms={"demo": {"open": True}},
        listeners=[{"address": f"127.0.0.1:{port}", "accept": ["rtmps", "https"], "tls": {
            "certificate": str(certificate[0]), "key": str(certificate[1]),
            "client_certificates": {"authorities": str(known[0])}}}])
    try:
        for shown, name in [(known, "alice"), (None, "bob")]:
            relay = tcp_ports.TLSRelay(port, showing(shown))
            publisher = rtmp.Publisher(f"rtmp://127.0.0.1:{relay.port}/live/demo/{name}", clips("flv1-nellymoser"))
            try:
                wait_until(lambda: any(event.get("name") == name for event in records(tmp_path / "audit.jsonl")),
                           what=f"{name} is in")
            finally:
                publisher.kill()
                relay.close()
        # In TLS 1.3 a client has finished before the server has looked at its certificate.
        with pytest.raises((ssl.SSLError, ConnectionError)), socket.create_connection(("127.0.0.1", port)) as connection:
            showing(stranger).wrap_socket(connection).recv(1)
        joined = {event["name"]: event for event in records(tmp_path / "audit.jsonl") if event.get("step") == "join"}
        assert joined["alice"]["certificate"] == "CN=studio-7"
        assert "certificate" not in joined["bob"]
    finally:
        gateway.stop()
