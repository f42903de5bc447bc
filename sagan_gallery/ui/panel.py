"""GalleryPanel: the gallery as one widget. Samples at the left, the chosen one large, controls at the right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from facecam.arrays import Image
from facecam.errors import FacecamError
from facecam.qtkit.stage import Action, StageMessage
from sagan_gallery.generator import DEFAULT_MODEL
from sagan_gallery.latent import SampleSpec
from sagan_gallery.sample import Sample
from sagan_gallery.ui import words
from sagan_gallery.ui.commands import panel_commands
from sagan_gallery.ui.display import PanelDisplay
from sagan_gallery.ui.files import FileWishes, FilmOpener, GalleryFiles
from sagan_gallery.ui.session import Failure, GallerySession, Lane
from sagan_gallery.ui.walking import Walking
from sagan_gallery.walk import End

_OWN, _WALK = "Own picture, seen by the discriminator", "On the walk"
PINNED_AT_ONCE = 4
"""Queries that are pinned at once."""
LOADING_SHOWN_AFTER_MS = 300
"""What is loaded sooner says nothing: a message that flashes by only disturbs."""


class GalleryPanel(PanelDisplay):
    """Hosts everything; needs no more than a place in a window. `start` loads the model and samples.

    grab_frame: gives the camera's picture (H, W, 3) uint8 RGB, or None when there is none; open_film: begins films in
    formats beyond GIF; keep_off: tells the core that sampling is to stay away from, if any.
    """

    def __init__(
        self,
        model: Path | None = None,
        grab_frame: Callable[[], Image | None] | None = None,
        open_film: FilmOpener | None = None,
        keep_off: Callable[[], int | None] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.session = GallerySession(keep_off, self)
        self.grab_frame = grab_frame
        self._model = model
        self._after_export = self._sampling_said = ""
        self._coming = ""
        """Where the sample that is under way comes from; the one that is shown keeps its origin until it is there."""
        self._pin_informative = self._fresh = False
        self._loading = ""
        """What to say until the first sample of the model that is being opened is there."""
        self._loading_timer = QTimer(self, singleShot=True, interval=LOADING_SHOWN_AFTER_MS)
        self._loading_timer.timeout.connect(self._say_stage)
        wishes = FileWishes(
            self.open_model,
            self.look_at,
            None if grab_frame is None else self.look_at_frame,
            self.show_spec,
            self.start_export,
            lambda: self.spec,
        )
        self.files = GalleryFiles(self, self.session, wishes, open_film)
        self.walking = Walking(self, self.session, self.show_walk)
        own = panel_commands(self, self.pin_informative, self.walking.toggle, self.toggle_page, self.toggle_help)
        self._commands = [*own, *self.files.actions]
        self._connect()
        self.controls.set_ready(False)

    def start(self, pin_informative: bool = False) -> None:
        """Loads the model and samples; returns at once. pin_informative: the first sample of a model gets pins at
        queries whose maps differ, so that one sees at once what there is to see."""
        self._pin_informative = pin_informative
        self.open_model(self._model)

    def commands(self) -> list[QAction]:
        """Keyboard commands that work wherever the focus is in the panel, and those of the picture, for the list."""
        return self._commands

    def set_full_screen(self, on: bool) -> None:
        """Only the picture with its pins, or everything."""
        for widget in (self.grid, self.controls, self.status, self.below):
            widget.setVisible(not on)

    def pin_informative(self) -> None:
        """Pins the queries whose maps differ most, in place of the pins there are."""
        self.view.pin_informative(PINNED_AT_ONCE)

    def close_down(self, timeout_s: float) -> bool:
        """Ends all work; False when something is still going on after that time."""
        self.walk.stop()
        return self.session.close(timeout_s)

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
        controls.help_wanted.connect(self.toggle_help)
        self.grid.chosen.connect(self.choose)
        self.view.pins_used_up.connect(lambda: self.say(words.NO_PIN_LEFT))
        self.view.menu_wished.connect(self.files.show_menu)
        self.header.copy_wished.connect(self.files.copy_text.trigger)
        self.status.cancelled.connect(self._cancel)

    # -- what the user wants

    def open_model(self, path: Path | None) -> None:
        """Loads another generator; the present one stays if that fails."""
        self._loading = words.loading(DEFAULT_MODEL if path is None else path)
        self.say(self._loading)
        self.session.open_model(path)
        self._loading_timer.start()

    @property
    def spec(self) -> SampleSpec | None:
        """What makes the large picture; None for an own one, for one on a walk, and before there is one."""
        row = self.grid.current
        if self.sample is None or not 0 <= row < len(self.grid.specs):
            return None
        return self.grid.specs[row]

    def choose(self, row: int) -> None:
        """Shows a sample of the grid large."""
        if 0 <= row < len(self.grid.specs) and self.session.generator is not None:
            self.walk.stop()
            self._coming = str(self.grid.specs[row])
            self.controls.set_generating(True)
            self.session.want_sample(self.session.point(self.grid.specs[row]), self.controls.scale.value)

    def show_spec(self, spec: SampleSpec) -> None:
        """Shows the sample of a sample text. Raises FacecamError if this generator has no such class."""
        generator = self.session.generator
        if generator is None:
            raise FacecamError("A sample text needs a generator: open one first.")
        if spec.label is not None:
            generator.label_index(spec.label)
        self.grid.choose(0, tell=False)
        self.controls.set_spec(spec)
        if spec.model_hash != generator.model_hash:
            self.say(f"That text is from {spec.model}:{spec.model_hash}; this model makes another picture of it.")

    def look_at(self, picture: Image) -> None:
        """Shows an own picture (H, W, 3) uint8 RGB with the discriminator's attention on it."""
        self.walk.stop()
        self._coming = _OWN
        self.session.want_look(picture)

    def show_walk(self, point: End) -> None:
        """Shows a point of a walk."""
        self._coming = _WALK
        self.session.want_sample(point, self.controls.scale.value)

    def look_at_frame(self) -> None:
        """Shows the camera's picture in the same way."""
        frame = self.grab_frame() if self.grab_frame is not None else None
        if frame is None:
            raise FacecamError("There is no live picture: start the camera in the Live tab first.")
        self.look_at(frame)

    def toggle_help(self) -> None:
        """Shows or hides the explanation."""
        if not self.leave_help():
            generator = self.session.generator
            about = "" if generator is None else words.about_model(generator.name, generator.metadata)
            close = Action("Close", self.leave_help, "Back to the picture (H)")
            self._tell(StageMessage(words.HELP_TITLE, words.help_html(about), (close,), rich=True))

    def leave_help(self) -> bool:
        """Hides the explanation; False when it is not shown."""
        shown = self._shows_help
        if shown:
            self._tell(None)
            self._say_stage()
        return shown

    @property
    def _shows_help(self) -> bool:
        message = self.message.message
        return message is not None and message.title == words.HELP_TITLE

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

    def toggle_page(self) -> None:
        """Shows the matrix in place of the pins, or the pins again."""
        self.below.tabs.setCurrentIndex(1 - self.below.tabs.currentIndex())

    def _scale_changed(self, scale: float) -> None:
        sample = self.sample
        if sample is not None and sample.z is not None:
            self.session.want_sample(End(sample.z, sample.label, sample.toward), scale)

    # -- what the session does

    def _model_changed(self) -> None:
        generator = self.session.generator
        assert generator is not None
        self._fresh = True
        self._say_stage()
        self.controls.set_ready(True)
        self.controls.set_model(generator.classes, generator.layer_count, generator.has_attention_scale)
        self.grid.reset_samples([])
        self.walking.begin_anew(generator.classes)
        self._sampling_changed()

    def _sampling_changed(self) -> None:
        generator = self.session.generator
        if generator is None:
            return
        specs = self.controls.specs(generator.name, generator.model_hash)
        self.grid.reset_samples(specs)
        self._sampling_said = f"Sampling {len(specs)} pictures…"
        self.say(self._sampling_said)
        self.choose(self.grid.current)
        self.session.want_grid(specs)

    def _show_small(self, row: int, picture: Image) -> None:
        self.grid.put(row, picture)
        self.status.progress((row + 1) / max(1, len(self.grid.specs)))

    def _grid_done(self) -> None:
        self.status.done()
        if self.status.text == self._sampling_said:  # what has been said since then is of more use
            self._say_origin()

    def _show_sample(self, sample: Sample) -> None:
        self.origin = self._coming
        if self.origin in (_OWN, _WALK):
            self.grid.clear_choice()
        self.show_sample(sample)
        self._loading = ""
        self._say_stage()
        if self._pin_informative and self._fresh and not self.view.pins:
            self.pin_informative()
        if self._fresh:
            self.walking.prepare()
        self._fresh = False
        self.header.show_origin(*words.title(self.spec, self.origin), can_copy=self.spec is not None)
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
        if failure.lane is Lane.MODEL or self.session.generator is not None:  # not while one is still being read
            self._loading = ""
            self._say_stage()
        if failure.lane is Lane.MODEL and self.session.generator is None:
            missing = self._model is None
            self._say_no_model(words.NO_MODEL if missing else failure.message)

    # -- words

    def _say_no_model(self, text: str) -> None:
        title = words.NO_MODEL_TITLE if text == words.NO_MODEL else words.WRONG_MODEL_TITLE
        action = Action("Open a model…", self.files.open_model.trigger, "An exported SAGAN generator (Ctrl+O)")
        self._tell(StageMessage(title, text, (action,)))

    def _tell(self, message: StageMessage | None) -> None:
        self.message.show_message(message, over_picture=True)

    def _say_stage(self) -> None:
        """What the stage has to say while there is no sample; nothing when there is one. Help stays."""
        if self._shows_help:
            return
        self._tell(None)
        if self._loading and self.sample is None:
            if not self._loading_timer.isActive():
                self._tell(StageMessage(self._loading, words.LOADING))
        elif self.session.generator is None:
            self._say_no_model(words.NO_MODEL)

    # -- drag and drop

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.files.accepts(event.mimeData()):
            event.acceptProposedAction()
            self.drop_cue.appear()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.drop_cue.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.drop_cue.hide()
        self.files.open_dropped(event.mimeData())
        event.acceptProposedAction()
