"""The room's page by itself, in real browsers, against the stand-in server."""

import pytest

from mock.server import MockServer
from room_page import RoomPage
from waiting import wait_until

BOTH = pytest.mark.parametrize("browser", ["chromium", "firefox"])


@pytest.fixture
def server(certificate):
    server = MockServer(*certificate)
    yield server
    server.close()


@pytest.fixture
def page(server, room_page):
    """A Chromium in the room, in which nobody is yet."""
    return room_page("chromium", server.url()).wait_joined()


# Seeing and hearing.


@BOTH
def test_shows_and_plays_everybody_who_is_there(server, room_page, browser):
    server.add("alice", audio=440.0)
    server.add("bob", audio=880.0)
    page = room_page(browser, server.url())
    page.watch("alice").watch("bob")
    for name in ("alice", "bob"):
        tile = page.wait_tile(name, state="live", picture=True)
        assert tile["flash"] and tile["tracks"] == ["audio", "video"] and not tile["paused"]
    assert page.wait_tone("alice", 440.0) and page.wait_tone("bob", 880.0)
    pictures = wait_until(lambda: len((p := page.pictures("bob")).numbers) >= 20 and p, what="20 numbers")
    assert pictures.in_order and pictures.key_decoded >= 1
    assert wait_until(lambda: page.pictures("bob").decoded >= 20, what="20 decoded")
    assert page.stats("alice", "video")["framesDecoded"] > 0


@BOTH
def test_speakers_come_and_go_by_renegotiation(server, room_page, browser):
    server.add("alice")
    page = room_page(browser, server.url())
    page.wait_tile("alice", state="live")
    page.watch("carol", sound=False)
    server.add("bob")
    page.wait_tile("bob", state="live")
    server.remove("bob")
    page.wait_gone("bob")
    visitor = server.visitors[0]
    wait_until(lambda: len(visitor.offers) >= 3, what="an offer without bob")
    sections = page.evaluate("() => flashgate.connection.peerConnection.getTransceivers().length")
    server.add("carol")
    page.wait_tile("carol", state="live")
    assert page.evaluate("() => flashgate.connection.peerConnection.getTransceivers().length") == sections == 4
    assert [offer["id"] for offer in visitor.offers] == list(range(1, len(visitor.offers) + 1))
    assert page.tile("alice")["state"] == "live" and server.joins == 1
    wait_until(lambda: page.pictures("carol").numbers, what="a picture of carol")


def test_offers_nothing_until_the_first_track_comes(server, page):
    assert server.visitors[0].offers == []
    assert "Nobody is speaking here yet" in page.evaluate("() => document.getElementById('empty').innerText")
    server.add("alice")
    page.wait_tile("alice", state="live")
    offer = server.visitors[0].offers[0]
    tracks = {track["id"] for track in server.speakers["alice"].tracks}
    assert offer["id"] == 1 and set(offer["subscriptions"].values()) == tracks
    assert all(f"a=mid:{mid}\r\n" in offer["sdp"] for mid in offer["subscriptions"])
    assert "a=sendrecv" not in offer["sdp"] and "a=sendonly" not in offer["sdp"]


def test_several_changes_at_once_are_one_offer_in_flight_at_a_time(server, page):
    server.answering = False
    for name in ("alice", "bob", "carol"):
        server.add(name)
    page.wait_tile("carol")
    visitor = server.visitors[0]
    wait_until(lambda: visitor.offers, what="the first offer")
    server.answering = True
    server._call(visitor.answer(visitor.offers[0]))
    for name in ("alice", "bob", "carol"):
        page.wait_tile(name, state="live")
    assert len(visitor.offers) == 2


def test_an_audio_only_participant_has_initials(server, page):
    server.add("Anna Lena", video=False)
    tile = page.wait_tile("Anna Lena", state="audio-only", tracks=["audio"])
    assert (tile["avatar"], tile["note"], tile["picture"]) == ("AL", "Sound only", False)


def test_a_participant_whose_video_stops_shows_that(server, page):
    server.add("alice")
    page.wait_tile("alice", state="live")
    server.drop_track("alice", "video")
    tile = page.wait_tile("alice", state="audio-only", picture=False, tracks=["audio"])
    assert tile["note"] == "Picture stopped, sound only"


