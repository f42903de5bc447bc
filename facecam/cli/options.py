"""What commands share: options of the detector, kinds of values, exit statuses.

The functions for `type=` say in half a sentence what is wrong with a value.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from facecam.detection.model import DEFAULT_MODEL
from facecam.detection.options import SUCCESSORS, DetectorOptions, successor_words
from facecam.runtimes.engine import MAX_THREADS, PRECISION_CHOICES, RUNTIME_CHOICES
from facecam.runtimes.providers import NAMES
from facecam.system.cpu import available_cores, can_pin
from facecam.system.files import named_path

EXIT_FAULT = 1
EXIT_WRONG_INPUT = 2
EXIT_NOT_ALL = 3
EXIT_INTERRUPTED = 130
EXIT_PIPE_CLOSED = 141
EXIT_TERMINATED = 143
"""The exit statuses, apart from 0 for what went well."""


def add_detector_options(parser: argparse.ArgumentParser, several: bool = False, live: bool = False) -> None:
    """Options that may stand before and after a command. Without a default of their own, none hides the other.

    several: for a command that by default measures all models, runtimes and precisions in turns; live: for live
    pictures, where the fastest precision is the default.
    """
    options = parser.add_argument_group("detector", argument_default=argparse.SUPPRESS)

    def text(of_one: str, of_several: str) -> str:
        return of_several if several else of_one

    models = text(DEFAULT_MODEL, "all that come with the program")
    options.add_argument("--model", type=model, help=f"a shipped model's name, or an ONNX file (default: {models})")
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


def model(text: str) -> str:
    if text in SUCCESSORS:
        print(f"facecam: {successor_words(text)}", file=sys.stderr)
    return text


path = named_path
"""`~` is home also in `--json=~/found.jsonl`, which shells leave alone."""


def folder(text: str) -> Path:
    if not text.strip():  # which would be the current one
        raise argparse.ArgumentTypeError("an empty name is none of a folder")
    return named_path(text)


def number(text: str, highest: float, otherwise: str) -> float:
    """A number from 0 to `highest`; otherwise: how the sentence "TEXT ..." goes on if it is none."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= highest:
        raise argparse.ArgumentTypeError(f"{text} {otherwise}")
    return value


fraction = partial(number, highest=1.0, otherwise="does not lie between 0 and 1")
seconds = partial(number, highest=1e9, otherwise="is not a number of seconds")


def core(text: str) -> int:
    if not can_pin():
        raise argparse.ArgumentTypeError("this system can't pin a thread to a core; leave the option out")
    cores = available_cores()
    if not text.isdecimal() or int(text) not in cores:
        raise argparse.ArgumentTypeError(f"there is no core {text} here; there are {', '.join(map(str, cores))}")
    return int(text)


def whole(text: str, most: int, what: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"{text} is not a number of {what} from 1 to {most}")
    return int(text)


jobs = partial(whole, most=256, what="processes")
threads = partial(whole, most=MAX_THREADS, what="threads")


def size(text: str) -> tuple[int, int] | None:
    """(width, height); None for `native`."""
    if text == "native":
        return None
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and min(int(width), int(height)) >= 32):
        raise argparse.ArgumentTypeError(f"{text} is not a size such as 640x480 (at least 32x32), nor `native`")
    return int(width), int(height)
