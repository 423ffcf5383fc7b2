// The grid of tiles, one per participant, in the order in which they came.

import { Tile } from './tile.js';

export class Tiles {
  #list;
  #template;
  #empty;
  #byName = new Map();
  #added;

  /**
   * @param {{list: HTMLElement, template: HTMLTemplateElement, empty: HTMLElement}} elements
   * @param {(tile: Tile) => void} added  called for each new tile
   */
  constructor({ list, template, empty }, added) {
    this.#list = list;
    this.#template = template;
    this.#empty = empty;
    this.#added = added;
  }

  get all() {
    return [...this.#byName.values()];
  }

  /** The tile of a participant, by name: a name is one identity, whatever id the server gave it this time. */
  of(participant) {
    return this.#byName.get(participant.name);
  }

  update(participants, trackFor) {
    const names = new Set(participants.map((participant) => participant.name));
    for (const [name, tile] of this.#byName) if (!names.has(name)) this.#remove(name, tile);
    for (const participant of participants) {
      if (!this.#byName.has(participant.name)) this.#add(participant);
      this.#byName.get(participant.name).update(participant, trackFor);
    }
    this.#list.dataset.count = this.#byName.size;
    this.#empty.hidden = this.#byName.size > 0;
  }

  #add(participant) {
    const tile = new Tile(this.#template, participant, (chosen) => this.#enlarge(chosen));
    this.#byName.set(participant.name, tile);
    this.#list.append(tile.element);
    this.#added(tile);
  }

  #remove(name, tile) {
    // Somebody who works by keyboard must not be thrown back to the top of the page.
    if (tile.element.contains(document.activeElement)) {
      const next = tile.element.nextElementSibling ?? tile.element.previousElementSibling;
      (next?.querySelector('button') ?? document.getElementById('sound')).focus();
    }
    tile.video.srcObject = null;
    tile.element.remove();
    this.#byName.delete(name);
  }

  #enlarge(chosen) {
    for (const tile of this.all) tile.enlarged = tile === chosen && !tile.enlarged;
  }
}
