"""Takes a picture of the real window, so that those in the README can be made again:

python -m facecam.ui.tools.screenshot assets/screenshot.png
python -m facecam.ui.tools.screenshot assets/gallery.png --tab 3 --size 1280x760
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QImageWriter, QPixmap
from PySide6.QtWidgets import QApplication

from facecam.detection.options import DetectorOptions
from facecam.qtkit import theme
from facecam.qtkit.settings import Settings
from facecam.system.display import window_problem
from facecam.system.process_exit import end_process
from facecam.ui.shell.app import build_window, make_application
from facecam.ui.shell.main_window import MainWindow


def main(arguments: list[str] | None = None) -> int:
    """Opens the window, waits, saves what the screen shows, and ends. The user's settings are neither read nor kept."""
    parser = argparse.ArgumentParser(prog="python -m facecam.ui.tools.screenshot", description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="PNG file to write")
    parser.add_argument("--source", default="demo", help="as for `facecam` (default: demo)")
    parser.add_argument("--size", type=_size, default=(1280, 800), help="of the window, such as 1280x800")
    parser.add_argument("--tab", type=int, default=1, help="to show, counted from 1 (default: 1)")
    parser.add_argument("--scheme", choices=("light", "dark"), default="light")
    parser.add_argument("--after", type=float, default=4.0, metavar="SECONDS", help="time to wait before (default: 4)")
    parser.add_argument("--model", help="a shipped model's name or an ONNX file")
    parser.add_argument("--threshold", type=float)
    options = parser.parse_args(arguments)
    problem = window_problem()
    if problem is not None:
        print(f"No picture taken, as {problem}. Try `xvfb-run`, or QT_QPA_PLATFORM=offscreen.", file=sys.stderr)
        return 2
    app = make_application()
    theme.force_scheme(app, dark=options.scheme == "dark")
    settings = Settings()
    settings.put("window/welcomed", True)
    window = build_window(options.source, settings, DetectorOptions(options.model, options.threshold))
    window.resize(*options.size)
    window.show()
    window.go_to(options.tab - 1)
    status = 0

    def take() -> None:
        nonlocal status
        if not save(grab(window), options.out):
            print(f"{options.out} can't be written.", file=sys.stderr)
            status = 2
        window.close()

    QTimer.singleShot(round(1000 * options.after), take)
    app.exec()
    return status


def grab(window: MainWindow) -> QPixmap:
    """What the screen shows of the window; where the system doesn't tell (Wayland, offscreen), what it paints."""
    screen = window.screen()
    if QApplication.platformName() in ("xcb", "windows"):
        pixmap = screen.grabWindow(int(window.winId()))
        if not pixmap.isNull():
            return pixmap
    return window.grab()


def save(pixmap: QPixmap, path: Path) -> bool:
    """Writes a PNG, compressed as far as it goes and without metadata. False if it can't be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = QImageWriter(str(path), b"png")
    writer.setCompression(100)
    return writer.write(pixmap.toImage().convertToFormat(pixmap.toImage().Format.Format_RGB888))


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError("a size is WIDTHxHEIGHT, such as 1280x800")
    return int(width), int(height)


if __name__ == "__main__":
    end_process(main())
