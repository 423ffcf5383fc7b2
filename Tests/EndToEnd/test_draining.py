"""The life of the process: signals, what clients are told, certificates read anew, and what the log says of it all."""

import json
import shutil
import socket
import ssl
import time

import certificates
import gateway as gateways
import pytest
import rtmp
import yaml
from waiting import wait_until
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

#: How long a connection lingers for a client that does not close.
LINGER = 1.0

_UNVERIFIED = ssl._create_unverified_context()


@pytest.fixture
def own(tmp_path):
    """own(drain_timeout="5s"): a gateway for this test alone, with its certificate in `tmp_path`/tls."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    running = []

    def start(**changes):
        certificate, key = certificates.self_signed(tmp_path / "tls")
        running.append(gateways.Gateway(tmp_path, certificate, key, **changes))
        return running[-1]

    yield start
    for gateway in running:
        gateway.stop()


@pytest.fixture
def speaker(clips):
    """speaker(gateway): a publisher of alice in room1 that the room knows."""
    running = []

    def start(gateway, **options):
        publisher = rtmp.Publisher(gateway.publish_url("room1", "alice"), clips("flv1-nellymoser"), **options)
        running.append(publisher)
        wait_until(lambda: gateway.metric("flashgate_participants", kind="flash") == 1, what="alice speaks")
        return publisher

    yield start
    for publisher in running:
        publisher.kill()


def signalling(gateway, room="room1", query=""):
    """A room's web socket, opened as a page of the gateway opens it."""
    origin = f"https://127.0.0.1:{gateway.https_port}"
    url = f"wss://127.0.0.1:{gateway.https_port}/rooms/{room}/signal{query}"
    return connect(url, ssl=_UNVERIFIED, origin=origin, proxy=None, open_timeout=10)


def served_certificate(gateway):
    """What a new connection gets, as PEM."""
    return ssl.get_server_certificate(("127.0.0.1", gateway.https_port), timeout=10)


def test_sigterm_says_goodbye_to_everybody_and_ends_well(own, speaker):
    gateway = own(drain_timeout="20s")
    publisher = speaker(gateway)
    with signalling(gateway) as browser:
        browser.send(json.dumps({"type": "join", "version": 1}))
        assert json.loads(browser.recv(timeout=10))["type"] == "welcome"
        begin = time.monotonic()
        gateway.terminate()
        said = []
        with pytest.raises(ConnectionClosed):
            while True:
                said.append(json.loads(browser.recv(timeout=10)))
        [closing] = [message for message in said if message["type"] == "closing"]
        assert said[-1] is closing
        assert closing["reason"] == "shutdown"
        assert closing["retryAfter"] > 0
    publisher.wait_end(within=10)
    assert publisher.answers.codes()[-1] == "NetConnection.Connect.AppShutdown"
    assert gateway.wait(within=20) == 0
    # Nobody stayed, so nobody was waited for.
    assert time.monotonic() - begin < 20


