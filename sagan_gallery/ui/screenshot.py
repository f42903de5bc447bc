"""Takes pictures of the real gallery, so that those in the README can be made again:

python -m sagan_gallery.ui.screenshot docs/gallery.png --show pins --label cat_ginger --seed 4
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from sagan_gallery.ui.figure import render_figure
from sagan_gallery.ui.panel import GalleryPanel
from sagan_gallery.ui.session import Failure

PLACES = ((0.5, 0.42), (0.3, 0.7), (0.12, 0.12), (0.75, 0.75))
"""Of the pins, in widths and heights of the picture."""


def main(arguments: list[str] | None = None) -> int:
    """Opens the panel, waits for its samples, shows what is wished and saves what the screen shows."""
    parser = argparse.ArgumentParser(prog="python -m sagan_gallery.ui.screenshot")
    parser.add_argument("out", type=Path, help="PNG file to write")
    parser.add_argument("--show", choices=("pins", "matrix", "walk", "figure"), default="pins")
    parser.add_argument("--model", type=Path, help="generator (default: the one that comes with the program)")
    parser.add_argument("--label", help="class of all samples (default: all in turn)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--truncation", type=float, default=1.0)
    parser.add_argument("--size", type=int, nargs=2, default=(1280, 800), metavar=("WIDTH", "HEIGHT"))
    options = parser.parse_args(arguments)
    app = QApplication.instance() or QApplication([])
    panel = GalleryPanel(options.model)
    panel.resize(*options.size)
    panel.show()
    status = 0

    def sampled() -> None:
        panel.session.grid_done.disconnect(sampled)
        controls = panel.controls
        controls.classes.setCurrentIndex(max(0, controls.classes.findData(options.label)))
        controls.seed.setValue(options.seed)
        controls.truncation.set_value(options.truncation, tell=True)
        QTimer.singleShot(2500, arrange)

    def arrange() -> None:
        scene = panel.view.scene
        assert scene is not None
        height, width = scene.sample.size_px
        for x, y in PLACES[:2] if options.show == "walk" else PLACES:
            panel.view.add_pin(x * width, y * height)
        panel.view.select(1)
        if options.show == "matrix":
            panel.below.show_page(panel.matrix)
        elif options.show == "walk":
            panel.walk.set_start.click()
            panel.grid.choose(7)
            QTimer.singleShot(500, panel.walk.set_end.click)
            QTimer.singleShot(600, lambda: panel.below.walk_button.setChecked(True))
            QTimer.singleShot(700, lambda: panel.walk.slider.setValue(450))
        QTimer.singleShot(1500, take)

    def take() -> None:
        nonlocal status
        if options.show == "figure" and panel.view.scene is not None:
            image = render_figure(panel.view.scene, panel.origin)
        else:
            image = panel.grab().toImage()
        if not image.save(str(options.out), "PNG"):  # type: ignore[call-overload]
            print(f"{options.out} can't be written.", file=sys.stderr)
            status = 2
        panel.close_down(2.0)
        app.quit()

    def failed(failure: Failure) -> None:
        print(failure.message, file=sys.stderr)
        take()

    panel.session.grid_done.connect(sampled)
    panel.session.failed.connect(failed)
    panel.start()
    app.exec()
    return status


if __name__ == "__main__":
    sys.exit(main())
