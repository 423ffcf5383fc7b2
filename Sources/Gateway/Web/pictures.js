// Whether a video track moves: known from the count of decoded pictures alone.

/** How long without a new picture until it counts as stalled, in milliseconds. */
const STALL = 2_000;

/** One per video track: 'awaited' until the first picture, then 'moving' or 'stalled'. */
export class PictureWatch {
  #decoded = 0;
  #movedAt;

  /**
   * @param {number} decoded  pictures decoded so far
   * @param {number} now      milliseconds
   */
  update(decoded, now) {
    if (decoded !== this.#decoded) {
      this.#decoded = decoded;
      this.#movedAt = now;
    }
    if (this.#movedAt === undefined) return 'awaited';
    return now - this.#movedAt > STALL ? 'stalled' : 'moving';
  }
}
