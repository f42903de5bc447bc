"""Takes pictures of the real gallery, so that those in the README can be made again:

python -m sagan_gallery.ui.screenshot assets/gallery.png --label scene_mountain --seed 5 --truncation 0.8 --pin 2

Pins queries whose maps differ most. Its figure for print, the matrix and a walk by `--show`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QColor, QImage, QPalette
from PySide6.QtWidgets import QApplication

from facecam.system.process_exit import end_process
from sagan_gallery.ui.figure import render_figure
from sagan_gallery.ui.paint import from_qimage
from sagan_gallery.ui.panel import GalleryPanel
from sagan_gallery.ui.session import Failure

_TIMEOUT_MS = 30_000
_ACCENT = QColor("#0b7d69")
"""As in the program's window."""


def main(arguments: list[str] | None = None) -> int:
    """Opens the panel, waits for its samples, shows what is asked for and saves what the screen shows."""
    parser = argparse.ArgumentParser(prog="python -m sagan_gallery.ui.screenshot")
    parser.add_argument("out", type=Path, help="PNG file to write")
    parser.add_argument("--show", choices=("pins", "matrix", "walk", "figure"), default="pins")
    parser.add_argument("--model", type=Path, help="generator (default: the one that comes with the program)")
    parser.add_argument("--label", help="class of all samples (default: all in turn)")
    parser.add_argument("--seed", type=int, default=0, help="of the first sample, the one that is shown")
    parser.add_argument("--truncation", type=float, default=1.0)
    parser.add_argument("--row", type=int, default=0, help="sample that is shown, counted from 0 (default: 0)")
    parser.add_argument("--to", type=int, default=7, help="sample that a walk leads to (default: 7)")
    parser.add_argument("--pin", type=int, default=1, help="pin whose map lies over the picture (default: 1)")
    parser.add_argument("--size", type=int, nargs=2, default=(1280, 760), metavar=("WIDTH", "HEIGHT"))
    options = parser.parse_args(arguments)
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    palette = app.palette()
    for role in (QPalette.ColorRole.Accent, QPalette.ColorRole.Highlight):
        palette.setColor(role, _ACCENT)
    app.setPalette(palette)
    panel = GalleryPanel(options.model)
    panel.resize(*options.size)
    panel.show()
    status = 0

    def sampled() -> None:
        panel.session.grid_done.disconnect(sampled)
        panel.session.grid_done.connect(choose)
        controls = panel.controls
        blocked = controls.blockSignals(True)
        controls.classes.setCurrentIndex(max(0, controls.classes.findData(options.label)))
        controls.seed.setValue(options.seed)
        controls.blockSignals(blocked)
        controls.truncation.show_value(options.truncation)
        controls.sampling_changed.emit()

    def choose() -> None:
        panel.grid.choose(options.row)
        QTimer.singleShot(1000, arrange)

    def arrange() -> None:
        panel.pin_informative()
        panel.view.select(options.pin)
        if options.show == "matrix":
            panel.stage.show_page(panel.stage.matrix)
        elif options.show == "walk":
            panel.stage.walk_button.setChecked(True)
            panel.session.request_thumb(panel.session.point(panel.grid.specs[options.to]))
            QTimer.singleShot(500, lambda: panel.walk.slider.setValue(450))
        QTimer.singleShot(1500, take)

    def take() -> None:
        nonlocal status
        if options.show == "figure" and panel.view.scene is not None:
            image = render_figure(panel.view.scene, panel.stage.origin.words)
        else:
            image = panel.grab().toImage()
        try:
            save(image, options.out)
        except OSError as error:
            print(f"{options.out} can't be written: {error.strerror or error}.", file=sys.stderr)
            status = 2
        panel.close_down(2.0)
        app.quit()

    def failed(failure: Failure) -> None:
        nonlocal status
        print(failure.message, file=sys.stderr)
        status = 2
        panel.close_down(2.0)
        app.quit()

    panel.session.grid_done.connect(sampled)
    panel.session.failed.connect(failed)
    QTimer.singleShot(_TIMEOUT_MS, app.quit)
    panel.start()
    app.exec()
    return status


def save(image: QImage, path: Path) -> None:
    """As a PNG whose colours are in steps of 4, which can't be seen and halves the file. Raises OSError."""
    from PIL import Image

    Image.fromarray(from_qimage(image) & 0xFC | 2).save(path, "PNG", optimize=True)


if __name__ == "__main__":
    end_process(main())
