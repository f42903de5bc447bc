"""SpeedControls: the control column of the Speed tab."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QWidget

from facecam.qtkit.fields import Row, button, check, keep_room, spin
from facecam.qtkit.layouts import column
from facecam.qtkit.theme import COLUMN_WIDTH, SPACE
from facecam.qtkit.widgets import Heading, Note, ScrollColumn, StartButton

_RUNS = 4
_BESIDE_S = 1.5
"""What a run takes besides: opening the models, warming up."""


class SpeedControls(QWidget):
    """What to measure, and buttons for what to do with the result. Holds no result itself."""

    chosen = Signal()
    """What to measure has changed."""

    def __init__(self) -> None:
        super().__init__()
        self.models: list[str] = []
        self.setFixedWidth(COLUMN_WIDTH)
        self.start_button = StartButton(
            ("Measure", "Starts the measurement (Space)"), ("Cancel", "Ends the measurement without a result (Space)")
        )
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setMaximumHeight(SPACE)
        self.progress.setAccessibleName("Progress")
        keep_room(self.progress)
        self.seconds = spin(1, 60, " s")
        self.seconds.setValue(5)
        self.minutes = spin(0, 120, " min")
        self.minutes.setSpecialValueText("off")
        self.threads = spin(1, 16)
        self.opencv = check("OpenCV's network module", "Runs our networks through OpenCV as well, as many programs do")
        gallery_help = "Measures a sample of the gallery's generator as well, with and without its attention"
        self.gallery = check("Gallery", gallery_help)
        self.gallery.setChecked(True)
        model_help = "Another network of ours, or an Ultra-Light or YuNet file"
        self.model_button = button("Compare with a model…", model_help)
        self.model_list = Note("Models to compare with")
        self.clear_button = button("Leave them out", "Forgets the models to compare with", lambda: self.set_models([]))
        copy_help = "Copies the result, or the comparison that is shown, as Markdown (Ctrl+C)"
        self.copy_button = button("Copy", copy_help)
        self.save_button = button("Save…", "Writes everything that was measured as JSON (Ctrl+S)")
        card_help = "A picture of the result, to show (Ctrl+Shift+S)"
        self.card_button = button("Save as picture…", card_help)
        self.open_button = button("Open…", "Shows a result that was saved (Ctrl+O)")
        compare_help = "Puts an earlier result beside this one"
        self.compare_button = button("Compare with a result…", compare_help)
        threads_help = "Above 1: compares one thread with so many. The paper's claim is for one core"
        content = QWidget()
        column(
            self.start_button,
            self.progress,
            SPACE,
            Heading("Measure"),
            Row("Each run", self.seconds, "Length of each run: a longer one shows whether the processor slows down"),
            Row("Long run", self.minutes, "Goes on for so long at the end: does it slow down, does memory grow?"),
            Row("Threads", self.threads, threads_help),
            *(self.opencv, self.gallery, self.model_button, self.model_list, self.clear_button),
            2 * SPACE,
            Heading("Result"),
            *(self.copy_button, self.save_button, self.card_button, self.open_button, self.compare_button),
            None,
            owner=content,
            margins=(2 * SPACE, 2 * SPACE, SPACE, SPACE),
            spacing=SPACE,
        )
        scrolled = ScrollColumn(COLUMN_WIDTH)
        scrolled.setWidget(content)
        column(scrolled, owner=self)
        for number in (self.seconds, self.minutes, self.threads):
            number.valueChanged.connect(self.chosen)
        self.gallery.toggled.connect(self.chosen)
        self._inputs = (self.seconds, self.minutes, self.threads, self.opencv, self.gallery, self.model_button)
        self.set_models([])
        self.set_state(False, False)

    def arguments(self) -> list[str]:
        """Options of `facecam bench` for what is chosen."""
        found = ["--seconds", str(self.seconds.value())]
        found += ["--minutes", str(self.minutes.value())] if self.minutes.value() else []
        found += ["--threads", str(self.threads.value())] if self.threads.value() > 1 else []
        found += ["--opencv"] if self.opencv.isChecked() else []
        found += [] if self.gallery.isChecked() else ["--no-gallery"]
        return found + [text for model in self.models for text in ("--also", model)]

    def duration_s(self) -> float:
        """About how long a measurement of what is chosen takes on a machine that does nothing else."""
        runs = _RUNS + (self.threads.value() > 1) + self.gallery.isChecked()
        return runs * (self.seconds.value() + _BESIDE_S) + 60 * self.minutes.value()

    def set_models(self, models: list[str]) -> None:
        """Files to compare with."""
        self.models = list(dict.fromkeys(models))
        self.model_list.say("\n".join(Path(model).name for model in self.models))
        self.model_list.setToolTip("\n".join(self.models))
        self.clear_button.setVisible(bool(self.models))

    def set_state(self, running: bool, has_result: bool) -> None:
        """What can be done now."""
        self.start_button.show_running(running)
        self.progress.setVisible(running)
        for control in (*self._inputs, self.open_button, self.clear_button):
            control.setEnabled(not running)
        for on_result in (self.copy_button, self.save_button, self.card_button, self.compare_button):
            on_result.setEnabled(has_result and not running)
