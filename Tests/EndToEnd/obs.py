"""OBS Studio as a publisher: a profile of its own, no screen but a virtual one, and a file as its only source."""

import json
import os
import subprocess
from pathlib import Path

from websockets.sync.client import connect

import gateway as gateways

_GLOBAL = """[General]
FirstRun=true
EnableAutoUpdates=false

[Basic]
Profile=test
ProfileDir=test
SceneCollection=test
SceneCollectionFile=test

[OBSWebSocket]
FirstLoad=false
ServerEnabled=true
ServerPort={port}
AuthRequired=false
"""

_PROFILE = """[General]
Name=test

[Output]
Mode=Simple

[SimpleOutput]
StreamEncoder=x264
Preset=ultrafast
VBitrate=600
ABitrate=96

[Video]
BaseCX={width}
BaseCY={height}
OutputCX={width}
OutputCY={height}
FPSType=1
FPSInt={fps}
ColorRange=Partial

[Audio]
SampleRate=44100
ChannelSetup=Stereo
"""


def _scenes(path):
    """One scene, and in it the file, played again and again."""
    clip = {"name": "clip", "id": "ffmpeg_source", "uuid": "11111111-1111-4111-8111-111111111111", "mixers": 255,
            "volume": 1.0, "settings": {
                "local_file": str(path), "is_local_file": True, "looping": True, "hw_decode": False}}
    scene = {"name": "scene", "id": "scene", "uuid": "22222222-2222-4222-8222-222222222222", "settings": {
        "id_counter": 1, "items": [{"name": "clip", "source_uuid": clip["uuid"], "id": 1, "visible": True}]}}
    return {"name": "test", "current_scene": "scene", "current_program_scene": "scene",
            "scene_order": [{"name": "scene"}], "sources": [clip, scene]}


class OBS:
    """OBS that streams the file at `path` with `key` as its stream key."""

    def __init__(self, server, key, path, size, fps, directory):
        self._port = gateways.free_port()
        home = Path(directory) / "obs"
        profile = home / "obs-studio/basic/profiles/test"
        scenes = home / "obs-studio/basic/scenes"
        for folder in (profile, scenes, home / "runtime"):
            folder.mkdir(parents=True)
        (home / "runtime").chmod(0o700)
        (home / "obs-studio/global.ini").write_text(_GLOBAL.format(port=self._port))
        (profile / "basic.ini").write_text(_PROFILE.format(width=size[0], height=size[1], fps=fps))
        (profile / "service.json").write_text(json.dumps(
            {"type": "rtmp_custom", "settings": {"server": server, "key": key, "use_auth": False}}))
        (scenes / "test.json").write_text(json.dumps(_scenes(path)))
        self.log = home / "obs.log"
        self._running = []
        try:
            self._start(home)
        except BaseException:
            self.stop()
            raise

    def _start(self, home):
        reading, writing = os.pipe()
        # The server itself finds a number that nobody uses, and tells it.
        self._run(["Xvfb", "-displayfd", str(writing), "-screen", "0", "640x480x24", "-nolisten", "tcp"],
                  home, pass_fds=(writing,))
        os.close(writing)
        with os.fdopen(reading) as told:
            display = told.readline().strip()
        assert display, self.log.read_text(errors="replace")[-2000:]
        self._run(["obs", "--multi", "--startstreaming", "--minimize-to-tray", "--disable-missing-files-check"], home,
                  env={**os.environ, "DISPLAY": f":{display}", "HOME": str(home), "XDG_CONFIG_HOME": str(home),
                       "XDG_RUNTIME_DIR": str(home / "runtime"), "LIBGL_ALWAYS_SOFTWARE": "1", "QT_QPA_PLATFORM": "xcb"})

    def _run(self, command, home, **options):
        with open(self.log, "ab") as log:
            self._running.append(subprocess.Popen(
                command, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True, **options))

    def end_stream(self):
        """Does what its button "Stop Streaming" does."""
        with connect(f"ws://127.0.0.1:{self._port}") as socket:
            json.loads(socket.recv(timeout=10))
            socket.send(json.dumps({"op": 1, "d": {"rpcVersion": 1}}))
            json.loads(socket.recv(timeout=10))
            socket.send(json.dumps({"op": 6, "d": {"requestType": "StopStream", "requestId": "end"}}))
            while (answer := json.loads(socket.recv(timeout=10)))["op"] != 7:
                pass
            assert answer["d"]["requestStatus"]["result"], answer

    def stop(self):
        for each in reversed(self._running):
            if each.poll() is None:
                each.kill()
                each.wait()
