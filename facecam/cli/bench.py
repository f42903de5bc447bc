"""`facecam bench`: its options, and what is done with them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecam.cli.options import detector_options, number, path
from facecam.errors import FacecamError

if TYPE_CHECKING:
    from facecam.bench.command import BenchOptions

_seconds = partial(number, highest=3600.0, otherwise="is not a number of seconds up to 3600")
_minutes = partial(number, highest=1440.0, otherwise="is not a number of minutes up to 1440")
_OF_SPEED = ("seconds", "minutes", "threads", "gallery")
"""Options of the speed alone, as of BenchOptions and its detector."""


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

    options = BenchOptions(
        detector_options(arguments),
        also=tuple(arguments.also),
        opencv=arguments.opencv,
        seconds=arguments.seconds,
        minutes=arguments.minutes,
        gallery=not arguments.no_gallery,
    )
    if arguments.compare is not None:
        _refuse("--compare", options, BenchOptions())
    elif arguments.accuracy is not None:
        _refuse("--accuracy", options, BenchOptions(), _OF_SPEED)
    files = Files(arguments.json, arguments.markdown, arguments.png)
    files.check()
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


def _refuse(instead: str, options: BenchOptions, usual: BenchOptions, useless: Sequence[str] = ()) -> None:
    """Raises FacecamError where options differ from the usual ones though `instead` looks at none of them, or not at
    the useless ones."""

    def by_name(of: BenchOptions) -> dict[str, Any]:
        return vars(of.detector) | {name: value for name, value in vars(of).items() if name != "detector"}

    before, now = by_name(usual), by_name(options)
    changed = [name for name in useless or now if now[name] != before[name]]
    given = ["--no-gallery" if name == "gallery" else f"--{name}" for name in changed]
    if given:
        raise FacecamError(f"{instead} has no use for {' and '.join(given)}; leave one or the other out.")
