"""Captures of any length, made up: clients that publish a clip again and again, packet by packet."""

import socket
import struct

import flv
from rtmp import COMMAND, amf0

#: Bytes of TCP in a packet.
SEGMENT = 1400
_MAGIC = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
_ZEROS = bytes(1536)


def write(path, clip, seconds, clients=1):
    """A pcap file of so many clients, a second apart, who publish the clip for so many seconds.

    The last of several says nothing between the first second and the end, while the others go on.
    """
    tags = flv.read(clip)
    length = tags[-1][1] + 40
    with path.open("wb") as file:
        file.write(_MAGIC)
        talks = [_Client(number) for number in range(clients)]
        for talk in talks:
            file.write(talk.begin())
        for round in range(seconds * 1000 // length):
            for kind, stamp, body in tags:
                for talk in talks:
                    if talk.number == 0 or talk.number < clients - 1 or round == 0:
                        file.write(talk.media(kind, round * length + stamp, body))
        for talk in talks:
            file.write(talk.end(seconds * 1000))


class _Client:
    def __init__(self, number):
        self.number = number
        self._source = (f"192.0.2.{number + 1}", 50_000)
        self._server = ("198.51.100.1", 1935)
        self._sent, self._answered = 1, 1

    def begin(self):
        app = "live/demo"
        said = b"\x03" + _ZEROS + _ZEROS + _message(2, 1, 0, struct.pack(">I", 65536)) + _command(
            "connect", 1, {"app": app, "tcUrl": f"rtmp://localhost/{app}"}) + _command(
            "createStream", 2, None) + _command("publish", 3, None, f"client-{self.number}", "live", stream=1)
        return (self._packet(0, b"", flags=0x02, first=True) + self._packet(0, b"", flags=0x12, first=True, answers=True)
                + b"".join(self._say(0, said)) + self._packet(1, b"\x03" + _ZEROS, answers=True)
                + self._packet(1, _ZEROS, answers=True))

    def media(self, kind, stamp, body):
        message = _message(4 if kind == flv.AUDIO else 6, kind, stamp, body, stream=1)
        return b"".join(self._say(stamp + 10, message))

    def end(self, stamp):
        return b"".join(self._say(stamp + 20, _command("deleteStream", 4, None, 1.0)))

    def _say(self, milliseconds, data):
        for position in range(0, len(data), SEGMENT):
            yield self._packet(milliseconds, data[position:position + SEGMENT])

    def _packet(self, milliseconds, payload, flags=0x10, first=False, answers=False):
        source, target = (self._server, self._source) if answers else (self._source, self._server)
        sequence = 0 if first else self._answered if answers else self._sent
        if answers:
            self._answered += len(payload)
        else:
            self._sent += len(payload)
        tcp = struct.pack("!HHIIBBHHH", source[1], target[1], sequence % 2**32, 0, 5 << 4, flags, 65535, 0, 0) + payload
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0,
                         socket.inet_aton(source[0]), socket.inet_aton(target[0])) + tcp
        microseconds = 1_700_000_000_000_000 + (self.number * 1000 + milliseconds) * 1000
        return struct.pack("<IIII", *divmod(microseconds, 1_000_000), len(ip), len(ip)) + ip


def _command(name, transaction, *values, stream=0):
    return _message(3, COMMAND, 0, b"".join(amf0(value) for value in (name, float(transaction), *values)), stream)


def _message(chunk_stream, kind, stamp, body, stream=0):
    """One chunk: the chunk size is above all of them, and no capture here is longer than the 24 bits of time."""
    assert stamp < 0xFFFFFF and len(body) <= 65536
    return (bytes([chunk_stream]) + stamp.to_bytes(3) + len(body).to_bytes(3) + bytes([kind])
            + struct.pack("<I", stream) + body)
