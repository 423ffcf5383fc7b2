// One participant on the page: picture or initials, name, Flash mark, who speaks, and what is wrong.

let made = 0;

export class Tile {
  element;
  video;

  #avatar;
  #note;
  #speaking;
  #enlarge;
  #participant;
  #stream = new MediaStream();
  #hadPicture = false;

  /** @param {HTMLTemplateElement} template */
  constructor(template, participant, onEnlarge) {
    this.element = template.content.firstElementChild.cloneNode(true);
    const find = (selector) => this.element.querySelector(selector);
    this.video = find('video');
    this.#avatar = find('.avatar');
    this.#note = find('.note');
    this.#speaking = find('.speaking-mark');
    this.#enlarge = find('.enlarge');
    this.#enlarge.addEventListener('click', () => onEnlarge(this));

    const { name, kind } = participant;
    const heading = find('.name');
    heading.id = `participant-${++made}`;
    heading.textContent = name;
    this.element.dataset.participant = name;
    this.element.setAttribute('aria-labelledby', heading.id);
    this.video.setAttribute('aria-label', `Picture of ${name}`);
    this.#avatar.textContent = initials(name);
    find('.mark').hidden = kind !== 'flash';
    this.enlarged = false;

    this.video.muted = true;
    this.video.srcObject = this.#stream;
  }

  set enlarged(on) {
    this.element.classList.toggle('enlarged', on);
    this.#enlarge.setAttribute('aria-pressed', String(on));
    this.#enlarge.setAttribute('aria-label', `Enlarge ${this.element.dataset.participant}`);
  }

  get enlarged() {
    return this.element.classList.contains('enlarged');
  }

  /**
   * Takes the participant as it is now.
   * @param {(trackID: string) => MediaStreamTrack|undefined} trackFor
   */
  update(participant, trackFor) {
    this.#participant = participant;
    for (const kind of ['audio', 'video']) {
      const described = participant.tracks.find((track) => track.kind === kind);
      this.#carry(kind, described && trackFor(described.id), described !== undefined);
    }
  }

  /** Shows what was measured: the pictures ('awaited', 'moving', 'stalled' or undefined) and who speaks. */
  show({ pictures, speaking, online }) {
    if (pictures === 'moving') this.#hadPicture = true;
    const video = this.#participant.tracks.find((track) => track.kind === 'video');
    const shown = video !== undefined && video.state !== 'unsupported' && this.#hadPicture;
    const { state, text } = this.#condition(video, pictures, online);
    this.element.dataset.state = state;
    this.element.classList.toggle('no-picture', !shown);
    this.element.classList.toggle('speaking', speaking);
    this.#speaking.hidden = !speaking;
    this.#note.hidden = text === '';
    if (this.#note.textContent !== text) this.#note.textContent = text;
  }

  // While a page comes back, a track that is still described keeps its last picture until the new one is there.
  #carry(kind, track, described) {
    const [carried] = kind === 'audio' ? this.#stream.getAudioTracks() : this.#stream.getVideoTracks();
    if (carried === track || (described && !track)) return;
    if (carried) this.#stream.removeTrack(carried);
    if (!track) return;
    this.#stream.addTrack(track);
    this.video.play().catch(() => { /* replaced by a later play(), or not allowed: sound.js looks after that */ });
  }

  #condition(video, pictures, online) {
    const { tracks } = this.#participant;
    const unsupported = tracks.find((track) => track.state === 'unsupported');
    if (!online) return { state: 'offline', text: 'Connecting again' };
    if (tracks.length === 0) return { state: 'silent', text: this.#hadPicture ? 'Stopped' : 'Not sending yet' };
    if (tracks.some((track) => track.state === 'paused')) return { state: 'paused', text: 'Paused' };
    if (unsupported) return { state: 'unsupported', text: unsupportedText(unsupported) };
    if (!video) return { state: 'audio-only', text: this.#hadPicture ? 'Picture stopped, sound only' : 'Sound only' };
    if (pictures === 'stalled') return { state: 'stalled', text: 'Picture stalled' };
    if (pictures === 'moving') return { state: 'live', text: '' };
    return { state: 'awaited', text: 'Waiting for the picture' };
  }
}

function unsupportedText({ kind, codec, reason }) {
  const what = kind === 'audio' ? 'Sound' : 'Picture';
  return `${what} cannot be played: ${reason ?? codec ?? 'unknown codec'}`;
}

/** Up to two letters that stand for a name. */
export function initials(name) {
  const words = name.split(/[\s._-]+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [name];
  return letters.map((word) => [...word][0] ?? '').join('').toUpperCase();
}
