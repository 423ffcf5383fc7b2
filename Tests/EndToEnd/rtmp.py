"""A small RTMP publisher for what real programs cannot be made to send: any start time, any chunk size, any end."""

import os
import socket
import struct
import threading
import time
from urllib.parse import urlsplit

import flv
import rtmp_answers
from flv import AUDIO

COMMAND = 20


class Publisher(threading.Thread):
    """Publishes a file in real time with time stamps that start at `first_timestamp` (modulo 2^32).

    The query of `url` is that of the `tcUrl`; `name_query` is that of the stream name; `arguments` follow the object of
    `connect`. When the server ends the conversation, the publisher closes, unless it is `stubborn`. One that `stays` goes
    on publishing nothing when the file has ended. It comes from the address `source`, and speaks inside TLS with the
    `ssl.SSLContext` in `tls`. Its `clock` makes of a tag's milliseconds what it says of them.
    """

    CHUNK = 4096

    def __init__(self, url, path, first_timestamp=0, name_query="", arguments=(), stubborn=False, stays=False,
                 source=None, tls=None, clock=lambda stamp: stamp):
        super().__init__(daemon=True)
        parts = urlsplit(url)
        self._address = (parts.hostname, parts.port)
        self._app, self._name = parts.path.strip("/").rsplit("/", 1)
        self._tc_url = parts._replace(path=f"/{self._app}").geturl()
        self._name += name_query
        self._arguments = arguments
        self._stubborn = stubborn
        self._source = source
        self._tls = tls
        self._clock = clock
        self._stays = stays
        self._tags = flv.read(path)
        self._first = first_timestamp
        self._socket = None
        self._stopped = threading.Event()
        self._ended = threading.Event()
        #: When media began to be sent, on the wall's clock; None before.
        self.began = None
        #: What the server says.
        self.answers = rtmp_answers.Reader()
        self.start()

    def stop(self):
        """Closes the connection at once, without FCUnpublish."""
        self._stopped.set()
        if self._socket:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.join(timeout=5)

    kill = stop

    def wait(self, within):
        self.join(timeout=within)
        assert not self.is_alive(), "the publisher does not end"

    def run(self):
        try:
            self._publish()
        except OSError:
            if not (self._stopped.is_set() or self._ended.is_set()):
                raise

    def _publish(self):
        source = (self._source, 0) if self._source else None
        with socket.create_connection(self._address, timeout=10, source_address=source) as self._socket:
            if self._tls:
                self._socket = self._tls.wrap_socket(self._socket, server_hostname="localhost")
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._handshake()
            threading.Thread(target=self._listen, daemon=True).start()
            self._write(2, 1, 0, struct.pack(">I", self.CHUNK))
            self._command("connect", 1, {"app": self._app, "tcUrl": self._tc_url, "type": "nonprivate"},
                          *self._arguments)
            self._command("createStream", 2, None)
            self._command("publish", 3, None, self._name, "live", stream=1)
            self._play_out()
            if self._stays:
                self._stopped.wait()
            self._command("FCUnpublish", 4, None, self._name)
            self._command("deleteStream", 5, None, 1.0)
            # The thread that discards answers holds the socket too: closing alone would not end the connection.
            self._socket.shutdown(socket.SHUT_RDWR)

    def _handshake(self):
        self._socket.sendall(b"\x03" + bytes(8) + os.urandom(1528))
        answer = b""
        while len(answer) < 1 + 2 * 1536:
            part = self._socket.recv(4096)
            if not part:
                raise ConnectionError("closed in the handshake")
            answer += part
        self._socket.sendall(answer[1:1537])

    # Nothing waits for an answer: the stream id is 1 on every server there is.
    def _listen(self):
        try:
            self._socket.settimeout(None)
            while data := self._socket.recv(65536):
                self.answers.feed(data)
        except OSError:
            pass
        self._ended.set()
        if not self._stubborn:
            self._stopped.set()

    def wait_end(self, within):
        """Waits until the server has closed the connection."""
        assert self._ended.wait(within), "the server does not close the connection"

    def _play_out(self):
        begin = time.monotonic()
        self.began = time.time()
        for kind, stamp, body in self._tags:
            if self._stopped.wait(max(0.0, begin + stamp / 1000 - time.monotonic())):
                raise ConnectionAbortedError("stopped by the test")
            self._write(4 if kind == AUDIO else 6, kind, (self._first + self._clock(stamp)) % 2**32, body, stream=1)

    def _command(self, name, transaction, *values, stream=0):
        body = b"".join(amf0(value) for value in (name, float(transaction), *values))
        self._write(3, COMMAND, 0, body, stream=stream)

    def _write(self, chunk_stream, kind, stamp, body, stream=0):
        extended = struct.pack(">I", stamp) if stamp >= 0xFFFFFF else b""
        header = (bytes([chunk_stream]) + min(stamp, 0xFFFFFF).to_bytes(3) + len(body).to_bytes(3) + bytes([kind])
                  + struct.pack("<I", stream) + extended)
        size = self.CHUNK if kind != 1 else 128
        out = header + body[:size]
        for position in range(size, len(body), size):
            out += bytes([0xC0 | chunk_stream]) + extended + body[position:position + size]
        self._socket.sendall(out)


def amf0(value):
    match value:
        case None:
            return b"\x05"
        case float():
            return b"\x00" + struct.pack(">d", value)
        case str():
            text = value.encode()
            return b"\x02" + len(text).to_bytes(2) + text
        case dict():
            pairs = b"".join(len(key).to_bytes(2) + key.encode() + amf0(item) for key, item in value.items())
            return b"\x03" + pairs + b"\x00\x00\x09"
    raise TypeError(value)
