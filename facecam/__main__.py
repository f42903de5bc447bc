"""`python -m facecam` is `facecam`."""

from facecam.cli import run

if __name__ == "__main__":
    run()
