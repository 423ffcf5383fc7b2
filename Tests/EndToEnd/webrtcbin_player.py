"""A WHEP player made of GStreamer's webrtcbin; run by Debian's own Python, which has GStreamer's bindings.

    /usr/bin/python3 webrtcbin_player.py URL SECONDS

Prints {"pictures": N, "sounds": N, "caps": [...]} after so many seconds of decoded media, or fails.
"""

import json
import ssl
import sys
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

UNVERIFIED = ssl._create_unverified_context()


class Player:
    def __init__(self, url):
        self.url = url
        self.heard = {"pictures": 0, "sounds": 0, "caps": []}
        self.pipeline = Gst.Pipeline.new()
        self.peer = Gst.ElementFactory.make("webrtcbin")
        self.peer.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.add(self.peer)
        # libnice leaves loopback out unless it is told; the gateway under test is nowhere else.
        self.agent = self.peer.get_property("ice-agent")  # kept: 1.22 gives away a reference it does not own
        self.agent.emit("add-local-ip-address", "127.0.0.1")
        for caps in (
            "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,encoding-params=(string)2,payload=97",
            "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96,"
            "rtcp-fb-nack=true,rtcp-fb-nack-pli=true",
        ):
            self.peer.emit(
                "add-transceiver", GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY, Gst.Caps.from_string(caps))
        self.peer.connect("pad-added", self._received)
        self.peer.connect("notify::ice-gathering-state", self._gathered)

    def start(self):
        self.pipeline.set_state(Gst.State.PLAYING)
        self.peer.emit("create-offer", None, Gst.Promise.new_with_change_func(self._offered))

    def stop(self):
        self.pipeline.set_state(Gst.State.NULL)

    def _offered(self, promise):
        reply = promise.get_reply()  # lives as long as the name does, and the offer in it no longer
        self.peer.emit("set-local-description", reply.get_value("offer"), Gst.Promise.new())

    def _gathered(self, *_):
        if self.peer.get_property("ice-gathering-state") != GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            return
        offer = self.peer.get_property("local-description").sdp.as_text()
        request = urllib.request.Request(
            self.url, offer.encode(), {"Content-Type": "application/sdp"}, method="POST")
        with urllib.request.urlopen(request, timeout=10, context=UNVERIFIED) as answer:
            _, sdp = GstSdp.SDPMessage.new_from_text(answer.read().decode())
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp)
        self.peer.emit("set-remote-description", description, Gst.Promise.new())

    def _received(self, _, pad):
        if pad.direction != Gst.PadDirection.SRC:
            return
        decoder = Gst.ElementFactory.make("decodebin")
        decoder.connect("pad-added", self._decoded)
        self.pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    def _decoded(self, _, pad):
        caps = pad.get_current_caps().to_string()
        self.heard["caps"].append(caps)
        kind = "pictures" if caps.startswith("video") else "sounds"
        sink = Gst.ElementFactory.make("fakesink")
        sink.set_property("signal-handoffs", True)
        sink.set_property("sync", False)
        sink.connect("handoff", lambda *_: self.heard.__setitem__(kind, self.heard[kind] + 1))
        self.pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad("sink"))


def main():
    Gst.init(None)
    player = Player(sys.argv[1])
    loop = GLib.MainLoop()
    left = [int(float(sys.argv[2]) * 10)]

    def look():
        left[0] -= 1
        if left[0] <= 0 or (player.heard["pictures"] > 30 and player.heard["sounds"] > 50):
            loop.quit()
        return True

    GLib.timeout_add(100, look)
    player.start()
    loop.run()
    player.stop()
    print(json.dumps(player.heard))


main()
