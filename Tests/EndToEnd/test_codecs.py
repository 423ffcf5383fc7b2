"""Every codec that Debian's programs can write, in every kind of browser: seen, heard, and in step.

Several publishers share a room, so that the whole table costs four rooms' time, and send few pictures a
second: what it is about is codecs, and not how fast the machine is that runs it.
"""

import itertools
import os
from pathlib import Path

import numpy as np
import pytest

import browsers
import flv
import signals
from media import Clip
from room_page import RoomPage
from waiting import NotInTime, wait_until

pytestmark = pytest.mark.gateway

FPS = 5

#: Of strong colours each browser has its own idea where a codec does not say by which matrix they were made: so they are
#: weak, but strong enough to tell right ones from wrong ones.
#: The tone sounds for half of each second: long enough to be measured, and its beginning is the flash's partner.
TABLE = {clip.name: clip for clip in [
    Clip(f"table-{name}", video=video, audio=audio, hertz=hertz, pulse=0.5, seconds=9, fps=FPS, bit_rate="500k",
         size=(352, 288) if video == "h263" else (320, 240), saturation=0.4)
    for name, video, audio, hertz in [
        ("1", "flv1", "nellymoser", 440.0),
        ("2", "h264", "aac-stereo", 495.0),
        ("3", "h264-main", "mp3", 550.0),
        ("4", "h264-b-frames", "speex", 605.0),
        ("5", "flashsv", "nellymoser-8k", 660.0),
        ("6", "flashsv2", "nellymoser-16k", 715.0),
        ("7", "h263", "pcm_alaw", 770.0),
        ("8", "flv1", "pcm_mulaw", 825.0),
        ("9", "h264-b-frames", "adpcm_swf", 880.0),
        ("10", "h264-main", "pcm_s16le", 935.0),
        ("11", "flv1", "pcm_s16be", 990.0),
        ("12", "flashsv", "pcm_u8", 450.0),
        ("13", "h264", "mp3-8k", 505.0),
    ]
]}
ROOMS = [list(TABLE)[first:first + 4] for first in range(0, len(TABLE), 4)]
#: What ffmpeg cannot send as it stands in the file.
BY_SCRIPT = {"pcm_s16be", "mp3-8k", "h263"}

#: Part of the pictures that must have been decoded; dB of the pictures' likeness and of the tone's level; milliseconds.
DECODED, LIKENESS, LEVEL, LIP_SYNC = 0.9, 30.0, 3.0, 60
#: Number of the picture by which a page has joined.
JOINED = 2 * FPS
#: Pictures in a group of those that change.
GROUP = 15
#: Pictures that are compared with their source: none while the square is white, none of the first second.
COMPARED = [second * FPS + 3 for second in range(3, 9)]


#: What no program here can write, by others: (pictures, width), FLASHGATE_MEDIA's README says it.
RECORDED = {
    "flexsdk-video.flv": (193, 320), "red5-vod-red5.flv": (13, 480), "ruffle-vp6.flv": (1, 640), "ruffle-vp6a.flv": (1, 640),
    "tika-testFLV.flv": (28, 170), "flexsdk-short.flv": (101, 320), "ruffle-rufflelogo.flv": (1, 128),
    "red5-flashContent.flv": (395, 320), "red5-h264_aac.flv": (446, 160),
}
MEDIA = Path(os.environ.get("FLASHGATE_MEDIA") or "nowhere")

#: One publication that changes every four seconds: order of pictures, size, codecs, sample rates.
CHANGES = [
    Clip(f"change-{n}", video=video, audio=audio, size=size, seconds=4, key_frame_seconds=1, hertz=hertz,
         first_number=60 * n, bit_rate="500k")
    for n, (video, audio, size, hertz) in enumerate([
        ("h264", "aac", (320, 240), 440.0),
        ("h264-b-frames", "aac", (320, 240), 550.0),
        ("h264-main", "aac-stereo", (320, 240), 660.0),
        ("h264", "mp3", (640, 480), 770.0),
        ("flv1", "nellymoser", (320, 240), 880.0),
        ("flv1", "nellymoser-8k", (160, 120), 605.0),
    ])
]


