"""A Flash speaker is seen and heard in a browser room: real RTMP clients, the real gateway, real browsers."""

import concurrent.futures
import socket

import pytest

import signals
import tcp_ports
from media import CLIPS
from relay import UDPRelay, is_dtls_handshake
from room_page import RoomPage
from waiting import wait_until

pytestmark = pytest.mark.gateway

#: Part of the pictures that must have been decoded, and how far the tone's level may be off, in dB.
DECODED, LEVEL = 0.9, 3.0
#: Longest time from a joiner's offer to its first picture, in milliseconds.
FIRST_PICTURE = 150
#: Largest distance between sound and picture at the receiver, in milliseconds.
LIP_SYNC = 60


def open_pages(started_or_shared, names, url):
    return [RoomPage(started_or_shared(name), url).wait_joined() for name in names]


def assert_heard(page, name, clip):
    assert_all_heard([page], {name: clip})


def assert_all_heard(pages, clips):
    """Each tone at its clip's level on each page, asked in turn: one after the other would outlast a short clip."""
    waiting = {(page.browser.name, number, name): page for number, page in enumerate(pages) for name in clips}

    def heard():
        for (browser, number, name), page in list(waiting.items()):
            clip, tone = clips[name], page.tone(name)
            if not tone or not tone["steady"] or abs(tone["hertz"] / clip.hertz - 1) > 0.02:
                last[browser, number, name] = tone
                continue
            # A browser that had no sound in time for a moment stretches what it has, more softly.
            off = signals.decibels(tone["rms"] / clip.rms)
            last[browser, number, name] = f"{off:.1f} dB off"
            if abs(off) <= LEVEL:
                del waiting[browser, number, name]
        if waiting:
            raise LookupError({who: last[who] for who in waiting})
        return True
    last = {}
    wait_until(heard, 15, "the tones of all speakers on all pages")


def assert_seen(page, name, clip):
    """After the publisher's end: from the first one on enough pictures, in order, every one readable but for a few while
    joining.

    A page connects when the first speaker comes, and three browsers that do it at once on a busy machine take a second; a
    picture that came before is not made again for them. How soon a joiner sees its first one has tests of its own.
    """
    who = f"{page.browser.name}, {name}"

    def enough():
        seen = page.pictures(name)
        # What was presented was decoded, though the browser's own count may come too late for the end.
        decoded, needed = max(seen.decoded, len(set(seen.numbers))), DECODED * (clip.pictures - seen.numbers[0])
        if decoded < needed:
            raise LookupError(f"{decoded} of {needed:.0f}, from {seen.numbers[0]} to {seen.numbers[-1]}, {seen.last}")
        return True
    wait_until(enough, 3, f"{who}: pictures")
    pictures = page.pictures(name)
    assert pictures.in_order, f"{who}: {pictures.numbers}"
    assert pictures.unread <= 0.05 * clip.pictures, f"{who}: {pictures.unread} numbers not read"
    assert pictures.numbers[-1] >= DECODED * clip.pictures, f"{who}: ends with picture {pictures.numbers[-1]}"


def finish(*running):
    for each in running:
        each.wait(within=25)


# Seen and heard.


@pytest.mark.parametrize("name", ["flv1-nellymoser", "h264-aac"])
def test_ffmpeg_is_seen_and_heard_in_both_browsers_and_by_whep(gateway, room, shared, publish, player, name):
    clip = CLIPS[name]
    pages = open_pages(shared, ["chromium", "firefox"], gateway.page_url(room))
    for page in pages:
        page.watch("alice")
    ffmpeg = publish("alice", name)
    whep = wait_until(lambda: player("alice"), what="the participant can be played by WHEP")
    for page in pages:
        tile = page.wait_tile("alice", state="live")
        assert tile["flash"]
        wait_until(lambda: page.tile("alice")["width"] == clip.size[0], what="the first picture")
        assert_heard(page, "alice", clip)
    hertz, rms = wait_until(lambda: whep.tone(), what="sound by WHEP")
    finish(ffmpeg)
    for page in pages:
        assert_seen(page, "alice", clip)
        page.wait_gone("alice")
    assert hertz == pytest.approx(clip.hertz, rel=0.02) and abs(signals.decibels(rms / clip.rms)) <= LEVEL
    # It came later than the pages: what counts is that nothing is missing since.
    numbers = whep.numbers
    assert whep.in_order and len(numbers) >= DECODED * (clip.pictures - numbers[0])


