// What the browser says about each received track, taken at a steady pace from one getStats() call for all.

/** Milliseconds between two readings. */
export const INTERVAL = 250;

/**
 * One reading of one track. Counters grow from the start of the track; times are in milliseconds.
 * @typedef {{at: number, kind: string, packetsReceived: number, packetsLost: number, framesDecoded: number,
 *   keyFramesDecoded: number, totalAudioEnergy: number, totalSamplesDuration: number}} Reading
 */

const FIELDS = [
  'packetsReceived', 'packetsLost', 'bytesReceived', 'jitter', 'jitterBufferDelay', 'jitterBufferEmittedCount',
  'framesReceived', 'framesDecoded', 'keyFramesDecoded', 'framesDropped', 'frameWidth', 'frameHeight', 'freezeCount',
  'nackCount', 'pliCount', 'audioLevel', 'totalAudioEnergy', 'totalSamplesDuration', 'totalSamplesReceived',
  'concealedSamples', 'estimatedPlayoutTimestamp',
];

/**
 * Reads every inbound stream of a connection.
 * @param {RTCPeerConnection} peer
 * @returns {Promise<Map<string, Reading>>} by MediaStreamTrack id
 */
export async function readTracks(peer) {
  const report = await peer.getStats();
  const readings = new Map();
  for (const stats of report.values()) {
    if (stats.type !== 'inbound-rtp' || !stats.trackIdentifier) continue;
    const earlier = readings.get(stats.trackIdentifier);
    // A media section that was used again may still list the stream it carried before.
    if (earlier && earlier.lastPacketAt > (stats.lastPacketReceivedTimestamp ?? 0)) continue;
    const reading = { at: stats.timestamp, kind: stats.kind, lastPacketAt: stats.lastPacketReceivedTimestamp ?? 0 };
    for (const field of FIELDS) if (stats[field] !== undefined) reading[field] = stats[field];
    reading.codec = report.get(stats.codecId)?.mimeType;
    readings.set(stats.trackIdentifier, reading);
  }
  return readings;
}

/**
 * How loud a track is now, as a part of full scale (0 to 1): what the sender says of its latest packet (RFC 6464),
 * or else the root mean square that the browser measured between two readings. The former is needed as long as the
 * sound is off: Chromium measures after the volume control, and finds silence. A packet that was there already when
 * the track was asked last says nothing any more; Firefox tells of it for ten seconds.
 * @param {RTCRtpReceiver} receiver
 */
export function levelOf(receiver, before, now) {
  const [source] = receiver.getSynchronizationSources();
  const isNew = source !== undefined && latest.get(receiver) !== source.rtpTimestamp;
  if (isNew) latest.set(receiver, source.rtpTimestamp);
  const duration = (now?.totalSamplesDuration ?? 0) - (before?.totalSamplesDuration ?? 0);
  const energy = (now?.totalAudioEnergy ?? 0) - (before?.totalAudioEnergy ?? 0);
  const measured = duration > 0 && energy > 0 ? Math.sqrt(energy / duration) : 0;
  return Math.max(isNew ? source.audioLevel ?? 0 : 0, measured);
}

/** The time stamp of the packet that was there when a track was asked last, by its receiver. */
const latest = new WeakMap();
