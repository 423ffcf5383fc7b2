// Reads in the page what signals.py put into pictures and sound. Evaluated by the test, never served:
// the page's own rules (Content-Security-Policy) stay as they are.
() => {
  if (window.probe) return;
  const BLOCKS = 20, BITS = 14, LEAST_CONTRAST = 60, PER_BLOCK = 4;
  const videoOf = (name) => document.querySelector(`[data-participant="${CSS.escape(name)}"] video`);

  // Calls `start` with the tile's video element once it is there and carries a track of that kind.
  const whenCarried = (name, kind, start) => {
    const look = () => {
      const video = videoOf(name);
      const track = video?.srcObject?.getTracks().find((t) => t.kind === kind);
      if (track) start(video, track); else setTimeout(look, 5);
    };
    look();
  };

  const readStrip = (data) => {
    const level = (block) => (data[4 * (block * PER_BLOCK + 1)] + data[4 * (block * PER_BLOCK + 2)]) / 2;
    const white = level(0), black = level(BLOCKS - 1);
    if (white - black < LEAST_CONTRAST) return null;
    let bits = 0;
    for (let n = 0; n < BLOCKS - 2; n++) if (level(n + 1) > (white + black) / 2) bits |= 1 << n;
    const number = bits & ((1 << BITS) - 1);
    const check = (number ^ (number >> 4) ^ (number >> 8) ^ (number >> 12) ^ 0b1010) & 0b1111;
    return bits >> BITS === check ? number : null;
  };

  // Width, height, and the bytes of red, green, blue and alpha as base64.
  const wholePicture = (video) => {
    const { videoWidth: width, videoHeight: height } = video;
    const canvas = new OffscreenCanvas(width, height), context = canvas.getContext('2d');
    context.drawImage(video, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    let text = '';
    for (let n = 0; n < data.length; n += 8192) text += String.fromCharCode(...data.subarray(n, n + 8192));
    return { width, height, canvas, data: btoa(text) };
  };

  // Counts decoded pictures, reads their numbers and the moments at which the square turns white.
  class PictureReader {
    constructor(video, track) {
      this.wanted = new Set();
      this.kept = {};
      this.record = { numbers: [], times: [], stamps: [], unread: 0, decoded: 0, keyDecoded: 0, firstAt: null, flashes: [] };
      const receiver = window.flashgate.connection.peerConnection.getReceivers().find((r) => r.track === track);
      setInterval(() => this.count(receiver), 50);
      const canvas = document.createElement('canvas');
      canvas.width = BLOCKS * PER_BLOCK + 1;
      canvas.height = 1;
      const context = canvas.getContext('2d', { willReadFrequently: true });
      let lit = true;
      const presented = (now, metadata) => {
        const { videoWidth: w, videoHeight: h } = video, record = this.record;
        context.drawImage(video, 0, h * 0.85, w, h * 0.03, 0, 0, BLOCKS * PER_BLOCK, 1);
        context.drawImage(video, w * 0.06, h * 0.08, w * 0.08, h * 0.1, BLOCKS * PER_BLOCK, 0, 1, 1);
        const { data } = context.getImageData(0, 0, canvas.width, 1);
        const number = readStrip(data), at = metadata.presentationTime ?? now;
        record.firstAt ??= at;
        if (number === null) record.unread += 1;
        else {
          record.numbers.push(number);
          record.times.push(at);
          record.stamps.push(metadata.rtpTimestamp ?? null);
        }
        if (this.wanted.has(number)) this.keep(number, video);
        const litNow = data[4 * BLOCKS * PER_BLOCK] > 128;
        if (litNow && !lit) record.flashes.push(at);
        lit = litNow;
        video.requestVideoFrameCallback(presented);
      };
      video.requestVideoFrameCallback(presented);
    }
    // The video may have moved on since its number was read: then the picture is not kept.
    keep(number, video) {
      const whole = wholePicture(video), { width, height, canvas } = whole;
      const strip = new OffscreenCanvas(BLOCKS * PER_BLOCK, 1).getContext('2d');
      strip.drawImage(canvas, 0, height * 0.85, width, height * 0.03, 0, 0, BLOCKS * PER_BLOCK, 1);
      if (readStrip(strip.getImageData(0, 0, BLOCKS * PER_BLOCK, 1).data) !== number) return;
      this.wanted.delete(number);
      this.kept[number] = { width, height, data: whole.data };
    }
    // Kept here, because the page's own statistics end with the participant.
    async count(receiver) {
      for (const stats of (await receiver.getStats()).values()) {
        if (stats.type !== 'inbound-rtp') continue;
        this.record.decoded = Math.max(this.record.decoded, stats.framesDecoded ?? 0);
        this.record.keyDecoded = Math.max(this.record.keyDecoded, stats.keyFramesDecoded ?? 0);
        const { framesReceived, framesDropped, packetsReceived, packetsLost, nackCount, pliCount, totalDecodeTime } = stats;
        this.record.last = { framesReceived, framesDropped, packetsReceived, packetsLost, nackCount, pliCount, totalDecodeTime };
      }
    }
  }

  let audio;
  // Level, pitch and the onsets of bursts of one received track.
  class SoundReader {
    onsets = [];
    constructor(track) {
      audio ??= new AudioContext({ latencyHint: 'interactive' });
      audio.resume();
      this.source = audio.createMediaStreamSource(new MediaStream([track]));
      this.pitch = new AnalyserNode(audio, { fftSize: 16384, smoothingTimeConstant: 0 });
      this.wave = new AnalyserNode(audio, { fftSize: 8192 });
      this.source.connect(this.pitch);
      this.source.connect(this.wave);
      this.samples = new Float32Array(this.wave.fftSize);
      this.scanned = audio.currentTime;
      this.loudAt = audio.currentTime;
      setInterval(() => this.scan(), 10);
      setInterval(() => this.listen(), 70);
    }
    // Looks at the samples that are new since the last scan; a burst begins after 0.4 s of quiet.
    scan() {
      const now = audio.currentTime, clock = performance.now(), rate = audio.sampleRate;
      this.wave.getFloatTimeDomainData(this.samples);
      const fresh = Math.min(this.samples.length, Math.round((now - this.scanned) * rate));
      for (let i = this.samples.length - fresh; i < this.samples.length; i++) {
        if (Math.abs(this.samples[i]) < 0.05) continue;
        const at = now - (this.samples.length - i) / rate;
        if (at - this.loudAt > 0.4) this.onsets.push(clock - (now - at) * 1000);
        this.loudAt = at;
      }
      this.scanned = now;
    }
    // The loudest steady reading so far: of a tone that comes and goes, one that lies wholly inside of it.
    listen() {
      const tone = this.tone();
      if (tone.steady && tone.rms > (this.loudest?.rms ?? 0)) this.loudest = tone;
    }
    tone() {
      const bins = new Float32Array(this.pitch.frequencyBinCount), wave = new Float32Array(this.pitch.fftSize);
      this.pitch.getFloatFrequencyData(bins);
      this.pitch.getFloatTimeDomainData(wave);
      let peak = 1;
      for (let n = 2; n < bins.length - 1; n++) if (bins[n] > bins[peak]) peak = n;
      const [left, top, right] = [bins[peak - 1], bins[peak], bins[peak + 1]];
      const offset = Number.isFinite(left + top + right) ? 0.5 * (left - right) / (left - 2 * top + right) : 0;
      return {
        hertz: (peak + offset) * audio.sampleRate / this.pitch.fftSize,
        rms: Math.sqrt(wave.reduce((sum, sample) => sum + sample * sample, 0) / wave.length),
        steady: wave.every((_, n) => n % 256 || wave.subarray(n, n + 256).some((sample) => Math.abs(sample) > 1e-4)),
        context: audio.state,
      };
    }
  }

  const pictures = new Map(), sounds = new Map();
  window.probe = {
    watchPictures(name) {
      pictures.set(name, null);
      whenCarried(name, 'video', (video, track) => pictures.set(name, new PictureReader(video, track)));
    },
    watchSound(name) {
      sounds.set(name, null);
      whenCarried(name, 'audio', (_, track) => sounds.set(name, new SoundReader(track)));
    },
    // Keeps these pictures whole when they are shown.
    keepPictures(name, numbers) {
      const look = () => {
        const reader = pictures.get(name);
        if (reader) reader.wanted = new Set(numbers); else setTimeout(look, 5);
      };
      look();
    },
    keptPictures: (name) => pictures.get(name)?.kept ?? {},
    pictures: (name) => pictures.get(name)?.record ?? null,
    loudestTone: (name) => sounds.get(name)?.loudest ?? null,
    tone: (name) => sounds.get(name)?.tone() ?? null,
    onsets: (name) => sounds.get(name)?.onsets ?? null,
    // Resolves as soon as the latest picture shown of `name` is number `phase` of its group of `period`.
    atPhase: (name, phase, period) => new Promise((resolve) => {
      const look = () => {
        const latest = pictures.get(name)?.record.numbers.at(-1);
        if (latest !== undefined && latest % period === phase) resolve(latest); else setTimeout(look, 2);
      };
      look();
    }),
    // A receiver of its own, by WHEP: milliseconds from the offer to the answer and to the first picture.
    async whepFirstPicture(path) {
      const peer = new RTCPeerConnection(), video = document.createElement('video');
      video.muted = true;
      peer.addTransceiver('audio', { direction: 'recvonly' });
      const { track } = peer.addTransceiver('video', { direction: 'recvonly' }).receiver;
      video.srcObject = new MediaStream([track]);
      const first = new Promise((resolve) => video.requestVideoFrameCallback((now, m) => resolve(m.presentationTime ?? now)));
      video.play();
      await peer.setLocalDescription();
      const offered = performance.now();
      const response = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: peer.localDescription.sdp });
      if (response.status !== 201) throw new Error(`${response.status} ${await response.text()}`);
      await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() });
      const answered = performance.now();
      const shown = await first;
      peer.close();
      await fetch(response.headers.get('Location'), { method: 'DELETE' });
      return { answer: answered - offered, firstPicture: shown - offered, width: video.videoWidth };
    },
  };
}
