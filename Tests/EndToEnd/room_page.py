"""A room's page in a real browser, as the tests look at it."""

import base64
import statistics
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from waiting import wait_until

PROBE = (Path(__file__).parent / "browsers" / "probe.js").read_text()

_TILE = """(name) => {
  const tile = document.querySelector(`[data-participant="${CSS.escape(name)}"]`);
  if (!tile) return null;
  const video = tile.querySelector('video'), note = tile.querySelector('.note');
  return {
    state: tile.dataset.state, note: note.hidden ? '' : note.textContent,
    flash: !tile.querySelector('.mark').hidden, speaking: tile.classList.contains('speaking'),
    picture: !tile.classList.contains('no-picture'), avatar: tile.querySelector('.avatar').textContent,
    muted: video.muted, paused: video.paused, width: video.videoWidth,
    tracks: video.srcObject ? video.srcObject.getTracks().map((track) => track.kind).sort() : [],
  };
}"""

#: Milliseconds after which the gateway shows a picture again when no other has come, less what clocks differ.
STANDING = 200


@dataclass
class Pictures:
    """What a page presented of one participant."""

    numbers: list  # in the order of presentation, pictures that could not be read left out
    times: list  # when each of these was presented, in milliseconds of the page's clock
    stamps: list  # the RTP timestamp of each of these, None where a browser does not tell
    unread: int
    decoded: int  # by the browser's count; a busy machine presents fewer
    key_decoded: int
    flashes: list  # milliseconds of the page's clock
    first_at: float | None
    last: dict | None = None  # other counters of the browser, for those who look for what went wrong

    @property
    def in_order(self):
        """No picture after a later one, and none twice but for a receiver that asked, or where it stood.

        One that asks for a key frame while the next picture is overdue gets the last one again, as a key frame; and a
        picture after which none comes is shown again. The first of all may be presented late, right before its repetition.
        """
        pairs = list(zip(self.numbers, self.numbers[1:]))
        # Presented soon, or by its timestamp made soon: a busy machine presents late, and then the next one at once.
        soon = [after - before < STANDING if None in stamps else (stamps[1] - stamps[0]) % (1 << 32) < 90 * STANDING
                for before, after, stamps in zip(self.times, self.times[1:], zip(self.stamps, self.stamps[1:]))]
        begun = [before != self.numbers[0] for before, _ in pairs]
        again = sum(
            before == after and is_soon and has_begun
            for (before, after), is_soon, has_begun in zip(pairs, soon, begun))
        return all(before <= after for before, after in pairs) and again <= max(0, self.key_decoded - 1)


class RoomPage:
    def __init__(self, browser, url):
        self.browser = browser
        browser.open(url)
        browser.evaluate(PROBE)

    def evaluate(self, function, *arguments):
        return self.browser.evaluate(function, *arguments)

    # What is on the page.

    @property
    def state(self):
        return self.evaluate("() => document.body.dataset.state")

    @property
    def state_text(self):
        return self.evaluate("() => document.getElementById('state-text').textContent")

    @property
    def names(self):
        return self.evaluate("() => [...document.querySelectorAll('[data-participant]')].map((t) => t.dataset.participant)")

    def tile(self, name):
        """The tile of a participant as a dictionary, or None."""
        return self.evaluate(_TILE, name)

    def wait_joined(self, within=15):
        wait_until(lambda: self.state == "joined", within, f"{self.browser.name} has joined")
        return self

    def wait_tile(self, name, within=15, **wanted):
        """Waits until the tile is there and all `wanted` fields are so; returns it."""
        def as_wanted():
            tile = self.tile(name)
            if tile is None or any(tile[field] != value for field, value in wanted.items()):
                raise LookupError(tile)
            return tile
        return wait_until(as_wanted, within, f"{self.browser.name}: tile of {name} with {wanted}")

    def wait_gone(self, name, within=15):
        wait_until(lambda: name not in self.names, within, f"{self.browser.name}: {name} has gone")

    # What was received.

    def stats(self, name, kind):
        """The browser's counters for a participant's track (framesDecoded, packetsLost, totalAudioEnergy, ...)."""
        tracks = self.evaluate("() => window.flashgate.stats()").get(name, [])
        return next((track for track in tracks if track["kind"] == kind), {})

    def timings(self):
        """When the last offer was sent and answered, and the transport stood, in the page's milliseconds."""
        return self.evaluate("() => window.flashgate.connection.timings")

    def watch(self, name, pictures=True, sound=True):
        """Starts reading numbers and sound of a participant, who need not be there yet."""
        if pictures:
            self.evaluate("(name) => probe.watchPictures(name)", name)
        if sound:
            self.evaluate("(name) => probe.watchSound(name)", name)
        return self

    def pictures(self, name):
        record = self.evaluate("(name) => probe.pictures(name)", name)
        if record is None:
            return Pictures([], [], [], 0, 0, 0, [], None)
        return Pictures(record["numbers"], record["times"], record["stamps"], record["unread"], record["decoded"],
                        record["keyDecoded"], record["flashes"], record["firstAt"], record.get("last"))

    def tone(self, name):
        """{hertz, rms} of the last third of a second of a participant's sound, or None."""
        return self.evaluate("(name) => probe.tone(name)", name)

    def keep_pictures(self, name, numbers):
        """Keeps these pictures of a watched participant whole when they are presented."""
        self.evaluate("(...given) => probe.keepPictures(...given)", name, numbers)
        return self

    def kept_pictures(self, name):
        """{number: array of height x width x 3} of those kept so far."""
        kept = self.evaluate("(name) => probe.keptPictures(name)", name)
        return {int(number): np.frombuffer(base64.b64decode(picture["data"]), np.uint8)
                .reshape(picture["height"], picture["width"], 4)[:, :, :3] for number, picture in kept.items()}

    def loudest_tone(self, name):
        """The loudest {hertz, rms} of a third of a second so far, or None."""
        return self.evaluate("(name) => probe.loudestTone(name)", name)

    def wait_tone(self, name, hertz, within=15):
        """Waits until the tone is heard steadily, and returns it with frequency within 2 %."""
        def heard():
            tone = self.tone(name)
            if not tone or not tone["steady"] or abs(tone["hertz"] / hertz - 1) > 0.02:
                raise LookupError(tone)
            return tone
        return wait_until(heard, within, f"{self.browser.name}: a tone of {hertz} Hz from {name}")

    def skews(self, name):
        """Sound minus picture in milliseconds, for each second of which both were observed, oldest first.

        Both are moments of the page's clock: the picture's when it goes to the compositor (16 ms steps), the
        sound's when the burst enters WebAudio. README.md says what that is worth; use it in Chromium only.
        """
        flashes = self.pictures(name).flashes
        onsets = self.evaluate("(name) => probe.onsets(name)", name) or []
        nearest = [min((onset - flash for onset in onsets), key=abs, default=None) for flash in flashes]
        return [skew for skew in nearest if skew is not None and abs(skew) < 450]

    def lip_sync(self, name, settling=4, measured=4, within=20):
        """The median skew. Browsers pull picture and sound together by and by: the first seconds do not count."""
        skews = wait_until(
            lambda: (found := self.skews(name)) and len(found) >= settling + measured and found, within,
            f"{self.browser.name}: {settling + measured} flashes with their bursts from {name}")
        return statistics.median(skews[settling:])
