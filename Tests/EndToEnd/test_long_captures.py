"""Memory of `replay` and `inspect`: a capture of any length takes no more than a short one."""

import json
import subprocess
import sys

import gateway as gateway_module
import long_captures
import pytest

pytestmark = pytest.mark.gateway

#: Seconds of a short capture, and of a long one.
SHORT, LONG = 60, 600
#: Kilobytes by which a long capture may take more than a short one, of which it has some 70 MB more.
MOST = 6 << 10


@pytest.fixture(scope="module")
def captures(tmp_path_factory, clips):
    """captures(clients): the paths of a short capture and of a long one."""
    folder = tmp_path_factory.mktemp("long")
    made = {}

    def make(clients):
        if clients not in made:
            made[clients] = [folder / f"{clients}-for-{seconds}.pcap" for seconds in (SHORT, LONG)]
            for path, seconds in zip(made[clients], (SHORT, LONG)):
                long_captures.write(path, clips("h264-aac"), seconds, clients)
            short, long = (path.stat().st_size for path in made[clients])
            assert long > 9 * short and long - short > 50_000_000
        return made[clients]

    return make


#: Runs a program and writes its greatest resident memory behind what it says. A process of its own, for a child counts
#: what its parent had when it was made.
MEASURE = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak(*arguments):
    """Runs a verb; returns its greatest resident memory in kilobytes and its standard output."""
    if gateway_module.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    done = subprocess.run(
        [sys.executable, "-S", "-c", MEASURE, gateway_module.binary(), *map(str, arguments)], capture_output=True)
    assert done.returncode == 0, done.stderr
    return int(done.stderr.splitlines()[-1]), done.stdout


@pytest.mark.parametrize("clients", [1, 3])
@pytest.mark.parametrize("verb", [["replay"], ["inspect", "--json"], ["inspect", "--extract", "streams"]], ids=" ".join)
def test_ten_times_the_length_takes_no_more_memory(captures, tmp_path, monkeypatch, clients, verb):
    monkeypatch.chdir(tmp_path)
    short, long = (peak(*verb, capture)[0] for capture in captures(clients))
    print(f"{verb} {clients}: {short} kB, {long} kB")
    assert long - short < MOST


def test_all_of_a_long_capture_is_seen(captures):
    sessions = json.loads(peak("inspect", "--json", captures(3)[1])[1])["sessions"]
    assert [session["duration_ms"] for session in sessions] == [LONG * 1000 + 20] * 3
    for session in sessions[:2]:
        [pictures] = [track for track in session["tracks"] if track["kind"] == "video"]
        assert pictures["frames"] > 24 * LONG and pictures["last_ms"] > (LONG - 15) * 1000
        assert not session["findings"]
