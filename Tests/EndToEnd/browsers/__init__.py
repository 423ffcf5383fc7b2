"""Real browsers with one face: one object is one browser process with one page."""

from .face import Browser
from .chromium import Chromium
from .firefox import Firefox

__all__ = ["Browser", "Chromium", "Firefox", "launch"]


def launch(name, **options):
    return {"chromium": Chromium, "firefox": Firefox}[name](**options)
