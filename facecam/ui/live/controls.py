"""LiveControls: the control column of the live tab."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QPushButton, QWidget

from facecam.qtkit.fields import SliderField, button, check, keep, keep_room, show_value
from facecam.qtkit.folds import Fold, Section
from facecam.qtkit.layouts import column
from facecam.qtkit.settings import Remembered, Settings
from facecam.qtkit.theme import COLUMN_WIDTH, SPACE
from facecam.qtkit.widgets import Heading, ScrollColumn, StartButton
from facecam.qtkit.wording import percent
from facecam.ui.live.chooser import SourceChooser
from facecam.ui.live.session import LiveSession
from facecam.ui.live.settings import THRESHOLD_RANGE, LiveSettings

_UNTIL_KNOWN = 0.5
"""What the slider shows before the model has said its own."""


class LiveControls(QWidget):
    """Source, start and stop, threshold, and how the picture is shown; what is chosen is remembered.

    threshold: of the command line, goes before the one that is remembered; without either it is the model's own.
    """

    def __init__(
        self, session: LiveSession, remembered: Remembered[LiveSettings], threshold: float | None = None
    ) -> None:
        super().__init__()
        self._session, self._remembered = session, remembered
        self.setFixedWidth(COLUMN_WIDTH)
        self.source = SourceChooser()
        self.start_button = StartButton(
            ("Start", "Starts the source (Space)"), ("Stop", "Stops the source and releases it (Space)")
        )

        threshold_help = (
            "A face is shown when its score is at least this.\n"
            "Lower finds more faces and more that are none; higher is stricter.\n"
            "False: how many of the boxes are no faces, as measured on photos."
        )
        self.threshold = SliderField(
            "Threshold", *THRESHOLD_RANGE, 0.01, self._threshold_words, threshold_help, pinned=True
        )
        self.threshold.slider.setPageStep(5)
        self.threshold.changed.connect(self._threshold_moved)

        self.mirror = check("Mirror", "Swaps left and right, as in a mirror (M)")
        self.mirror.toggled.connect(self._mirror_toggled)
        self.scores = check("Scores", "Writes the score on each face; without it, on the face under the cursor")
        keep(self.scores, remembered, "scores")
        self.large = check(
            "Large labels", "Lines and text over the picture grow with it, as they do in full screen anyway"
        )
        keep(self.large, remembered, "large")
        self.full_screen_button = button("Full screen", "Only the picture, on the whole screen (F; Esc comes back)")

        self.column = ScrollColumn(COLUMN_WIDTH)
        self._actions = column(spacing=SPACE)
        pinned = column(  # what is always wanted doesn't scroll
            Heading("Source"),
            self.source,
            self.start_button,
            self._actions,
            2 * SPACE,
            self.threshold,
            margins=(2 * SPACE, 2 * SPACE, SPACE + self.column.bar_width, SPACE),
            spacing=SPACE,
        )

        content = QWidget()
        self._switches = QGridLayout()
        self._switches.setSpacing(SPACE)
        for index, shown in enumerate((self.mirror, self.scores, self.full_screen_button)):
            self._switches.addWidget(shown, *divmod(index, 2))
            self._switches.setColumnStretch(index % 2, 1)
        self._folds = column(spacing=SPACE // 2)
        margins = (2 * SPACE, 2 * SPACE, SPACE, SPACE)
        parts = (Heading("View"), self._switches, SPACE, self._folds, None)
        column(*parts, owner=content, margins=margins, spacing=SPACE)
        self.column.setWidget(content)
        self.edge = QFrame()  # what scrolls ends there, and does not look cut
        self.edge.setFixedHeight(1)
        self.edge.setAutoFillBackground(True)
        self.edge.setBackgroundRole(QPalette.ColorRole.Mid)
        keep_room(self.edge)
        self.edge.hide()
        self.column.verticalScrollBar().valueChanged.connect(self.edge.setVisible)
        column(pinned, self.edge, (self.column, 1), owner=self)
        wanted = remembered.value.threshold if threshold is None else threshold
        session.change_options(threshold=wanted)
        show_value(self.threshold, _UNTIL_KNOWN)
        self.refresh()

    def add_actions(self, buttons: QWidget) -> None:
        """A row of buttons below Start."""
        self._actions.addWidget(buttons)
        before: QWidget = self.start_button
        for each in buttons.findChildren(QPushButton):
            QWidget.setTabOrder(before, each)
            before = each

    def add_view_switch(self, switch: QCheckBox) -> None:
        """One more switch for how the picture is shown; the button for full screen stays the last."""
        switch.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        end = self._switches.count()
        self._switches.addWidget(self.full_screen_button, *divmod(end, 2))
        self._switches.addWidget(switch, *divmod(end - 1, 2))
        QWidget.setTabOrder(switch, self.full_screen_button)

    def add_section(self, section: Section, settings: Settings) -> None:
        """A fold at the end of the column. One that is open from the start scrolls nothing."""
        fold = Fold(section)
        fold.remember(settings, f"live/fold-{section.key}")
        self._folds.addWidget(fold)
        fold.toggled.connect(partial(self._show_whole, fold))

    def _show_whole(self, fold: Fold, on: bool) -> None:
        """In a low window what unfolds would lie below the visible part of the column, which therefore scrolls to it;
        in a very low window, to its heading."""

        def scroll() -> None:  # when it has its place
            for part in (fold, fold.button):
                self.column.ensureWidgetVisible(part, 0, SPACE)

        if on:
            QTimer.singleShot(0, fold, scroll)

    # -- threshold

    def refresh(self) -> None:
        """Shows the model's own threshold as soon as it is loaded, and what the model says of the one that is set."""
        threshold = self._session.options.threshold
        if threshold is not None:
            show_value(self.threshold, threshold)
        self.threshold.tell()

    def reset_threshold(self) -> None:
        """The model's own again, also at the next start."""
        self._remembered.change(threshold=None)
        self._session.change_options(threshold=self._session.own_threshold)
        self.refresh()

    def another_network(self) -> None:
        """Each network has its own threshold, which holds unless the user has chosen one."""
        if self._remembered.value.threshold is None:
            self._session.change_options(threshold=None)

    def _threshold_words(self, threshold: float) -> str:
        detector = self._session.detector
        share = None if detector is None else detector.false_share(threshold)
        false = "" if share is None else f" · {percent(share)} false" if share >= 0.01 else " · <1 % false"
        return f"{threshold:.2f}{false}"

    def _threshold_moved(self, threshold: float) -> None:
        self._session.change_options(threshold=threshold)
        self._remembered.change(threshold=threshold)

    # -- view

    def take_mirror(self) -> None:
        """Mirrors as was chosen, or is usual, for the kind of source that is open."""
        self.mirror.setChecked(self._usual_mirror())

    def _usual_mirror(self) -> bool:
        """People expect cameras to behave as mirrors, and a clip not to: cameras have a setting of their own."""
        settings, is_camera = self._remembered.value, self._session.camera is not None
        chosen = settings.mirror_camera if is_camera else settings.mirror
        return is_camera if chosen is None else chosen

    def _mirror_toggled(self, on: bool) -> None:
        if on != self._usual_mirror():  # else it is not the user who switches
            self._remembered.change(**{"mirror" if self._session.camera is None else "mirror_camera": on})
