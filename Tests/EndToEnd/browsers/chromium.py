"""Debian's Chromium, driven by Playwright (which brings no browser of its own here)."""

import json

from playwright.sync_api import Error, sync_playwright

from .face import Browser

EXECUTABLE = "/usr/bin/chromium"
FLAGS = [
    "--headless=new",
    "--no-sandbox",  # tests may run as root
    "--no-proxy-server",
    "--disable-gpu",
    "--disable-background-networking",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
]
#: Makes every media section for pictures take one codec alone, as clients do that have no other.
ONE_CODEC = """(name) => {
  const add = RTCPeerConnection.prototype.addTransceiver;
  RTCPeerConnection.prototype.addTransceiver = function (kind, options) {
    const transceiver = add.call(this, kind, options);
    const codecs = RTCRtpReceiver.getCapabilities('video').codecs;
    if (kind === 'video') transceiver.setCodecPreferences(codecs.filter((c) => c.mimeType === `video/${name}`));
    return transceiver;
  };
}"""

_playwright = None


def _driver():
    # One driver for all: its synchronous face allows no second one in a thread.
    global _playwright
    if _playwright is None:
        _playwright = sync_playwright().start()
    return _playwright


def stop_driver():
    """Ends the driver process; called once, after the last browser."""
    global _playwright
    if _playwright is not None:
        _playwright.stop()
        _playwright = None


class Chromium(Browser):
    name = "chromium"

    def __init__(self, click_to_play=False, dark=False, reduced_motion=False, viewport=(1280, 800), udp=True,
                 receives=None):
        """`receives`: the one video codec that its offers take, "VP8" or "H264"."""
        flags = FLAGS if click_to_play else [*FLAGS, "--autoplay-policy=no-user-gesture-required"]
        if not udp:
            flags = [*flags, "--webrtc-ip-handling-policy=disable_non_proxied_udp"]
        self._browser = _driver().chromium.launch(executable_path=EXECUTABLE, headless=True, args=flags)
        session = self._browser.new_browser_cdp_session()
        processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
        self.pid = next(process["id"] for process in processes if process["type"] == "browser")
        self._context = self._browser.new_context(
            ignore_https_errors=True,
            viewport={"width": viewport[0], "height": viewport[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if reduced_motion else "no-preference")
        if receives:
            self._context.add_init_script(f"({ONE_CODEC})({json.dumps(receives)})")
        self.page = self._context.new_page()
        self.console = []
        self.page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.console.append(f"pageerror: {error}"))

    def open(self, url):
        self.page.goto(url)

    def evaluate(self, function, *arguments):
        # By way of JSON: numbers that are whole come back as int, as from the other browsers.
        text = self.page.evaluate(
            f"async (given) => JSON.stringify(await ({function})(...JSON.parse(given))) ?? 'null'",
            json.dumps(arguments))
        return json.loads(text)

    def screenshot(self, path):
        self.page.screenshot(path=str(path))

    def press(self, key):
        self.page.keyboard.press(key)

    def click(self, selector):
        self.page.click(selector)

    def set_viewport(self, width, height):
        self.page.set_viewport_size({"width": width, "height": height})

    def accessibility_tree(self):
        """The nodes that a screen reader is given: [{role, name, ...}], ignored ones left out."""
        session = self._context.new_cdp_session(self.page)
        nodes = session.send("Accessibility.getFullAXTree")["nodes"]
        session.detach()
        return [
            {"role": node["role"]["value"], "name": node.get("name", {}).get("value", "")}
            for node in nodes if not node.get("ignored")]

    def close(self):
        try:
            self._browser.close()
        except Error:
            pass  # killed before
