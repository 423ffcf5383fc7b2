"""Debian's Firefox ESR, driven by WebDriver BiDi over a plain web socket: no driver program is needed."""

import base64
import contextlib
import itertools
import json
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from waiting import wait_until

from . import sound
from .face import Browser

EXECUTABLE = "/usr/bin/firefox-esr"
PREFERENCES = {
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    # A page without the right to camera or microphone may use the address of its default route alone,
    # and nothing on 127.0.0.1 is reached from there.
    "permissions.default.camera": 1,
    "permissions.default.microphone": 1,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "network.proxy.type": 0,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
}
KEYS = {"Tab": "\uE004", "Enter": "\uE006", "Escape": "\uE00C", "Shift": "\uE008"}


class Firefox(Browser):
    name = "firefox"

    def __init__(self, click_to_play=False, viewport=(1280, 800)):
        self._ids = itertools.count(1)
        self._socket = None
        self._open = contextlib.ExitStack()
        self._profile = Path(tempfile.mkdtemp(prefix="flashgate-firefox-"))
        preferences = PREFERENCES | {"media.autoplay.default": 1 if click_to_play else 0}
        (self._profile / "user.js").write_text("".join(
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()))
        port = _free_port()
        self._process = subprocess.Popen(
            [EXECUTABLE, "--headless", "--no-remote", "--profile", self._profile,
             "--remote-debugging-port", str(port), "about:blank"],
            env=sound.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        self.pid = self._process.pid
        try:
            self._start_session(port)
            self.set_viewport(*viewport)
        except BaseException:
            self.kill()
            raise

    def _start_session(self, port):
        url = f"ws://127.0.0.1:{port}/session"
        self._socket = wait_until(
            lambda: self._open.enter_context(connect(url, max_size=None, open_timeout=5, proxy=None)),
            within=40, what="Firefox listens")
        self._command("session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": True}})
        self._context = self._command("browsingContext.getTree")["contexts"][0]["context"]

    def open(self, url):
        self._command("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, function, *arguments):
        result = self._command(
            "script.callFunction",
            functionDeclaration=f"async (given) => JSON.stringify(await ({function})(...JSON.parse(given))) ?? 'null'",
            arguments=[{"type": "string", "value": json.dumps(arguments)}],
            target={"context": self._context}, awaitPromise=True, userActivation=False)
        if result["type"] == "exception":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return json.loads(result["result"]["value"])

    def screenshot(self, path):
        shot = self._command("browsingContext.captureScreenshot", context=self._context)
        Path(path).write_bytes(base64.b64decode(shot["data"]))

    def press(self, key):
        value = KEYS.get(key, key)
        actions = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self._command("input.performActions", context=self._context,
                      actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def click(self, selector):
        x, y = self.evaluate(
            """(selector) => { const box = document.querySelector(selector).getBoundingClientRect();
                 return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]; }""", selector)
        actions = [{"type": "pointerMove", "x": x, "y": y}, {"type": "pointerDown", "button": 0},
                   {"type": "pointerUp", "button": 0}]
        self._command("input.performActions", context=self._context,
                      actions=[{"type": "pointer", "id": "mouse", "actions": actions}])

    def set_viewport(self, width, height):
        self._command("browsingContext.setViewport", context=self._context,
                      viewport={"width": width, "height": height})

    def close(self):
        if self._socket is not None:
            try:
                self._command("browser.close")
            except (RuntimeError, OSError, WebSocketException):
                pass  # it is gone already
            self._open.close()
            self._socket = None
        self._reap()
        shutil.rmtree(self._profile, ignore_errors=True)

    def _reap(self):
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def _command(self, method, **parameters):
        number = next(self._ids)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=60))
            if message.get("id") != number:
                continue  # an event, or the answer to a command that was given up
            if message["type"] == "error":
                raise RuntimeError(f"{method}: {message['error']}: {message['message']}")
            return message["result"]


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
