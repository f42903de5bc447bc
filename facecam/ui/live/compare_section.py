"""The fold "Compare": a second detector on the same pictures, with its own figures."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QTimer
from PySide6.QtGui import QAction

from facecam.detection.any_detector import AnyDetector
from facecam.detection.model import DEFAULT_MODEL
from facecam.detection.options import SUCCESSORS
from facecam.detection.third_party import ThirdPartyDetector
from facecam.errors import FacecamError
from facecam.live.options import SecondDetector
from facecam.live.pipeline import View
from facecam.qtkit.commands import switch_command
from facecam.qtkit.fields import Row, SliderField, check, combo, keep, show_value
from facecam.qtkit.figure_line import Figure
from facecam.qtkit.file_dialogs import ask_path
from facecam.qtkit.folds import Section
from facecam.qtkit.settings import Remembered
from facecam.qtkit.widgets import Note
from facecam.qtkit.worker import Asker
from facecam.system.memory import give_back_free_memory
from facecam.system.resources import shipped_models
from facecam.ui.live import words
from facecam.ui.live.picture import PictureView
from facecam.ui.live.session import LiveSession
from facecam.ui.live.settings import SIZE_NAMES, THRESHOLD_RANGE, LiveSettings

_FILE = "file…"
KEPT_MS = 10_000
"""How long a detector is kept that nobody compares with: at 30 to 90 MB not for ever, but for a look back and forth."""

_logger = logging.getLogger(__name__)


def load_second(load: Callable[[str], AnyDetector], model: str) -> AnyDetector:
    """The detector to compare with. load: as of CompareSection. Raises FacecamError, whatever goes wrong."""
    try:
        return load(model)
    except FacecamError:
        raise
    except Exception as error:
        _logger.exception("the detector to compare with can't be loaded")
        raise FacecamError(f"{model} can't be loaded: {error}") from error


class CompareSection(Section):
    """Sets what the second picture shows.

    first, second: the pictures, which the stage puts side by side; load: loads a detector by a shipped model's name or
    a file, in a thread.
    """

    key = "compare"
    title = "Compare"
    help = "A second detector on the same pictures: other settings, another model, or a model of yours"

    def __init__(
        self,
        session: LiveSession,
        remembered: Remembered[LiveSettings],
        first: PictureView,
        second: PictureView,
        load: Callable[[str], AnyDetector],
    ) -> None:
        super().__init__()
        self._session, self._remembered, self._first = session, remembered, first
        self._detector: AnyDetector | None = None
        self._without = ""
        self._load_model, self._loader = load, Asker("facecam-load", self)
        self._unused = QTimer(self, singleShot=True, interval=KEPT_MS)
        self._unused.timeout.connect(self._let_go)
        self.picture = second
        self.picture.setAccessibleName("Picture of the second detector")
        self._make_fields()
        self._take_settings()
        self._connect()
        self._switch()

    def _make_fields(self) -> None:
        on_help = "Shows each picture twice, with the faces of either detector and its own figures (C)"
        self.on = check("Second detector", on_help)
        self.model = combo(*((name, name) for name in shipped_models()), ("A model file…", _FILE))
        self.input_size = combo(*SIZE_NAMES)
        turns_help = "Each picture is searched by one of the two detectors, at half the cost,\ninstead of by both"
        self.in_turns = check("Take turns", turns_help)
        self.threshold = SliderField(
            "Threshold", *THRESHOLD_RANGE, 0.01, "{:.2f}".format, "Lowest score that is a face for the second detector"
        )
        self.note = Note("About the second detector")
        model_help = "One of ours, or an ONNX file: of ours, of Ultra-Light or of YuNet"
        self.lay_out(
            self.on,
            Row("Model", self.model, model_help),
            Row("Input size", self.input_size, "The second detector’s own, as under Detection"),
            self.threshold,
            self.in_turns,
            self.note,
        )

    def _take_settings(self) -> None:
        settings, own = self._remembered.value, shipped_models()
        other = next((name for name in own if name != DEFAULT_MODEL), "")  # than what the app starts with
        model = SUCCESSORS.get(settings.compare_model, settings.compare_model) or other
        if model and model not in own:
            self._add_file(model)
        show_value(self.model, model)
        self._model = self.model.currentData()
        show_value(self.threshold, 0.5 if settings.compare_threshold is None else settings.compare_threshold)

    def _connect(self) -> None:
        keep(self.on, self._remembered, "compare", self._switch)
        self.model.activated.connect(self._model_chosen)
        keep(self.input_size, self._remembered, "compare_size", self._apply)
        self.threshold.changed.connect(self._threshold_moved)
        keep(self.in_turns, self._remembered, "compare_in_turns", self._apply)
        self._loader.answered.connect(self._loaded)
        self._loader.failed.connect(self._failed)

    def commands(self) -> list[QAction]:
        return [switch_command(self, "Compare two detectors", ["C"], self.on)]

    def reload(self) -> None:
        """Loads the second detector anew, as for another model or precision; at once if it is wanted."""
        self._detector = None
        self._apply()
        if self.on.isChecked():
            self._load()

    # -- what the user wants

    def _switch(self) -> None:
        on = self.on.isChecked()
        for field in (self.model, self.input_size, self.threshold, self.in_turns):
            field.setEnabled(on)
        self._unused.stop()
        if not on:
            self._loader.cancel(0)
            self._unused.start()
            self.note.say("")
        elif self._detector is None:
            self._load()
        else:
            self._tell(self._detector)
        self._apply()
        self.refresh()

    def _model_chosen(self) -> None:
        wanted = self.model.currentData()
        if wanted == _FILE:
            show_value(self.model, self._model)  # until a file has been named
            folder = self._remembered.value.compare_folder
            ask_path(self, "Open a face detector", self._file_named, folder, ["ONNX models (*.onnx)"])
        elif wanted != self._model:
            self._use(wanted)

    def _file_named(self, file: Path) -> None:
        path = str(file)
        self._remembered.change(compare_folder=str(file.parent))
        self._add_file(path)
        show_value(self.model, path)
        self._use(path)

    def _use(self, model: str) -> None:
        self._model = model
        self._remembered.change(compare_model=model, compare_threshold=None)  # each model has its own
        self.reload()

    def _add_file(self, path: str) -> None:
        if self.model.findData(path) < 0:
            with QSignalBlocker(self.model):
                self.model.insertItem(self.model.count() - 1, Path(path).name, path)

    def _threshold_moved(self, value: float) -> None:
        self._remembered.change(compare_threshold=value)
        self._apply()

    # -- what the detectors do

    def _load(self) -> None:
        self.note.say("Loading…")
        self._without = "is being loaded…"
        self.refresh()
        self._loader.ask(partial(load_second, self._load_model, self._model))

    def _loaded(self, detector: AnyDetector) -> None:
        self._detector = detector
        if self._remembered.value.compare_threshold is None:
            show_value(self.threshold, detector.threshold)
        self._tell(detector)
        self._apply()

    def _tell(self, detector: AnyDetector) -> None:
        own_way = isinstance(detector, ThirdPartyDetector)
        self.input_size.setEnabled(not own_way)
        self.note.say("This model scales pictures in its own way." if own_way else "")

    def _failed(self, problem: str) -> None:
        self.note.say(problem)
        self.picture.clear()
        self._without = "can’t be loaded: see Compare"
        self.refresh()

    def _apply(self) -> None:
        second = None
        if self.on.isChecked() and self._detector is not None:
            chosen = self._remembered.value
            size, in_turns = chosen.compare_size.pixels, chosen.compare_in_turns
            second = SecondDetector(self._detector, self.threshold.value, size, in_turns)
        self._session.change_options(second=second)

    def _let_go(self) -> None:
        """It is loaded again when it is wanted again."""
        self._detector = None
        give_back_free_memory()

    # -- what the tab shows

    def show_view(self, view: View) -> None:
        """The same frame, with the faces that the second detector has found in it."""
        if view.second is not None and self.on.isChecked():
            self.picture.show_frame(view.image, view.second.shown, view.lone[1])

    def refresh(self) -> None:
        view, detector = self._first.view, self._detector
        if not self.on.isChecked() or detector is None or view is None or view.second is None:
            self._first.set_caption([])
            if self.on.isChecked() and detector is None:  # an empty picture has to say why
                self.picture.set_caption([Figure("B", self._without)])
            return
        stats = self._session.stats()
        ours, theirs = words.comparison(self._session, stats, view, detector)
        self._first.set_caption(ours)
        self.picture.set_caption(theirs)
