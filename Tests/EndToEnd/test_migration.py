"""The migration report: real sessions, then what it says of them, in all its forms."""

import json
import subprocess
import urllib.error

import pytest

import gateway as gateways
import media
import publishers
from gateway import free_port
from old_servers import ScriptedClient, ScriptedServer
from waiting import wait_until

pytestmark = pytest.mark.gateway


@pytest.fixture
def audited(tmp_path, certificate, running):
    """A gateway with an audit, a tunnel door and an old server behind the room `old`."""
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    server = running(ScriptedServer(results={"getRoster": ("alice",)}))
    ports = {"rtmp": free_port(), "https": free_port(), "tunnel": free_port(), "spare": free_port()}
    gateway = running(gateways.Gateway(
        tmp_path, *certificate, rooms={"demo": {"open": True}, "old": {"open": True, "shadow": server.address}},
        audit={"file": "audit.jsonl"}, listeners=[
            {"address": f"127.0.0.1:{ports['rtmp']}", "accept": ["rtmp"]},
            {"address": f"127.0.0.1:{ports['https']}", "accept": ["https"],
             "tls": {"certificate": str(certificate[0]), "key": str(certificate[1])}},
            {"address": f"127.0.0.1:{ports['tunnel']}", "accept": ["rtmpt"]},
            {"address": f"127.0.0.1:{ports['spare']}", "accept": ["rtmp"]},
        ]))
    gateway.rtmp_port, gateway.https_port = ports["rtmp"], ports["https"]
    gateway.ports = ports
    return gateway


def report(gateway, *options):
    done = subprocess.run(
        [gateways.binary(), "migration", "report", "--config", gateway.configuration, *options], capture_output=True,
        text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def document(gateway):
    return json.loads(report(gateway, "--json"))


def by_name(found):
    return {participant["name"]: participant for participant in found["participants"]}


@pytest.fixture
def visited(audited, running, clips, tmp_path):
    """The gateway after three clients: one with B-frames, one by tunnel, one that needs its old server."""
    gateway = audited
    reordered = media.Clip("reordered", video="h264-b-frames", audio="aac", size=(320, 240)).make(tmp_path)
    for name, clip, url in [
        ("alice", reordered, gateway.publish_url("demo", "alice")),
        ("bob", clips("flv1-nellymoser"), f"rtmpt://127.0.0.1:{gateway.ports['tunnel']}/live/demo/bob"),
    ]:
        publisher = running(publishers.ffmpeg(url, clip, tmp_path / f"{name}.log", loops=-1))
        wait_until(lambda: name in by_name(document(gateway)), what=f"{name} is in the record")
        wait_until(lambda: any(
            speaker["name"] == name and speaker["tracks"] for room in json.loads(gateway.admin("GET", "/api/v1/rooms"))["rooms"]
            for speaker in room["speakers"]), what=f"{name} speaks")
        publisher.stop()
        wait_until(lambda: by_name(document(gateway))[name]["video"], what=f"{name} has departed")
    carol = running(ScriptedClient(gateway.rtmp_port, app="live/old"))
    wait_until(lambda: carol.answers.codes(), what="connected")
    carol.command("getRoster", 2, None)
    carol.command("createStream", 3, None)
    carol.command("publish", 4, None, "carol", "live", stream=1)
    wait_until(lambda: "NetStream.Publish.Start" in carol.answers.codes(), what="carol publishes")
    carol.close()
    wait_until(lambda: "carol" in by_name(document(gateway)) and document(gateway)["differences"], what="carol's record")
    return gateway


def test_the_report_tells_who_came_how_and_what_stands_in_the_way(visited):
    found = document(visited)
    people = by_name(found)
    assert set(people) == {"alice", "bob", "carol"}
    assert people["alice"]["ways"] == ["rtmp"] and people["bob"]["ways"] == ["rtmpt"]
    assert people["alice"]["video"] == ["h264"] and people["bob"]["audio"] == ["nellymoser"]
    assert people["alice"]["players"][0].startswith("FMLE/3.0")
    assert people["carol"]["players"] == ["WIN 11,0,1,152"] and people["carol"]["room"] == "old"
    assert [each["participants"] for each in found["counts"]] == [3, 3, 3]
    blockers = {blocker["kind"]: blocker["participants"] for blocker in found["blockers"]}
    assert blockers["reordered_pictures"] == ["demo/alice"]
    assert blockers["tunnel_only"] == ["demo/bob"]
    assert blockers["old_server"] == ["old/carol"]
    assert ("getRoster", "_result") in [(each["command"], each["old"]) for each in found["differences"]]
    assert found["trend"][-1]["participants"] == 3 or sum(day["participants"] for day in found["trend"]) >= 3
    states = {(door["listener"].rpartition(":")[2], door["protocol"]): door["state"] for door in found["doors"]}
    assert states[str(visited.ports["rtmp"]), "rtmp"] == "in_use"
    assert states[str(visited.ports["spare"]), "rtmp"] == "record_too_short"


def test_the_api_and_the_command_line_say_the_same_with_and_without_a_gateway(visited):
    served = json.loads(visited.admin("GET", "/api/v1/migration?days=7"))
    read = json.loads(report(visited, "--json", "--days", "7"))
    visited.terminate()
    visited.wait(20)
    after = json.loads(report(visited, "--json", "--days", "7"))
    for each in (served, read, after):
        del each["generatedAt"]
    assert served == read == after


def test_the_page_is_read_by_role_and_text(visited, shared, tmp_path):
    page = tmp_path / "report.html"
    assert report(visited, "--html", str(page)) == ""
    browser = shared("chromium")
    browser.open(page.as_uri())
    text = browser.evaluate("() => document.body.innerText")
    assert "Flash clients from" in text and "What stands in the way" in text
    roles = browser.evaluate("""() => {
      const cells = name => [...document.querySelectorAll('table')]
        .filter(table => table.caption.textContent.includes(name))
        .flatMap(table => [...table.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.textContent)));
      return {people: cells('came by Flash'), doors: cells('Doors'),
              picture: document.querySelector('svg[role=img]').getAttribute('aria-label'),
              heads: document.querySelectorAll('th[scope=col]').length}; }""")
    assert {(row[0], row[1]) for row in roles["people"]} == {("demo", "alice"), ("demo", "bob"), ("old", "carol")}
    assert len(roles["doors"]) == 3 and roles["heads"] > 10
    assert roles["picture"].startswith("Flash participants by day")


def test_without_an_audit_there_is_no_report(tmp_path, certificate, running, flashgate):
    gateway = running(gateways.Gateway(tmp_path, *certificate))
    with pytest.raises(urllib.error.HTTPError) as refused:
        gateway.admin("GET", "/api/v1/migration")
    assert refused.value.code == 409
    code, _, problem = flashgate("migration", "report", "--config", str(gateway.configuration))
    assert code == 64 and "audit" in problem


def test_days_are_a_number_in_range(audited):
    for days in ("0", "401", "many"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            audited.admin("GET", f"/api/v1/migration?days={days}")
        assert refused.value.code == 400


def test_a_page_with_a_name_of_its_own_gets_nothing(audited):
    with pytest.raises(urllib.error.HTTPError) as refused:
        audited.admin("GET", "/api/v1/migration", headers={"Host": "evil.example"})
    assert refused.value.code == 421
