"""The proof of the one core: the detector at full speed, and who computed meanwhile.

python -m facecam.bench.one_core [MODEL] [--runtime auto|onnxruntime|openvino]

Exit status 1: more than one core or thread computed.
"""

from __future__ import annotations

import argparse
import sys
import time

from facecam.bench.measure import MAX_CPU_OVER_WALL, MIN_CPU_OVER_WALL
from facecam.detection.detector import FaceDetector
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError
from facecam.runtimes.engine import RUNTIME_CHOICES, Runtime
from facecam.sources.demo import demo_frame
from facecam.system.cpu import CoreUse, choose_core, cpu_name, measure_core_use, pinned

_WARM_UP_FRAMES = 40
_FRAMES = 8


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m facecam.bench.one_core", description="Shows that the detector computes on one core."
    )
    parser.add_argument("model", nargs="?", help="a shipped model's name, or an ONNX file (default: the shipped one)")
    parser.add_argument(
        "--runtime", choices=RUNTIME_CHOICES, default=Runtime.AUTO, help="what computes the network (default: auto)"
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="how long (default: 3)")
    options = parser.parse_args(arguments)
    try:
        detector = FaceDetector(DetectorOptions(options.model, runtime=options.runtime))
    except FacecamError as error:
        print(error, file=sys.stderr)
        return 2
    with pinned(choose_core()) as core:
        use, count = run_flat_out(detector, options.seconds)
    print(f"{cpu_name()}, {'not pinned' if core is None else f'pinned to core {core}'}")
    print(f"{count / use.wall_s:.1f} detections/s, {1000 * use.thread_cpu_s / count:.2f} ms of CPU time each")
    print(f"CPU over wall time {use.cpu_over_wall:.3f}; other threads {1000 * use.others_cpu_s:.1f} ms")
    print(f"threads that computed: {use.busy_threads}")
    print(words(use))
    return 0 if is_one_core(use) else 1


def run_flat_out(detector: FaceDetector, seconds: float) -> tuple[CoreUse, int]:
    """Detects on demo frames for that long; who computed, and how many detections there were. The caller has pinned the
    thread."""
    frames = [demo_frame(index * 40) for index in range(_FRAMES)]
    count = 0

    def flat_out() -> None:
        nonlocal count
        end_s = time.perf_counter() + seconds
        while count == 0 or time.perf_counter() < end_s:
            detector.detect(frames[count % len(frames)])
            count += 1

    # Past the one trial of the runtimes, in which OpenVINO compiles on a thread of its own.
    for index in range(_WARM_UP_FRAMES):
        detector.detect(frames[index % len(frames)])
    return measure_core_use(flat_out), count


def is_one_core(use: CoreUse) -> bool:
    """Whether no more than one core and one thread computed."""
    return use.cpu_over_wall <= MAX_CPU_OVER_WALL and use.busy_threads == 1


def words(use: CoreUse) -> str:
    """What that shows, in a sentence or two."""
    if not is_one_core(use):
        return "More than one core or thread computed."
    text = "One thread on one core did it all."
    if use.cpu_over_wall < MIN_CPU_OVER_WALL:
        text += f" It had the core for {100 * use.cpu_over_wall:.0f} % of the time; other programs took the rest."
    return text


if __name__ == "__main__":
    sys.exit(main())
