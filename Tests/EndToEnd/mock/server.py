"""A stand-in for the gateway, for tests of the page alone.

Serves the page's real files under the real addresses with the real security headers, speaks the signalling of
docs/signalling.md and answers offers with aiortc. It runs in a thread of its own; the methods without an
underscore are for the test's thread and return when the thing is done.
"""

import itertools
import json
import ssl
from dataclasses import dataclass, field
from pathlib import Path

import aioice.ice
from aiohttp import WSMsgType, web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcconfiguration import RTCBundlePolicy

from loops import LoopThread

from .tracks import Clock, Source

# aioice leaves loopback out; the browsers under test are nowhere else.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]

WEB = Path(__file__).resolve().parents[3] / "Sources" / "Gateway" / "Web"
CONTENT_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass
class Speaker:
    name: str
    id: str
    kind: str = "flash"
    media: dict = field(default_factory=dict)  # track id: Source
    tracks: list = field(default_factory=list)  # as told to browsers

    def described(self):
        return {"id": self.id, "name": self.name, "kind": self.kind, "tracks": self.tracks}


class Visitor:
    """One web socket and its peer connection."""

    def __init__(self, server, socket):
        self.server = server
        self.socket = socket
        self.peer = None
        self.sending = {}  # mid: track id
        self.offers = []
        self.join = None
        self.left = False

    def transport(self):
        return self.socket._req.transport

    async def tell(self, /, **message):
        if not self.socket.closed:
            await self.socket.send_str(json.dumps(message))

    async def run(self):
        try:
            async for frame in self.socket:
                if frame.type == WSMsgType.TEXT:
                    await self.received(json.loads(frame.data))
        finally:
            if self.peer:
                await self.peer.close()

    async def received(self, message):
        match message["type"]:
            case "join":
                self.join = message
                await self.server.welcome(self)
            case "offer":
                self.offers.append(message)
                if self.server.answering:
                    await self.answer(message)
            case "leave":
                self.left = True
                await self.socket.close()

    async def answer(self, offer):
        if self.peer is None:
            self.peer = RTCPeerConnection(RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        await self.peer.setRemoteDescription(RTCSessionDescription(offer["sdp"], "offer"))
        for transceiver in self.peer.getTransceivers():
            self.send(transceiver, offer["subscriptions"].get(transceiver.mid))
        await self.peer.setLocalDescription(await self.peer.createAnswer())
        await self.tell(type="answer", id=offer["id"], sdp=self.peer.localDescription.sdp)

    def send(self, transceiver, track_id):
        speaker, source = self.server.source(track_id)
        if self.sending.get(transceiver.mid) == (track_id if source else None):
            return
        self.sending[transceiver.mid] = track_id if source else None
        transceiver.sender.replaceTrack(source.track() if source else None)
        transceiver.direction = "sendonly" if source else "inactive"
        if speaker:
            transceiver.sender._stream_id = speaker.id  # one sync group per speaker; a token, which a name need not be


class MockServer:
    def __init__(self, certificate, key):
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)
        self._ids = itertools.count(1)
        self.speakers = {}
        self.visitors = []
        self.joins = 0
        self.requested = []  # every path and query, as a log would have them
        self.answering = True
        self.refusal = None  # an "error" message to answer "join" with
        self._loop = LoopThread()
        self.port = None
        self.start()

    def url(self, room="demo", key=None):
        return f"https://127.0.0.1:{self.port}/rooms/{room}" + (f"#key={key}" if key else "")

    # What a test makes happen.

    def start(self):
        """Listens (again), on the same port as before."""
        self._call(self._listen())

    def stop(self):
        """Cuts every connection and stops listening, as a server that was killed."""
        self._call(self._stop_listening())

    def close(self):
        self.stop()
        self._loop.stop()

    def add(self, name, audio=440.0, video=True, kind="flash"):
        """A participant comes. `audio` is a tone's frequency, "burst", or None."""
        self._call(self._add(name, audio, video, kind))

    def change(self, name, kind, **fields):
        """Changes the description of the participant's track of that kind (state="paused", ...)."""
        def edit(speaker):
            for track in speaker.tracks:
                if track["kind"] == kind:
                    track.update(fields)
        self._call(self._edit(name, edit))

    def drop_track(self, name, kind):
        def edit(speaker):
            speaker.tracks = [track for track in speaker.tracks if track["kind"] != kind]
        self._call(self._edit(name, edit))

    def freeze(self, name, frozen=True):
        """The pictures stop without a word, as in a network that lost its way."""
        for media in self.speakers[name].media.values():
            if media.kind == "video":
                media.frozen = frozen

    def set_level(self, name, level):
        for media in self.speakers[name].media.values():
            if media.kind == "audio":
                media.level = level

    def remove(self, name):
        self._call(self._remove(name))

    def tell_all(self, **message):
        self._call(self._tell_all(message))

    def tell_all_text(self, *frames):
        async def send():
            for visitor in list(self.visitors):
                for frame in frames:
                    await visitor.socket.send_str(frame)
        self._call(send())

    def cut(self):
        """Closes every web socket without a word."""
        self._call(self._cut())

    def cut_media(self):
        """Closes every peer connection; web sockets stay."""
        self._call(self._cut_media())

    # Called by visitors, in the server's own thread.

    async def welcome(self, visitor):
        self.joins += 1
        if self.refusal:
            await visitor.tell(**self.refusal)
            return
        await visitor.tell(
            type="welcome", version=1, room="demo", self=f"visitor-{self.joins}", iceServers=[],
            participants=[speaker.described() for speaker in self.speakers.values()])

    def source(self, track_id):
        for speaker in self.speakers.values():
            if track_id in speaker.media and any(track["id"] == track_id for track in speaker.tracks):
                return speaker, speaker.media[track_id]
        return None, None

    # The rest.

    def _call(self, coroutine):
        return self._loop.call(coroutine)

    async def _listen(self):
        application = web.Application(middlewares=[self._note])
        application.router.add_get("/rooms/{room}/signal", self._signal)
        application.router.add_get("/rooms/{room}", self._page)
        application.router.add_get("/assets/{name}", self._asset)
        application.router.add_post("/whep/{room}/{name}", self._whep)
        application.router.add_delete("/whep/{room}/{name}", self._whep_ended)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port or 0, ssl_context=self._tls, reuse_address=True)
        await site.start()
        self.port = self.port or site._server.sockets[0].getsockname()[1]

    async def _stop_listening(self):
        await self._cut()
        await self._runner.cleanup()

    @web.middleware
    async def _note(self, request, handler):
        self.requested.append(request.raw_path)
        return await handler(request)

    async def _page(self, request):
        return self._file("index.html")

    async def _asset(self, request):
        return self._file(request.match_info["name"])

    def _file(self, name):
        path = WEB / name
        if path.parent != WEB or not path.is_file():
            raise web.HTTPNotFound(headers=SECURITY_HEADERS)
        return web.Response(
            body=path.read_bytes(), content_type=CONTENT_TYPES[path.suffix], charset="utf-8", headers=SECURITY_HEADERS)

    async def _signal(self, request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        visitor = Visitor(self, socket)
        self.visitors.append(visitor)
        try:
            await visitor.run()
        finally:
            self.visitors.remove(visitor)
        return socket

    # Just enough of WHEP to try the players on: one player at a time.
    async def _whep(self, request):
        speaker = self.speakers[request.match_info["name"]]
        self._player = RTCPeerConnection(RTCConfiguration(bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        await self._player.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        for transceiver in self._player.getTransceivers():
            source = next(source for source in speaker.media.values() if source.kind == transceiver.kind)
            transceiver.sender.replaceTrack(source.track())
            transceiver.direction = "sendonly"
        await self._player.setLocalDescription(await self._player.createAnswer())
        return web.Response(
            status=201, body=self._player.localDescription.sdp.encode(), content_type="application/sdp",
            headers={"Location": request.path})

    async def _whep_ended(self, request):
        await self._player.close()
        return web.Response()

    async def _add(self, name, audio, video, kind):
        speaker = Speaker(name, f"p{next(self._ids)}", kind)
        clock = Clock()
        if video:
            self._give(speaker, "sorenson-h263", Source("video", clock))
        if audio:
            self._give(speaker, "nellymoser", Source("audio", clock, None if audio == "burst" else audio))
        self.speakers[name] = speaker
        await self._tell_all({"type": "participant", "participant": speaker.described()})

    def _give(self, speaker, codec, source):
        track_id = f"t{next(self._ids)}"
        speaker.media[track_id] = source
        speaker.tracks.append({"id": track_id, "kind": source.kind, "codec": codec, "state": "live"})

    async def _edit(self, name, edit):
        speaker = self.speakers[name]
        edit(speaker)
        await self._tell_all({"type": "participant", "participant": speaker.described()})

    async def _remove(self, name):
        speaker = self.speakers.pop(name)
        await self._tell_all({"type": "left", "id": speaker.id})

    async def _tell_all(self, message):
        for visitor in list(self.visitors):
            await visitor.tell(**message)

    async def _cut(self):
        for visitor in list(self.visitors):
            if transport := visitor.transport():  # none: it has just gone by itself
                transport.abort()

    async def _cut_media(self):
        for visitor in list(self.visitors):
            if visitor.peer:
                await visitor.peer.close()
                visitor.peer = None
