// Who is speaking: a level above one threshold starts it, silence below another for a while ends it,
// so that the ring does not flicker between two words.

/** Root mean square of full scale: -36 and -42 dB. */
const STARTS = 0.016;
const ENDS = 0.008;

/** How long after the last sound somebody still counts as speaking, in milliseconds. */
const HOLD = 700;

export class SpeakingDetector {
  #lastHeard = new Map();

  /**
   * @param {Map<string, number>} levels  sound level by participant id, of everybody who has sound
   * @param {number} now  milliseconds
   * @returns {Set<string>} ids of those who speak
   */
  update(levels, now) {
    for (const id of this.#lastHeard.keys()) if (!levels.has(id)) this.#lastHeard.delete(id);
    for (const [id, level] of levels) {
      if (level >= (this.#lastHeard.has(id) ? ENDS : STARTS)) this.#lastHeard.set(id, now);
      else if (now - this.#lastHeard.get(id) > HOLD) this.#lastHeard.delete(id);
    }
    return new Set(this.#lastHeard.keys());
  }
}
