// The room's conversation over one secure web socket: text frames, one JSON object each (docs/signalling.md).
// One instance is one web socket; whoever owns it makes a new one to come back.

export const PROTOCOL_VERSION = 1;

/** How long the server may take from our first byte to its "welcome", in milliseconds. */
const WELCOME_TIMEOUT = 10_000;

export class Signalling {
  #socket;
  #timer;
  #handlers;

  /**
   * @param {string} url      wss://HOST/rooms/ROOM/signal
   * @param {string} [key]    access key; it travels in the "join" message only, never in a URL
   * @param {{message: (message: object) => void, closed: (reason: string) => void}} handlers
   *        `closed` is called at most once, and not after `leave`.
   */
  constructor(url, key, handlers) {
    this.#handlers = handlers;
    this.#timer = setTimeout(() => this.#end('the server does not answer'), WELCOME_TIMEOUT);
    this.#socket = new WebSocket(url);
    this.#socket.onopen = () => this.send({ type: 'join', version: PROTOCOL_VERSION, ...(key ? { key } : {}) });
    this.#socket.onmessage = (event) => this.#received(event.data);
    this.#socket.onclose = () => this.#end('the connection was lost');
  }

  /** Sends one message; a message to a socket that is no longer open is dropped: the owner is told by `closed`. */
  send(message) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Says good-bye and closes. No handler is called any more. */
  leave() {
    this.send({ type: 'leave' });
    this.#release();
  }

  #received(text) {
    const message = readMessage(text);
    if (!message) return;
    if (message.type === 'welcome') clearTimeout(this.#timer);
    this.#handlers.message(message);
  }

  #end(reason) {
    const { closed } = this.#handlers;
    this.#release();
    closed(reason);
  }

  #release() {
    clearTimeout(this.#timer);
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
  }
}

/** What a message must have to be one; a type that is not listed is of a later version and ignored. */
const REQUIRED = {
  welcome: (m) => m.version === PROTOCOL_VERSION && Array.isArray(m.participants),
  participant: (m) => isParticipant(m.participant),
  left: (m) => typeof m.id === 'string',
  answer: (m) => Number.isInteger(m.id) && typeof m.sdp === 'string',
  closing: () => true,
  error: (m) => typeof m.code === 'string',
};

/** The message in one text frame, or undefined if it is none of ours. */
export function readMessage(text) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (message === null || typeof message !== 'object') return undefined;
  if (!Object.hasOwn(REQUIRED, message.type) || !REQUIRED[message.type](message)) return undefined;
  if (message.type === 'welcome') message.participants = message.participants.filter(isParticipant);
  return message;
}

function isParticipant(value) {
  return value !== null && typeof value === 'object'
    && typeof value.id === 'string' && typeof value.name === 'string'
    && Array.isArray(value.tracks) && value.tracks.every(isTrack);
}

function isTrack(value) {
  return value !== null && typeof value === 'object'
    && typeof value.id === 'string' && (value.kind === 'audio' || value.kind === 'video');
}
