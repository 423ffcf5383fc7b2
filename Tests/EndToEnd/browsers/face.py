"""What every driven browser can do."""

import abc
import os
import signal


class Browser(abc.ABC):
    """A running browser with one page. `click_to_play` keeps the autoplay rules that people have."""

    name: str
    pid: int

    @abc.abstractmethod
    def open(self, url):
        """Loads `url`, with scripts run up to the load event."""

    @abc.abstractmethod
    def evaluate(self, function, *arguments):
        """Calls a JavaScript function, given as text, with JSON arguments; waits for a promise; returns its JSON."""

    @abc.abstractmethod
    def screenshot(self, path):
        """Writes what the page looks like as PNG."""

    @abc.abstractmethod
    def press(self, key):
        """Presses and releases one key ("Tab", "Enter", " ", a letter)."""

    @abc.abstractmethod
    def click(self, selector):
        """A real click, one that counts as the person's, in the middle of the element."""

    @abc.abstractmethod
    def set_viewport(self, width, height):
        pass

    @abc.abstractmethod
    def close(self):
        """Ends the browser in good order, as a person does."""

    def kill(self):
        """Ends it at once (SIGKILL), as a crash does, and clears away what is left."""
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