def test_librtmp_and_gstreamer_and_a_client_of_single_bytes_are_seen_and_heard(gateway, room, shared, publish):
    [page] = open_pages(shared, ["chromium"], gateway.page_url(room))
    proxy = tcp_ports.Relay(gateway.rtmp_port, piece=1)
    clips = {"librtmp": "flv1-nellymoser", "rtmp2sink": "h264-aac-880", "slowly": "small"}
    for name in clips:
        page.watch(name)
    running = [publish("librtmp", clips["librtmp"], by="librtmp"),
               publish("rtmp2sink", clips["rtmp2sink"], by="rtmp2sink"),
               publish("slowly", clips["slowly"], port=proxy.port)]
    for name, clip in clips.items():
        assert_heard(page, name, CLIPS[clip])
    finish(*running)
    proxy.close()
    for name, clip in clips.items():
        assert_seen(page, name, CLIPS[clip])


def test_two_speakers_and_three_browsers_all_see_and_hear_both(gateway, room, shared, started, publish):
    url = gateway.page_url(room)
    pages = open_pages(shared, ["chromium", "firefox"], url) + open_pages(started, ["chromium"], url)
    clips = {"alice": CLIPS["flv1-nellymoser"], "bob": CLIPS["h264-aac-880"]}
    for page in pages:
        for name in clips:
            page.watch(name)
    running = [publish(name, clip.name) for name, clip in clips.items()]
    assert_all_heard(pages, clips)
    finish(*running)
    for page in pages:
        for name, clip in clips.items():
            assert_seen(page, name, clip)


@pytest.mark.parametrize("sound", ["off", "on"])
@pytest.mark.parametrize("browser", ["chromium", "firefox"])
def test_who_speaks_is_shown(gateway, room, shared, publish, browser, sound):
    [page] = open_pages(shared, [browser], gateway.page_url(room))
    alice = publish("alice", "long")
    publish("bob", "video-only")
    page.wait_tile("alice", state="live")
    if sound == "on":
        page.browser.click("#sound")
    page.wait_tile("alice", speaking=True)
    page.wait_tile("bob", state="live", speaking=False)
    alice.kill()
    page.wait_tile("alice", state="paused", speaking=False)


# Unusual streams.


def test_audio_only_video_only_and_video_that_starts_late(gateway, room, shared, publish):
    [page] = open_pages(shared, ["chromium"], gateway.page_url(room))
    page.watch("voice", pictures=False).watch("silent", sound=False).watch("late")
    running = [publish("voice", "audio-only"), publish("silent", "video-only"), publish("late", "late-video")]
    assert page.wait_tile("voice", state="audio-only")["tracks"] == ["audio"]
    assert page.wait_tile("silent", state="live")["tracks"] == ["video"]
    assert_heard(page, "voice", CLIPS["audio-only"])
    assert_heard(page, "late", CLIPS["late-video"])
    page.wait_tile("late", state="live", tracks=["audio", "video"])
    finish(*running)
    assert_seen(page, "silent", CLIPS["video-only"])
    # Its first picture tells the gateway that there is one: the tracks of a participant may grow.
    wait_until(lambda: page.pictures("late").decoded >= 0.8 * CLIPS["late-video"].pictures, 3, "late pictures")
    assert page.pictures("late").in_order


@pytest.mark.parametrize("first", [0xFFFFF0, 2**32 - 1000], ids=["past 24 bits", "past 32 bits"])
def test_time_stamps_that_wrap_lose_nothing(gateway, room, shared, publish, first):
    clip = CLIPS["flv1-nellymoser"]
    [page] = open_pages(shared, ["chromium"], gateway.page_url(room))
    page.watch("alice")
    publisher = publish("alice", clip.name, by="script", first_timestamp=first)
    assert_heard(page, "alice", clip)
    finish(publisher)
    assert_seen(page, "alice", clip)


