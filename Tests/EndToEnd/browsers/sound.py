"""A sound server without a sound card: browsers play into nothing, but by a real clock.

Firefox runs no AudioContext without an output device, and machines that test have none. PulseAudio with a null
sink is one; it listens on a socket in a directory of its own and is stopped by its process id.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from waiting import wait_until

_server = None


def environment():
    """The environment in which a browser finds the sound server, which is started when first asked for."""
    global _server
    if _server is None:
        _server = _SoundServer()
    return {**os.environ, "PULSE_SERVER": f"unix:{_server.socket}"}


def stop():
    global _server
    if _server is not None:
        _server.stop()
        _server = None


class _SoundServer:
    def __init__(self):
        self._directory = Path(tempfile.mkdtemp(prefix="flashgate-sound-"))
        self.socket = self._directory / "native"
        self._process = subprocess.Popen(
            ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
             "-L", "module-null-sink sink_name=nothing",
             "-L", f"module-native-protocol-unix socket={self.socket} auth-anonymous=1"],
            env={**os.environ, "PULSE_RUNTIME_PATH": str(self._directory), "HOME": str(self._directory)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.socket.exists, within=10, what="the sound server listens")

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._directory, ignore_errors=True)
