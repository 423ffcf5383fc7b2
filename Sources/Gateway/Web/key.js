// The access key of this tab. It comes behind "#key=" in the link, the part of an address that browsers send nowhere, and
// is taken out of the address at once: neither the address bar nor the history keeps it. The tab remembers it, so that
// the page can be reloaded; other tabs and later visits know nothing of it.

export class AccessKey {
  #place;
  #value;

  /** @param {string} room  keys are of one room */
  constructor(room) {
    this.#place = `flashgate-key:${room}`;
    this.#value = stored(this.#place) ?? undefined;
  }

  /** The key, or undefined. */
  get value() {
    return this.#value;
  }

  /** Takes the key out of the page's address. Returns whether there was one. */
  take() {
    const shown = new URLSearchParams(location.hash.slice(1)).get('key');
    if (shown === null) return false;
    history.replaceState(history.state, '', location.pathname + location.search);
    this.#value = shown;
    store(this.#place, shown);
    return true;
  }

  /** The key opens nothing any more. */
  forget() {
    this.#value = undefined;
    store(this.#place, null);
  }
}

// A browser that keeps no storage for the page throws; then a reload asks for the link again.
function stored(place) {
  try {
    return sessionStorage.getItem(place);
  } catch {
    return null;
  }
}

function store(place, value) {
  try {
    if (value === null) sessionStorage.removeItem(place);
    else sessionStorage.setItem(place, value);
  } catch {
    // See above.
  }
}
