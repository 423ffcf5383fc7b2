"""Who may come in, by address: the same lists on every door, changed while sessions live."""

import asyncio
import json
import os
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

import pytest
import websockets

import gateway as gateways
import loops
import publishers
import rtmp
import rtmp_sessions
from waiting import wait_until

UNVERIFIED = ssl._create_unverified_context()
#: Live sessions of the test of reloads.
SESSIONS = int(os.environ.get("FLASHGATE_POLICY_SESSIONS", "1000"))
RELOADS = int(os.environ.get("FLASHGATE_POLICY_RELOADS", "100"))


@pytest.fixture
def lists(tmp_path):
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "white.txt").write_text("127.0.0.0/8 # this machine\n")
    (folder / "black.txt").write_text("192.0.2.0/24 # ticket 4711\n")
    return folder


@pytest.fixture
def guarded(tmp_path, certificate, lists):
    """A gateway with lists for all, and a room that nobody of this machine may enter."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    port, plain = gateways.free_port(), gateways.free_port()
    running = gateways.Gateway(
        tmp_path, *certificate,
        listeners=[
            {"address": f"127.0.0.1:{port}", "accept": ["https", "rtmp", "rtmps", "rtmpts"],
             "tls": {"certificate": str(certificate[0]), "key": str(certificate[1])}},
            {"address": f"127.0.0.1:{plain}", "accept": ["rtmp", "rtmpt", "http"]},
        ],
        rooms={"demo": {"open": True}, "closed": {"open": True, "access": {"blacklist": ["127.0.0.0/8"]}}},
        access={"whitelist": [str(lists / "white.txt")], "blacklist": [str(lists / "black.txt")],
                "cross_domain": {"domains": ["old.example.org", "*.example.com"], "ports": [plain]}},
        limits={"sessions_per_address": 2000, "sessions": 10000})
    running.rtmp_port, running.https_port = plain, port
    yield running
    running.stop()


def explain(gateway, *options):
    return subprocess.run(
        [gateways.binary(), "policy", "explain", "--config", gateway.configuration, *options], capture_output=True,
        text=True, timeout=60, stdin=subprocess.DEVNULL)


def refused(url, data=None, headers=None):
    """(status, document) of a request that is refused."""
    request = urllib.request.Request(url, data=data, headers=headers or {})
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request, context=UNVERIFIED, timeout=10)
    return error.value.code, json.loads(error.value.read())


def test_a_room_that_keeps_an_address_out_says_so_on_every_door(guarded, clips, tmp_path):
    clip = clips("flv1-nellymoser")
    plain = rtmp.Publisher(guarded.publish_url("closed", "alice"), clip)
    plain.wait_end(10)
    assert plain.answers.codes() == ["NetConnection.Connect.Rejected"]
    description = next(value["description"] for command in plain.answers.commands() for value in command[2:]
                       if isinstance(value, dict) and "code" in value)
    assert "address_denied" in description and "127.0.0" not in description
    for scheme in ("rtmp", "rtmps", "rtmpt", "rtmpts"):
        port = guarded.https_port if scheme.endswith("s") else guarded.rtmp_port
        log = tmp_path / f"{scheme}.log"
        program = publishers.ffmpeg(f"{scheme}://127.0.0.1:{port}/live/closed/bob", clip, log)
        try:
            wait_until(lambda: not program.running, within=30, what=f"ffmpeg gives up on {scheme}")
            assert "address_denied" in log.read_text()
        finally:
            program.kill()
    status, problem = refused(guarded.page_url("closed"))
    assert (status, problem["status"]) == (403, 403)
    status, problem = refused(guarded.whep_url("closed", "alice"), b"v=0\r\n", {"Content-Type": "application/sdp"})
    assert status == 403 and problem["title"] == "address_denied"

    async def signal():
        with pytest.raises(websockets.InvalidStatus) as error:
            await websockets.connect(f"wss://127.0.0.1:{guarded.https_port}/rooms/closed/signal", ssl=UNVERIFIED)
        return error.value.response.status_code
    assert loops.run(signal()) == 403


def test_a_blacklisted_address_is_closed_before_a_byte_is_read(guarded, lists):
    (lists / "black.txt").write_text("127.0.7.0/24 # ticket 4712\n")
    guarded.admin("POST", "/api/v1/reload")

    async def connect(count):
        sessions = [rtmp_sessions.Session("127.0.7.1") for _ in range(count)]
        return await asyncio.gather(
            *(session.open(guarded.rtmp_port, "live/demo") for session in sessions), return_exceptions=True)
    outcomes = loops.run(connect(200))
    assert all(isinstance(outcome, OSError) for outcome in outcomes)
    wait_until(lambda: guarded.metric(
        "flashgate_connections_total", decision="denied", reason="blacklisted") == 200, what="all are counted")
    # A flood is counted whole and told in few lines.
    lines = [line for line in guarded.log.read_text().splitlines() if "blacklisted" in line]
    assert 1 <= len(lines) <= 60
    assert guarded.metric("flashgate_sessions") == 0


def test_explain_and_the_api_name_the_line_and_its_reason(guarded):
    denied = explain(guarded, "--address", "192.0.2.7")
    assert denied.returncode == 1
    assert "denied" in denied.stdout and "black.txt:1" in denied.stdout and "ticket 4711" in denied.stdout
    assert explain(guarded, "--address", "127.0.0.1", "--protocol", "rtmps").returncode == 0
    assert explain(guarded, "--address", "127.0.0.1", "--room", "closed").returncode == 1
    assert explain(guarded, "--address", "nobody").returncode == 64
    answer = json.loads(guarded.admin("GET", "/api/v1/policy/explain?address=192.0.2.7"))
    assert answer["decision"] == "denied" and answer["reason"] == "blacklisted"
    assert answer["entry"]["line"] == 1 and answer["entry"]["comment"] == "ticket 4711"
    assert json.loads(guarded.admin("GET", "/api/v1/policy/explain?address=127.0.0.1"))["decision"] == "allowed"


def test_a_broken_list_leaves_the_old_one_in_force_and_says_so(guarded, lists):
    (lists / "white.txt").write_text("127.0.0.0/8\nnonsense\n")
    with pytest.raises(urllib.error.HTTPError) as error:
        guarded.admin("POST", "/api/v1/reload")
    assert error.value.code == 422 and "white.txt:2:1" in json.loads(error.value.read())["detail"]
    status, readiness = guarded.readiness()
    assert status == 200 and "white.txt:2:1" in readiness["faults"][0]["detail"]
    assert json.loads(guarded.admin("GET", "/api/v1/policy/explain?address=127.0.0.1"))["decision"] == "allowed"
    # A good one is found without being told.
    (lists / "white.txt").write_text("127.0.0.0/8\n198.51.100.7\n")
    wait_until(lambda: guarded.metric("flashgate_policy_entries", list="whitelist") == 2, what="the file is read")
    wait_until(lambda: guarded.readiness()[1]["faults"] == [], what="the fault is gone")


def test_reloads_lose_nobody_who_may_stay_and_cut_the_others_at_once(guarded, lists, capsys):
    """Half of the sessions come from addresses that the last reload denies."""
    async def scene():
        addresses = [f"127.{1 + number % 2}.{number // 200}.{number % 200 + 1}" for number in range(SESSIONS)]
        sessions = [rtmp_sessions.Session(address) for address in addresses]
        for start in range(0, len(sessions), 50):
            await asyncio.gather(*(one.open(guarded.rtmp_port, "live/demo") for one in sessions[start:start + 50]))
        assert all("NetConnection.Connect.Success" in one.codes() for one in sessions)
        for number in range(RELOADS):
            (lists / "black.txt").write_text(f"192.0.2.0/24\n198.51.100.{number}\n")
            await asyncio.to_thread(guarded.admin, "POST", "/api/v1/reload")
        assert all(one.alive for one in sessions)
        (lists / "black.txt").write_text("127.2.0.0/16 # gone\n")
        begin = time.monotonic()
        answer = json.loads(await asyncio.to_thread(guarded.admin, "POST", "/api/v1/reload"))
        gone = [one for one in sessions if one.address.startswith("127.2.")]
        assert answer["ended"] == len(gone)
        while any(one.alive for one in gone) and time.monotonic() < begin + 60:
            await asyncio.sleep(0.005)
        assert not any(one.alive for one in gone)
        assert all("NetConnection.Connect.Rejected" in one.codes() for one in gone)
        stay = [one for one in sessions if one not in gone]
        assert all(one.alive for one in stay)
        delays = sorted(one.ended - begin for one in gone)
        for one in sessions:
            one.close()
        return delays
    delays = loops.run(scene())
    with capsys.disabled():
        print(f"\n{len(delays)} of {SESSIONS} sessions cut: p50 {delays[len(delays) // 2] * 1000:.0f} ms, "
              f"p99 {delays[int(len(delays) * 0.99)] * 1000:.0f} ms, most {delays[-1] * 1000:.0f} ms")


def test_a_speaker_who_is_blacklisted_in_mid_sentence_is_told(guarded, lists, clips):
    speaker = rtmp.Publisher(guarded.publish_url("demo", "alice"), clips("flv1-nellymoser"))
    try:
        wait_until(lambda: guarded.metric("flashgate_participants", kind="flash") == 1, what="alice speaks")
        (lists / "black.txt").write_text("127.0.0.1\n")
        guarded.hang_up()
        speaker.wait_end(10)
        assert speaker.answers.codes()[-1] == "NetConnection.Connect.Rejected"
    finally:
        speaker.kill()


def test_the_policy_file_differs_by_how_it_is_asked_for(guarded):
    with urllib.request.urlopen(f"http://127.0.0.1:{guarded.rtmp_port}/crossdomain.xml", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/x-cross-domain-policy")
        plain = answer.read().decode()
    assert '<allow-access-from domain="*.example.com"/>' in plain
    url = f"https://127.0.0.1:{guarded.https_port}/crossdomain.xml"
    with urllib.request.urlopen(url, context=UNVERIFIED, timeout=10) as answer:
        assert answer.read().decode() == plain


def test_the_port_that_players_ask_first_has_the_policy_and_nothing_else(tmp_path, certificate):
    try:
        socket.create_server(("127.0.0.1", 843)).close()
    except PermissionError:
        pytest.skip("port 843 is for root")
    gateway = gateways.Gateway(
        tmp_path, *certificate, rooms={"demo": {"open": True}},
        listeners=[{"address": f"127.0.0.1:{gateways.free_port()}", "accept": ["rtmp"]},
                   {"address": "127.0.0.1:843", "accept": ["policy"]}],
        access={"cross_domain": {"domains": ["old.example.org"], "ports": [1935]}})
    try:
        with socket.create_connection(("127.0.0.1", 843), timeout=10) as player:
            player.sendall(b"<policy-file-request/>\0")
            answer = b""
            while part := player.recv(4096):
                answer += part
        assert answer.endswith(b"</cross-domain-policy>\n\0") or answer.endswith(b"</cross-domain-policy>\0")
        assert b'domain="old.example.org"' in answer and b'to-ports="1935"' in answer
        with socket.create_connection(("127.0.0.1", 843), timeout=10) as stranger:
            stranger.sendall(b"\x03" + bytes(40))
            assert stranger.recv(1) == b""
    finally:
        gateway.stop()


def test_import_prints_configuration_that_the_gateway_takes(guarded, tmp_path):
    source = tmp_path / "Adaptor.xml"
    source.write_text(
        "<Adaptor name=\"_defaultRoot_\">\n <Allow>10.60.1.133</Allow>\n <Deny>10.60, bad.example.org</Deny>\n"
        " <Order>Deny,Allow</Order>\n</Adaptor>\n")
    done = subprocess.run([gateways.binary(), "policy", "import", source], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "# warning: line 3" in done.stdout and "bad.example.org" in done.stdout
    configuration = tmp_path / "imported.yaml"
    configuration.write_text(
        "listeners: [{ address: 127.0.0.1:1935, accept: [rtmp] }]\nrooms: { demo: { open: true } }\n" + done.stdout)
    def allowed(address):
        verb = [gateways.binary(), "policy", "explain", "--config", configuration, "--address", address]
        return subprocess.run(verb, capture_output=True, timeout=60).returncode == 0
    assert allowed("10.60.1.133") and not allowed("10.60.1.134") and allowed("10.61.0.1")


def test_diff_dry_run_and_lint_answer_with_their_exit_code(guarded, lists, tmp_path):
    new = tmp_path / "new"
    new.mkdir()
    (new / "white.txt").write_text("127.0.0.0/8\n10.0.0.0/24\n10.0.0.7\n")
    (new / "black.txt").write_text("127.0.0.9\n")

    def policy(*words):
        return subprocess.run(
            [gateways.binary(), "policy", *words, "--config", guarded.configuration], capture_output=True, text=True,
            timeout=60, stdin=subprocess.DEVNULL)
    same = policy("diff", lists, lists)
    assert (same.returncode, same.stdout) == (0, "")
    differs = policy("diff", lists, new)
    assert differs.returncode == 1
    assert "+ 10.0.0.0/24 would come in (all)" in differs.stdout
    assert "- 127.0.0.9 would be kept out (all)" in differs.stdout
    record = tmp_path / "audit.jsonl"
    record.write_text("".join(json.dumps(line) + "\n" for line in (
        {"address": "127.0.0.9", "decision": "allowed", "room": "demo"},
        {"address": "10.0.0.8", "decision": "denied", "reason": "address_denied"},
        {"address": "127.0.0.1", "decision": "denied", "reason": "key_required"})))
    run = policy("dry-run", "--lists", new, "--audit", record)
    assert run.returncode == 1
    assert "10.0.0.8 would have come in" in run.stdout
    assert "127.0.0.9 in room demo would have been kept out" in run.stdout
    assert "127.0.0.1 " not in run.stdout
    assert policy("lint").returncode == 1, "a whitelist of 127.0.0.0/8 is wide"


@pytest.fixture
def behind(tmp_path, certificate, lists):
    """A gateway behind a real haproxy that says by PROXY version 2 for whom it comes; `port` is haproxy's."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    (lists / "black.txt").write_text("127.0.7.0/24\n192.0.2.0/24\n")
    front, port, plain = (gateways.free_port() for _ in range(3))
    running = gateways.Gateway(
        tmp_path, *certificate,
        listeners=[
            {"address": f"127.0.0.1:{port}", "accept": ["https", "rtmp", "rtmps"],
             "tls": {"certificate": str(certificate[0]), "key": str(certificate[1])},
             "proxy_protocol": {"trusted": ["127.0.0.1/32"], "required": True}},
            {"address": f"127.0.0.1:{plain}", "accept": ["http"], "forwarded_for": {"trusted": ["127.0.0.1/32"]}},
        ],
        access={"blacklist": [str(lists / "black.txt")], "cross_domain": {"domains": ["a.org"], "ports": [port]}})
    configuration = tmp_path / "haproxy.cfg"
    configuration.write_text(f"""
defaults
  mode tcp
  timeout connect 10s
  timeout client 60s
  timeout server 60s
listen front
  bind 127.0.0.1:{front}
  server gateway 127.0.0.1:{port} source 127.0.0.1 send-proxy-v2
""")
    haproxy = publishers.Program(["haproxy", "-f", configuration], tmp_path / "haproxy.log")
    running.port, running.plain_port, running.https_port = front, plain, front
    def listens():
        with socket.create_connection(("127.0.0.1", front), timeout=1):
            return True
    try:
        wait_until(listens, what="haproxy listens")
        yield running
    finally:
        haproxy.kill()
        running.stop()


