// Who else is in the room, as the server last said it.

export class Participants {
  #byID = new Map();
  #self;

  /** All of them, in the order in which they came. */
  get all() {
    return [...this.#byID.values()];
  }

  /**
   * Replaces the whole list, as "welcome" does.
   * @param {string} [self]  our own id, which is left out
   * @returns {{joined: object[], left: object[]}} the difference, by name: ids may change when the server restarts
   */
  replaceAll(participants, self) {
    this.#self = self;
    const others = participants.filter((p) => p.id !== self);
    const before = new Map(this.all.map((p) => [p.name, p]));
    this.#byID = new Map(others.map((p) => [p.id, p]));
    const now = new Set(others.map((p) => p.name));
    return {
      joined: others.filter((p) => !before.has(p.name)),
      left: [...before.values()].filter((p) => !now.has(p.name)),
    };
  }

  /** Adds or replaces one; says whether that made it 'joined', 'changed', or (ourselves) 'none'. */
  put(participant) {
    if (participant.id === this.#self) return 'none';
    const change = this.#byID.has(participant.id) ? 'changed' : 'joined';
    this.#byID.set(participant.id, participant);
    return change;
  }

  /** Removes one and returns it, or undefined if it was not there. */
  remove(id) {
    const participant = this.#byID.get(id);
    this.#byID.delete(id);
    return participant;
  }

  /** The tracks worth receiving: all but those that the gateway cannot turn into anything for us. */
  receivable() {
    const tracks = this.all.flatMap((p) => p.tracks).filter((track) => track.state !== 'unsupported');
    return new Map(tracks.map((track) => [track.id, track.kind]));
  }
}
