// Tells people who listen to the page what happened: short, in order, several events of a moment together.

const GATHER = 400;

export class Announcer {
  #region;
  #waiting = [];
  #timer;

  /** @param {HTMLElement} region  an element with role "status" */
  constructor(region) {
    this.#region = region;
  }

  say(text) {
    if (!this.#waiting.includes(text)) this.#waiting.push(text);
    this.#timer ??= setTimeout(() => this.#flush(), GATHER);
  }

  #flush() {
    this.#region.textContent = this.#waiting.join(' ');
    this.#waiting = [];
    this.#timer = undefined;
  }
}
