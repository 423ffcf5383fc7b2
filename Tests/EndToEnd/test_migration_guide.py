"""MIGRATION.md is followed to the letter."""

import os
import re
import shutil
from pathlib import Path

import pytest

import gateway as gateways
import guide
from old_servers import Nginx
from waiting import wait_until

ROOT = Path(__file__).parents[2]


def test_the_guide_is_what_it_says(tmp_path, certificate, clips):
    if gateways.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    nginx = Nginx(tmp_path)
    folder = tmp_path / "guide"
    (folder / "tls").mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "bin" / "flashgate").symlink_to(gateways.binary())
    for source, name in zip(certificate, ("cert.pem", "key.pem")):
        shutil.copy(source, folder / "tls" / name)
    shutil.copy(clips("flv1-nellymoser"), folder / "clip.flv")
    shell = guide.Shell(folder, {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"})
    try:
        guide.follow(shell, folder, (ROOT / "MIGRATION.md").read_text(), _Addresses(nginx.port).rewrite)
        wait_until(lambda: (folder / "report.html").exists())
    finally:
        shell.close()
        nginx.stop()


class _Addresses:
    """Free ports of this machine in place of those in the guide."""

    def __init__(self, old_server):
        self._old_server = old_server
        self._free = {}

    def rewrite(self, text):
        text = text.replace("old-server.example.org:1935", f"127.0.0.1:{self._old_server}")
        text = re.sub(r"(?:0\.0\.0\.0|localhost|127\.0\.0\.1):(1935|8443|9090)\b", self._own, text)
        return re.sub(r"udp_port: (\d+)", lambda match: f"udp_port: {self._port(match[1])}", text)

    def _own(self, match):
        return f"127.0.0.1:{self._port(match[1])}"

    def _port(self, written):
        if written not in self._free:
            self._free[written] = gateways.free_port()
        return self._free[written]


@pytest.mark.parametrize("shown, printed, fits", [
    (["a"], "a", True), (["a"], "b", False), (["a"], "a\nb", False), (["a", "..."], "a\nb\nc", True),
    (["...", "c"], "a\nb\nc", True), (["a ... c"], "a b c", True), (["a ... c"], "a b d", False), ([], "", True),
    ([], "a", False), (["..."], "", True),
])
def test_shown_is_printed_or_not(shown, printed, fits):
    assert guide.is_shown(shown, printed) is fits


def test_a_page_has_files_and_commands():
    page = "x\n```yaml\n# a.yaml\nkey: 1\n```\n\n```console\n$ one\nshown\n$ two\n```\n"
    assert guide.steps(page) == [
        guide.File("a.yaml", "# a.yaml\nkey: 1\n"), guide.Command("one", ["shown"]), guide.Command("two")]
