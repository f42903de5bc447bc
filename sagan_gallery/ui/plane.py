"""PlaneView: a plane of latents through the chosen sample, to drag in, with the maps of all pins following."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from facecam.arrays import Array
from facecam.qtkit.fields import Row, button, combo
from facecam.qtkit.layouts import column, row
from facecam.qtkit.theme import SPACE, STAGE_RAISED, STAGE_TEXT_DIM, stage_palette
from sagan_gallery.generator import Generator
from sagan_gallery.sample import LatentPoint, Sample
from sagan_gallery.ui.paint import HOVER
from sagan_gallery.ui.words import class_name
from sagan_gallery.walk import Axis, Plane

_STEPS = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, 1), Qt.Key.Key_Down: (0, -1)}
_STEP = 0.05
_AXES_HELP = [
    f"{side}.\nDirections in which pictures change most, the next sample's latent, or another class"
    for side in ("Across: from the sample in the middle to the right", "Up, in the same way")
]


_REACH = 3.0
"""How far the plane goes in a direction: the generator has hardly seen latents beyond three standard deviations."""


def axes_through(
    sample: Sample, generator: Generator | None, directions: Array, following: LatentPoint | None
) -> list[Axis]:
    """Directions through a sample: of the model, (D, z_dim) unit vectors; to the next sample's latent, if there is one;
    and to other classes. Empty for what has no latent."""
    if generator is None or sample.z is None:
        return []
    axes = [Axis(f"Direction {number}", np.float32(_REACH) * way) for number, way in enumerate(directions, 1)]
    if following is not None:
        axes.append(Axis("To the next sample", following.z - sample.z))
    others = [(index, name) for index, name in enumerate(generator.classes) if index != sample.label]
    return axes + [Axis(f"To {class_name(name).lower()}", label=index) for index, name in others]


class Pad(QWidget):
    """A square with a handle. place: of the handle, -1..1 across and up; dragged: while the mouse holds it."""

    moved = Signal()
    """The handle is elsewhere, or the mouse has let it go."""
    left = Signal()
    """The sample in the middle is wanted, as it was before."""

    def __init__(self) -> None:
        super().__init__()
        self.place = (0.0, 0.0)
        self.dragged = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Plane of latents")
        self.setToolTip(
            "Drag to change the picture, or move with the arrow keys; a double click leads back to the sample"
        )

    @property
    def room(self) -> QRectF:
        side = min(self.width(), self.height()) - 2 * SPACE
        return QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)

    def move_to(self, x: float, y: float, tell: bool = True) -> None:
        self.place = min(max(x, -1.0), 1.0), min(max(y, -1.0), 1.0)
        self.update()
        if tell:
            self.moved.emit()

    def _drag(self, point: QPointF) -> None:
        room = self.room
        self.move_to(2 * (point.x() - room.x()) / room.width() - 1, 1 - 2 * (point.y() - room.y()) / room.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.dragged = True
            self._drag(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.dragged:
            self._drag(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.dragged:
            self.dragged = False
            self.moved.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _STEPS:
            across, up = _STEPS[Qt.Key(event.key())]
            self.move_to(self.place[0] + _STEP * across, self.place[1] + _STEP * up)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = self.room
        painter.fillRect(room, STAGE_RAISED)
        painter.setPen(QPen(STAGE_TEXT_DIM, 1, Qt.PenStyle.DotLine))
        middle = room.center()
        painter.drawLine(QPointF(room.left(), middle.y()), QPointF(room.right(), middle.y()))
        painter.drawLine(QPointF(middle.x(), room.top()), QPointF(middle.x(), room.bottom()))
        if self.hasFocus():
            painter.setPen(QPen(QApplication.palette().color(QPalette.ColorRole.Highlight), 1, Qt.PenStyle.DashLine))
            painter.drawRect(room)
        if not self.isEnabled():
            return
        handle = middle + QPointF(self.place[0] * room.width() / 2, -self.place[1] * room.height() / 2)
        painter.setPen(QPen(HOVER, 2))
        painter.drawLine(middle, handle)
        painter.setBrush(QApplication.palette().color(QPalette.ColorRole.Highlight))
        painter.drawEllipse(handle, SPACE * 0.75, SPACE * 0.75)


class PlaneView(QWidget):
    """The square, and which direction its two sides are."""

    moved = Signal(LatentPoint)
    """The point of the plane to be shown."""
    left = Signal()
    """The sample is to be shown that the plane goes through."""

    def __init__(self) -> None:
        super().__init__()
        self.pad = Pad()
        self._centre: LatentPoint | None = None
        self.axes = combo(), combo()
        self.back = button("Back to the sample", "To the middle of the plane", self.left.emit)
        sides = [
            Row(name, box, help_text, name_px=6 * SPACE)
            for name, box, help_text in zip(("Across", "Up"), self.axes, _AXES_HELP, strict=True)
        ]
        self._why = QLabel("Only samples lie in a plane: choose one at the left.")
        self._why.setWordWrap(True)
        self._of_samples = [*sides, self.back]
        beside = column(None, self._why, *self._of_samples, None, spacing=SPACE // 2)
        row((self.pad, 1), (beside, 1), owner=self, margins=(SPACE, 0, 2 * SPACE, 0), spacing=SPACE)
        for box in self.axes:
            box.activated.connect(self._tell)
        self.setAutoFillBackground(True)
        self.setPalette(stage_palette())
        self.pad.moved.connect(self._tell)
        self.pad.left.connect(self.left)
        self.show_axes([])
        self.begin_at(None)

    @property
    def plane(self) -> Plane | None:
        """Through the chosen sample, in the chosen directions; None without either."""
        across, up = (box.currentData() for box in self.axes)
        if self._centre is None or across is None or up is None:
            return None
        return Plane(self._centre, across, up)

    def show_axes(self, axes: Sequence[Axis]) -> None:
        """The directions there are; the same ones stay chosen, at first the first two."""
        for number, box in enumerate(self.axes):
            before = box.currentText()
            box.clear()
            for axis in axes:
                box.addItem(axis.name, axis)
            box.setCurrentIndex(max(box.findText(before), min(number, len(axes) - 1)) if before else number)
        self.setEnabled(bool(axes))

    def begin_at(self, centre: LatentPoint | None) -> None:
        """The plane goes through this point, which is shown; None where there is no latent."""
        self._centre = centre
        self.pad.move_to(0, 0, tell=False)
        self.pad.setEnabled(centre is not None)
        self._why.setVisible(centre is None)
        for part in self._of_samples:
            part.setVisible(centre is not None)

    def _tell(self) -> None:
        if self.plane is not None:
            self.moved.emit(self.plane.at(*self.pad.place))
