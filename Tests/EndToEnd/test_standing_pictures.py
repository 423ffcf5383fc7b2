"""Slides: one picture, and then nothing. Whoever is there and whoever comes later must see it."""

import os
import signal

import pytest

from media import Clip
from room_page import RoomPage
from test_media_workers import lost, workers
from waiting import wait_until

pytestmark = pytest.mark.gateway

#: Seconds within which a slide is seen; browsers take part of it to begin, a busy machine the rest.
SEEN = 10


def wait_seen(page, number=0):
    wait_until(lambda: number in page.pictures("alice").numbers, SEEN, "the slide")


@pytest.mark.parametrize("codec", ["flashsv", "flashsv2", "flv1", "h264"])
def test_a_slide_is_seen_by_who_is_there_and_by_who_comes_later(gateway, room, shared, publish, tmp_path, codec):
    slide = Clip(f"slide-{codec}", video=codec, audio=None, size=(640, 480), seconds=1 / 15)
    url = gateway.page_url(room)
    first = RoomPage(shared("chromium"), url).wait_joined()
    first.watch("alice", sound=False)
    publish("alice", slide.make(tmp_path), by="script", stays=True)
    wait_seen(first)
    # Long after the browser's own questions have ended.
    wait_until(lambda: first.pictures("alice").decoded >= (7 if codec != "h264" else 4), 20, "the slide again")
    assert first.tile("alice")["state"] == "live" or codec == "h264"
    second = RoomPage(shared("firefox"), url).wait_joined()
    second.watch("alice", sound=False)
    wait_seen(second)
    if codec == "h264":
        return
    before = lost(gateway)
    for process in workers(gateway):
        os.kill(process, signal.SIGKILL)
    wait_until(lambda: lost(gateway) > before, what="the gateway noticed")
    third = RoomPage(shared("chromium"), url).wait_joined()
    third.watch("alice", sound=False)
    wait_seen(third)


def test_slides_are_seen_one_after_another(gateway, room, shared, publish, tmp_path):
    """One each three seconds: each is another publication's only picture."""
    page = RoomPage(shared("chromium"), gateway.page_url(room)).wait_joined()
    page.watch("alice", sound=False)
    for number in (3, 5, 9):
        slide = Clip(f"slide-{number}", video="flashsv", audio=None, size=(640, 480), seconds=1 / 15, first_number=number)
        publisher = publish("alice", slide.make(tmp_path), by="script", stays=True)
        wait_seen(page, number)
        publisher.kill()