def test_a_pause_is_shown_and_ends_without_a_new_offer(server, page):
    server.add("alice")
    page.wait_tile("alice", state="live")
    for kind in ("audio", "video"):
        server.change("alice", kind, state="paused")
    assert page.wait_tile("alice", state="paused")["note"] == "Paused"
    for kind in ("audio", "video"):
        server.change("alice", kind, state="live")
    assert page.wait_tile("alice", state="live")["note"] == ""
    assert len(server.visitors[0].offers) == 1


def test_a_picture_that_stops_without_a_word_is_called_stalled(server, page):
    server.add("alice")
    page.wait_tile("alice", state="live")
    server.freeze("alice")
    assert page.wait_tile("alice", state="stalled")["note"] == "Picture stalled"
    server.freeze("alice", False)
    page.wait_tile("alice", state="live")


def test_a_codec_that_cannot_be_played_is_named_and_not_asked_for(server, page):
    server.add("alice")
    page.wait_tile("alice", state="live")
    server.change("alice", "video", state="unsupported", reason="VP6 is not decoded here")
    tile = page.wait_tile("alice", state="unsupported", picture=False)
    assert tile["note"] == "Picture cannot be played: VP6 is not decoded here"
    wait_until(lambda: len(server.visitors[0].offers) == 2, what="an offer without the picture")
    audio = next(track["id"] for track in server.speakers["alice"].tracks if track["kind"] == "audio")
    assert list(server.visitors[0].offers[1]["subscriptions"].values()) == [audio]


@BOTH
def test_who_speaks_has_a_ring_even_while_the_sound_is_off(server, room_page, browser):
    server.add("alice")
    server.add("bob")
    server.set_level("bob", 0.0)
    page = room_page(browser, server.url())
    page.wait_tile("alice", speaking=True)
    page.wait_tile("bob", state="live", speaking=False)
    assert page.evaluate("() => document.getElementById('speaking').textContent") == "Speaking: alice"
    server.set_level("alice", 0.0)
    server.set_level("bob", 0.25)
    page.wait_tile("bob", speaking=True)
    page.wait_tile("alice", speaking=False)


# Sound by one click, under the autoplay rules that people have.


@BOTH
def test_pictures_play_at_once_and_one_click_turns_the_sound_on(server, started, browser):
    server.add("alice", audio=440.0)
    page = RoomPage(started(browser, click_to_play=True), server.url())
    assert page.wait_tile("alice", state="live", paused=False)["muted"]
    page.browser.click("#sound")
    page.wait_tile("alice", muted=False, paused=False)
    assert page.evaluate("() => document.getElementById('sound').textContent") == "Sound off"
    wait_until(lambda: page.stats("alice", "audio").get("totalAudioEnergy", 0) > 0.001, what="sound is played")
    server.add("bob")
    page.wait_tile("bob", state="live", muted=False, paused=False)
    page.browser.click("#sound")
    page.wait_tile("bob", muted=True, paused=False)


# Coming back.


@BOTH
def test_comes_back_by_itself_when_the_web_socket_is_lost(server, room_page, browser):
    server.add("alice")
    page = room_page(browser, server.url())
    page.wait_tile("alice", state="live")
    server.cut()
    wait_until(lambda: server.joins == 2, what="a second join")
    page.wait_joined()
    page.wait_tile("alice", state="live")
    assert page.names == ["alice"]


def test_keeps_the_last_picture_and_says_so_while_the_server_is_away(server, page):
    server.add("alice")
    page.wait_tile("alice", state="live")
    server.stop()
    tile = page.wait_tile("alice", state="offline")
    assert tile["note"] == "Connecting again" and tile["picture"]
    wait_until(lambda: "Trying again in" in page.state_text, what="the page says when it tries again")
    server.remove("alice")
    server.add("bob")
    server.start()
    page.wait_tile("bob", state="live", within=20)
    assert page.names == ["bob"]


def test_waits_as_long_as_a_closing_server_asks(server, page):
    server.add("alice")
    page.wait_tile("alice", state="live")
    asked = page.evaluate("() => performance.now()")
    server.tell_all(type="closing", reason="shutdown", retryAfter=2)
    wait_until(lambda: page.state == "waiting", what="waiting")
    assert "the server is going down. Trying again in 2 s" in page.state_text
    wait_until(lambda: not server.visitors, what="the page left by itself")
    page.wait_joined()
    assert page.evaluate("() => performance.now()") - asked >= 2000
    page.wait_tile("alice", state="live")