def test_while_it_drains_it_is_not_ready_and_lets_nobody_in(own, speaker):
    gateway = own(drain_timeout="20s")
    assert gateway.readiness() == (200, {"status": "ready", "faults": []})
    speaker(gateway, stubborn=True)
    gateway.terminate()
    wait_until(lambda: gateway.readiness() == (503, {"status": "draining", "faults": []}), what="/readyz turns 503")
    for port in (gateway.rtmp_port, gateway.https_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
    assert gateway.wait(within=20) == 0


def test_a_client_that_stays_is_not_waited_for_beyond_the_drain_timeout(own, speaker):
    gateway = own(drain_timeout="0s")
    speaker(gateway, stubborn=True)
    begin = time.monotonic()
    gateway.terminate()
    assert gateway.wait(within=20) == 0
    assert time.monotonic() - begin < LINGER


def test_a_second_sigterm_ends_at_once(own, speaker):
    gateway = own(drain_timeout="20s")
    speaker(gateway, stubborn=True)
    begin = time.monotonic()
    gateway.terminate()
    wait_until(lambda: gateway.readiness()[0] == 503, what="/readyz turns 503")
    gateway.terminate()
    assert gateway.wait(within=20) == 0
    assert time.monotonic() - begin < LINGER


def test_sighup_keeps_sessions_and_new_connections_get_the_new_certificate(own, speaker, tmp_path):
    gateway = own()
    publisher = speaker(gateway)
    old = served_certificate(gateway)
    with signalling(gateway) as browser:
        browser.send(json.dumps({"type": "join", "version": 1}))
        assert json.loads(browser.recv(timeout=10))["type"] == "welcome"
        certificate, _ = certificates.self_signed(tmp_path / "tls")
        new = certificate.read_text()
        assert served_certificate(gateway) == old
        gateway.hang_up()
        wait_until(lambda: served_certificate(gateway) == new, what="the new certificate is served")
        assert gateway.readiness() == (200, {"status": "ready", "faults": []})
        assert gateway.metric("flashgate_sessions", protocol="rtmp", state="connected") == 1
        assert gateway.metric("flashgate_sessions", protocol="webrtc", state="connected") == 1
        # The socket of before still talks.
        browser.send(json.dumps({"type": "offer", "id": 7, "sdp": "nonsense", "subscriptions": {}}))
        answers = (json.loads(browser.recv(timeout=10)) for _ in range(20))
        assert any(answer["type"] == "error" and answer.get("id") == 7 for answer in answers)
    assert publisher.is_alive()


BROKEN = {
    "damaged": lambda folder: (folder / "cert.pem").write_text("nonsense"),
    "gone": lambda folder: (folder / "key.pem").unlink(),
    "of another key": lambda folder: shutil.copy(
        certificates.self_signed(folder / "other")[1], folder / "key.pem"),
    "expired": lambda folder: certificates.self_signed(folder, first_day=-30, last_day=-1),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_certificate_leaves_the_old_one_in_force_and_is_told(own, tmp_path, case):
    gateway = own()
    old = served_certificate(gateway)
    BROKEN[case](tmp_path / "tls")
    gateway.hang_up()
    status, told = wait_until(
        lambda: (lambda answer: answer if answer[1]["faults"] else None)(gateway.readiness()), what="the fault is told")
    assert status == 200
    assert told["status"] == "ready"
    [fault] = told["faults"]
    assert fault["part"] == f"certificate {tmp_path}/tls/cert.pem"
    assert fault["blocking"] is False
    assert str(tmp_path / "tls") in fault["detail"]
    assert served_certificate(gateway) == old
    certificate, _ = certificates.self_signed(tmp_path / "tls")
    gateway.hang_up()
    wait_until(lambda: gateway.readiness() == (200, {"status": "ready", "faults": []}), what="the fault is gone")
    assert served_certificate(gateway) == certificate.read_text()


def test_what_waits_for_a_restart_is_named_and_the_logs_level_does_not(own):
    gateway = own(log={"level": "error"})
    written = gateway.configuration.read_text()
    # Every room is open: this gateway has no store of keys.
    changed = yaml.safe_load(written)
    changed["log"]["level"] = "debug"
    changed["drain_timeout"] = "7s"
    changed["rooms"].update(room60={}, hall={})
    gateway.configuration.write_text(yaml.safe_dump(changed))
    gateway.hang_up()
    status, told = wait_until(
        lambda: (lambda answer: answer if answer[1]["faults"] else None)(gateway.readiness()), what="it is told")
    assert status == 200
    [fault] = told["faults"]
    assert (fault["part"], fault["blocking"]) == ("configuration", False)
    assert fault["detail"].endswith("in force only after a restart: rooms (hall, room60), drain_timeout")
    # Lines below the level of the start are written now.
    wait_until(lambda: " NOTICE " in gateway.log.read_text(), what="a line of the new level")
    gateway.configuration.write_text(written)
    gateway.hang_up()
    wait_until(lambda: gateway.readiness() == (200, {"status": "ready", "faults": []}), what="nothing waits any more")


def test_rooms_come_and_go_without_a_restart(own, speaker, clips):
    def verdict(room, query=""):
        """What a client is answered that connects to speak there."""
        publisher = rtmp.Publisher(gateway.publish_url(room, "bob"), clips("flv1-nellymoser"), name_query=query)
        try:
            return wait_until(
                lambda: [code for code in publisher.answers.codes() if code != "NetConnection.Connect.Success"],
                what=f"an answer of {room}")[0]
        finally:
            publisher.kill()

    def listed():
        return {room["name"] for room in json.loads(gateway.admin("GET", "/api/v1/rooms"))["rooms"]}

    refused, taken = "NetConnection.Connect.Rejected", "NetStream.Publish.Start"
    gateway = own(rooms={"room1": {"open": True}, "demo": {"open": True}, "board": {}})
    alice = speaker(gateway)
    assert verdict("lobby") == refused
    changed = yaml.safe_load(gateway.configuration.read_text())
    changed["rooms"] = {
        "demo": {"open": True}, "board": {"open": True}, "lobby": {"open": True}, "cellar": {},
        "keep": {"open": True, "access": {"blacklist": ["black.txt"]}}}
    (gateway.configuration.parent / "black.txt").write_text("127.0.0.0/8\n")
    gateway.configuration.write_text(yaml.safe_dump(changed))
    gateway.hang_up()
    wait_until(lambda: listed() == {"demo", "board", "lobby", "cellar", "keep"}, what="the rooms of the file")
    wait_until(lambda: "access rules in force" in gateway.log.read_text(), what="all of it is in force")
    assert [verdict(room) for room in ("lobby", "board", "cellar", "keep")] == [
        taken, taken, "NetStream.Publish.BadName", refused]
    key = json.loads(gateway.admin("POST", "/api/v1/rooms/cellar/keys", {"name": "bob"}))["key"]
    assert verdict("cellar", f"?key={key}") == taken
    # Who is in a room that went stays; nobody comes in any more.
    assert verdict("room1") == refused
    sessions = json.loads(gateway.admin("GET", "/api/v1/sessions"))["sessions"]
    assert [session["name"] for session in sessions if session["room"] == "room1"] == ["alice"]
    assert gateway.readiness() == (200, {"status": "ready", "faults": []})
    assert alice.is_alive()


def test_every_line_of_the_json_log_parses_and_tells_no_secret(own, speaker, clips):
    gateway = own(log={"level": "trace", "format": "json"})
    secrets = [f"geheim{number}" for number in range(5)]
    clip = clips("flv1-nellymoser")
    # Let in, with a key at each place where clients put one.
    publisher = speaker(gateway, name_query=f"?key={secrets[0]}", arguments=(secrets[1],))
    # Refused, with a key in the tcUrl and in the name.
    stranger = rtmp.Publisher(
        gateway.publish_url("nowhere", "mallory") + f"?key={secrets[2]}", clip, name_query=f"?key={secrets[3]}")
    stranger.wait_end(within=10)
    with socket.create_connection(("127.0.0.1", gateway.rtmp_port), timeout=10) as garbage:
        garbage.sendall(b"\xff\n{\x00" * 100)
        with pytest.raises(ConnectionResetError):
            while garbage.recv(4096):
                pass
            raise ConnectionResetError
    with signalling(gateway, query=f"?key={secrets[4]}") as browser:
        browser.send(json.dumps({"type": "join", "version": 1, "key": secrets[4]}))
        assert json.loads(browser.recv(timeout=10))["type"] == "welcome"
    publisher.kill()
    stranger.kill()
    gateway.terminate()
    assert gateway.wait(within=40) == 0

    text = gateway.log.read_text()
    for secret in secrets:
        assert secret not in text
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        assert list(line)[:3] == ["time", "level", "message"]
        assert all(isinstance(value, str) for value in line.values()), line
    by_message = {}
    for line in lines:
        by_message.setdefault(line["message"], line)
    assert {"ready", "publishing", "connect refused", "connection refused", "listening", "draining", "stopped"} <= set(
        by_message)
    speaking = by_message["publishing"]
    assert speaking["room"] == "room1"
    assert speaking["participant"] == "alice"
    assert speaking["address"] == "127.0.0.1"
    assert speaking["session"].isdecimal()
    assert by_message["connect refused"]["reason"] == "no_such_room"
    assert by_message["connection refused"]["listener"] == f"127.0.0.1:{gateway.rtmp_port}"
    assert by_message["draining"]["reason"] == "SIGTERM"
