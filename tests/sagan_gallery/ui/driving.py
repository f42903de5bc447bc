"""What tests do with the gallery's panel: wait for samples, and move the mouse over the picture."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QMouseEvent
from PySide6.QtWidgets import QFileDialog

LEFT, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


def settle(qtbot, panel):
    """Waits until the grid is full and the large sample is there."""

    def check():
        assert panel.sample is not None
        assert not panel.session.sampling
        assert panel.grid.specs
        assert not panel.session.filling

    qtbot.waitUntil(check)
    QGuiApplication.processEvents()


def waits_for_sample(qtbot, panel, do):
    with qtbot.waitSignal(panel.session.sample_ready):
        do()
    qtbot.waitUntil(lambda: not panel.session.sampling)


def walks_to(qtbot, panel, sample):
    """A walk from the sample that is shown to another of the grid."""
    panel.walk.set_start.click()
    waits_for_sample(qtbot, panel, lambda: panel.grid.choose(sample))
    panel.walk.set_end.click()


def at(panel, x, y):
    """The view's point over a point of the picture."""
    return QPoint(*(round(value) for value in panel.view.placement.to_view(x, y)))


def move(widget, point):
    """A mouse move that does not depend on where a real pointer is."""
    place, none = QPointF(point), Qt.MouseButton.NoButton
    there = widget.mapToGlobal(place)
    event = QMouseEvent(QEvent.Type.MouseMove, place, there, none, none, Qt.KeyboardModifier.NoModifier)
    QGuiApplication.sendEvent(widget, event)


def hover(panel, x, y):
    move(panel.view, at(panel, x, y))


def pins(panel):
    return [(pin.number, pytest.approx((pin.x_px, pin.y_px), abs=0.1)) for pin in panel.view.pins]


def choose(box, value):
    box.setCurrentIndex(box.findData(value))


def save_as(panel, action, path):
    """Names the file in the dialog of an action that saves."""
    action.trigger()
    dialog = panel.findChildren(QFileDialog)[-1]
    dialog.fileSelected.emit(str(path))
    dialog.close()


def show_page(qtbot, panel, title):
    """Clicks on a tab below the picture."""
    tabs = panel.stage.tabs
    index = next(index for index in range(tabs.count()) if tabs.tabText(index) == title)
    qtbot.mouseClick(tabs, LEFT, pos=tabs.tabRect(index).center())
