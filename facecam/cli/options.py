"""Options that several commands share."""

from __future__ import annotations

import argparse

from facecam.cli.values import core, fraction, threads
from facecam.model import DEFAULT_MODEL
from facecam.parallel import DetectorSettings
from facecam.providers import NAMES
from facecam.runtimes import CHOICES, F32, PRECISION_CHOICES


def add_detector_options(parser: argparse.ArgumentParser) -> None:
    """Options that may stand before and after a command. Without a default of their own, none hides the other."""
    options = parser.add_argument_group("detector", argument_default=argparse.SUPPRESS)
    options.add_argument("--model", help=f"a shipped model's name, or an ONNX file (default: {DEFAULT_MODEL})")
    options.add_argument(
        "--threshold", type=fraction, help="lowest score that is a face, 0 to 1 (default: the model's)"
    )
    options.add_argument(
        "--runtime", choices=CHOICES, help="what computes the network (default: auto, the faster of those installed)"
    )
    options.add_argument(
        "--precision",
        choices=PRECISION_CHOICES,
        help="of the arithmetic (default: f32; bf16: about twice as fast on processors that have it; auto: the faster)",
    )
    options.add_argument("--threads", type=threads, help="threads that compute (default: 1, the paper's one core)")
    options.add_argument(
        "--provider", help=f"what ONNX Runtime computes on, where installed: {', '.join(NAMES)} (default: cpu)"
    )
    options.add_argument("--core", type=core, help="CPU core for the detector (default: a fast one)")
    add_verbose(parser)


def add_verbose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--verbose", action="store_true", default=argparse.SUPPRESS, help="log in detail, on stderr as well"
    )


def detector_settings(arguments: argparse.Namespace, size: tuple[int, int] | None) -> DetectorSettings:
    """The detector that the options ask for. size: that larger frames are scaled down to; None: native."""
    return DetectorSettings(
        arguments.model,
        arguments.threshold,
        size,
        arguments.runtime,
        arguments.precision or F32,
        arguments.threads,
        arguments.provider,
    )
