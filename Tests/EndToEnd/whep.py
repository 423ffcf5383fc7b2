"""A WHEP player that decodes with aiortc and reads the signals."""

import asyncio
import ssl
import statistics
import time
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import urljoin

import aioice.ice
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription
from aiortc.exceptions import InvalidStateError
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcconfiguration import RTCBundlePolicy
from aiortc.rtcrtpreceiver import TimestampMapper
from aiortc.rtp import RtcpSrPacket

import signals
from loops import LoopThread

# aioice leaves loopback out; the gateway under test is nowhere else.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
# Frames keep their RTP time stamps, so that sender reports can put picture and sound on one clock.
TimestampMapper.map = lambda self, timestamp: timestamp

_UNVERIFIED = ssl._create_unverified_context()
_RATES = {"video": 90_000, "audio": 48_000}
#: Ticks after which the gateway shows a picture again when no other has come, less what clocks differ.
STANDING = 18_000


@dataclass
class Picture:
    at: float  # time.monotonic() when it was decoded
    rtp: int
    number: int | None
    lit: bool
    size: tuple


@dataclass
class Heard:
    """What came in, by now."""

    pictures: list = field(default_factory=list)
    sound: list = field(default_factory=list)  # (RTP time, mono samples in -1 to 1)
    reports: dict = field(default_factory=dict)  # kind: [(NTP seconds, RTP time)]
    marks: dict = field(default_factory=dict)  # "offered", "answered", "connected", "first picture": time.monotonic()


