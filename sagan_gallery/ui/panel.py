"""GalleryPanel: the gallery as one widget. Samples at the left, the chosen one large, controls at the right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtWidgets import QWidget

from sagan_gallery.errors import GalleryError
from sagan_gallery.latent import Recipe
from sagan_gallery.sample import Sample
from sagan_gallery.ui import words
from sagan_gallery.ui.display import PanelDisplay
from sagan_gallery.ui.files import FilmWriter, GalleryFiles
from sagan_gallery.ui.session import Failure, GallerySession
from sagan_gallery.ui.worker import Lane
from sagan_gallery.walk import End

Picture = npt.NDArray[np.uint8]


class GalleryPanel(PanelDisplay):
    """Hosts everything; needs no more than a place in a window. `start` loads the model and samples.

    grab_frame: gives the camera's picture (H, W, 3) uint8 RGB, or None when there is none; film_writer: writes films in
    formats beyond GIF; keep_off: tells the core that sampling is to stay away from, if any.
    """

    def __init__(
        self,
        model: Path | None = None,
        grab_frame: Callable[[], Picture | None] | None = None,
        film_writer: FilmWriter | None = None,
        keep_off: Callable[[], int | None] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.session = GallerySession(keep_off, self)
        self.grab_frame = grab_frame
        self._model = model
        self._after_export = ""
        self.files = GalleryFiles(self, self.menu, film_writer)
        self._commands = self._make_commands()
        self._connect()
        self.controls.set_ready(False)

    def start(self) -> None:
        """Loads the model and samples; returns at once."""
        self.open_model(self._model)

    def commands(self) -> list[QAction]:
        """Keyboard commands that work wherever the focus is in the panel, and those of the picture, for the list."""
        return self._commands

    def set_full_screen(self, on: bool) -> None:
        """Only the picture with its pins, or everything."""
        for widget in (self.grid, self.controls, self.status, self.below):
            widget.setVisible(not on)

    def close_down(self, timeout_s: float) -> bool:
        """Ends all work; False when something is still going on after that time."""
        self.walk.stop()
        return self.session.close(timeout_s)

    def _make_commands(self) -> list[QAction]:
        def command(text: str, keys: list[str], do: Callable[[], object] | None) -> QAction:
            action = QAction(text, self)
            action.setShortcuts([QKeySequence(key) for key in keys])
            action.setEnabled(do is not None)  # the picture's own keys: listed here, handled by the picture
            if do is not None:
                action.triggered.connect(lambda _checked=False: do())
            return action

        return [
            command("New samples", ["R"], self.controls.resample.click),
            command("Play or pause the walk", ["Space"], self._toggle_walk),
            command("More controls", ["M"], self.controls.more_button.toggle),
            command("What am I looking at?", ["H"], self.toggle_help),
            command("Go to the picture", ["P"], self.view.setFocus),
            command("Move the query by a cell (with Shift by four)", ["Left", "Right", "Up", "Down"], None),
            command("Pin the query", ["Return"], None),
            command("Remove the selected pin", ["Delete"], None),
            command("Select the next pin", ["PgDown"], None),
            command("Zoom in, out, whole picture", ["+", "-", "0"], None),
            *self.files.actions,
        ]

    def _connect(self) -> None:
        session, controls = self.session, self.controls
        session.model_changed.connect(self._model_changed)
        session.sample_ready.connect(self._show_sample)
        session.effect_ready.connect(self.show_effect)
        session.picture_ready.connect(self._show_small)
        session.grid_done.connect(self._grid_done)
        session.exported.connect(self._export_step)
        session.failed.connect(self._failed)
        controls.sampling_changed.connect(self._sampling_changed)
        controls.scale_changed.connect(self._scale_changed)
        controls.help_wished.connect(self.toggle_help)
        self.grid.chosen.connect(self.choose)
        self.walk.moved.connect(self._walk_to)
        self.walk.start_wished.connect(lambda: self._set_walk_point("start"))
        self.walk.end_wished.connect(lambda: self._set_walk_point("end"))
        self.status.cancelled.connect(self._cancel)

    # -- what the user wants

    def open_model(self, path: Path | None) -> None:
        """Loads another generator; the present one stays if that fails."""
        self.say("Loading the generator…")
        self.session.open_model(path)

    @property
    def recipe(self) -> Recipe | None:
        """What makes the large picture; None for an own one, for one on a walk, and before there is one."""
        row = self.grid.current
        if self.sample is None or not 0 <= row < len(self.grid.recipes):
            return None
        return self.grid.recipes[row]

    def choose(self, row: int) -> None:
        """Shows a sample of the grid large."""
        if 0 <= row < len(self.grid.recipes) and self.session.generator is not None:
            self.walk.stop()
            self.origin = str(self.grid.recipes[row])
            self.controls.set_generating(True)
            self.session.want_sample(self.session.point(self.grid.recipes[row]), self.controls.scale.value)

    def show_recipe(self, recipe: Recipe) -> None:
        """Shows the sample of a sample text. Raises GalleryError if this generator has no such class."""
        generator = self.session.generator
        if generator is None:
            raise GalleryError("A sample text needs a generator: open one first.")
        if recipe.label is not None:
            generator.label_index(recipe.label)
        self.grid.choose(0, tell=False)
        self.controls.set_recipe(recipe)
        if recipe.model_hash != generator.model_hash:
            self.say(f"That text is from {recipe.model}:{recipe.model_hash}; this model makes another picture of it.")

    def look_at(self, picture: Picture) -> None:
        """Shows an own picture (H, W, 3) uint8 RGB with the discriminator's attention on it."""
        self.walk.stop()
        self.grid.clear_choice()
        self.origin = "Own picture, seen by the discriminator"
        self.session.want_look(picture)

    def look_at_frame(self) -> None:
        """Shows the camera's picture in the same way."""
        frame = self.grab_frame() if self.grab_frame is not None else None
        if frame is None:
            raise GalleryError("There is no live picture: start the camera in the Live tab first.")
        self.look_at(frame)

    def toggle_help(self) -> None:
        """Shows or hides the explanation."""
        if self.message.title.text() == words.HELP_TITLE and self.message.isVisible():
            self._say_stage()
        else:
            generator = self.session.generator
            about = [] if generator is None else [words.about_model(generator.name, generator.metadata)]
            text = "\n\n".join([words.HELP, *about])
            self.message.say(words.HELP_TITLE, text, [("Close", "Back to the picture (H)", self._say_stage)], left=True)

    def start_export(self, steps: Callable[[], Iterator[Any]], after: str) -> None:
        """Does long work; its steps give their progress in 0..1. after: what to say at its end."""
        self._after_export = after
        self.say("Making the film…")
        self.session.want_export(steps)

    def _cancel(self) -> None:
        self.session.cancel_export()
        self.session.cancel_grid()
        self.status.done()
        self.say("Cancelled.")

    def _toggle_walk(self) -> None:
        self.below.setCurrentWidget(self.walk)
        if self.walk.play.isEnabled():
            self.walk.play.toggle()

    def _set_walk_point(self, name: str) -> None:
        if self.sample is not None and self.sample.z is not None:
            self.walk.set_point(name, self.sample)

    def _walk_to(self, point: End) -> None:
        self.origin = "On the walk"
        self.grid.clear_choice()
        self.session.want_sample(point, self.controls.scale.value)

    def _scale_changed(self, scale: float) -> None:
        sample = self.sample
        if sample is not None and sample.z is not None:
            self.session.want_sample(End(sample.z, sample.label, sample.toward), scale)

    # -- what the session does

    def _model_changed(self) -> None:
        generator = self.session.generator
        assert generator is not None
        self.message.hide()
        self.walk.clear()
        self.controls.set_ready(True)
        self.controls.set_model(generator.classes, generator.layer_count, generator.has_attention_scale)
        self.grid.reset_samples([])
        self._sampling_changed()

    def _sampling_changed(self) -> None:
        generator = self.session.generator
        if generator is None:
            return
        recipes = self.controls.recipes(generator.name, generator.model_hash)
        self.grid.reset_samples(recipes)
        self.say(f"Sampling {len(recipes)} pictures…")
        self.choose(self.grid.current)
        self.session.want_grid(recipes)

    def _show_small(self, row: int, picture: Picture) -> None:
        self.grid.put(row, picture)
        self.status.progress((row + 1) / max(1, len(self.grid.recipes)))

    def _grid_done(self) -> None:
        self.status.done()
        self._say_origin()

    def _show_sample(self, sample: Sample) -> None:
        self.show_sample(sample)
        if not self.walk.playing:
            self.session.want_effect(sample)
            self._say_origin()

    def _export_step(self, share: float | None) -> None:
        if share is not None:
            self.status.progress(share)
        else:
            self.status.done()
            self.say(self._after_export)

    def _failed(self, failure: Failure) -> None:
        self.status.done()
        self.say(failure.message)
        if failure.lane is Lane.MODEL and self.session.generator is None:
            missing = self._model is None
            self._say_no_model(words.NO_MODEL if missing else failure.message)

    # -- words

    def _say_no_model(self, text: str) -> None:
        title = words.NO_MODEL_TITLE if text == words.NO_MODEL else words.WRONG_MODEL_TITLE
        action = ("Open a model…", "An exported SAGAN generator (Ctrl+O)", self.files.open_model.trigger)
        self.message.say(title, text, [action])

    def _say_stage(self) -> None:
        self.message.hide()
        if self.session.generator is None:
            self._say_no_model(words.NO_MODEL)

    # -- drag and drop

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.files.accepts(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.files.open_dropped(event.mimeData())
        event.acceptProposedAction()
