"""A WHEP player inside of a real browser: the page's script is ours, the media stack is the browser's."""

import re

_PLAY = r"""
async (url, relayPort, iceServers, policy) => {
  const peer = new RTCPeerConnection({ iceServers, iceTransportPolicy: policy });
  const video = document.createElement("video");
  video.muted = true;
  video.autoplay = true;
  document.body.append(video);
  const player = { peer, video, shown: [] };
  window.whepPlayer = player;
  const streams = new MediaStream();
  peer.ontrack = event => { streams.addTrack(event.track); video.srcObject = streams; video.play(); };
  const note = now => {
    player.shown.push({ at: now, width: video.videoWidth });
    video.requestVideoFrameCallback(note);
  };
  video.requestVideoFrameCallback(note);
  peer.addTransceiver("audio", { direction: "recvonly" });
  peer.addTransceiver("video", { direction: "recvonly" });
  await peer.setLocalDescription(await peer.createOffer());
  if (policy === "relay") {
    await new Promise(done => {
      if (peer.iceGatheringState === "complete") done();
      peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && done();
    });
  }
  const answer = await fetch(url, {
    method: "POST", headers: { "Content-Type": "application/sdp" }, body: peer.localDescription.sdp,
  });
  if (answer.status !== 201) return answer.status;
  let sdp = await answer.text();
  player.location = answer.headers.get("Location");
  if (relayPort) sdp = sdp.replace(/(a=candidate:\S+ \d+ \S+ \d+ )\S+ \d+ /g, `$1127.0.0.1 ${relayPort} `);
  await peer.setRemoteDescription({ type: "answer", sdp });
  return 201;
}
"""

_STATE = r"""
async () => {
  const { peer, shown, video } = window.whepPlayer;
  const state = { connection: peer.connectionState, now: performance.now(), shown, width: video.videoWidth };
  const reports = [...(await peer.getStats()).values()];
  for (const report of reports) {
    if (report.type === "inbound-rtp") state[report.kind] = report;
    if (report.type === "transport") {
      const pair = reports.find(other => other.id === report.selectedCandidatePairId);
      state.local = pair && reports.find(other => other.id === pair.localCandidateId);
      state.remote = pair && reports.find(other => other.id === pair.remoteCandidateId);
    }
  }
  return state;
}
"""

_CLOSE = r"""
async () => {
  const player = window.whepPlayer;
  if (!player) return;
  player.peer.close();
  if (player.location) await fetch(player.location, { method: "DELETE" });
}
"""


class BrowserPlayer:
    def __init__(self, browser, gateway, room, name, relay_port=None, ice_servers=(), policy="all"):
        self._browser = browser
        # Any page of the gateway's origin will do; the room's own would play too.
        browser.open(re.sub(r"/rooms/.*", "/healthz", gateway.page_url(room)))
        status = browser.evaluate(_PLAY, gateway.whep_url(room, name), relay_port, list(ice_servers), policy)
        if status == 404:
            raise LookupError(f"{name} does not speak yet")
        assert status == 201, status

    def state(self):
        """What the browser says of the connection by now."""
        return self._browser.evaluate(_STATE)

    def shown(self):
        """Milliseconds at which pictures were shown."""
        return [picture["at"] for picture in self.state()["shown"]]

    def close(self):
        self._browser.evaluate(_CLOSE)
