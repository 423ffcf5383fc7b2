"""The signals that the tests put into pictures and sound, and how they are read back.

Picture: a strip of 20 blocks over the whole width, between 80 % and 93 % of the height. From the left: a white
block, 14 bits of the picture's number (lowest first), 4 check bits, a black block. At 320x240 a block is
16x32 points and lies on the codecs' macroblocks, so it survives 300 kb/s of Sorenson H.263 and VP8.
A square in the upper left corner is white for the first 80 ms of each second and black otherwise.

Sound: either a steady tone, or a burst of 1 kHz in the first 60 ms of each second: the partner of the square.
"""

import numpy as np

BLOCKS = 20
NUMBER_BITS = 14
CHECK_BITS = 4
NUMBERS = 1 << NUMBER_BITS

STRIP_TOP, STRIP_BOTTOM = 0.80, 0.9333
SQUARE_WIDTH, SQUARE_HEIGHT = 0.2, 4 / 15  # 128 of 640, 128 of 480
FLASH_SECONDS = 0.080
BURST_SECONDS = 0.060
BURST_HERTZ = 1000.0

#: Difference between the white and the black block below which a strip is not believed.
LEAST_CONTRAST = 60.0


def check_bits(number):
    """Four bits over the fourteen; all-black and all-white strips come out wrong on purpose."""
    return (number ^ (number >> 4) ^ (number >> 8) ^ (number >> 12) ^ 0b1010) & 0b1111


def strip(number):
    """The 20 blocks of a picture number, True is white."""
    number %= NUMBERS
    bits = number | check_bits(number) << NUMBER_BITS
    return [True] + [bool(bits >> n & 1) for n in range(NUMBER_BITS + CHECK_BITS)] + [False]


def read_strip(levels):
    """The number in 20 block levels (0 to 255), or None if the strip does not stand the check."""
    white, black = levels[0], levels[-1]
    if white - black < LEAST_CONTRAST:
        return None
    middle = (white + black) / 2
    bits = sum((level > middle) << n for n, level in enumerate(levels[1:-1]))
    number = bits & (NUMBERS - 1)
    return number if bits >> NUMBER_BITS == check_bits(number) else None


def read_picture(gray):
    """(number or None, square is white) of a picture as a two-dimensional array of gray levels."""
    height, width = gray.shape
    rows = gray[int(height * 0.835):int(height * 0.9)]
    block = width / BLOCKS
    levels = [float(rows[:, int((n + 0.3) * block):int((n + 0.7) * block)].mean()) for n in range(BLOCKS)]
    square = gray[int(height * 0.08):int(height * 0.18), int(width * 0.06):int(width * 0.14)]
    return read_strip(levels), float(square.mean()) > 128


def draw_picture(number, width, height, fps):
    """A gray picture with its number and the square; the rest moves a little, so that coders have work."""
    picture = np.full((height, width), 60, np.uint8)
    column = number * 8 % width
    picture[:, column:column + 16] = 120
    top, bottom = round(height * STRIP_TOP), round(height * STRIP_BOTTOM)
    for index, white in enumerate(strip(number)):
        picture[top:bottom, index * width // BLOCKS:(index + 1) * width // BLOCKS] = 235 if white else 16
    lit = (number % fps) / fps < FLASH_SECONDS
    picture[:round(height * SQUARE_HEIGHT), :round(width * SQUARE_WIDTH)] = 235 if lit else 16
    return picture


def tone_of(samples, rate):
    """(frequency in Hz, root mean square) of mono samples in -1 to 1: the strongest spectral line, interpolated."""
    samples = np.asarray(samples, np.float64)
    windowed = samples * np.hanning(len(samples))
    spectrum = np.abs(np.fft.rfft(windowed))
    peak = int(spectrum[1:-1].argmax()) + 1
    left, top, right = np.log(spectrum[peak - 1:peak + 2] + 1e-12)
    offset = 0.5 * (left - right) / (left - 2 * top + right) if left + right != 2 * top else 0.0
    return (peak + offset) * rate / len(samples), float(np.sqrt(np.mean(samples**2)))


def burst_onsets(samples, rate, threshold=0.05, quiet=0.4):
    """Indexes of samples at which sound begins after at least `quiet` seconds of silence."""
    loud = np.flatnonzero(np.abs(np.asarray(samples)) > threshold)
    if len(loud) == 0:
        return []
    gaps = np.diff(loud, prepend=-int(rate))
    return [int(index) for index in loud[gaps > quiet * rate]]


def psnr(picture, reference):
    """Peak signal to noise ratio of two pictures of the same shape, in dB."""
    error = np.mean((picture.astype(np.float64) - reference.astype(np.float64)) ** 2)
    return 99.0 if error == 0 else float(10 * np.log10(255**2 / error))


def decibels(ratio):
    return 20 * float(np.log10(max(ratio, 1e-9)))
