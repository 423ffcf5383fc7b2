"""Fixtures of all end-to-end tests. Whatever is started here is stopped here, by its own process id."""

import subprocess

import pytest

import browsers
import certificates
import gateway as gateway_module
import media
import publishers
import rtmp
from browsers import sound
from browsers.chromium import stop_driver
from room_page import RoomPage
from whep import WhepPlayer


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


@pytest.fixture(scope="session")
def _gateway(tmp_path_factory, certificate):
    if gateway_module.binary() is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")
    running = gateway_module.Gateway(tmp_path_factory.mktemp("gateway"), *certificate)
    yield running
    running.stop()


@pytest.fixture
def gateway(_gateway, request):
    """One gateway for all tests; a test that fails shows the end of its log."""
    begin = _gateway.log.stat().st_size
    yield _gateway
    if getattr(request.node, "failed", False):
        print(f"gateway log:\n{_gateway.log.read_bytes()[begin:].decode(errors='replace')[-4000:]}")


_rooms = (f"room{number}" for number in range(1, gateway_module.ROOMS + 1))


@pytest.fixture
def room():
    """An open room of the gateway that no other test uses."""
    return next(_rooms)


@pytest.fixture
def publish(gateway, room, clips, tmp_path):
    """publish("alice", "h264-aac", by="ffmpeg"): a publisher in the test's room; all are ended after the test.

    The clip is one of media.py, or the path of another file.
    `by` is "ffmpeg", "rtmp2sink", "librtmp", or "script" (rtmp.py, which takes `first_timestamp`).
    """
    running = []

    def start(name, clip, by="ffmpeg", port=None, room=room, **options):
        url = gateway.publish_url(room, name, port)
        path = clips(clip) if isinstance(clip, str) else clip
        log = tmp_path / f"{name}-{len(running)}.log"
        match by:
            case "ffmpeg": program = publishers.ffmpeg(url, path, log, **options)
            case "rtmp2sink": program = publishers.rtmp2sink(url, path, log)
            case "librtmp": program = publishers.librtmp(url, path, log)
            case "script": program = rtmp.Publisher(url, path, **options)
        running.append(program)
        return program

    yield start
    for program in running:
        program.kill()


@pytest.fixture
def player(gateway, room):
    """player("alice"): a WHEP player of that participant, closed after the test."""
    playing = []

    def start(name, **options):
        playing.append(WhepPlayer(gateway.whep_url(room, name), **options))
        return playing[-1]

    yield start
    for each in playing:
        each.close()


@pytest.fixture
def flashgate(tmp_path):
    """Runs a verb to its end in an empty folder; yields exit code, standard output and standard error."""
    binary = gateway_module.binary()
    if binary is None:
        pytest.skip("FLASHGATE_BINARY does not name a built gateway")

    def run(*arguments):
        done = subprocess.run(
            [binary, *arguments], cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
        )
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    item.failed = getattr(item, "failed", False) or report.failed
    return report


@pytest.fixture
def running():
    """Whatever a test starts; stopped after it, the latest first."""
    things = []
    yield lambda thing: things.append(thing) or thing
    for thing in reversed(things):
        (getattr(thing, "close", None) or thing.stop)()