class WhepPlayer:
    """Plays from construction on until `close`. `takes`: the only codecs that it offers, by their names in SDP."""

    def __init__(self, url, rewrite_answer=lambda sdp: sdp, token=None, takes=None):
        self.heard = Heard()
        self.location = None
        self._url = url
        self._token = token
        self._takes = takes
        self._rates = dict(_RATES)
        self._rewrite = rewrite_answer
        self._loop = LoopThread()
        self._tasks = []
        try:
            self._loop.call(self._start())
        except BaseException:
            self.close()
            raise

    # What was received.

    @property
    def numbers(self):
        return [picture.number for picture in list(self.heard.pictures) if picture.number is not None]

    @property
    def in_order(self):
        """Each picture after an earlier one; twice only where it stood, for then the gateway shows it again."""
        pictures = [picture for picture in list(self.heard.pictures) if picture.number is not None]
        return all(before.number < after.number or (before.number == after.number and (after.rtp - before.rtp) % 2**32 > STANDING)
                   for before, after in zip(pictures, pictures[1:]))

    def tone(self, seconds=0.5):
        """(frequency, root mean square) of the latest sound, or None as long as there is not enough."""
        samples = self._latest(seconds)
        return None if samples is None else signals.tone_of(samples, self._rates["audio"])

    def first_picture_after_offer(self):
        """Seconds from the offer to the first decoded picture."""
        return self.heard.marks["first picture"] - self.heard.marks["offered"]

    def media_skew(self):
        """Sound minus picture in seconds as the sender's clock says it: RTP times joined by sender reports.

        Exact to one sample of sound; jitter buffers and screens have no part in it. Median over all bursts.
        """
        flashes = [now.rtp for before, now in zip(self.heard.pictures, self.heard.pictures[1:])
                   if now.lit and not before.lit]
        onsets = self._onsets()
        skews = [
            min((self._sender_time("audio", onset) - self._sender_time("video", flash) for onset in onsets), key=abs)
            for flash in flashes if onsets]
        return statistics.median(skews)

    @property
    def has_reports(self):
        return all(self.heard.reports.get(kind) for kind in _RATES)

    @property
    def is_closed(self):
        """Whether the server has ended the connection."""
        return self._peer.connectionState == "closed"

    def close(self):
        self._loop.call(self._stop())
        self._loop.stop()

    # How it is received.

    async def _start(self):
        self._peer = RTCPeerConnection(RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self._peer.on("track", self._received_track)
        self._peer.on("connectionstatechange", self._mark_connected)
        for kind in ("audio", "video"):
            transceiver = self._peer.addTransceiver(kind, direction="recvonly")
            if self._takes:
                codecs = RTCRtpReceiver.getCapabilities(kind).codecs
                transceiver.setCodecPreferences([c for c in codecs if c.mimeType.split("/")[1] in self._takes])
            self._watch_reports(transceiver.receiver, kind)
        await self._peer.setLocalDescription(await self._peer.createOffer())
        self.heard.marks["offered"] = time.monotonic()
        answer, location = await asyncio.to_thread(self._post, self._peer.localDescription.sdp)
        self.heard.marks["answered"] = time.monotonic()
        self.location = location
        await self._peer.setRemoteDescription(RTCSessionDescription(self._rewrite(answer), "answer"))

    def _post(self, offer):
        fields = {"Content-Type": "application/sdp"}
        if self._token:
            fields["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(self._url, offer.encode(), fields, method="POST")
        with urllib.request.urlopen(request, timeout=10, context=_UNVERIFIED) as response:
            assert response.status == 201, response.status
            assert response.headers.get_content_type() == "application/sdp"
            return response.read().decode(), urljoin(self._url, response.headers["Location"])

    def _delete(self):
        request = urllib.request.Request(self.location, method="DELETE")
        with urllib.request.urlopen(request, timeout=10, context=_UNVERIFIED) as response:
            return response.status

    async def _stop(self):
        for task in self._tasks:
            task.cancel()
        if self.location:
            try:
                await asyncio.to_thread(self._delete)
            except OSError:
                pass  # the server has gone first
        await self._peer.close()

    def _mark_connected(self):
        if self._peer.connectionState == "connected":
            self.heard.marks.setdefault("connected", time.monotonic())

    def _received_track(self, track):
        read = self._read_pictures if track.kind == "video" else self._read_sound
        self._tasks.append(asyncio.ensure_future(read(track)))

    async def _read_pictures(self, track):
        try:
            while True:
                frame = await track.recv()
                at = time.monotonic()
                self.heard.marks.setdefault("first picture", at)
                number, lit = signals.read_picture(frame.to_ndarray(format="gray"))
                self.heard.pictures.append(Picture(at, frame.pts, number, lit, (frame.width, frame.height)))
        except (MediaStreamError, InvalidStateError):
            pass

    async def _read_sound(self, track):
        try:
            while True:
                frame = await track.recv()
                self._rates["audio"] = frame.sample_rate
                samples = frame.to_ndarray().reshape(-1, len(frame.layout.channels)).mean(axis=1) / 32768
                self.heard.sound.append((frame.pts, samples))
        except (MediaStreamError, InvalidStateError):
            pass

    # aiortc keeps sender reports to itself.
    def _watch_reports(self, receiver: RTCRtpReceiver, kind):
        handle = receiver._handle_rtcp_packet

        async def handle_and_keep(packet):
            if isinstance(packet, RtcpSrPacket):
                report = packet.sender_info
                self.heard.reports.setdefault(kind, []).append((report.ntp_timestamp / 2**32, report.rtp_timestamp))
            await handle(packet)

        receiver._handle_rtcp_packet = handle_and_keep

    def _latest(self, seconds):
        wanted, parts = int(seconds * self._rates["audio"]), []
        for _, samples in reversed(list(self.heard.sound)):
            parts.append(samples)
            if sum(map(len, parts)) >= wanted:
                return np.concatenate(parts[::-1])[-wanted:]
        return None

    def _onsets(self):
        sound = list(self.heard.sound)
        if not sound:
            return []
        origin = sound[0][0]
        line = np.zeros((sound[-1][0] - origin) % 2**32 + len(sound[-1][1]))
        for rtp, samples in sound:
            begin = (rtp - origin) % 2**32
            line[begin:begin + len(samples)] = samples
        rate = self._rates["audio"]
        return [origin + index for index in signals.burst_onsets(line, rate) if index > 0.4 * rate]

    def _sender_time(self, kind, rtp):
        ntp, reported = self.heard.reports[kind][-1]
        difference = (rtp - reported + 2**31) % 2**32 - 2**31
        return ntp + difference / self._rates[kind]
