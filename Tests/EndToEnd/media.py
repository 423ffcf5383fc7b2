"""Makes FLV files with ffmpeg whose pictures and sound can be recognised at the other end (signals.py).

    python media.py DIRECTORY      makes all of CLIPS
"""

import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

import flv
import signals

VIDEO_CODECS = {
    "flv1": ["-c:v", "flv1"],
    "h264": ["-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "baseline",
             "-sc_threshold", "0", "-x264-params", "sliced-threads=0", "-threads", "1"],
    "h264-main": ["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main", "-bf", "0", "-sc_threshold", "0",
                  "-threads", "1"],
    "h264-b-frames": ["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-bf", "3", "-b_strategy", "0",
                      "-sc_threshold", "0", "-threads", "1"],
    # With finer steps its encoder cuts off what its table has no code for, and some pictures come out at 29 dB.
    "h263": ["-c:v", "h263", "-qmin", "5", "-qmax", "8", "-strict", "-1"],
    "flashsv": ["-c:v", "flashsv"],
    "flashsv2": ["-c:v", "flashsv2"],
}
#: Rate, and how ffmpeg writes it.
AUDIO_CODECS = {
    "nellymoser": (22050, ["-c:a", "nellymoser", "-ac", "1"]),
    "nellymoser-8k": (8000, ["-c:a", "nellymoser", "-ac", "1"]),
    "nellymoser-16k": (16000, ["-c:a", "nellymoser", "-ac", "1"]),
    "aac": (44100, ["-c:a", "aac", "-b:a", "64k", "-ac", "1"]),
    "aac-stereo": (44100, ["-c:a", "aac", "-b:a", "96k", "-ac", "2"]),
    "speex": (16000, ["-c:a", "libspeex", "-ac", "1", "-frames_per_packet", "2"]),
    "mp3": (44100, ["-c:a", "libmp3lame", "-b:a", "96k", "-ac", "2"]),
    "mp3-8k": (8000, ["-c:a", "libmp3lame", "-b:a", "16k", "-ac", "1"]),
    "pcm_alaw": (8000, ["-c:a", "pcm_alaw", "-ac", "1"]),
    "pcm_mulaw": (8000, ["-c:a", "pcm_mulaw", "-ac", "1"]),
    "adpcm_swf": (22050, ["-c:a", "adpcm_swf", "-ac", "1"]),
    "pcm_s16le": (44100, ["-c:a", "pcm_s16le", "-ac", "2"]),
    # ffmpeg writes it under the number of samples in the writer's own order, and reads that as little endian.
    "pcm_s16be": (22050, ["-c:a", "pcm_s16be", "-ac", "1"]),
    "pcm_u8": (11025, ["-c:a", "pcm_u8", "-ac", "1"]),
}


