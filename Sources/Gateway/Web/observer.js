// Joins what is measured to who it belongs to: per participant, whether the picture moves and how loud the sound is.

import { levelOf, readTracks } from './measurements.js';
import { PictureWatch } from './pictures.js';
import { SpeakingDetector } from './speaking.js';

export class Observer {
  #readings = new Map();
  #watches = new Map();
  #speaking = new SpeakingDetector();

  /** Forgets everything: the connection is a new one. */
  reset() {
    this.#readings = new Map();
    this.#watches = new Map();
  }

  /**
   * @param {import('./connection.js').Connection} connection
   * @param {object[]} participants
   * @returns {Promise<Map<string, {pictures?: string, speaking: boolean}>>} by participant id
   */
  async observe(connection, participants) {
    const readings = await readTracks(connection.peerConnection);
    const now = performance.now();
    const levels = new Map();
    const observed = new Map();
    for (const { id, tracks } of participants) {
      const pictures = this.#pictures(find(tracks, 'video'), connection, readings, now);
      const sound = find(tracks, 'audio');
      const receiver = sound && connection.receiverFor(sound.id);
      if (receiver) {
        const { id: received } = receiver.track;
        levels.set(id, levelOf(receiver, this.#readings.get(received), readings.get(received)));
      }
      observed.set(id, { pictures, speaking: false });
    }
    this.#forget(participants);
    this.#readings = readings;
    for (const id of this.#speaking.update(levels, now)) observed.get(id).speaking = true;
    return observed;
  }

  #pictures(track, connection, readings, now) {
    const received = track && connection.receiverFor(track.id)?.track.id;
    if (!received) return undefined;
    if (!this.#watches.has(track.id)) this.#watches.set(track.id, new PictureWatch());
    return this.#watches.get(track.id).update(readings.get(received)?.framesDecoded ?? 0, now);
  }

  #forget(participants) {
    const present = new Set(participants.flatMap((participant) => participant.tracks.map((track) => track.id)));
    for (const id of this.#watches.keys()) if (!present.has(id)) this.#watches.delete(id);
  }
}

function find(tracks, kind) {
  return tracks.find((track) => track.kind === kind && track.state !== 'unsupported');
}
