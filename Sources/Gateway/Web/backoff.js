// How long to wait before the next attempt: doubled each time, with jitter, so that a thousand pages
// that lost the same server do not come back in the same moment.

const FIRST = 500;
const LONGEST = 15_000;

/** An attempt counts as a success, and the delays start over, when it has held this long (milliseconds). */
export const HELD = 10_000;

export class Backoff {
  #attempts = 0;
  #random;

  constructor(random = Math.random) {
    this.#random = random;
  }

  /**
   * Milliseconds to wait before the next attempt.
   * @param {number} [atLeast] seconds the server asked for ("retryAfter"); jitter is only ever added to it,
   *        and a server that asks for none gets the first delay all the same
   */
  next(atLeast) {
    const doubled = Math.min(LONGEST, FIRST * 2 ** this.#attempts);
    this.#attempts += 1;
    if (atLeast === undefined) return doubled * (0.5 + this.#random() / 2);
    return Math.max(FIRST, atLeast * 1000) + this.#random() * Math.min(1000, atLeast * 200);
  }

  reset() {
    this.#attempts = 0;
  }
}
