"""Sound coders on the clips' own sound: how fast each is, and how far what comes out is from what
went in. Plain Python, so that it needs nothing: a minute or two for each coder.

The noise-to-mask ratio follows Johnston, "Transform coding of audio signals using perceptual noise
criteria", IEEE JSAC 1988: critical bands, spread over their neighbours, less an offset that the
flatness of the spectrum chooses between tones and noise.
"""

import array
import cmath
import math
import subprocess

from .films import FFMPEG
from .goals import tell
from .measure import output, run

RATE = 48000
SECONDS = 80
WINDOW = 2048
# One window in so many is looked at.
EVERY = 6
ROUNDS = 3
AAC = ["-c:a", "aac", "-aac_coder"]
OPUS = ["-c:a", "libopus", "-compression_level"]
CODERS = {
    "AAC twoloop": ([*AAC, "twoloop"], "m4a"),
    "AAC fast": ([*AAC, "fast"], "m4a"),
    "AAC fast, no PNS, IS, TNS": (
        [*AAC, "fast", "-aac_pns", "0", "-aac_is", "0", "-aac_tns", "0"],
        "m4a",
    ),
    "Opus, complexity 10": ([*OPUS, "10"], "ogg"),
    "Opus, complexity 5": ([*OPUS, "5"], "ogg"),
    "Opus, complexity 3": ([*OPUS, "3"], "ogg"),
}


def coders(bench):
    whole = gather(bench)
    seconds = len(whole) / RATE
    tell("sound of the clips", f"{seconds:.1f} s")
    raw = ["-f", "s16le", "-ar", RATE, "-ac", 2, "-i", bench.path("sound.raw")]
    for name, (options, ending) in CODERS.items():
        coded = bench.path(f"sound.{ending}")
        command = [*FFMPEG, *raw, *options, "-b:a", "160k", coded]
        cpu = min(run(command).cpu for _ in range(ROUNDS))
        shown = samples(subprocess.run(
            [str(part) for part in [*FFMPEG[:-1], "-i", coded, *plain("-")]],
            check=True,
            capture_output=True,
        ).stdout)
        snr, nmr = compare(whole, shown)
        size = coded.stat().st_size * 8 / seconds / 1000
        tell(name, f"{seconds / cpu:.0f}x, SNR {snr:.1f} dB, NMR {nmr:.1f} dB, {size:.0f} kb/s")


def plain(to):
    return ["-map", "0:a:0", "-f", "s16le", "-ar", RATE, "-ac", 2, to]


def gather(bench):
    """The sound of all clips that have some, one after another; its left channel."""
    parts = bytearray()
    for clip in sorted(bench.clips.iterdir()):
        probe = ["ffprobe", "-v", "error", "-select_streams", "a", "-show_entries", "stream=index"]
        if output([*probe, "-of", "csv=p=0", clip]).strip():
            parts += subprocess.run(
                [str(part) for part in [*FFMPEG[:-1], "-i", clip, *plain("-")]],
                check=True,
                capture_output=True,
            ).stdout
    del parts[4 * RATE * SECONDS :]
    bench.path("sound.raw").write_bytes(parts)
    return samples(bytes(parts))


def samples(data):
    values = array.array("h")
    values.frombytes(data[: len(data) // 4 * 4])
    return values[::2]


def compare(whole, shown):
    """Mean signal-to-noise ratio and noise-to-mask ratio over windows that are not silent, in dB."""
    late = lag(whole, shown)
    ratios, masks = [], []
    for start in range(0, len(whole) - WINDOW, WINDOW // 2 * EVERY):
        if not 0 <= start + late <= len(shown) - WINDOW:
            continue
        own = whole[start : start + WINDOW]
        noise = [a - b for a, b in zip(shown[start + late : start + late + WINDOW], own)]
        power = sum(value * value for value in own)
        if power < 100 * WINDOW:
            continue
        left = sum(value * value for value in noise) + 1e-9
        # Ratios of single windows are bounded, as is usual for segmental figures.
        ratios.append(min(max(10 * math.log10(power / left), -10), 60))
        threshold = mask(spectrum(own))
        bands = grouped(spectrum(noise))
        pairs = list(zip(bands, threshold))[:HEARD]
        masks.append(sum(10 * math.log10((noise + 1) / mask) for noise, mask in pairs) / HEARD)
    return sum(ratios) / len(ratios), sum(masks) / len(masks)


def lag(whole, shown):
    """By how many samples `shown` comes late, within one window, at its loudest place."""
    size = 4 * WINDOW
    loud = max(
        range(0, min(len(whole), len(shown)) - size, size),
        key=lambda at: sum(abs(value) for value in whole[at : at + size : 16]),
    )
    a = fft([complex(value) for value in whole[loud : loud + size]])
    b = fft([complex(value) for value in shown[loud : loud + size]])
    products = fft([(x * y.conjugate()).conjugate() for x, y in zip(a, b)])
    best = max(range(-WINDOW, WINDOW), key=lambda by: products[-by % size].real)
    return -best


HANN = [0.5 - 0.5 * math.cos(2 * math.pi * at / WINDOW) for at in range(WINDOW)]


def spectrum(values):
    turned = fft([complex(value * weight) for value, weight in zip(values, HANN)])
    return [abs(value) ** 2 for value in turned[: WINDOW // 2]]


def fft(values):
    if len(values) == 1:
        return values
    even, odd = fft(values[::2]), fft(values[1::2])
    half = len(even)
    turned = [TURNS[len(values)][at] * odd[at] for at in range(half)]
    return [a + b for a, b in zip(even, turned)] + [a - b for a, b in zip(even, turned)]


TURNS = {
    size: [cmath.exp(-2j * math.pi * at / size) for at in range(size // 2)]
    for size in (2**power for power in range(1, 14))
}


def bark(frequency):
    return 13 * math.atan(0.00076 * frequency) + 3.5 * math.atan((frequency / 7500) ** 2)


BAND = [int(bark(at * RATE / WINDOW)) for at in range(WINDOW // 2)]
BANDS = BAND[-1] + 1
# Bands up to 15.5 kHz: few hear what is above.
HEARD = int(bark(15500)) + 1
# What rounding to 16 bits adds to one bin of a windowed spectrum.
ROUNDING = WINDOW * 0.375 / 12


def grouped(powers):
    sums = [0.0] * BANDS
    for band, power in zip(BAND, powers):
        sums[band] += power
    return sums


def mask(powers):
    """Largest power of noise in each band that the sound hides."""
    logs = [math.log(power + 1e-9) for power in powers]
    flat = sum(logs) / len(logs) - math.log(sum(powers) / len(powers) + 1e-9)
    tonal = min(10 / math.log(10) * flat / -60, 1)
    bands = grouped(powers)
    threshold = []
    for at in range(BANDS):
        spread = sum(
            power * 10 ** ((15.81 + 7.5 * x - 17.5 * math.sqrt(1 + x * x)) / 10)
            for x, power in ((at - other + 0.474, power) for other, power in enumerate(bands))
        )
        offset = tonal * (14.5 + at) + (1 - tonal) * 5.5
        threshold.append(spread * 10 ** (-offset / 10) + ROUNDING * BAND.count(at))
    return threshold
