"""An asyncio event loop in a thread of its own, asked from the test's thread."""

import asyncio
import threading


class LoopThread:
    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def call(self, coroutine, within=20):
        """Runs a coroutine there and returns its result here."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(timeout=within)

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout=5)
        if not self._thread.is_alive():
            self.loop.close()


def run(coroutine, within=60):
    """Runs a coroutine to its end. `asyncio.run` would not, where a driver of browsers has a loop in the test's thread."""
    loop = LoopThread()
    try:
        return loop.call(coroutine, within)
    finally:
        loop.stop()
