"""The Speed tab: runs the benchmark in a process of its own and shows what it found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QGuiApplication

from facecam.bench.card import draw_card
from facecam.bench.result import BenchResult, Interim, load, to_json
from facecam.errors import FacecamError
from facecam.qtkit.commands import Menu, command
from facecam.qtkit.file_dialogs import ask_path, check_suffix
from facecam.qtkit.layouts import column, row
from facecam.qtkit.settings import Settings
from facecam.qtkit.tabs import Tab
from facecam.qtkit.theme import SPACE
from facecam.qtkit.widgets import ScrollColumn, StatusLine
from facecam.qtkit.wording import rough_duration
from facecam.ui.speed.controls import SpeedControls
from facecam.ui.speed.process import BenchProcess
from facecam.ui.speed.result import ResultView

_JSON, _PNG, _ONNX = ["Results (*.json)"], ["Pictures (*.png)"], ["Models (*.onnx)"]


class SpeedTab(Tab):
    """arguments: options of `facecam bench` for the detector (--model and so on).

    pause: called before a measurement, stops what else uses the processor and gives what starts it again, or raises
    FacecamError where that must not be stopped. settings: where it is kept whether the details are open.
    """

    def __init__(self, arguments: list[str], pause: Callable[[], Callable[[], None]], settings: Settings) -> None:
        super().__init__()
        self._arguments, self._pause = arguments, pause
        self._resume: Callable[[], None] | None = None
        self._interim = False  # whether what is measured stands in place of the result before
        self.process = BenchProcess(parent=self)
        self.process.progressed.connect(self._progressed)
        self.process.interim.connect(self._show_interim)
        self.process.measured.connect(self._measured)
        self.process.failed.connect(self._end)
        self.view = ResultView(settings)
        self.controls = SpeedControls()
        self.status = StatusLine()
        self.controls.chosen.connect(self._say_duration)
        self._scroll = ScrollColumn()
        self._scroll.setWidget(self.view)
        self.view.fold.toggled.connect(lambda on: QTimer.singleShot(0, self._scroll_to_details) if on else None)
        left = column((self._scroll, 1), self.status, margins=(2 * SPACE, 2 * SPACE, SPACE, SPACE), spacing=SPACE)
        row((left, 1), self.controls, owner=self)
        controls, asks, as_picture = self.controls, self._asks, "Save the result as a picture"
        self._by_button = {
            controls.start_button: command(self, "Measure, or cancel", ["Space"], self.toggle),
            controls.model_button: asks("Compare with a model", [], self.add_model, _ONNX, menu=Menu.TAB),
            controls.copy_button: command(self, "Copy the result", ["Ctrl+C"], self.copy, Menu.EDIT),
            controls.open_button: asks("Open a result", ["Ctrl+O"], self.open, _JSON),
            controls.save_button: asks("Save the result", ["Ctrl+S"], self.save, _JSON, ".json"),
            controls.card_button: asks(as_picture, ["Ctrl+Shift+S"], self.save, _PNG, ".png"),
            controls.compare_button: asks("Compare with a result", [], self.compare, _JSON),
        }
        for button, action in self._by_button.items():
            button.clicked.connect(action.trigger)
        self._say_duration()
        self._show_state("Ready. Space starts.")

    def commands(self) -> list[QAction]:
        return list(self._by_button.values())

    def close_down(self, timeout_s: float) -> bool:
        self._resume = None
        return self.process.close(timeout_s)

    @property
    def running(self) -> bool:
        return self.process.running

    def toggle(self) -> None:
        if self.running:
            self.process.cancel()
            return
        try:
            self._resume = self._pause()
        except FacecamError as error:
            self.status.say(str(error))
            return
        self.controls.progress.setRange(0, 0)
        self.process.start([*self._arguments, *self.controls.arguments()])
        if self.running:
            self._show_progress("Starting…")

    # -- what is done with a result

    def show_result(self, result: BenchResult) -> None:
        self.view.show_result(result)
        self._show_state(f"Measured {result.when}.")

    def copy(self) -> None:
        """The result, or the comparison that is shown, as Markdown for the clipboard."""
        if self.view.result is not None:
            QGuiApplication.clipboard().setText(self.view.markdown())
            self.status.say("Copied as Markdown.")

    def open(self, path: Path) -> None:
        if (result := self._load(path)) is not None:
            self.show_result(result)

    def compare(self, path: Path) -> None:
        """Puts the result of a file beside the one that is shown."""
        if self.view.result is not None and (other := self._load(path)) is not None:
            self.view.compare_with(other, path.name)
            self.status.say(f"Compared with {path.name}.")

    def save(self, path: Path) -> None:
        """Writes the result: as a picture if the name ends in .png, as JSON if it ends in .json."""
        result = self.view.result
        if result is None:
            return
        try:
            check_suffix(path, _JSON + _PNG)
            if path.suffix.lower() == ".png":
                draw_card(result).save(path)
            else:
                path.write_text(to_json(result), encoding="utf-8")
        except FacecamError as error:
            self.status.say(str(error))
        except OSError as error:
            self.status.say(f"{path} can't be written: {error.strerror or error}.")
        else:
            self.status.say(f"Saved as {path}.")

    def add_model(self, path: Path) -> None:
        """Compares with that model in the next measurement."""
        self.controls.set_models([*self.controls.models, str(path)])

    # -- inside

    def _asks(
        self,
        text: str,
        keys: list[str],
        then: Callable[[Path], None],
        kinds: list[str],
        suffix: str = "",
        menu: Menu = Menu.FILE,
    ) -> QAction:
        """A command that asks for a file first. suffix: of the file, if the result is to be written to it."""

        def ask() -> None:
            result = self.view.result
            name = f"facecam-{result.started[:10]}{suffix}" if suffix and result is not None else ""
            ask_path(self, text, then, kinds=kinds, save_as=name)

        return command(self, f"{text}…", keys, ask, menu)

    def _load(self, path: Path) -> BenchResult | None:
        try:
            return load(path)
        except FacecamError as error:
            self.status.say(str(error))
            return None

    def _progressed(self, step: int, steps: int, words: str) -> None:
        self.controls.progress.setRange(0, steps)
        self.controls.progress.setValue(step - 1)
        self._show_progress(f"{step} of {steps}: {words}…")

    def _scroll_to_details(self) -> None:
        """What the user has opened is not to be below the window's edge."""
        self._scroll.verticalScrollBar().setValue(self.view.fold.y())

    def _show_progress(self, sentence: str) -> None:
        before = None if self._interim else self.view.result
        self._show_state(sentence if before is None else f"{sentence} Above: what was measured {before.when}.")

    def _show_interim(self, interim: Interim) -> None:
        self._interim = True
        self.view.show_interim(interim)

    def _say_duration(self) -> None:
        self.view.say_duration(rough_duration(self.controls.duration_s()))

    def _measured(self, result: BenchResult) -> None:
        self._continue_others()
        self._interim = False
        self.show_result(result)

    def _end(self, sentence: str) -> None:
        self._continue_others()
        if self._interim:
            self.view.show_again()
        self._interim = False
        self._show_state(sentence)

    def _continue_others(self) -> None:
        resume, self._resume = self._resume, None
        if resume is not None:
            resume()

    def _show_state(self, sentence: str) -> None:
        self.status.say(sentence)
        self.controls.set_state(self.running, self.view.result is not None)
        for button, action in self._by_button.items():
            action.setEnabled(button.isEnabled())
