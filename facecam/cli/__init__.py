"""The command line: `facecam` opens the window, `facecam detect` works on files, `facecam doctor` looks for trouble."""

from __future__ import annotations

import argparse
import difflib
import io
import logging
import os
import platform
import re
import signal
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from facecam.cli import commands
from facecam.cli.bench import add_options as add_bench_options
from facecam.cli.detect import add_options as add_detect_options
from facecam.cli.options import (
    EXIT_FAULT,
    EXIT_INTERRUPTED,
    EXIT_PIPE_CLOSED,
    EXIT_TERMINATED,
    EXIT_WRONG_INPUT,
    add_detector_options,
    add_verbose,
    path,
    seconds,
)
from facecam.errors import FacecamError
from facecam.runtimes.engine import Runtime, version
from facecam.runtimes.providers import CPU
from facecam.sources import PICTURE_SUFFIXES, VIDEO_SUFFIXES
from facecam.system.display import window_problem
from facecam.system.logs import logging_to_file
from facecam.system.process_exit import end_process
from facecam.system.resources import asset

_SYSTEM = (platform.python_version(), platform.platform())
_logger = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit status: 0, 2 for wrong input, 130 after Ctrl+C, 143 after SIGTERM, 141 where
    nobody reads its output any more, 1 for a fault of ours."""
    parser = make_parser()
    arguments = parser.parse_args(argv)
    parser.refuse_useless(arguments)
    with logging_to_file(arguments.verbose) as log:
        _logger.info("facecam %s, Python %s, %s: %s", version("facecam"), *_SYSTEM, arguments.run.__name__)
        try:
            return int(arguments.run(arguments))
        except FacecamError as error:
            print(f"facecam: {error}", file=sys.stderr)
            return EXIT_WRONG_INPUT
        except KeyboardInterrupt as stop:
            print("facecam: stopped.", file=sys.stderr)
            return EXIT_TERMINATED if isinstance(stop, _TerminatedError) else EXIT_INTERRUPTED
        except BrokenPipeError:  # the reader of our output has gone, as in `facecam detect ... | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing more to be flushed at exit
            return EXIT_PIPE_CLOSED
        except Exception as error:
            _logger.exception("unexpected error")
            print(
                f"facecam: An error inside the program ({type(error).__name__}: {error}). {log} has the details; "
                "please report them with what `facecam doctor` prints.",
                file=sys.stderr,
            )
            return EXIT_FAULT


def run() -> NoReturn:
    """The process of the command `facecam`: `main`, and an end that no thread can spoil."""
    _print_any_name()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background process inherits it as ignored
    signal.signal(signal.SIGTERM, _terminate)  # by itself it would leave half a copy behind
    end_process(main())


def _print_any_name() -> None:
    """Names of files and cameras may hold what the terminal's encoding can't show; and in pipes and files Windows would
    have its code page, while other programs, our window first, read UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # it is None where a program without a console started this one
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


class _TerminatedError(KeyboardInterrupt):
    """The system wants this process to end."""


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise _TerminatedError


def make_parser() -> _Parser:
    """What it parses has `run`, the command's function, which takes all of it and gives the exit status."""
    parser = _Parser(
        prog="facecam", description="Live face detection on one CPU core. Without a command it opens the window."
    )
    add_detector_options(parser, live=True)
    parser.set_defaults(run=commands.window, model=None, threshold=None, core=None, verbose=False)
    parser.set_defaults(runtime=Runtime.AUTO, precision=None, threads=1, provider=CPU)
    parser.of_live = _add_live_options(parser)
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    parser.commands = subparsers.choices

    detect = subparsers.add_parser(
        "detect",
        help="find faces in pictures, folders, videos and streams",
        description="Finds faces in pictures, folders, videos and streams, and prints or writes them.",
    )
    add_detector_options(detect)
    add_detect_options(detect)

    bench = subparsers.add_parser(
        "bench",
        help="measure the speed on one core of this machine",
        description="Measures the speed on one pinned core, in turns: networks, runtimes, precisions, numbers of "
        "faces, sizes, and the gallery's generator.",
    )
    add_detector_options(bench, several=True)
    add_bench_options(bench)

    doctor = subparsers.add_parser(
        "doctor",
        help="look for trouble, and print what a bug report needs",
        description="Looks at versions, the window's system, cameras, the processor and the models, and gives hints.",
    )
    doctor.add_argument("--json", action="store_true", help="as one JSON object")
    doctor.add_argument("--model", default=argparse.SUPPRESS, help="look at this model too")
    add_verbose(doctor)
    doctor.set_defaults(run=commands.doctor)

    simple = {
        commands.cameras: ("cameras", "list the connected cameras"),
        commands.reset_settings: ("reset-settings", "forget what the window remembers, to start as the first time"),
    }
    if asset(commands.LICENCES).is_file():  # in the standalone build
        simple[commands.licences] = ("licences", "print the licences of all that this copy brings along")
    for run, (name, does) in simple.items():
        command = subparsers.add_parser(name, help=does, description=f"{does.capitalize()}.")
        add_verbose(command)
        command.set_defaults(run=run)
    return parser


