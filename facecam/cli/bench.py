"""`facecam bench`: its options, and what is done with them."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from facecam.cli.options import detector_options, number, path
from facecam.errors import FacecamError
from facecam.runtimes.engine import Runtime
from facecam.runtimes.providers import CPU

_seconds = partial(number, highest=3600.0, otherwise="is not a number of seconds up to 3600")
_minutes = partial(number, highest=1440.0, otherwise="is not a number of minutes up to 1440")
_OF_SPEED: dict[str, object] = {"seconds": 5.0, "minutes": 0.0, "threads": 1, "no_gallery": False}
_OF_MEASURING: dict[str, object] = {
    **{"model": None, "threshold": None, "runtime": Runtime.AUTO, "precision": None, "provider": CPU, "core": None},
    **{"also": [], "opencv": False, **_OF_SPEED},
}
"""Options of the speed alone, and those of both speed and accuracy, with their defaults."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds them to the command's parser, beside those of the detector."""
    parser.set_defaults(run=bench)
    parser.add_argument(
        "--also",
        action="append",
        default=[],
        metavar="MODEL",
        help="another model to compare with in the same run: ours, or an Ultra-Light or YuNet file",
    )
    parser.add_argument("--opencv", action="store_true", help="compare with OpenCV's own network module as well")
    parser.add_argument("--seconds", type=_seconds, default=5.0, help="of each run (default: 5)")
    parser.add_argument(
        "--minutes", type=_minutes, default=0.0, help="go on for so long: does it slow down, does memory grow?"
    )
    parser.add_argument("--no-gallery", action="store_true", help="leave the gallery's generator out")
    parser.add_argument("--json", type=_file, metavar="FILE", help="write everything that was measured")
    parser.add_argument("--markdown", type=_file, metavar="FILE", help="write the tables, of --compare too")
    parser.add_argument(
        "--png", type=_file, metavar="FILE", help="write a picture of the result, or of two that are compared, to show"
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--accuracy",
        nargs=2,
        type=path,
        metavar=("PICTURES", "LABELS"),
        help="measure accuracy against time on the pictures of a WIDER FACE text file instead",
    )
    parser.add_argument("--watch", action="store_true", help=argparse.SUPPRESS)  # for the window: figures so far
    instead.add_argument(
        "--compare",
        nargs="+",
        type=path,
        metavar="A.json",
        help="compare two results instead of measuring, or list those of a folder",
    )


def bench(arguments: argparse.Namespace) -> int:
    """The command. Raises FacecamError."""
    from facecam.bench.command import BenchOptions, Files, accuracy_command, bench_command, compare_command
    from facecam.bench.result import to_line

    def tell(sentence: str) -> None:
        print(f"{sentence} …", file=sys.stderr, flush=True)

    _refuse_useless(arguments)
    files = Files(arguments.json, arguments.markdown, arguments.png)
    files.check()
    options = BenchOptions(
        detector_options(arguments),
        also=tuple(arguments.also),
        opencv=arguments.opencv,
        seconds=arguments.seconds,
        minutes=arguments.minutes,
        gallery=not arguments.no_gallery,
    )
    if arguments.compare is not None:
        found = compare_command(arguments.compare, files)
    elif arguments.accuracy is not None:
        pictures, labels = arguments.accuracy
        found = accuracy_command(options, pictures, labels, tell)
    else:
        show = (lambda interim: print(to_line(interim), flush=True)) if arguments.watch else None
        found = bench_command(options, tell, show)
    files.write(found)  # first: the reader of what is printed may have gone
    print(found.tables, end="")
    return 0


def _file(text: str) -> Path:
    if text == "-":  # it is standard output in `detect`
        raise argparse.ArgumentTypeError("the tables are printed anyway; name a file for what is to be kept")
    return path(text)


def _refuse_useless(arguments: argparse.Namespace) -> None:
    """Raises FacecamError where options were given that nothing would look at."""
    if arguments.compare is not None:
        instead, useless = "--compare", _OF_MEASURING
    elif arguments.accuracy is not None:
        instead, useless = "--accuracy", _OF_SPEED
    else:
        return
    given = [f"--{name.replace('_', '-')}" for name, usual in useless.items() if getattr(arguments, name) != usual]
    if given:
        raise FacecamError(f"{instead} has no use for {' and '.join(given)}; leave one or the other out.")