@dataclass(frozen=True)
class Clip:
    """What a file holds. `hertz` None: the burst of each second instead of a tone; `pulse`: the part of each second in
    which the tone sounds."""

    name: str
    video: str | None = "flv1"
    audio: str | None = "nellymoser"
    size: tuple = (320, 240)
    fps: int = 15
    seconds: float = 6
    hertz: float | None = 440.0
    level: float = 0.25  # amplitude of the sound, part of full scale
    bit_rate: str = "400k"
    key_frame_seconds: int = 2
    video_delay: float = 0.0
    pulse: float | None = None
    first_number: int = 0  # of the pictures
    saturation: float = 1.0

    @property
    def pictures(self):
        return round((self.seconds - self.video_delay) * self.fps) if self.video else 0

    @property
    def rms(self):
        """Root mean square of the tone."""
        return self.level / 2**0.5

    def make(self, directory):
        """Writes the file unless it is there, and returns its path."""
        path = Path(directory) / f"{self.name}.flv"
        if not path.exists():
            draft = path.with_suffix(".part.flv")
            if self.audio == "mp3-8k":
                self._make_with_mp3_8k(draft)
            else:
                self._run([*self._outputs(), "-f", "flv", draft])
            draft.rename(path)
        return path

    def references(self, numbers):
        """{number: picture as an array of height x width x 3} of the source, before any codec, as browsers show it."""
        width, height = self.size
        chosen = "+".join(f"eq(n,{number - self.first_number})" for number in numbers)
        raw = self._run(["-filter_complex", f"{self._picture()};[picture]select='{chosen}',scale=out_range=pc,format=rgb24[out]",
                         "-map", "[out]", "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1"])
        pictures = np.frombuffer(raw, np.uint8).reshape(len(numbers), height, width, 3)
        return dict(zip(sorted(numbers), pictures))

    def _run(self, outputs):
        command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", *self._inputs(), *outputs]
        return subprocess.run(command, input=self._blocks(), check=True, stdout=subprocess.PIPE).stdout

    # ffmpeg does not write MP3 of 8 kHz into FLV, though the format has a number for it: 14.
    def _make_with_mp3_8k(self, path):
        sound = replace(self, video=None)
        frames = flv.mp3_frames(sound._run([*sound._outputs(), "-f", "mp3", "-write_xing", "0", "-id3v2_version", "0", "pipe:1"]))
        pictures = replace(self, audio=None)
        pictures._run([*pictures._outputs(), "-f", "flv", path])
        # LAME and any decoder together are 1105 samples late: so much later are the pictures.
        tags = [(kind, stamp + 1105 // 8, body) for kind, stamp, body in flv.read(path)]
        tags += [(flv.AUDIO, n * 576 // 8, b"\xe2" + frame) for n, frame in enumerate(frames)]
        flv.write(path, sorted(tags, key=lambda tag: tag[1]))

    def _inputs(self):
        inputs = []
        if self.video:
            width, height = self.size
            inputs += ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{signals.BLOCKS}x2", "-r", str(self.fps), "-i", "pipe:0",
                       "-f", "lavfi", "-i", f"testsrc2=s={width}x{height}:r={self.fps}:d={self.pictures / self.fps}"]
        if self.audio:
            rate, codec = AUDIO_CODECS[self.audio]
            # Twice the same: ffmpeg's own step from mono to stereo takes 3 dB away.
            channels = int(codec[codec.index("-ac") + 1])
            inputs += ["-f", "lavfi", "-i", f"aevalsrc='{'|'.join([self._sound()] * channels)}':s={rate}:d={self.seconds}"]
        return inputs

    def _sound(self):
        if self.hertz is None:
            return f"{self.level}*sin(2*PI*{signals.BURST_HERTZ}*t)*lt(mod(t,1),{signals.BURST_SECONDS})"
        sounds = f"*lt(mod(t,1),{self.pulse})" if self.pulse else ""
        return f"{self.level}*sin(2*PI*{self.hertz}*t){sounds}"

    def _outputs(self):
        outputs = []
        if self.video:
            outputs += ["-filter_complex", self._picture(), "-map", "[picture]", "-fps_mode", "passthrough",
                        *VIDEO_CODECS[self.video], "-b:v", self.bit_rate, "-g", str(self.key_frame_seconds * self.fps),
                        "-keyint_min", str(self.key_frame_seconds * self.fps)]
        if self.audio:
            rate, codec = AUDIO_CODECS[self.audio]
            outputs += ["-map", f"{2 if self.video else 0}:a", *codec, "-ar", str(rate)]
        return outputs

    # Each raw picture is the strip as one row of points, and the square's level as the other: scaled up to blocks.
    def _picture(self):
        width, height = self.size
        top, bottom = round(height * signals.STRIP_TOP), round(height * signals.STRIP_BOTTOM)
        square = f"{round(width * signals.SQUARE_WIDTH)}:{round(height * signals.SQUARE_HEIGHT)}"
        return ";".join([
            "[0:v]split[code][light]",
            f"[code]crop={signals.BLOCKS}:1:0:0,scale={width}:{bottom - top}:flags=neighbor[strip]",
            f"[light]crop=1:1:0:1,scale={square}:flags=neighbor[square]",
            f"[1:v]hue=s={self.saturation}[colours]",
            f"[colours][strip]overlay=0:{top}[numbered]",
            f"[numbered][square]overlay=0:0,format=yuv420p,setpts=PTS+{self.video_delay}/TB[picture]",
        ])

    def _blocks(self):
        gray = {True: 235, False: 16}
        rows = bytearray()
        for number in range(self.first_number, self.first_number + self.pictures):
            rows += bytes(gray[white] for white in signals.strip(number))
            lit = (number % self.fps) / self.fps < signals.FLASH_SECONDS
            rows += bytes([gray[lit]]) * signals.BLOCKS
        return bytes(rows)


CLIPS = {clip.name: clip for clip in [
    Clip("flv1-nellymoser"),
    Clip("flv1-nellymoser-880", hertz=880.0),
    Clip("h264-aac", video="h264", audio="aac", size=(640, 480), fps=25, bit_rate="900k"),
    Clip("h264-aac-880", video="h264", audio="aac", hertz=880.0, bit_rate="400k"),
    Clip("small", bit_rate="200k", hertz=660.0),
    Clip("audio-only", video=None),
    Clip("video-only", audio=None),
    Clip("late-video", video_delay=3.0, hertz=550.0),
    Clip("lip-sync", video="h264", audio="aac", size=(640, 480), fps=25, bit_rate="900k", seconds=14, hertz=None),
    Clip("lip-sync-flv1", seconds=14, fps=25, hertz=None),
    Clip("lip-sync-long", seconds=40, fps=25, hertz=None),
    Clip("groups-of-2s", video="h264", audio="aac", size=(640, 480), fps=25, bit_rate="900k", seconds=20),
    Clip("long", seconds=60),
]}


if __name__ == "__main__":
    for clip in CLIPS.values():
        print(clip.make(sys.argv[1]))
