// One switch for the sound of all. Pictures play muted at once, because browsers allow that;
// sound needs one click of the person, and then goes for everybody who comes later, too.

export class Sound {
  #button;
  #videos;
  #announce;
  #on = false;

  /**
   * @param {HTMLButtonElement} button
   * @param {() => HTMLVideoElement[]} videos  all there are at the moment
   * @param {(text: string) => void} announce
   */
  constructor(button, videos, announce) {
    this.#button = button;
    this.#videos = videos;
    this.#announce = announce;
    button.addEventListener('click', () => this.#switch(!this.#on));
  }

  get on() {
    return this.#on;
  }

  /** Gives a new video element the sound state of the others. */
  async adopt(video) {
    video.muted = !this.#on;
    try {
      await video.play();
    } catch (error) {
      if (error.name === 'NotAllowedError' && this.#on) this.#refused();
    }
  }

  #switch(on) {
    this.#on = on;
    this.#button.textContent = on ? 'Sound off' : 'Sound on';
    this.#button.classList.toggle('primary', !on);
    for (const video of this.#videos()) this.adopt(video);
  }

  #refused() {
    this.#switch(false);
    this.#announce('The browser did not allow the sound. Press "Sound on" again.');
  }
}
