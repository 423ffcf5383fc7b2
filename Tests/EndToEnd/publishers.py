"""Real programs that publish by RTMP. All are ended by process id."""

import signal
import subprocess


class Program:
    """A publishing program that runs."""

    def __init__(self, command, log):
        self._log = open(log, "wb")
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True)
        self.pid = self._process.pid
        self.log = log

    @property
    def running(self):
        return self._process.poll() is None

    def wait(self, within):
        """Waits for the end of the file; fails if the program ended badly."""
        code = self._process.wait(timeout=within)
        assert code == 0, f"exit code {code}: {self.log.read_text(errors='replace')[-500:]}"

    def stop(self):
        """Asks it to end, as Ctrl-C does: it says good-bye to the server."""
        self._end(signal.SIGINT)

    def kill(self):
        """Ends it without a good-bye."""
        self._end(signal.SIGKILL)

    def _end(self, how):
        if self.running:
            self._process.send_signal(how)
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()


def ffmpeg(url, path, log, loops=0, options=()):
    return Program(
        ["ffmpeg", "-hide_banner", "-loglevel", "warning", "-nostdin", "-re", "-stream_loop", str(loops), "-i", path,
         "-c", "copy", *options, "-f", "flv", url], log)


def rtmp2sink(url, path, log):
    """GStreamer's own RTMP client."""
    return _gstreamer(path, ["rtmp2sink", f"location={url}"], log)


def librtmp(url, path, log):
    """librtmp, by GStreamer's rtmpsink: media goes out in chunks of 128 bytes."""
    return _gstreamer(path, ["rtmpsink", f"location={url} live=1"], log)


def _gstreamer(path, sink, log):
    # "identity sync" paces by the clock: both sinks send as fast as they can otherwise.
    return Program(
        ["gst-launch-1.0", "-q", "filesrc", f"location={path}", "!", "flvdemux", "name=file",
         "flvmux", "name=mux", "streamable=true", "!", *sink,
         "file.video", "!", "queue", "!", "identity", "sync=true", "!", "mux.video",
         "file.audio", "!", "queue", "!", "identity", "sync=true", "!", "mux.audio"], log)
