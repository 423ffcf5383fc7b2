// Puts the page together: the room's state comes in, tiles, texts and announcements go out.

import { Announcer } from './announcer.js';
import { AccessKey } from './key.js';
import { INTERVAL, readTracks } from './measurements.js';
import { Observer } from './observer.js';
import { Room } from './room.js';
import { Sound } from './sound.js';
import { Tiles } from './tiles.js';

const byID = (id) => document.getElementById(id);
const roomName = decodeURIComponent(location.pathname.split('/')[2] ?? '');

const announcer = new Announcer(byID('announcements'));
const observer = new Observer();
const tiles = new Tiles(
  { list: byID('tiles'), template: byID('tile'), empty: byID('empty') },
  (tile) => sound.adopt(tile.video));
const sound = new Sound(byID('sound'), () => tiles.all.map((tile) => tile.video), (text) => announcer.say(text));

byID('room').textContent = roomName;
document.title = `${roomName} · FlashGate`;

const key = new AccessKey(roomName);
key.take();
const room = new Room(signalURL(), () => key.value, {
  phase: showPhase,
  participants: showParticipants,
  joined: sayJoined,
  left: sayLeft,
});
/** What was last observed, by participant id. */
let observed = new Map();

byID('retry').addEventListener('click', () => room.connect());
addEventListener('hashchange', () => { if (key.take()) room.connect(); });
addEventListener('online', () => { if (room.phase.name === 'waiting') room.connect(); });
addEventListener('pagehide', () => room.leave());
addEventListener('pageshow', (event) => { if (event.persisted) room.connect(); });
room.connect();
observe();

// For tests and for looking into a page that misbehaves; documented in docs/signalling.md.
window.flashgate = {
  get connection() { return room.connection; },
  get phase() { return room.phase; },
  participants: () => room.participants.all,
  stats: readStats,
};

function signalURL() {
  const url = new URL(`${location.pathname.replace(/\/$/, '')}/signal`, location.href);
  url.protocol = location.protocol === 'http:' ? 'ws:' : 'wss:';
  return url.href;
}

function showPhase(phase) {
  const text = phaseText(phase);
  document.body.dataset.state = phase.name;
  byID('state-text').textContent = text;
  byID('retry').hidden = phase.name !== 'waiting' && phase.name !== 'ended';
  showRefusal(phase);
  if (phase.name !== 'connecting') announcer.say(text);
  if (phase.name === 'joined') observer.reset();
}

// What a person must do something about is said where the pictures would be.
function showRefusal({ refusal }) {
  if (refusal) document.body.dataset.refusal = refusal.code;
  else delete document.body.dataset.refusal;
  byID('refusal').hidden = !refusal;
  byID('refusal-title').textContent = refusal?.title ?? '';
  byID('refusal-text').textContent = refusal?.text ?? '';
  if (refusal?.code === 'key-refused') key.forget();
}

function phaseText(phase) {
  switch (phase.name) {
    case 'connecting': return 'Connecting';
    case 'joined': return 'Connected';
    case 'interrupted': return 'Connected, but picture and sound are interrupted';
    case 'waiting': return `Not connected: ${phase.reason}. Trying again in ${phase.seconds} s`;
    case 'ended': return `Not connected. ${phase.reason}`;
  }
}

function showParticipants() {
  tiles.update(room.participants.all, (trackID) => room.connection?.receiverFor(trackID)?.track);
  showObserved();
}

function sayJoined(participants) {
  for (const { name } of participants) announcer.say(`${name} is here.`);
}

function sayLeft(participants) {
  for (const { name } of participants) announcer.say(`${name} has left.`);
}

// Reads, shows, and only then waits for the next turn: a slow machine reads less often, not more at a time.
async function observe() {
  try {
    if (room.connection) observed = await observer.observe(room.connection, room.participants.all);
    showObserved();
  } catch (error) {
    console.warn('cannot read statistics:', error);
  }
  setTimeout(observe, INTERVAL);
}

function showObserved() {
  const online = room.phase.name === 'joined' || room.phase.name === 'interrupted';
  const speakers = [];
  for (const participant of room.participants.all) {
    const { pictures, speaking = false } = observed.get(participant.id) ?? {};
    tiles.of(participant)?.show({ pictures, speaking: speaking && online, online });
    if (speaking && online) speakers.push(participant.name);
  }
  const text = speakers.length > 0 ? `Speaking: ${speakers.join(', ')}` : 'Nobody is speaking';
  if (byID('speaking').textContent !== text) byID('speaking').textContent = text;
}

/** Per participant name: its tracks, each with what the browser measured of it. */
async function readStats() {
  const { connection } = room;
  const readings = connection ? await readTracks(connection.peerConnection) : new Map();
  return Object.fromEntries(room.participants.all.map(({ name, tracks }) => [
    name,
    tracks.map((track) => ({ ...track, ...readings.get(connection?.receiverFor(track.id)?.track.id) })),
  ]));
}