@pytest.fixture(scope="module")
def receivers():
    running = {
        "Chromium VP8": browsers.launch("chromium", receives="VP8"),
        "Chromium H.264": browsers.launch("chromium", receives="H264"),
        "Firefox": browsers.launch("firefox"),
    }
    yield running
    for browser in running.values():
        browser.close()


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """table(name): the path of that clip of the table, made when first asked for."""
    directory = tmp_path_factory.mktemp("table")
    return lambda name: TABLE[name].make(directory)


@pytest.fixture(scope="module")
def references():
    return {clip.size: clip.references(COMPARED) for clip in TABLE.values()}


@pytest.mark.parametrize("names", ROOMS, ids=lambda names: ", ".join(f"{TABLE[n].video}+{TABLE[n].audio}" for n in names))
def test_every_codec_is_seen_and_heard_in_every_browser(gateway, room, receivers, references, publish, player, table, names):
    for name in names:
        table(name)
    pages = {kind: RoomPage(browser, gateway.page_url(room)).wait_joined() for kind, browser in receivers.items()}
    for page in pages.values():
        for name in names:
            page.watch(name).keep_pictures(name, COMPARED)
    running = [publish(name, table(name), by="script" if BY_SCRIPT & {TABLE[name].video, TABLE[name].audio} else "ffmpeg")
               for name in names]
    # Receivers whose clock is the sender's reports: what browsers do with lips beyond that, test_flash_to_browser.py sees.
    by_reports = {name: wait_until(lambda: player(name, takes={"opus", pictures}), what=f"{name} can be played")
                  for name, pictures in zip(names, itertools.cycle(["VP8", "H264"]))}
    for each in running:
        each.wait(within=30)
    complaints = [
        f"{TABLE[name].video}+{TABLE[name].audio}: sound minus picture is {1000 * receiver.media_skew():.0f} ms"
        for name, receiver in by_reports.items() if abs(receiver.media_skew()) > LIP_SYNC / 1000]
    complaints += [
        f"{TABLE[name].video}+{TABLE[name].audio} in {kind}: {complaint}"
        for kind, page in pages.items() for name in names
        for complaint in complaints_of(page, TABLE[name], references[TABLE[name].size])]
    assert not complaints, "\n".join(complaints)


def complaints_of(page, clip, reference):
    def due(pictures):
        # Three browsers that connect at once on a busy machine take a second; what came before is not made again for them.
        return DECODED * (clip.pictures - (pictures.numbers or [0])[0])

    wait_until(lambda: (seen := page.pictures(clip.name)).decoded >= due(seen) or page.tile(clip.name) is None, 3)
    pictures = page.pictures(clip.name)
    if pictures.decoded < due(pictures):
        yield f"{pictures.decoded} of {due(pictures):.0f} pictures decoded"
    if not pictures.numbers or pictures.numbers[0] > JOINED:
        yield f"begins with {pictures.numbers[:1]}"
    # A picture that stands is shown again to who asks for a key frame; that is no disorder.
    if pictures.numbers != sorted(pictures.numbers):
        yield f"pictures out of order: {pictures.numbers}"
    kept = page.kept_pictures(clip.name)
    if len(kept) < 3:
        yield f"only pictures {sorted(kept)} were seen of those that are compared"
    elif any(picture.shape != reference[number].shape for number, picture in kept.items()):
        yield f"pictures of {[picture.shape for picture in kept.values()]}"
    # Of all together: an encoder whose rate is steered takes from one picture what it gives another.
    elif (likeness := signals.psnr(np.stack(list(kept.values())), np.stack([reference[n] for n in kept]))) < LIKENESS:
        yield f"pictures are {likeness:.1f} dB like their source"
    tone = page.loudest_tone(clip.name)
    if not tone or abs(tone["hertz"] / clip.hertz - 1) > 0.02:
        yield f"tone {tone} instead of {clip.hertz}"
    elif abs(signals.decibels(tone["rms"] / clip.rms)) > LEVEL:
        yield f"the tone is {signals.decibels(tone['rms'] / clip.rms):.1f} dB off"