def test_behind_haproxy_the_client_is_judged_and_not_the_proxy(behind):
    async def connect(address):
        session = rtmp_sessions.Session(address)
        try:
            await session.open(behind.port, "live/room1")
            return session.codes()
        except OSError:
            return None
        finally:
            session.close()
    assert loops.run(connect("127.0.8.1")) == ["NetConnection.Connect.Success"]
    assert loops.run(connect("127.0.7.1")) is None
    assert behind.metric("flashgate_connections_total", decision="denied", reason="blacklisted") == 1

    def page(address):
        with socket.create_connection(("127.0.0.1", behind.port), timeout=10, source_address=(address, 0)) as raw:
            with UNVERIFIED.wrap_socket(raw, server_hostname="localhost") as secure:
                secure.sendall(b"GET /rooms/room1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return secure.recv(12)
    assert page("127.0.8.1") == b"HTTP/1.1 200"
    with pytest.raises(OSError):
        page("127.0.7.1")


def test_a_request_is_judged_by_the_client_that_a_trusted_proxy_names(behind):
    url = f"http://127.0.0.1:{behind.plain_port}/crossdomain.xml"
    request = urllib.request.Request(url, headers={"X-Forwarded-For": "198.51.100.7"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200
    status, problem = refused(url, headers={"X-Forwarded-For": "192.0.2.7"})
    assert (status, problem["status"]) == (403, 403)
