"""`python -m facecam` is `facecam`; the standalone build starts here, too."""

import multiprocessing
import sys

from facecam.system.python_process import run_as_python

if __name__ == "__main__":
    multiprocessing.freeze_support()  # a worker process of the standalone build goes no further
    if not run_as_python(sys.argv):
        from facecam.cli import run

        run()
