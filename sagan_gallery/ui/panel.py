"""GalleryPanel: the gallery as one widget. Samples at the left, the chosen one large, controls at the right."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QKeyEvent, QPalette
from PySide6.QtWidgets import QApplication, QGridLayout, QSplitter, QWidget

from facecam.arrays import Array, Image
from facecam.errors import FacecamError
from facecam.qtkit.commands import Menu, command
from facecam.qtkit.layouts import column, row
from facecam.qtkit.settings import Settings
from facecam.qtkit.theme import SPACE, stage_palette
from sagan_gallery.export import FilmWriter
from sagan_gallery.generator import DEFAULT_MODEL, shipped_generators
from sagan_gallery.latent import SampleSpec
from sagan_gallery.opening import read_opening
from sagan_gallery.sample import LatentPoint, Sample
from sagan_gallery.ui import words
from sagan_gallery.ui.controls import GalleryControls
from sagan_gallery.ui.files import GalleryFiles
from sagan_gallery.ui.grid import SampleGrid
from sagan_gallery.ui.message import GalleryMessage
from sagan_gallery.ui.plane import axes_through
from sagan_gallery.ui.sample_stage import SampleStage
from sagan_gallery.ui.session import IN_THE_PLANE, ON_THE_WALK, Export, GallerySession, Lane, Origin, OwnPicture
from sagan_gallery.ui.status_row import StatusRow, Task
from sagan_gallery.ui.tour import Step, Tour, TourOffer

_TOUR = "gallery/tour"
"""Setting: the step of the tour, once it has been offered."""
_SHARES = [280, 720]
"""Shares of the width, in per mille, of the samples and of the stage."""


class GalleryPanel(QWidget):
    """The whole gallery, to be put anywhere into a window. `start` loads the model and samples.

    settings: remember what is sampled, how maps are shown, whether the tour has been offered, and where it was left;
    controls (with these settings), stage: are made before, as that takes long; grab_frame: gives the camera's picture
    (H, W, 3) uint8 RGB, or None when there is none; write_mp4: writes films in that format; keep_off: gives the core
    that sampling is to stay away from, if any.
    """

    def __init__(
        self,
        settings: Settings,
        controls: GalleryControls,
        stage: SampleStage,
        grab_frame: Callable[[], Image | None],
        write_mp4: FilmWriter,
        keep_off: Callable[[], int | None],
    ) -> None:
        super().__init__()
        self._settings = settings
        self._sampling_said = ""
        self._pin_informative = self._fresh = False
        self._arriving: list[OwnPicture] = []
        """Own pictures that are to be put into the grid once they can be seen."""
        self._foreign = ""
        """What to say of the sample that is shown if its text is from another model."""
        self._awaited: SampleSpec | None = None
        """To be shown once its generator is open."""
        self._directions: Array = np.empty((0, 0), np.float32)
        """(D, z_dim) unit vectors that the plane can go in."""
        self._filled = 0
        """How many samples of the grid have arrived since it was last requested."""
        self._home: OwnPicture | SampleSpec | None = None
        """What was last shown large of the grid: out of a walk or a plane one comes back to it."""
        self.session = GallerySession(keep_off, self)
        self.grid = SampleGrid()
        self.controls, self.stage = controls, stage
        self.view, self.walk = stage.view, stage.walk
        self.files = GalleryFiles(stage, self.session, grab_frame, write_mp4, self)
        controls.files.setMenu(self.files.menu)
        tour_at = settings.number(_TOUR, None, 0, len(Step))
        self.tour, self.offer = Tour(stage, int(tour_at or 0)), TourOffer()
        if tour_at is not None:
            self.offer.hide()
        self.status = StatusRow()
        self.message = GalleryMessage(self.session, self.files.open_model)
        self._lay_out()
        stage.set_map_style(controls.map_style())
        self.setAcceptDrops(True)
        self._commands = [*self._make_commands(), *self.files.actions]
        self._connect()
        controls.set_ready(False)

    def _lay_out(self) -> None:
        self.tour.hide()
        self._beside = QWidget()
        column((self.grid, 1), self.offer, owner=self._beside)
        self._at_right = QWidget()
        column((self.controls, 1), (self.tour, 1), owner=self._at_right)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self._beside)
        self.splitter.addWidget(self.stage)
        self.splitter.setSizes(_SHARES)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(SPACE // 2)
        self.splitter.setAutoFillBackground(True)
        self.splitter.setPalette(stage_palette())  # the handle is part of the dark stage
        over = QGridLayout()
        over.setContentsMargins(0, 0, 0, 0)
        for widget in (self.splitter, self.message):
            over.addWidget(widget, 0, 0)
        column((row((over, 1), self._at_right), 1), self.status, owner=self)

    def _make_commands(self) -> list[QAction]:
        """Those that work wherever the focus is; and disabled, for the list of keys, those of the picture itself."""
        view, controls = self.view, self.controls
        of_picture = [
            command(self, text, keys, lambda: None, Menu.NONE)
            for text, keys in (
                ("Move the query by a cell (with Shift by four)", ["Left", "Right", "Up", "Down"]),
                ("Pin the query", ["Return"]),
                ("Remove the selected pin", ["Delete"]),
                ("Select the next pin", ["PgDown"]),
                ("Zoom in, out, whole picture", ["+", "-", "0"]),
                ("While it is held: the picture without its attention", ["B"]),
            )
        ]
        for action in of_picture:
            action.setEnabled(False)
        return [
            command(self, "New samples", ["R"], self.controls.resample.click),
            command(self, "Pin informative queries", ["T"], view.pin_informative),
            command(self, "Remove all pins", ["Shift+Delete"], lambda: view.set_pins([], None)),
            command(self, "Walk", ["W"], self.stage.walk_button.toggle),
            command(self, "Play or pause the walk", ["Space"], self._toggle_walk),
            command(self, "Pins, matrix or play", ["X"], self.stage.toggle_page),
            command(self, "Split: with and without attention", ["S"], controls.toggle_split),
            command(self, "More controls", ["M"], self.controls.more.button.toggle),
            command(self, words.HELP_TITLE, ["H"], self.message.toggle_help, Menu.HELP),
            command(self, "Tour of four steps", [], controls.tour.toggle, Menu.HELP),
            command(self, "Go to the picture", ["P"], view.setFocus),
            *of_picture,
        ]

    def _connect(self) -> None:
        session, controls, stage, files = self.session, self.controls, self.stage, self.files
        session.model_changed.connect(self._model_changed)
        session.sample_ready.connect(self._show_sample)
        session.comparison_ready.connect(stage.show_comparison)
        session.thumb_ready.connect(lambda point, picture: self.walk.set_point("end", point, picture))
        session.picture_ready.connect(self._show_small)
        session.grid_done.connect(self._grid_done)
        session.exported.connect(self._exported)
        session.failed.connect(self._failed)
        self.status.cancelled.connect(self._cancel)
        controls.model_changed.connect(lambda: self.open_model(controls.model.currentData()))
        controls.sampling_changed.connect(self._sampling_changed)
        controls.order_changed.connect(self._order_changed)
        controls.scale.changed.connect(self._scale_changed)
        controls.map_style_changed.connect(lambda: stage.set_map_style(controls.map_style()))
        controls.shown.currentIndexChanged.connect(lambda: stage.set_shown(controls.picture_shown))
        controls.layer_changed.connect(stage.set_layer)
        controls.help.clicked.connect(self.message.toggle_help)
        controls.tour.toggled.connect(self._show_tour)
        self.offer.taken.connect(partial(controls.tour.setChecked, True))
        self.offer.declined.connect(self._remember_tour)
        self.tour.left.connect(partial(controls.tour.setChecked, False))
        files.model_opened.connect(self.open_model)
        files.picture_opened.connect(lambda picture: self.look_at(OwnPicture(picture)))
        files.text_opened.connect(self.show_spec)
        files.export_wanted.connect(self._start_export)
        files.said.connect(self.say)
        self.grid.chosen.connect(self.choose)
        self.view.pins_used_up.connect(lambda: self.say(words.NO_PIN_LEFT))
        self.view.pins_changed.connect(self._pins_changed)
        self.view.menu_wanted.connect(files.show_menu)
        stage.header.copy_wanted.connect(files.copy_text.trigger)
        stage.walk_button.toggled.connect(self._show_walk)
        self.walk.moved.connect(lambda point: session.request_sample(point, ON_THE_WALK))
        stage.plane.moved.connect(lambda point: session.request_sample(point, IN_THE_PLANE))
        stage.plane.left.connect(self._go_home)
        self.walk.thumb_wanted.connect(session.request_thumb)
        self.walk.said.connect(self.say)

    # -- for the window

    def start(self, pin_informative: bool = False) -> None:
        """Loads the model and samples; returns at once. pin_informative: the first sample of a model gets pins at
        queries whose maps differ, so that one sees at once what there is to see."""
        self._pin_informative = pin_informative
        self.open_model(self.controls.model.currentData())

    def commands(self) -> list[QAction]:
        """Keyboard commands that work wherever the focus is in the panel, and those of the picture, for the list."""
        return self._commands

    def set_full_screen(self, on: bool) -> None:
        """Only the picture with its figures and what is said, or everything."""
        for widget in (self._beside, self._at_right, self.stage.below):
            widget.setVisible(not on)
        self.status.setPalette(stage_palette() if on else QPalette())

    def close_down(self, timeout_s: float) -> bool:
        """Ends all work; False when something is still going on after that time."""
        self.walk.stop()
        return self.session.close(timeout_s)

    @property
    def sample(self) -> Sample | None:
        """The one in the large view."""
        return self.stage.sample

    @property
    def spec(self) -> SampleSpec | None:
        """What makes the large picture; None for an own one, for one on a walk, and before there is one."""
        return self.stage.origin.spec

    def say(self, *said: str) -> None:
        self.status.say("   ·   ".join(said))

    # -- what the user wants

    def open_model(self, model: str | Path | None) -> None:
        """Loads another generator, as `Generator` takes it; the present one stays if that fails."""
        self._awaited = None
        loading = f"Loading {Path(model or DEFAULT_MODEL).stem}…"
        self.say(loading)
        self.message.begin_loading(loading)
        self.session.open_model(model)

    def choose(self, row: int) -> None:
        if not 0 <= row < len(self.grid.items):
            return
        item, self._foreign = self.grid.items[row], ""
        self.walk.stop()
        if isinstance(item, OwnPicture):
            self.session.request_attention_of(item)
        else:
            self.controls.set_generating(True)
            self.session.request_spec(item)

    def show_spec(self, spec: SampleSpec) -> None:
        """Shows the sample of a sample text, of this generator if it has its class; of another one that comes with the
        program, which is opened for it."""
        generator, file = self.session.generator, shipped_generators().get(spec.model)
        if generator is not None and file not in (None, generator.path) and spec.model_hash != generator.model_hash:
            self.open_model(spec.model)
            self._awaited = spec
            return
        try:
            if generator is None:
                raise FacecamError("A sample text needs a generator: open one first.")
            if spec.label is not None:
                generator.label_index(spec.label)
        except FacecamError as error:
            self.say(str(error))
            return
        self.grid.choose(self.grid.first_sample, tell=False)
        self.controls.set_spec(spec)
        if spec.model_hash != generator.model_hash:
            self._foreign = f"That text is from {spec.model}:{spec.model_hash}; this model makes another picture of it."
            self.say(self._foreign)

    def look_at(self, picture: OwnPicture) -> None:
        """Shows an own picture with the discriminator's attention on it. It stays in the grid until it is removed."""
        self.walk.stop()
        self._arriving.append(picture)
        self.session.request_attention_of(picture)

    def _show_tour(self, on: bool) -> None:
        self.tour.setVisible(on)
        self.controls.setVisible(not on)
        if on:
            if self.stage.origin.own is not None:  # which has no attention to be switched off
                self.grid.choose(self.grid.first_sample)
            self.stage.show_pins()
            self.controls.show_usual_maps()
            self.tour.begin()
        self._remember_tour()

    def _remember_tour(self) -> None:
        """The tour is not offered any more, and goes on where it is."""
        self.offer.hide()
        self._settings.put(_TOUR, self.tour.step)

    def _toggle_walk(self) -> None:
        """Plays the walk, opening it if need be, or pauses it."""
        self.stage.walk_button.setChecked(True)
        if self.walk.play.isEnabled():
            self.walk.play.toggle()

    def _show_walk(self, on: bool) -> None:
        if on:
            self._prepare_walk()
        elif self.stage.origin == ON_THE_WALK or self.session.sampling:  # a picture of the walk may be on its way
            self._go_home()

    def _go_home(self) -> None:
        """Shows what is chosen in the grid, or was before the picture came from elsewhere."""
        items, row = self.grid.items, self.grid.current
        if row < 0:
            row = items.index(self._home) if self._home in items else self.grid.first_sample
        self.grid.choose(row, tell=False)
        self.choose(row)

    def _prepare_walk(self) -> None:
        """A walk without ends leads from the chosen sample to the next one in the grid."""
        following = self._next_point()
        if self.stage.walk_button.isChecked() and following is not None:
            self.walk.prepare(following)

    def _scale_changed(self, scale: float) -> None:
        self.session.scale = scale
        sample = self.sample
        if sample is not None and sample.point is not None:
            self.session.request_sample(sample.point, self.stage.origin)

    def _start_export(self, export: Export) -> None:
        self.session.request_export(export)
        self._show_tasks()
        self.say(*self._making)

    def _cancel(self, task: Task) -> None:
        task.end()
        self._show_tasks()
        self.say("Cancelled.", *self._making)

    # -- what the session does

    def _model_changed(self) -> None:
        generator = self.session.generator
        assert generator is not None
        self._fresh = True
        self.message.refresh()
        self.session.scale = 1.0
        self.controls.set_ready(True)
        self.controls.show_model(generator.path)
        self.stage.set_layer(0)
        opening = read_opening(generator)
        self._directions = opening.directions
        self.controls.set_model(generator.classes, generator.layer_count, opening.specs)
        self.grid.reset_samples([])
        self.grid.clear_choice()
        self.walk.begin_anew(generator.classes)
        awaited, self._awaited = self._awaited, None
        self._sampling_changed() if awaited is None else self.show_spec(awaited)

    def _next_point(self) -> LatentPoint | None:
        """The point of the sample after the one that was last shown large, if there are several."""
        specs = self.grid.specs
        following = specs.index(self._home) + 1 if self._home in specs else 0
        generator = self.session.generator
        return generator.point(specs[following % len(specs)]) if generator and len(specs) > 1 else None

    def _sampling_changed(self) -> None:
        self.grid.reset_samples(self._wanted_specs())
        self.choose(self.grid.current)
        self._fill_grid()

    def _order_changed(self) -> None:
        chosen = self.grid.chosen_item
        self.grid.reset_samples(self._wanted_specs())
        self.grid.choose(-1 if chosen is None else self.grid.items.index(chosen), tell=False)
        self._fill_grid()

    def _wanted_specs(self) -> list[SampleSpec]:
        assert self.session.generator is not None
        return self.controls.specs(self.session.generator.name, self.session.generator.model_hash)

    def _fill_grid(self) -> None:
        specs = self.grid.specs
        self._sampling_said = f"Sampling {len(specs)} pictures…"
        self.say(self._sampling_said)
        self._filled = 0
        self.session.request_grid(specs, self.controls.order.currentData())

    def _show_small(self, spec: SampleSpec, picture: Image, value: float | None) -> None:
        self.grid.put_sample(spec, picture, value)
        self._filled += 1
        self._show_tasks()

    def _grid_done(self) -> None:
        self.grid.sort(self.controls.order.currentData())
        self._show_tasks()
        if self.status.text == self._sampling_said:  # what has been said since then is of more use
            self._say_origin()

    def _show_sample(self, sample: Sample, origin: Origin) -> None:
        if origin.own is not None and origin.own in self._arriving:
            self._arriving.remove(origin.own)
            self.grid.add_own(origin.own, sample.image, choose=not self.session.superseded)
        elif origin.in_between and not self.session.superseded:
            self.grid.clear_choice()
        if not origin.in_between:
            self._home = origin.own or origin.spec
            axes = axes_through(sample, self.session.generator, self._directions, self._next_point())
            if axes:
                self.stage.plane.show_axes(axes)
        self.controls.set_generating(sample.z is not None)
        moving, before = self.walk.playing or self.stage.plane.pad.dragged, self.stage.origin
        self.stage.show_sample(sample, origin)
        if origin.spec is not None:
            self._prepare_walk()
        self.message.show_picture()
        if self._fresh:
            self._fresh = False
            if self._pin_informative and not self.view.pins and not self.controls.tour.isChecked():
                self.view.pin_informative()
        if not moving:
            self.session.request_comparison(sample)
        if not moving or origin != before:  # and not with each picture, over what has been said since
            self._say_origin()

    def _exported(self, export: Export) -> None:
        self._show_tasks()
        if export not in self.session.exports:
            self.say(f"Saved {export.path}", *self._making)

    def _show_tasks(self) -> None:
        """What takes long: the grid, and after it the films, which give way to it."""
        session, share = self.session, self._filled / max(1, len(self.grid.specs))
        grid = [Task(self._sampling_said, share, session.cancel_grid)] if session.filling else []
        films = [Task(each.path.name, each.share, partial(session.end_export, each)) for each in session.exports]
        self.status.show_tasks(grid + films)

    def _failed(self, lane: Lane, message: str) -> None:
        self._show_tasks()
        self.say(message)
        if lane is Lane.MODEL and self.session.generator is not None:
            self.controls.show_model(self.session.generator.path)
        if lane is Lane.MODEL or self.session.generator is not None:  # not while one is still being read
            self.message.fail(message if lane is Lane.MODEL and shipped_generators() else "")

    # -- words

    def _say_origin(self) -> None:
        if self.sample is not None:
            said = [self._foreign] if self._foreign else [self.stage.origin.words, words.size_words(self.sample)]
            self.say(*self._making, *said)

    @property
    def _making(self) -> list[str]:
        """Which film is being made, and which wait for it; none without films."""
        names = [export.path.name for export in self.session.exports]
        then = f" then {', '.join(names[1:])}" if names[1:] else ""
        return [f"Making {names[0]}…{then}"] if names else []

    def _pins_changed(self) -> None:
        if self.status.text == words.NO_PIN_LEFT:
            self._say_origin()

    # -- keys, places, drag and drop

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_B or event.modifiers():
            event.ignore()
        elif not event.isAutoRepeat():
            self._compare(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyRelease:
            assert isinstance(event, QKeyEvent)
            if event.key() == Qt.Key.Key_B and not event.isAutoRepeat():
                self._compare(False)
        return False

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange:  # the key is let go in another window
            self._compare(False)

    def _compare(self, on: bool) -> None:
        """For as long as B is held: it may be let go with Shift, in a menu or in another tab, which came meanwhile."""
        app = QApplication.instance()
        assert app is not None
        app.installEventFilter(self) if on else app.removeEventFilter(self)
        self.stage.compare(on)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.files.accepts(event.mimeData()):
            event.acceptProposedAction()
            self.message.show_drop(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.message.show_drop(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.message.show_drop(False)
        self.files.open_dropped(event.mimeData())
        event.acceptProposedAction()
