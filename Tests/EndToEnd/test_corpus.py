"""The recordings under Fixtures against their golden results, and the reports of what differs."""

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import gateway as gateway_module

pytestmark = pytest.mark.gateway

FIXTURES = Path(__file__).parents[2] / "Fixtures"
CAPTURES = sorted(FIXTURES.glob("*.pcapng"))
GOLDEN = FIXTURES / "golden"
CONFIGURATION = ["--config", FIXTURES / "corpus.yaml"]
REPORTS = ("report.json", "report.xml", "report.html")


@pytest.fixture(scope="module")
def replay(tmp_path_factory):
    """replay(captures, golden): exit code, standard output, and the paths of all reports by their ending."""
    binary = gateway_module.binary()
    if binary is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")

    def run(captures, golden):
        folder = tmp_path_factory.mktemp("replay")
        reports = [argument for name in REPORTS for argument in ("--report", folder / name)]
        done = subprocess.run(
            [binary, "replay", *captures, *CONFIGURATION, "--golden", golden, *reports], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=300)
        assert done.returncode in (0, 1), done.stderr
        return done.returncode, done.stdout, {name.split(".")[1]: folder / name for name in REPORTS}

    return run


@pytest.fixture(scope="module")
def whole(replay):
    """The whole corpus, replayed once."""
    return replay(CAPTURES, GOLDEN)


@pytest.fixture(scope="module")
def differing(replay, tmp_path_factory):
    """Two captures against golden results that were changed: a message, a picture, a second of sound."""
    golden = tmp_path_factory.mktemp("golden") / "results"
    shutil.copytree(GOLDEN, golden)
    text = (golden / "flash-vp6.txt").read_text()
    text = text.replace('client command "createStream"', 'client command "createStreams"')
    changed, pictures = re.subn(r"(second 1 picture 320x240 )([0-9a-f]{128})", lambda match: match[1] + "10" * 64, text)
    changed, sounds = re.subn(r"(second 2 sound )\S+ dB \d+ Hz", r"\g<1>-40.0 dB 1000 Hz", changed)
    assert pictures == 1 and sounds == 1 and "createStreams" in changed
    (golden / "flash-vp6.txt").write_text(changed)
    return replay([FIXTURES / "flash-vp6.pcapng", FIXTURES / "flash-two-publishers.pcapng"], golden)


def test_every_recording_gives_its_golden_result(whole):
    code, out, reports = whole
    assert code == 0, out
    document = json.loads(reports["json"].read_text())
    assert [Path(capture["path"]).name for capture in document["captures"]] == [path.name for path in CAPTURES]
    sessions = [session for capture in document["captures"] for session in capture["sessions"]]
    assert all("golden" in session and not session["differs"] for session in sessions)
    # None is kept for a session that is gone.
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {session["name"] for session in sessions}


def test_what_receivers_hear_is_what_was_recorded(whole):
    """The tone that each recording's text names: no golden result can have enshrined another."""
    document = json.loads(whole[2]["json"].read_text())
    heard = 0
    for capture in document["captures"]:
        notes = Path(capture["path"]).with_suffix(".txt").read_text()
        tone = re.search(r"a tone of (\d+) Hz", notes)
        for session in capture["sessions"] if tone else []:
            # Where there are several tones, the text names the first one's.
            for track in session["result"]["tracks"][:2]:
                # A second that sound begins or ends in may hold nearly nothing of it.
                seconds = [second for output in track["outputs"] for second in output["seconds"][:-1] if "sound" in second]
                if track["id"]["kind"] == "audio" and not track["id"]["participant"].endswith("-2"):
                    assert any(abs(second["sound"]["hertz"] - int(tone[1])) <= 0.02 * int(tone[1]) for second in seconds), (
                        session["name"], seconds)
                    heard += 1
    assert heard >= 30


def test_an_encrypted_recording_is_refused_by_name(flashgate):
    [capture] = (FIXTURES / "refused").glob("*.pcapng")
    code, out, err = flashgate("replay", capture)
    assert code != 0 and out == "0 sessions\n"
    assert "librtmp-encrypted.pcapng: packet 1 " in err and "encrypted (RTMPE), cannot be read" in err


def test_junit_counts_sessions_and_names_what_differs(differing):
    code, _, reports = differing
    assert code == 1
    whole = ElementTree.parse(reports["xml"]).getroot()
    assert whole.tag == "testsuites"
    assert {key: whole.get(key) for key in ("tests", "failures", "errors")} == {"tests": "3", "failures": "1", "errors": "0"}
    suites = whole.findall("testsuite")
    assert [len(suite.findall("testcase")) for suite in suites] == [1, 2]
    [failure] = whole.iter("failure")
    assert re.match(r"packet \d+, .*createStream", failure.get("message"))
    assert len(failure.text.splitlines()) == 3


def test_the_page_shows_what_differs_to_eyes_and_to_screen_readers(differing, started):
    browser = started("chromium", dark=True)
    browser.open(differing[2]["html"].as_uri())
    tree = browser.accessibility_tree()
    named = {(node["role"], node["name"]) for node in tree}
    headings = [node["name"] for node in tree if node["role"] == "heading"]
    assert headings[:2] == ["FlashGate replay report", "Sessions"]
    assert {"flash-vp6", "First differing picture"} <= set(headings)
    assert ("StaticText", "1 of 3 sessions differs") in named
    assert ("table", "Differences, and the packet of the capture in which each began") in named
    assert any(role == "table" and name.startswith("Received: vp8, transcoded") for role, name in named)
    images = [name for role, name in named if role == "image"]
    assert {"Expected, in 8 by 8 blocks", "Got, in 8 by 8 blocks", "Got, as receivers saw it"} <= set(images)
    assert any(name.startswith("Level of opus of audio of") for name in images)
    assert any("1 second differs" in name for name in images)
    # Every picture is one, and nothing came from elsewhere.
    broken = browser.evaluate("() => [...document.images].filter((i) => !(i.complete && i.naturalWidth)).length")
    loaded = browser.evaluate("() => performance.getEntriesByType('resource').filter((e) => !e.name.startsWith('data:')).length")
    assert (broken, loaded, browser.console) == (0, 0, [])
    rows = browser.evaluate("() => document.querySelectorAll('#session-1 ~ div tbody tr').length")
    assert rows >= 3


def test_links_of_the_overview_lead_to_their_sessions(differing, started):
    browser = started("chromium")
    browser.open(differing[2]["html"].as_uri())
    anchors = browser.evaluate("() => [...document.querySelectorAll('td ~ th a, th a')].map((a) => "
                               "document.querySelector(a.getAttribute('href'))?.textContent === a.textContent)")
    assert anchors == [True] * 3