def test_stays_away_when_the_server_says_it_for_good(server, page):
    server.tell_all(type="closing", reason="replaced")
    wait_until(lambda: page.state == "ended", what="ended")
    assert "You joined this room somewhere else" in page.state_text
    page.browser.click("#retry")
    page.wait_joined()
    assert server.joins == 2


def test_starts_over_when_media_is_lost_but_the_web_socket_is_not(server, page):
    server.add("alice")
    page.wait_tile("alice", state="live")
    server.cut_media()
    wait_until(lambda: server.joins == 2, within=25, what="a second join")
    page.wait_tile("alice", state="live")


def test_starts_over_when_an_offer_is_refused(server, page):
    server.answering = False
    server.add("alice")
    wait_until(lambda: server.visitors[0].offers, what="an offer")
    server.tell_all(type="error", id=1, code="bad-offer", message="no")
    server.answering = True
    page.wait_tile("alice", state="live")
    assert server.joins == 2


@pytest.mark.parametrize("code, text", [
    ("unknown-room", "There is no such room."),
    ("key-required", "needs an access key"),
    ("key-refused", "not allowed in with this access key"),
    ("denied", "not allowed in from here"),
])
def test_a_refusal_is_said_and_not_tried_again(server, room_page, code, text):
    server.refusal = {"type": "error", "code": code, "message": "no"}
    page = room_page("chromium", server.url())
    wait_until(lambda: page.state == "ended", what="ended")
    assert text in page.state_text and server.joins == 1
    refusal = page.evaluate("() => document.getElementById('refusal').innerText")
    assert text in refusal and page.evaluate("() => document.body.dataset.refusal") == code


# Signalling.


def test_the_access_key_travels_in_the_join_message_only(server, room_page):
    room_page("chromium", server.url(key="s3cret")).wait_joined()
    assert server.visitors[0].join == {"type": "join", "version": 1, "key": "s3cret"}
    assert not any("s3cret" in path for path in server.requested)


def test_the_access_key_is_taken_out_of_the_address_and_survives_a_reload(server, room_page):
    page = room_page("chromium", server.url(key="s3cret")).wait_joined()
    assert "s3cret" not in page.evaluate("() => location.href + document.documentElement.outerHTML")
    assert "s3cret" not in page.evaluate("() => JSON.stringify(history.state) + document.referrer")
    page.evaluate("() => { location.reload(); return 0; }")
    wait_until(lambda: server.joins == 2, what="a second join")
    assert server.visitors[-1].join == {"type": "join", "version": 1, "key": "s3cret"}


def test_ignores_messages_that_it_does_not_know_or_that_are_damaged(server, page):
    for message in ({"type": "weather"}, {"type": "participant"}, {"type": "participant", "participant": {"id": 7}},
                    {"type": "left"}, {"type": "answer", "id": 99, "sdp": "v=0"}, {"type": "constructor"}):
        server.tell_all(**message)
    server.tell_all_text("not json", "null", "[]", "7")
    server.add("alice")
    page.wait_tile("alice", state="live")
    assert page.names == ["alice"] and server.joins == 1


def test_names_are_text_and_never_markup(server, page):
    name = '<img src=x onerror="document.title=1">"]'
    server.add(name)
    page.wait_tile(name, state="live")
    assert page.evaluate("() => document.querySelectorAll('#tiles img').length") == 0


def test_leaves_when_the_page_is_left(server, room_page):
    page = room_page("chromium", server.url()).wait_joined()
    visitor = server.visitors[0]
    page.browser.open("about:blank")
    wait_until(lambda: visitor.left, what="a leave message")


# The browser's rules and the person's needs.


def test_nothing_breaks_the_content_security_policy(server, started):
    server.add("alice")
    page = RoomPage(started("chromium"), server.url())
    page.wait_tile("alice", state="live")
    page.browser.click("#sound")
    page.browser.click(".enlarge")
    page.wait_tile("alice", muted=False)
    assert page.browser.console == []


