// One RTCPeerConnection that receives every track of the room. The browser always offers: each change of what
// is wanted becomes a new offer, one in flight at a time. A media section belongs to one track at a time and
// is used again, for a track of the same kind, after the server has confirmed that it is inactive.

/** How long an answer may take, in milliseconds. */
const ANSWER_TIMEOUT = 10_000;

// Browsers hold sound back for about this long before they play it, and pictures hardly at all; they bring the two
// together by and by, which takes half a minute. Asked to hold pictures back as long, they need not. Only once the
// first picture is there: that one shall come at once.
const PICTURES_HELD_BACK = 100;
const FIRST_PICTURE_BY = 400;

export class Connection {
  /** When the latest offer was sent, its answer came and the transport first stood, by performance.now(). */
  timings = {};

  #peer;
  #handlers;
  #wanted = new Map();
  /** One entry per media section: transceiver, and the track it carries ("vacant" when confirmed inactive). */
  #sections = [];
  #offer = null;
  #nextOffer = 1;

  /**
   * @param {RTCIceServer[]} iceServers
   * @param {object} handlers
   *   offer({id, sdp, subscriptions}): send this to the server;
   *   changed(): an answer was applied, `receiverFor` may give other results now;
   *   state(connectionState): of the RTCPeerConnection;
   *   failed(reason): this connection is of no use any more
   */
  constructor(iceServers, handlers) {
    this.#handlers = handlers;
    this.#peer = new RTCPeerConnection({ iceServers, bundlePolicy: 'max-bundle' });
    this.#peer.onconnectionstatechange = () => this.#stateChanged();
  }

  /** The underlying RTCPeerConnection, for statistics. */
  get peerConnection() {
    return this.#peer;
  }

  get state() {
    return this.#peer.connectionState;
  }

  /**
   * Says which tracks the page wants from now on; negotiates when that differs from what is there.
   * @param {Map<string, 'audio'|'video'>} tracks by track id
   */
  want(tracks) {
    this.#wanted = tracks;
    if (!this.#offer) this.#negotiate().catch((error) => this.#fail(error));
  }

  /** The answer to offer `id`; one to an offer that is not in flight is ignored. */
  async answered({ id, sdp }) {
    if (this.#offer?.id !== id) return;
    clearTimeout(this.#offer.timer);
    try {
      await this.#peer.setRemoteDescription({ type: 'answer', sdp });
      this.timings.answered = performance.now();
      for (const section of this.#sections) section.confirmed = section.track;
      this.#offer = null;
      this.#handlers.changed();
      await this.#negotiate();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The server refused offer `id`. */
  refused({ id, message }) {
    if (this.#offer?.id === id) this.#fail(new Error(message ?? 'the offer was refused'));
  }

  /** What receives the track of that id once the server has confirmed it, else undefined. */
  receiverFor(trackID) {
    return this.#sections.find((section) => section.confirmed === trackID)?.transceiver.receiver;
  }

  close() {
    clearTimeout(this.#offer?.timer);
    this.#peer.onconnectionstatechange = null;
    this.#peer.close();
  }

  async #negotiate() {
    if (!this.#assign()) return;
    const offer = { id: this.#nextOffer++ };
    this.#offer = offer;
    await this.#peer.setLocalDescription();
    if (this.#closed) return;
    const subscriptions = {};
    for (const { transceiver, track } of this.#sections) if (track) subscriptions[transceiver.mid] = track;
    offer.timer = setTimeout(() => this.#fail(new Error('the offer was not answered')), ANSWER_TIMEOUT);
    this.timings.offered = performance.now();
    // The gateway is reached by its own address and learns ours from the first check: no candidate is waited for.
    this.#handlers.offer({ id: offer.id, sdp: this.#peer.localDescription.sdp, subscriptions });
  }

  /** Gives every wanted track a media section and frees those of the others. True if anything changed. */
  #assign() {
    let changed = false;
    for (const section of this.#sections) {
      if (!section.track || this.#wanted.has(section.track)) continue;
      section.track = undefined;
      section.transceiver.direction = 'inactive';
      changed = true;
    }
    const assigned = new Set(this.#sections.map((section) => section.track));
    for (const [track, kind] of this.#wanted) {
      if (assigned.has(track)) continue;
      this.#vacant(kind).track = track;
      changed = true;
    }
    return changed;
  }

  // A section that is being freed in the same offer is not taken again yet: the new speaker's
  // tile would show the last pictures of the old one.
  #vacant(kind) {
    const free = this.#sections.find((s) => s.kind === kind && !s.track && !s.confirmed);
    if (free) {
      free.transceiver.direction = 'recvonly';
      return free;
    }
    const transceiver = this.#peer.addTransceiver(kind, { direction: 'recvonly' });
    if (kind === 'video') holdBack(transceiver.receiver);
    const section = { kind, transceiver, track: undefined, confirmed: undefined };
    this.#sections.push(section);
    return section;
  }

  #stateChanged() {
    if (this.state === 'connected') this.timings.connected ??= performance.now();
    if (this.state === 'failed') this.#fail(new Error('no way to the server any more'), 'picture and sound were lost');
    else this.#handlers.state(this.state);
  }

  get #closed() {
    return this.#peer.signalingState === 'closed';
  }

  #fail(error, reason = 'picture and sound could not be set up') {
    if (this.#closed) return;
    console.warn('media connection:', error);
    this.close();
    this.#handlers.failed(reason);
  }
}

function holdBack(receiver) {
  if (!('jitterBufferTarget' in receiver)) return;
  const start = () => setTimeout(() => { receiver.jitterBufferTarget = PICTURES_HELD_BACK; }, FIRST_PICTURE_BY);
  receiver.track.addEventListener('unmute', start, { once: true });
}
