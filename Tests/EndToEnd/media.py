"""Makes FLV files with ffmpeg whose pictures and sound can be recognised at the other end (signals.py).

    python media.py DIRECTORY      makes all of CLIPS
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import signals

VIDEO_CODECS = {
    "flv1": ["-c:v", "flv1"],
    "h264": ["-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", "baseline",
             "-sc_threshold", "0", "-x264-params", "sliced-threads=0", "-threads", "1"],
}
AUDIO_CODECS = {
    "nellymoser": (22050, ["-c:a", "nellymoser", "-ac", "1"]),
    "aac": (44100, ["-c:a", "aac", "-b:a", "64k", "-ac", "1"]),
}


@dataclass(frozen=True)
class Clip:
    """What a file holds. `hertz` None: the burst of each second instead of a tone."""

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
            command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y", *self._inputs(), *self._outputs(), draft]
            subprocess.run(command, input=self._blocks(), check=True)
            draft.rename(path)
        return path

    def _inputs(self):
        inputs = []
        if self.video:
            width, height = self.size
            inputs += ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{signals.BLOCKS}x2", "-r", str(self.fps), "-i", "pipe:0",
                       "-f", "lavfi", "-i", f"testsrc2=s={width}x{height}:r={self.fps}:d={self.pictures / self.fps}"]
        if self.audio:
            rate, _ = AUDIO_CODECS[self.audio]
            inputs += ["-f", "lavfi", "-i", f"aevalsrc='{self._sound()}':s={rate}:d={self.seconds}"]
        return inputs

    def _sound(self):
        if self.hertz is None:
            return f"{self.level}*sin(2*PI*{signals.BURST_HERTZ}*t)*lt(mod(t,1),{signals.BURST_SECONDS})"
        return f"{self.level}*sin(2*PI*{self.hertz}*t)"

    def _outputs(self):
        outputs = []
        if self.video:
            outputs += ["-filter_complex", self._picture(), "-map", "[picture]", "-fps_mode", "passthrough",
                        *VIDEO_CODECS[self.video], "-b:v", self.bit_rate, "-g", str(self.key_frame_seconds * self.fps),
                        "-keyint_min", str(self.key_frame_seconds * self.fps)]
        if self.audio:
            rate, codec = AUDIO_CODECS[self.audio]
            outputs += ["-map", f"{2 if self.video else 0}:a", *codec, "-ar", str(rate)]
        return [*outputs, "-f", "flv"]

    # Each raw picture is the strip as one row of points, and the square's level as the other: scaled up to blocks.
    def _picture(self):
        width, height = self.size
        top, bottom = round(height * signals.STRIP_TOP), round(height * signals.STRIP_BOTTOM)
        square = f"{round(width * signals.SQUARE_WIDTH)}:{round(height * signals.SQUARE_HEIGHT)}"
        return ";".join([
            "[0:v]split[code][light]",
            f"[code]crop={signals.BLOCKS}:1:0:0,scale={width}:{bottom - top}:flags=neighbor[strip]",
            f"[light]crop=1:1:0:1,scale={square}:flags=neighbor[square]",
            f"[1:v][strip]overlay=0:{top}[numbered]",
            f"[numbered][square]overlay=0:0,format=yuv420p,setpts=PTS+{self.video_delay}/TB[picture]",
        ])

    def _blocks(self):
        gray = {True: 235, False: 16}
        rows = bytearray()
        for number in range(self.pictures):
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
    Clip("groups-of-2s", video="h264", audio="aac", size=(640, 480), fps=25, bit_rate="900k", seconds=20),
    Clip("long", seconds=60),
]}


if __name__ == "__main__":
    for clip in CLIPS.values():
        print(clip.make(sys.argv[1]))
