"""Options that several commands share."""

from __future__ import annotations

import argparse

from facecam.cli.values import core, fraction, threads
from facecam.detection.model import DEFAULT_MODEL
from facecam.detection.options import DetectorOptions
from facecam.runtimes.engine import PRECISION_CHOICES, RUNTIME_CHOICES
from facecam.runtimes.providers import NAMES


def add_detector_options(parser: argparse.ArgumentParser, several: bool = False, live: bool = False) -> None:
    """Options that may stand before and after a command. Without a default of their own, none hides the other.

    several: for a command that by default takes all models, runtimes and precisions in turns; live: for pictures that
    don't wait, so that the fastest precision is the default.
    """
    options = parser.add_argument_group("detector", argument_default=argparse.SUPPRESS)

    def text(of_one: str, of_several: str) -> str:
        return of_several if several else of_one

    models = text(DEFAULT_MODEL, "all that come with the program")
    options.add_argument("--model", help=f"a shipped model's name, or an ONNX file (default: {models})")
    options.add_argument(
        "--threshold", type=fraction, help="lowest score that is a face, 0 to 1 (default: the model's)"
    )
    options.add_argument(
        "--runtime",
        choices=RUNTIME_CHOICES,
        help=f"what computes the network (default: auto, {text('the faster of those installed', 'all installed')})",
    )
    precision_default = text("default: f32; auto: the fastest)", "default: auto, all that this one has)")
    options.add_argument(
        "--precision",
        choices=PRECISION_CHOICES,
        help="of the arithmetic (int8, bf16: up to twice as fast on processors that have them; "
        + ("default: auto, the fastest)" if live else precision_default),
    )
    many = text("threads that compute", "above 1: compares so many with one")
    options.add_argument("--threads", type=threads, help=f"{many} (default: 1, the paper's one core)")
    where = text("what ONNX Runtime computes on", "what else ONNX Runtime computes on, beside the processor")
    options.add_argument("--provider", help=f"{where}, where installed: {', '.join(NAMES)} (default: cpu)")
    free = text("CPU core for the detector (default: a fast one)", "CPU core to measure (default: a fast, free one)")
    options.add_argument("--core", type=core, help=free)
    add_verbose(parser)


def add_verbose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--verbose", action="store_true", default=argparse.SUPPRESS, help="log in detail, on stderr as well"
    )


def detector_options(arguments: argparse.Namespace) -> DetectorOptions:
    """What the options ask for; where none says it, the precision is left open."""
    return DetectorOptions(
        arguments.model,
        arguments.threshold,
        runtime=arguments.runtime,
        precision=arguments.precision,
        threads=arguments.threads,
        provider=arguments.provider,
        core=arguments.core,
    )
