"""Fixtures of all end-to-end tests. Whatever is started here is stopped here, by its own process id."""

import pytest

import browsers
import certificates
import media
from browsers import sound
from browsers.chromium import stop_driver
from room_page import RoomPage


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """Paths of a self-signed certificate and its key."""
    return certificates.self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session", autouse=True)
def _what_browsers_need():
    yield
    stop_driver()
    sound.stop()


@pytest.fixture(scope="session")
def _kept_browsers():
    kept = {}
    yield kept
    for browser in kept.values():
        browser.close()


@pytest.fixture
def shared(_kept_browsers):
    """shared("chromium"): a browser that later tests use again; each test opens the page it needs."""
    used = []

    def get(name):
        if name not in _kept_browsers:
            _kept_browsers[name] = browsers.launch(name)
        used.append(_kept_browsers[name])
        return used[-1]

    yield get
    for browser in used:
        browser.open("about:blank")  # leaves the room


@pytest.fixture
def started():
    """started("firefox", ...): a browser for this test alone."""
    running = []

    def start(name, **options):
        running.append(browsers.launch(name, **options))
        return running[-1]

    yield start
    for browser in running:
        browser.close()


@pytest.fixture
def room_page(shared):
    """room_page("chromium", url): the page at `url` in a shared browser."""
    return lambda name, url: RoomPage(shared(name), url)


@pytest.fixture(scope="session")
def clips(tmp_path_factory):
    """clips("h264-aac"): the path of that clip of media.py, made when first asked for."""
    directory = tmp_path_factory.mktemp("clips")
    return lambda name: media.CLIPS[name].make(directory)