def test_a_publisher_that_was_killed_and_comes_back_is_a_pause(gateway, room, shared, publish):
    pages = open_pages(shared, ["chromium", "firefox"], gateway.page_url(room))
    first = publish("alice", "long")
    for page in pages:
        page.wait_tile("alice", state="live")
    offers = [page.timings()["offered"] for page in pages]
    tracks = [page.evaluate("() => flashgate.participants()[0].tracks.map((track) => track.id).sort()") for page in pages]
    first.kill()
    for page in pages:
        page.wait_tile("alice", state="paused")
    publish("alice", "long")
    for page, offer, ids in zip(pages, offers, tracks):
        page.wait_tile("alice", state="live")
        decoded = page.stats("alice", "video")["framesDecoded"]
        wait_until(lambda: page.stats("alice", "video")["framesDecoded"] > decoded, what="pictures move again")
        page.watch("alice", pictures=False)
        assert_heard(page, "alice", CLIPS["long"])
        assert page.timings()["offered"] == offer, "it took a new negotiation"
        assert page.evaluate("() => flashgate.participants()[0].tracks.map((track) => track.id).sort()") == ids


def test_a_publisher_takes_its_own_name_over_while_the_old_one_still_hangs(gateway, room, shared, publish):
    [page] = open_pages(shared, ["chromium"], gateway.page_url(room))
    old = publish("alice", "long")
    page.wait_tile("alice", state="live")
    publish("alice", "long")
    wait_until(lambda: not old.running, what="the old publisher was closed")
    page.wait_tile("alice", state="live")
    page.watch("alice", pictures=False)
    assert_heard(page, "alice", CLIPS["long"])
    assert page.names == ["alice"]


# Time.


@pytest.mark.parametrize("name", ["lip-sync", "lip-sync-flv1"])
def test_lips_and_voice_are_together_at_the_receiver(gateway, room, shared, publish, player, name):
    [page] = open_pages(shared, ["chromium"], gateway.page_url(room))
    page.watch("alice")
    publish("alice", name)
    page.wait_tile("alice", state="live")
    whep = player("alice")
    in_browser = page.lip_sync("alice")
    by_reports = whep.media_skew() * 1000
    assert abs(in_browser) <= LIP_SYNC, f"{in_browser:.0f} ms in the browser, {by_reports:.0f} ms by sender reports"
    assert abs(by_reports) <= LIP_SYNC


@pytest.mark.parametrize("jump", [4_200_000, -4_200_000], ids=["70 minutes forward", "70 minutes back"])
def test_a_clock_that_jumps_does_not_part_lips_and_voice(gateway, room, publish, player, jump):
    clip = CLIPS["lip-sync-flv1"]
    publisher = publish("alice", clip.name, by="script", first_timestamp=5_000_000,
                        clock=lambda stamp: stamp + (jump if stamp >= 5_000 else 0))
    whep = wait_until(lambda: player("alice"), what="alice can be played")
    publisher.wait(within=30)
    # Two in three bursts come after the jump, and the skew is that of the one in the middle.
    assert abs(whep.media_skew() * 1000) <= LIP_SYNC
    numbers = whep.numbers
    assert whep.in_order and len(numbers) >= DECODED * (clip.pictures - numbers[0])


@pytest.mark.parametrize("picture", [8, 47], ids=["0.3 s into the group", "1.9 s into the group"])
def test_a_joiner_sees_a_picture_at_once(gateway, room, shared, publish, picture):
    [page] = open_pages(shared, ["chromium"], gateway.page_url(room))
    page.watch("alice", sound=False)
    publish("alice", "groups-of-2s")
    page.wait_tile("alice", state="live")
    waits = []
    for _ in range(3):  # what else the machine does can only add to it
        page.evaluate("(...given) => probe.atPhase(...given)", "alice", picture, 50)
        waits.append(page.evaluate("(path) => probe.whepFirstPicture(path)", f"/whep/{room}/alice")["firstPicture"])
        if waits[-1] <= FIRST_PICTURE:
            return
    pytest.fail(f"first pictures after {waits} ms")


