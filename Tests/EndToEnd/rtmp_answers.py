"""What an RTMP server says to a client: chunks put together again, commands decoded."""

import struct
from collections import namedtuple

SET_CHUNK_SIZE, COMMAND = 1, 20

Message = namedtuple("Message", "kind stream body")


class Reader:
    """Takes the server's bytes behind the handshake, cut anywhere; `messages` grows."""

    def __init__(self):
        self.messages = []
        self._data = b""
        self._chunk_size = 128
        self._headers = {}  # chunk stream: [length, kind, message stream]
        self._parts = {}  # chunk stream: bytes so far

    def feed(self, data):
        self._data += data
        while self._chunk():
            pass

    def commands(self):
        """[(name, transaction, values...)] of the commands so far."""
        return [decode(message.body) for message in self.messages if message.kind == COMMAND]

    def codes(self):
        """The `code` of every status so far."""
        values = (value for command in self.commands() for value in command[2:])
        return [value["code"] for value in values if isinstance(value, dict) and "code" in value]

    def _chunk(self):
        data = self._data
        if not data:
            return False
        form, stream = data[0] >> 6, data[0] & 63
        assert stream > 1, "the server uses chunk streams of one byte alone"
        size = (11, 7, 3, 0)[form]
        at = 1 + size
        if len(data) < at:
            return False
        header = list(self._headers.get(stream, (0, 0, 0)))
        if form < 2:
            header[0], header[1] = int.from_bytes(data[4:7], "big"), data[7]
        if form == 0:
            header[2] = struct.unpack_from("<I", data, 8)[0]
        if form < 3 and data[1:4] == b"\xff\xff\xff":
            at += 4
        part = self._parts.get(stream, b"")
        take = min(self._chunk_size, header[0] - len(part))
        if len(data) < at + take:
            return False
        self._headers[stream] = header
        part += data[at:at + take]
        self._data = data[at + take:]
        if len(part) == header[0]:
            self._parts[stream] = b""
            self._message(Message(header[1], header[2], part))
        else:
            self._parts[stream] = part
        return True

    def _message(self, message):
        if message.kind == SET_CHUNK_SIZE:
            self._chunk_size = int.from_bytes(message.body, "big")
        self.messages.append(message)


def decode(body):
    """The AMF0 values of a command."""
    values, at = [], 0
    while at < len(body):
        value, at = _value(body, at)
        values.append(value)
    return tuple(values)


def _value(body, at):
    marker, at = body[at], at + 1
    match marker:
        case 0:
            return struct.unpack_from(">d", body, at)[0], at + 8
        case 1:
            return bool(body[at]), at + 1
        case 2:
            return _text(body, at)
        case 3 | 8:
            at += 4 if marker == 8 else 0
            pairs = {}
            while True:
                key, at = _text(body, at)
                if key == "" and body[at] == 9:
                    return pairs, at + 1
                pairs[key], at = _value(body, at)
        case 5 | 6:
            return None, at
    raise ValueError(f"AMF0 marker {marker}")


def _text(body, at):
    length = int.from_bytes(body[at:at + 2], "big")
    return body[at + 2:at + 2 + length].decode(), at + 2 + length
