"""Waiting for a condition, never for a time."""

import threading
import time


class NotInTime(AssertionError):
    """A condition did not come true before its deadline."""


def wait_until(condition, within=10.0, what=None, every=0.02):
    """Polls `condition` until it returns something true and returns that; `what` names it when it never does.

    The last value, or the last exception of a condition that could not be asked yet, is part of the message.
    """
    deadline = time.monotonic() + within
    pause, nothing = every, threading.Event()
    while True:
        try:
            last = condition()
            if last:
                return last
        except (OSError, LookupError, TypeError, ValueError) as error:
            last = error
        if time.monotonic() >= deadline:
            raise NotInTime(f"not within {within} s: {what or condition.__name__}; last seen: {last!r}")
        nothing.wait(pause)
        pause = min(pause * 1.3, 0.25)