def test_a_screen_reader_gets_landmarks_names_and_roles(server, page):
    server.add("alice")
    server.add("bob", kind="browser")
    page.wait_tile("alice", state="live")
    page.wait_tile("bob", state="live")
    tree = {(node["role"], node["name"]) for node in page.browser.accessibility_tree()}
    roles = [role for role, _ in tree]
    assert {"banner", "main", "contentinfo", "status", "list", "listitem"} <= set(roles)
    assert {("heading", "Room demo"), ("heading", "alice"), ("heading", "bob"), ("button", "Sound on"),
            ("button", "Enlarge alice"), ("list", "Participants")} <= tree
    assert page.evaluate("() => document.documentElement.lang && document.title") == "demo · FlashGate"
    unnamed = [node for node in tree if node[0] in ("button", "link", "textbox", "Video") and not node[1]]
    assert unnamed == []
    assert not page.tile("bob")["flash"]


def test_comings_and_goings_are_announced_and_who_speaks_is_not(server, page):
    page.evaluate("""() => { window.said = []; const region = document.querySelector('[role=status]');
        new MutationObserver(() => said.push(region.textContent)).observe(region, {childList: true}); }""")
    server.add("alice")
    page.wait_tile("alice", speaking=True)
    server.remove("alice")
    said = wait_until(lambda: "alice has left." in (s := " ".join(page.evaluate("() => said"))) and s, what="announced")
    assert "alice is here." in said and "peaking" not in said


def test_everything_is_done_by_keyboard_in_a_sensible_order(server, page):
    server.add("alice")
    server.add("bob")
    page.wait_tile("bob", state="live")
    focused = "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
    order = []
    for _ in range(3):
        page.browser.press("Tab")
        order.append(page.evaluate(focused))
        outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", f"no visible focus on {order[-1]}"
    assert order == ["Sound on", "Enlarge alice", "Enlarge bob"]
    page.browser.press("Enter")
    assert page.evaluate("() => document.querySelector('.enlarged').dataset.participant") == "bob"
    assert page.evaluate("() => document.activeElement.getAttribute('aria-pressed')") == "true"
    server.remove("bob")
    page.wait_gone("bob")
    assert page.evaluate(focused) == "Enlarge alice"


CONTRAST = """() => {
  const channel = (c) => { c /= 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const background = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = parse(getComputedStyle(e).backgroundColor);
      if ((color[3] ?? 1) > 0.5) return color;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll('body *')].filter((e) => e.offsetParent !== null
    && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  return texts.map((e) => {
    const [a, b] = [luminance(parse(getComputedStyle(e).color)), luminance(background(e))].sort((x, y) => y - x);
    return [e.className || e.id || e.tagName, (a + 0.05) / (b + 0.05)];
  });
}"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_text_has_contrast_in_light_and_dark(server, started, dark):
    server.add("alice")
    server.add("bob", video=False)
    server.change("bob", "audio", state="paused")
    page = RoomPage(started("chromium", dark=dark, reduced_motion=True), server.url())
    page.wait_tile("alice", state="live", speaking=True)
    page.wait_tile("bob", state="paused")
    poor = [(what, round(ratio, 2)) for what, ratio in page.evaluate(CONTRAST) if ratio < 4.5]
    assert poor == []
    moving = page.evaluate("() => document.getAnimations().length")
    assert moving == 0
    background = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, background[4:-1].split(","))) < 384) == dark


@pytest.mark.parametrize("width, height", [(360, 740), (1280, 800), (1920, 1080)])
def test_fits_phone_and_wide_screen(server, page, width, height):
    page.browser.set_viewport(width, height)
    for count in range(1, 7):
        server.add(f"speaker-{count}", audio=None)
        page.wait_tile(f"speaker-{count}")
        overflow = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert overflow <= 0, f"{count} tiles are wider than the screen"
    inside = page.evaluate("""() => [...document.querySelectorAll('.tile')].every((tile) => {
        const box = tile.getBoundingClientRect(); return box.left >= 0 && box.right <= innerWidth && box.width >= 120; })""")
    assert inside
    if width > 1000:
        lowest = page.evaluate("() => Math.max(...[...document.querySelectorAll('.tile')].map((t) => t.getBoundingClientRect().bottom))")
        assert lowest <= height, "six tiles need scrolling"