def _add_live_options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Those without a command: what the window or `--headless` shows, the latter's own last."""
    parser.add_argument("--version", action="version", version=f"facecam {version('facecam') or '(not installed)'}")
    return [
        parser.add_argument(
            "--source",
            default="auto",
            help="auto, demo, a camera's number, screen, a file, a folder, or a URL (default: auto)",
        ),
        parser.add_argument("--headless", action="store_true", help="no window: print the rates each second"),
        parser.add_argument(
            "--seconds",
            dest="live_seconds",  # commands have `seconds` of their own
            type=seconds,
            help="headless: how long to run; 0: until the source ends (default: 10)",
        ),
        parser.add_argument(
            "--record", type=path, metavar="FILE", help="headless: write what is seen to a video, .mp4 or .mkv"
        ),
        parser.add_argument(
            "--no-audio", dest="live_sound", action="store_false", help="headless: leave the source's sound out of it"
        ),
        parser.add_argument(
            "--microphone",
            metavar="NAME",
            default="",
            help="headless: a microphone that is heard in it, `default` for the system's (default: none)",
        ),
        parser.add_argument(
            "--virtual-camera", action="store_true", help="headless: show it to other programs as a camera, too"
        ),
    ]


class _Parser(argparse.ArgumentParser):
    """Tells a usage error in one line, and what was meant.

    commands: those that there are. of_live: options without a command; all but the first two are of `--headless`.
    """

    commands: Collection[str] = ()
    of_live: Sequence[argparse.Action] = ()

    def refuse_useless(self, arguments: argparse.Namespace) -> None:
        """Ends the process with a sentence where options were given that nothing would look at."""
        given = [each for each in self.of_live if getattr(arguments, each.dest) != each.default]
        if arguments.run is not commands.window:
            if given:
                option = given[0].option_strings[0]
                self.error(f"{option} is for live pictures; what is for a command stands behind its name")
            return
        useless = [] if arguments.headless else [each for each in given if each not in self.of_live[:2]]
        if useless and window_problem() is None:  # otherwise it runs without one anyhow
            self.error(f"{useless[0].option_strings[0]} is for running without a window: add --headless")

    def error(self, message: str) -> NoReturn:
        unknown = re.match(r"argument COMMAND: invalid choice: '(.*?)' \(", message)
        if unknown is not None:
            message = _not_a_command(unknown[1], list(self.commands))
        self.exit(EXIT_WRONG_INPUT, f"{self.prog}: {message} (`{self.prog} --help` tells more).\n")


def _not_a_command(word: str, commands: list[str]) -> str:
    """What to say to `facecam clip.mp4`, which is meant as a source, and to a mistyped command."""
    names = ("demo", "screen", "auto")
    is_file = Path(word).suffix.lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES or os.path.exists(word)
    if is_file or "://" in word or word.isdecimal() or word.partition(":")[0] in (*names, "camera"):
        return f"to open {word}, type `facecam --source {word}`; to list its faces, `facecam detect {word}`"
    near = difflib.get_close_matches(word, commands, 1, 0.5)
    meant = f"; do you mean {near[0]}?" if near else f"; there are {', '.join(commands[:-1])} and {commands[-1]}"
    return f"there is no command {word}{meant}"
