"""Networks that lose, delay and are narrow, between the gateway and a real browser."""

import time

import pytest

from bad_network import BadRelay, Conditions
from browser_player import BrowserPlayer
from waiting import wait_until


@pytest.fixture
def play(gateway, room, shared):
    """play(relay, "alice"): a player in Chromium behind that relay, closed after the test."""
    players = []

    def start(relay, name):
        players.append(wait_until(
            lambda: BrowserPlayer(shared("chromium"), gateway, room, name, relay.port), what=f"{name} can be played"))
        return players[-1]

    yield start
    for player in players:
        player.close()


def watch(player, seconds):
    """The player's state before and after that many seconds of playing."""
    before = player.state()
    end = before["now"] + seconds * 1000
    return before, wait_until(
        lambda: (state := player.state()) and state["now"] >= end and state, within=seconds + 20, every=0.5)


def complaints(before, after):
    """What a viewer would complain of who watched from one state of the player to the other."""
    shown = [picture["at"] for picture in after["shown"] if picture["at"] >= before["now"]]
    gap = max((later - earlier for earlier, later in zip(shown, shown[1:])), default=after["now"] - before["now"])
    concealed, heard = (
        after["audio"][name] - before["audio"][name] for name in ("concealedSamples", "totalSamplesReceived"))
    return [complaint for complaint, is_so in (
        (f"pictures stood still for {gap:.0f} ms", gap >= 500),
        (f"{concealed} of {heard} samples of sound were made up", concealed >= 0.01 * heard)) if is_so]


def test_pictures_and_sound_go_on_through_loss_and_jitter(gateway, play, publish):
    publish("alice", "long", loops=1)
    relay = BadRelay(gateway.udp_port, Conditions(delay=0.08, jitter=0.02, loss=0.05, burst=2), seed=4)
    try:
        player = play(relay, "alice")
        wait_until(lambda: len(player.shown()) > 60, within=30, what="pictures in spite of the loss")
        # The network is as bad in each of the spans; a machine that does other things besides is so in some of them.
        heard_of = []
        while len(heard_of) < 6 and [] not in heard_of:
            heard_of.append(complaints(*watch(player, 10)))
        assert [] in heard_of, heard_of
        assert relay.lost > 20
    finally:
        relay.close()


def test_a_narrow_line_gets_less_and_goes_on_and_gets_all_again_when_it_is_wide(gateway, play, publish):
    publish("alice", "groups-of-2s", loops=9)
    relay = BadRelay(gateway.udp_port, Conditions(delay=0.02))
    try:
        player = play(relay, "alice")
        wait_until(lambda: len(player.shown()) > 30, within=20, what="pictures")
        # What passes through is three times that.
        narrowed = time.monotonic()
        relay.down.conditions.bit_rate = 300_000
        watch(player, 5)
        followed, after = watch(player, 8)
        above = [at for at, wait in list(relay.down.waits) if at > narrowed + 5 and wait > 0.5]
        assert not above or above[-1] - above[0] < 1, "the queue stays long"
        assert len(after["shown"]) > len(followed["shown"]) + 15, "pictures go on"
        concealed, heard = (
            after["audio"][name] - followed["audio"][name] for name in ("concealedSamples", "totalSamplesReceived"))
        assert concealed < 0.02 * heard, f"{concealed / heard:.1%} of the sound were made up"
        assert sum(gateway.metric("flashgate_tier_changes_total", tier=tier) for tier in ("reduced", "slow")) > 0
        relay.down.conditions.bit_rate = None
        wait_until(lambda: player.state()["width"] == 640, within=100, every=0.5, what="the whole picture again")
    finally:
        relay.close()
