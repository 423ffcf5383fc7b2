"""Many RTMP connections at once that say `connect` and then wait: each from an address of its own."""

import asyncio
import os
import struct
import time

import rtmp
import rtmp_answers


class Session:
    """One connection. `ended` is the time of the server's close; `codes` what it said of itself."""

    def __init__(self, address):
        self.address = address
        self.answers = rtmp_answers.Reader()
        self.ended = None
        self._writer = None
        self._reading = None

    async def open(self, port, app):
        """Connects and waits for the answer, good or bad. Raises ConnectionError when there is none."""
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(self.address, 0))
        self._writer.write(b"\x03" + bytes(8) + os.urandom(1528))
        try:
            answer = await reader.readexactly(1 + 2 * 1536)
        except asyncio.IncompleteReadError as closed:
            self.ended = time.monotonic()
            raise ConnectionResetError("closed in the handshake") from closed
        url = f"rtmp://127.0.0.1:{port}/{app}"
        body = b"".join(rtmp.amf0(value) for value in ("connect", 1.0, {"app": app, "tcUrl": url}))
        self._writer.write(answer[1:1537] + _chunks(body))
        self._reading = asyncio.create_task(self._read(reader))
        while not self.codes() and self.ended is None:
            await asyncio.sleep(0.01)
        return self

    async def _read(self, reader):
        try:
            while data := await reader.read(65536):
                self.answers.feed(data)
        except OSError:
            pass
        self.ended = time.monotonic()
        self._writer.close()

    def codes(self):
        return self.answers.codes()

    @property
    def alive(self):
        return self.ended is None

    def close(self):
        if self._writer:
            self._writer.close()


def _chunks(body):
    out = bytes([3]) + bytes(3) + len(body).to_bytes(3) + bytes([rtmp.COMMAND]) + struct.pack("<I", 0) + body[:128]
    for position in range(128, len(body), 128):
        out += b"\xc3" + body[position:position + 128]
    return out
