"""The figures of `flow_bench` for OpenCV's DIS, on the pictures that `flow_bench --dump DIR` wrote.

    python3 -m venv venv && venv/bin/pip install opencv-python-headless numpy
    venv/bin/python benches/flow_opencv.py DIR
"""

import glob
import os
import sys
import time

import cv2
import numpy as np

PRESETS = {
    "ultrafast": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    "fast": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    "medium": cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}


def timed(preset, a, b, rounds):
    """Flow and CPU milliseconds of one direction."""
    dis = cv2.DISOpticalFlow_create(preset)
    begun = time.process_time()
    for _ in range(rounds):
        flow = dis.calc(a, b, None)
    return flow, (time.process_time() - begun) / rounds * 1e3


def warp(picture, flow, share):
    """The picture pulled back along a share of the flow."""
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32)
    at = (columns + share * flow[..., 0], rows + share * flow[..., 1])
    return cv2.remap(picture, *at, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def drawn(folder):
    for path in sorted(glob.glob(os.path.join(folder, "*_truth.f32"))):
        stem = path.removesuffix("_truth.f32")
        a, b = (cv2.imread(f"{stem}_{side}.pgm", 0) for side in "ab")
        height, width = a.shape
        truth = np.fromfile(path, "<f4").reshape(2, height, width)
        rows, columns = np.mgrid[:height, :width]
        x, y = columns + truth[0], rows + truth[1]
        inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
        print(f"{os.path.basename(stem):16}", end="")
        for name, preset in PRESETS.items():
            flow, spent = timed(preset, a, b, 5)
            error = np.hypot(flow[..., 0] - truth[0], flow[..., 1] - truth[1])
            print(f"  {name} {error[inside].mean():.3f} ({spent:.1f} ms)", end="")
        print()


def psnr(a, b):
    error = np.mean((a.astype(np.float64) - b) ** 2)
    return min(60.0, 10 * np.log10(255**2 / max(error, 1e-9)))


def held_out(folder):
    """A naive bridge: both pictures pulled half way along each other's flow, and averaged."""
    figures = {}
    for path in sorted(glob.glob(os.path.join(folder, "*_m.pgm"))):
        stem = path.removesuffix("_m.pgm")
        a, middle, b = (cv2.imread(f"{stem}_{part}.pgm", 0) for part in "amb")
        clip, gap, _ = os.path.basename(stem).rsplit("-", 2)
        factor = 1
        while a.size > 60_000 * factor**2:
            factor += 1
        small = [
            cv2.resize(p, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
            for p in (a, b)
        ]
        for name, preset in PRESETS.items():
            pulled = []
            residual = spent = 0.0
            for (here, there), picture in zip(
                ((small[0], small[1]), (small[1], small[0])), (b, a)
            ):
                flow, cost = timed(preset, here, there, 1)
                spent += cost
                residual += np.mean(cv2.absdiff(warp(there, flow, 1.0), here)) / 2
                large = cv2.resize(flow, a.shape[::-1]) * factor
                pulled.append(warp(picture, large, 0.5))
            made = (pulled[0].astype(np.float32) + pulled[1]) / 2
            one = (psnr(made, middle), residual, spent)
            figures.setdefault((clip, int(gap), name), []).append(one)
    for (clip, gap, name), rows in figures.items():
        quality, residual, spent = np.mean(rows, axis=0)
        print(
            f"{clip:34} gap {gap} {name}: {quality:.2f} dB, residual {residual:.2f}, "
            f"flow {spent:.1f} ms"
        )


if __name__ == "__main__":
    cv2.setNumThreads(1)
    drawn(sys.argv[1])
    held_out(sys.argv[1])
