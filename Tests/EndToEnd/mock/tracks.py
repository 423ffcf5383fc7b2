"""Synthetic tracks that the stand-in server sends: numbered pictures and a tone or the burst of each second."""

import asyncio
import fractions
import time

import av
import numpy as np
from aiortc import MediaStreamTrack

import signals

WIDTH, HEIGHT, FPS = 320, 240, 15
RATE, FRAME = 48_000, 960


class Source:
    """What one participant's track shows or sounds like; each visitor gets a track of its own from it."""

    def __init__(self, kind, clock, hertz=None):
        self.kind = kind
        self.clock = clock
        self.hertz = hertz  # None: the burst of each second
        self.level = 0.25
        self.frozen = False

    def track(self):
        return Pictures(self) if self.kind == "video" else Tone(self)


class Clock:
    """One time for the picture and the sound of a participant."""

    def __init__(self):
        self._start = time.monotonic()

    async def tick(self, last, per_second):
        """Waits for the next number after `last` and returns it; late callers skip what is past."""
        now = (time.monotonic() - self._start) * per_second
        number = int(now) if last is None else max(last + 1, int(now))
        await asyncio.sleep(max(0.0, (number - now) / per_second))
        return number


class Pictures(MediaStreamTrack):
    kind = "video"

    def __init__(self, source):
        super().__init__()
        self._source = source
        self._number = None

    async def recv(self):
        self._number = await self._source.clock.tick(self._number, FPS)
        while self._source.frozen:
            self._number = await self._source.clock.tick(self._number, FPS)
        gray = signals.draw_picture(self._number, WIDTH, HEIGHT, FPS)
        frame = av.VideoFrame.from_ndarray(gray, format="gray").reformat(format="yuv420p")
        frame.pts, frame.time_base = self._number * 90_000 // FPS, fractions.Fraction(1, 90_000)
        return frame


class Tone(MediaStreamTrack):
    kind = "audio"

    def __init__(self, source):
        super().__init__()
        self._source = source
        self._number = None

    async def recv(self):
        self._number = await self._source.clock.tick(self._number, RATE // FRAME)
        times = (self._number * FRAME + np.arange(FRAME)) / RATE
        if self._source.hertz is None:
            samples = np.sin(2 * np.pi * signals.BURST_HERTZ * times) * (times % 1 < signals.BURST_SECONDS)
        else:
            samples = np.sin(2 * np.pi * self._source.hertz * times)
        # Stereo already: aiortc's own step from mono to stereo takes 3 dB away.
        packed = np.repeat((self._source.level * samples * 32767).astype(np.int16), 2).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout="stereo")
        frame.pts, frame.sample_rate = self._number * FRAME, RATE
        frame.time_base = fractions.Fraction(1, RATE)
        return frame
