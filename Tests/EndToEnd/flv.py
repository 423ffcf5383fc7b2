"""FLV files as lists of tags: (type, milliseconds, body)."""

AUDIO, VIDEO, SCRIPT = 8, 9, 18

_MP3_KILOBITS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


def read(path):
    """The audio and video tags."""
    data = path.read_bytes()
    position = 9 + 4
    tags = []
    while position + 11 <= len(data):
        kind, size = data[position], int.from_bytes(data[position + 1:position + 4])
        stamp = int.from_bytes(data[position + 4:position + 7]) | data[position + 7] << 24
        if kind in (AUDIO, VIDEO):
            tags.append((kind, stamp, data[position + 11:position + 11 + size]))
        position += 11 + size + 4
    return tags


def write(path, tags):
    out = bytearray(b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00")
    for kind, stamp, body in tags:
        out += bytes([kind]) + len(body).to_bytes(3) + (stamp & 0xFFFFFF).to_bytes(3) + bytes([stamp >> 24]) + bytes(3)
        out += body + (len(body) + 11).to_bytes(4)
    path.write_bytes(out)


def joined(*parts):
    """Parts (lists of tags) one after another; each begins where the one before ends, by its last stamps."""
    tags, begin = [], 0
    for part, length in parts:
        tags += [(kind, begin + stamp, body) for kind, stamp, body in part]
        begin += length
    return tags


def mp3_frames(data):
    """The frames of an MPEG-2.5 layer III stream at 8 kHz."""
    frames, position = [], 0
    while position + 4 <= len(data):
        header = int.from_bytes(data[position:position + 4])
        assert header >> 21 == 0x7FF and header >> 19 & 3 == 0, "no MPEG-2.5 frame"
        size = 72 * 1000 * _MP3_KILOBITS[header >> 12 & 15] // 8000 + (header >> 9 & 1)
        frames.append(data[position:position + size])
        position += size
    return frames
