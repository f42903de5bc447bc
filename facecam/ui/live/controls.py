"""LiveControls: the control column of the live tab."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from facecam.qtkit.buttons import show_start
from facecam.qtkit.folds import Fold, Section
from facecam.qtkit.theme import COLUMN_WIDTH, SPACE, tabular
from facecam.qtkit.widgets import Heading, ScrollColumn
from facecam.ui.live.chooser import SourceChooser

THRESHOLD_RANGE = (0.01, 0.99)


class LiveControls(QWidget):
    """Source, start and stop, threshold, and how the picture is shown. Holds no state of the detection itself."""

    start_stop = Signal()
    threshold_changed = Signal(float)
    mirror_changed = Signal(bool)
    scores_changed = Signal(bool)
    full_screen = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._running = False
        self.setFixedWidth(COLUMN_WIDTH)
        self.source = SourceChooser()
        self.start_button = QPushButton()
        self.start_button.setMinimumHeight(4 * SPACE)
        self.start_button.clicked.connect(self.start_stop)

        self.threshold = QSlider(Qt.Orientation.Horizontal)
        self.threshold.setRange(*(round(100 * limit) for limit in THRESHOLD_RANGE))
        self.threshold.setPageStep(5)
        self.threshold.setAccessibleName("Threshold")
        self.threshold_value = QLabel()
        self.threshold_value.setFont(tabular(self.threshold_value.font()))
        self.threshold_value.setAccessibleName("Value of the threshold")
        for widget in (self.threshold, self.threshold_value):
            widget.setToolTip(
                "A face is shown when its score is at least this.\n"
                "Lower finds more faces and more that are none; higher is stricter."
            )
        self.threshold.valueChanged.connect(self._threshold_moved)

        self.mirror = QCheckBox("Mirror")
        self.mirror.setToolTip("Swaps left and right, as in a mirror (M)")
        self.mirror.toggled.connect(self.mirror_changed)
        self.scores = QCheckBox("Scores")
        self.scores.setToolTip("Writes the score on each face; without it, on the face under the cursor")
        self.scores.toggled.connect(self.scores_changed)
        self.full_screen_button = QPushButton("Full screen")
        self.full_screen_button.setToolTip("Only the picture, on the whole screen (F; Esc comes back)")
        self.full_screen_button.clicked.connect(self.full_screen)

        # A click must not move the keyboard's focus: Space would then press that control instead of Start.
        for control in (self.start_button, self.mirror, self.scores, self.full_screen_button):
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)

        threshold_row = QHBoxLayout()
        threshold_row.addWidget(Heading("Threshold"))
        threshold_row.addStretch()
        threshold_row.addWidget(self.threshold_value)

        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(2 * SPACE, 2 * SPACE, SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addWidget(Heading("Source"))
        layout.addWidget(self.source)
        layout.addWidget(self.start_button)
        self._actions = QVBoxLayout()
        layout.addLayout(self._actions)
        layout.addSpacing(2 * SPACE)
        layout.addLayout(threshold_row)
        layout.addWidget(self.threshold)
        layout.addSpacing(2 * SPACE)
        layout.addWidget(Heading("View"))
        self._switches = QGridLayout()
        self._switches.setSpacing(SPACE)
        for column, switch in enumerate((self.mirror, self.scores)):
            self._switches.addWidget(switch, 0, column)
            self._switches.setColumnStretch(column, 1)
        layout.addLayout(self._switches)
        layout.addSpacing(SPACE)
        layout.addWidget(self.full_screen_button)
        layout.addSpacing(SPACE)
        self._folds = QVBoxLayout()
        self._folds.setSpacing(SPACE // 2)
        layout.addLayout(self._folds)
        layout.addStretch()
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        self.column = ScrollColumn(COLUMN_WIDTH)
        self.column.setWidget(content)
        around.addWidget(self.column)
        for button in (self.start_button, self.full_screen_button):
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_running(False)

    def add_actions(self, buttons: QWidget) -> None:
        """A row of buttons below Start."""
        self._actions.addWidget(buttons)
        before: QWidget = self.start_button
        for button in buttons.findChildren(QPushButton):
            QWidget.setTabOrder(before, button)
            before = button

    def add_view_switch(self, switch: QCheckBox) -> None:
        """One more switch for how the picture is shown."""
        switch.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._switches.addWidget(switch, *divmod(self._switches.count(), 2))
        QWidget.setTabOrder(switch, self.full_screen_button)

    def add_section(self, section: Section) -> Fold:
        """A fold at the end of the column, closed."""
        fold = Fold(section)
        self._folds.addWidget(fold)
        fold.toggled.connect(partial(self._show_whole, fold))
        return fold

    def _show_whole(self, fold: Fold, on: bool) -> None:
        """In a low window what opens would lie below the column's end: the column scrolls to it."""
        if on:
            QTimer.singleShot(0, fold, lambda: self.column.ensureWidgetVisible(fold, 0, SPACE))  # when it has its place

    def set_running(self, running: bool) -> None:
        """Whether the button starts or stops. Start carries the accent colour: it is what to do next."""
        self._running = running
        button = self.start_button
        show_start(button, running, "Start", "Stop")
        button.setToolTip("Stops the source and releases it (Space)" if running else "Starts the source (Space)")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:  # dark has become light, or the other way round
            self.set_running(self._running)

    def set_threshold(self, value: float) -> None:
        """Shows a threshold without telling."""
        blocked = self.threshold.blockSignals(True)
        self.threshold.setValue(round(100 * value))
        self.threshold.blockSignals(blocked)
        self.threshold_value.setText(f"{self.threshold.value() / 100:.2f}")

    def _threshold_moved(self, percent: int) -> None:
        self.threshold_value.setText(f"{percent / 100:.2f}")
        self.threshold_changed.emit(percent / 100)
