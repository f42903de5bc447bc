"""The command line: `facecam` opens the window, `facecam detect` works on files, `facecam doctor` looks for trouble."""

from __future__ import annotations

import logging
import os
import platform
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from facecam.cli.exits import EXIT_FAULT, EXIT_INTERRUPTED, EXIT_WRONG_INPUT
from facecam.cli.parser import make_parser
from facecam.errors import FacecamError
from facecam.runtimes.engine import version
from facecam.system.logs import logging_to_file
from facecam.system.process_exit import end_process

_SYSTEM = (platform.python_version(), platform.platform())
_logger = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit status: 0, 2 for wrong input, 130 after Ctrl+C, 1 for a fault of ours."""
    arguments = make_parser().parse_args(argv)
    with logging_to_file(arguments.verbose) as log:
        _logger.info("facecam %s, Python %s, %s: %s", version("facecam"), *_SYSTEM, arguments.run.__name__)
        try:
            return int(arguments.run(arguments))
        except FacecamError as error:
            print(f"facecam: {error}", file=sys.stderr)
            return EXIT_WRONG_INPUT
        except KeyboardInterrupt:
            print("facecam: stopped.", file=sys.stderr)
            return EXIT_INTERRUPTED
        except BrokenPipeError:  # the reader of our output has gone, as in `facecam detect ... | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing more to be flushed at exit
            return 0
        except Exception as error:
            _logger.exception("unexpected error")
            print(
                f"facecam: an error inside the program ({type(error).__name__}: {error}). {log} has the details; "
                "please report them with what `facecam doctor` prints.",
                file=sys.stderr,
            )
            return EXIT_FAULT


def run() -> NoReturn:
    """The process of the command `facecam`: `main`, and an end that no thread can spoil."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background process inherits it as ignored
    end_process(main())