# Trouble.


def test_a_lost_first_flight_of_the_handshake_is_sent_again_soon(gateway, room, publish, player):
    publish("alice", "long")
    lost = []

    def lose_first_flight(from_gateway, datagram):
        # All datagrams of the gateway's first flight, until the player has reason to say something again.
        if from_gateway and is_dtls_handshake(datagram) and len(lost) < 2 and not answered:
            lost.append(datagram)
            return True
        if not from_gateway and is_dtls_handshake(datagram) and lost:
            answered.append(datagram)
        return False

    answered = []
    relay = UDPRelay(gateway.udp_port, lose_first_flight)
    try:
        listener = wait_until(lambda: player("alice", rewrite_answer=relay.rewrite), what="alice can be played")
        wait_until(lambda: len(listener.numbers) > 10, what="pictures in spite of the loss")
        assert lost
        # The player repeats after a second; the gateway's own first repetition comes after 50 ms.
        connected = listener.heard.marks["connected"] - listener.heard.marks["answered"]
        assert connected < 0.9, f"connected after {connected:.2f} s"
    finally:
        relay.close()


def listeners(gateway):
    return gateway.metric("flashgate_participants", kind="browser")


@pytest.mark.parametrize("browser", ["chromium", "firefox"])
@pytest.mark.parametrize("how, within", [("close", 3), ("kill", 30)])
def test_a_browser_that_is_gone_is_gone(gateway, room, started, publish, browser, how, within):
    publish("alice", "long")
    before = listeners(gateway)
    page = RoomPage(started(browser), gateway.page_url(room))
    page.wait_tile("alice", state="live")
    wait_until(lambda: listeners(gateway) == before + 1, what="it is counted")
    getattr(page.browser, how)()
    wait_until(lambda: listeners(gateway) == before, within, "it is not counted any more")


def test_nothing_is_transcoded_when_nobody_listens(gateway, room, shared, publish):
    publish("alice", "long")
    [page] = open_pages(shared, ["chromium"], gateway.page_url(room))
    page.wait_tile("alice", state="live")

    def seconds():
        return gateway.metric("flashgate_transcode_seconds_total")

    begin = seconds()
    wait_until(lambda: seconds() > begin, what="transcoding for a listener")
    page.browser.open("about:blank")
    wait_until(lambda: listeners(gateway) == 0, what="nobody listens")
    stopped = seconds()
    received = gateway.metric("flashgate_rtmp_bytes_total", direction="in")
    wait_until(lambda: gateway.metric("flashgate_rtmp_bytes_total", direction="in") > received + 60_000,
               what="a second more of the speaker has come in")
    assert seconds() - stopped <= 0.005, "transcoding goes on"


def test_garbage_on_the_rtmp_port_is_closed_and_costs_nobody_anything(gateway, room, shared, publish):
    [page] = open_pages(shared, ["chromium"], gateway.page_url(room))
    page.watch("alice")
    ffmpeg = publish("alice", "flv1-nellymoser")
    page.wait_tile("alice", state="live")
    refused = gateway.metric("flashgate_connections_total", decision="denied")
    openings = [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00" * 64, b"\xff" * 4096]

    def try_it(opening):
        with socket.create_connection(("127.0.0.1", gateway.rtmp_port), timeout=15) as client:
            client.sendall(opening)
            while client.recv(4096):
                pass

    with concurrent.futures.ThreadPoolExecutor() as pool:
        outcomes = [pool.submit(try_it, opening) for opening in openings]
        for outcome in outcomes:
            error = outcome.exception(timeout=15)
            assert error is None or isinstance(error, ConnectionError), error
    wait_until(lambda: gateway.metric("flashgate_connections_total", decision="denied") >= refused + len(openings),
               what="each is counted")
    finish(ffmpeg)
    assert_seen(page, "alice", CLIPS["flv1-nellymoser"])