def test_a_receiver_without_opus_and_vp8_gets_g711_as_it_came_and_h264(gateway, room, publish, player, tmp_path):
    clip = Clip("telephone", audio="pcm_alaw", seconds=20, hertz=505.0)
    publish("alice", clip.make(tmp_path))
    old = wait_until(lambda: player("alice", takes={"PCMA", "PCMU", "H264"}), what="alice can be played")
    before = gateway.metric("flashgate_transcode_seconds_total", to="opus")

    def heard():
        hertz, rms = old.tone()
        return abs(hertz / clip.hertz - 1) < 0.02 and abs(signals.decibels(rms / clip.rms)) <= LEVEL

    wait_until(heard, what="the tone")
    wait_until(lambda: len(old.numbers) > 20, what="pictures")
    assert old.in_order
    assert gateway.metric("flashgate_transcode_seconds_total", to="opus") == before, "its sound went through a codec"
    assert gateway.metric("flashgate_transcode_seconds_total", **{"from": "flv1"}, to="h264") > 0


@pytest.mark.skipif(not MEDIA.is_dir(), reason="FLASHGATE_MEDIA names no folder of recordings")
@pytest.mark.parametrize("kind", ["Chromium VP8", "Chromium H.264"])
def test_recordings_by_other_tools_are_seen(gateway, room, receivers, publish, kind):
    page = RoomPage(receivers[kind], gateway.page_url(room)).wait_joined()
    for name in RECORDED:
        page.watch(name, sound=False)
        publish(name, MEDIA / name, by="script", stays=True)

    def missing():
        seen = {name: (page.pictures(name).decoded, (page.tile(name) or {}).get("width")) for name in RECORDED}
        return [f"{name}: {seen[name]} of {wanted}" for name, wanted in RECORDED.items()
                if seen[name][0] < DECODED * wanted[0] or abs(seen[name][1] - wanted[1]) > 1]

    try:
        wait_until(lambda: not missing(), 60, "all recordings")
    except NotInTime:
        pytest.fail("; ".join(missing()))


@pytest.mark.parametrize("kind", ["Chromium", "Firefox"])
def test_a_publication_that_changes_in_its_middle_is_followed(gateway, room, shared, publish, tmp_path, kind):
    parts = [(flv.read(clip.make(tmp_path)), round(clip.seconds * 1000)) for clip in CHANGES]
    flv.write(tmp_path / "changing.flv", flv.joined(*parts))
    page = RoomPage(shared(kind.lower()), gateway.page_url(room)).wait_joined()
    page.watch("alice")
    publisher = publish("alice", tmp_path / "changing.flv", by="script")
    for clip in CHANGES:
        page.wait_tone("alice", clip.hertz)
    publisher.wait(within=30)
    everything = sum(clip.pictures for clip in CHANGES)
    wait_until(lambda: page.pictures("alice").decoded >= 0.85 * everything, 3, "pictures of all parts")
    pictures = page.pictures("alice")
    assert pictures.numbers == sorted(pictures.numbers), pictures.numbers
    # How soon the page joins is another test's affair, but it is there before the first change.
    assert pictures.numbers[0] < CHANGES[0].pictures
    numbers = [*pictures.numbers, everything]
    holes = [(before, after) for before, after in zip(numbers, numbers[1:]) if after - before > GROUP]
    assert not holes, f"a freeze of more than a group of pictures: {holes} in {pictures.numbers}"
