"""Measures the virtual camera on the demo source, with a device in memory in place of a driver's:

python -m tests.soak.virtual_camera --seconds 30

Prints what `facecam --headless --virtual-camera` does, and the processor's time that the virtual camera took a picture.
"""

from __future__ import annotations

import argparse

import pytest

from facecam.cli.headless import run_headless
from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from tests import loopback


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--source", default="demo")
    options = parser.parse_args()
    with pytest.MonkeyPatch.context() as patch:
        device = loopback.install(patch)
        detector = FaceDetector(DetectorOptions().for_live())
        lines: list[str] = []
        run_headless(options.source, detector, options.seconds, lines.append, virtual_camera=True)
    print(*lines[-2:], sep="\n")
    count, size = len(device.sent), device.sizes[0]
    print(f"{1000 * device.cpu_s / count:.2f} ms of CPU time a picture, {count} sent, of {size[0]}x{size[1]}")


if __name__ == "__main__":
    main()
