// The stay in a room: joins, keeps the list of participants and the media connection in step with what the
// server says, and comes back by itself when either is lost.

import { Backoff, HELD } from './backoff.js';
import { Connection } from './connection.js';
import { Participants } from './participants.js';
import { Signalling } from './signalling.js';

/** How long media may be interrupted before the page starts over, in milliseconds. */
const INTERRUPTION = 5_000;

/** Errors that trying again by itself cannot mend; each with what the page says. */
const FINAL = {
  'unsupported-version': { title: 'Out of date', text: 'This page is out of date. Reload it.' },
  'unknown-room': { title: 'No such room', text: 'There is no such room.' },
  'key-required': {
    title: 'Access key needed', text: 'This room needs an access key: open the whole link that you were given.',
  },
  'key-refused': {
    title: 'Not allowed', text: 'You are not allowed in with this access key. Ask whoever gave it to you for a new one.',
  },
  denied: { title: 'Not allowed', text: 'You are not allowed in from here.' },
};

/**
 * A stay has one phase at a time:
 *   {name: 'connecting'}, {name: 'joined'}, {name: 'interrupted'} (still joined, media does not flow),
 *   {name: 'waiting', reason, seconds}, {name: 'ended', reason, refusal: {code, title, text}} (refusal: kept out)
 */
export class Room {
  participants = new Participants();

  #url;
  #key;
  #handlers;
  #backoff = new Backoff();
  #phase = { name: 'ended', reason: 'Not joined yet.' };
  #signalling;
  #connection;
  #timer;

  /**
   * @param {string} url  wss://HOST/rooms/ROOM/signal
   * @param {() => string|undefined} key  asked at each attempt
   * @param {{phase: Function, participants: Function, joined: Function, left: Function}} handlers
   *   phase(phase); participants(): list or media changed; joined(names), left(names): for announcements
   */
  constructor(url, key, handlers) {
    this.#url = url;
    this.#key = key;
    this.#handlers = handlers;
  }

  get phase() {
    return this.#phase;
  }

  /** The media connection, or undefined before the first track. */
  get connection() {
    return this.#connection;
  }

  /** Joins (again), at once. What is on the page stays until the server has answered. */
  connect() {
    this.#drop();
    this.#enter({ name: 'connecting' });
    this.#signalling = new Signalling(this.#url, this.#key(), {
      message: (message) => this.#received(message),
      closed: (reason) => this.#lost(reason),
    });
  }

  /** Leaves for good, or until `connect` is called. */
  leave() {
    this.#drop();
    this.#enter({ name: 'ended', reason: 'You left the room.' });
  }

  #received(message) {
    switch (message.type) {
      case 'welcome': return this.#welcomed(message);
      case 'participant': return this.#participantChanged(message.participant);
      case 'left': return this.#participantLeft(message.id);
      case 'answer': return void this.#connection?.answered(message);
      case 'closing': return this.#closing(message);
      case 'error': return this.#failed(message);
    }
  }

  #welcomed({ self, participants, iceServers }) {
    this.#connection?.close();
    this.#connection = new Connection(iceServers ?? [], {
      offer: (offer) => this.#signalling.send({ type: 'offer', ...offer }),
      changed: () => this.#handlers.participants(),
      state: (state) => this.#mediaChanged(state),
      failed: (reason) => this.#lost(reason),
    });
    const { joined, left } = this.participants.replaceAll(participants, self);
    this.#enter({ name: 'joined' });
    this.#timer = setTimeout(() => this.#backoff.reset(), HELD);
    this.#participantsChanged();
    this.#handlers.joined(joined);
    this.#handlers.left(left);
  }

  #participantChanged(participant) {
    const change = this.participants.put(participant);
    if (change === 'none') return;
    this.#participantsChanged();
    if (change === 'joined') this.#handlers.joined([participant]);
  }

  #participantLeft(id) {
    const participant = this.participants.remove(id);
    if (!participant) return;
    this.#participantsChanged();
    this.#handlers.left([participant]);
  }

  #participantsChanged() {
    this.#connection?.want(this.participants.receivable());
    this.#handlers.participants();
  }

  // An interruption that mends itself within a few seconds costs less than starting over.
  #mediaChanged(state) {
    if (state === 'disconnected' && this.#phase.name === 'joined') {
      this.#enter({ name: 'interrupted' });
      this.#timer = setTimeout(() => this.#lost('picture and sound were lost'), INTERRUPTION);
    } else if (state === 'connected' && this.#phase.name === 'interrupted') {
      this.#enter({ name: 'joined' });
    }
  }

  #closing({ reason, retryAfter }) {
    if (Object.hasOwn(FINAL, reason)) this.#refused(reason);
    else if (typeof retryAfter === 'number') this.#lost(closingReason(reason), retryAfter);
    else this.#end(closingReason(reason));
  }

  #failed(error) {
    if (Number.isInteger(error.id)) this.#connection?.refused(error);
    else if (Object.hasOwn(FINAL, error.code)) this.#refused(error.code);
    else this.#lost(error.message ?? error.code, error.retryAfter);
  }

  #lost(reason, retryAfter) {
    this.#drop();
    const delay = this.#backoff.next(retryAfter);
    this.#enter({ name: 'waiting', reason, seconds: Math.max(1, Math.round(delay / 1000)) });
    this.#timer = setTimeout(() => this.connect(), delay);
  }

  // Whoever is kept out sees nobody of the room any more.
  #refused(code) {
    this.#drop();
    this.participants.replaceAll([]);
    this.#enter({ name: 'ended', reason: FINAL[code].text, refusal: { code, ...FINAL[code] } });
    this.#handlers.participants();
  }

  #end(reason) {
    this.#drop();
    this.#enter({ name: 'ended', reason });
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#signalling?.leave();
    this.#connection?.close();
    this.#signalling = undefined;
  }

  // A timer belongs to the phase that set it.
  #enter(phase) {
    clearTimeout(this.#timer);
    this.#phase = phase;
    this.#handlers.phase(phase);
  }
}

function closingReason(reason) {
  switch (reason) {
    case 'shutdown': return 'the server is going down';
    case 'replaced': return 'You joined this room somewhere else.';
    case 'ended-by-operator': return 'An operator ended this session.';
    default: return 'the server closed the connection';
  }
}
