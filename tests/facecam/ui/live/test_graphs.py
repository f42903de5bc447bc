"""The graphs below the picture, through the real window."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from facecam.ui.live.tab import LiveTab
from facecam.ui.shell.main_window import MainWindow
from tests.facecam.ui.driving import MakeWindow, live, press_key, shows


def test_g_shows_and_hides_the_graphs_which_is_remembered(qtbot: QtBot, make_window: MakeWindow) -> None:
    first = make_window()
    tab = live(first)
    shows(qtbot, tab, "1 face")
    assert not tab.graphs.isVisible()
    height = tab.picture.height()
    QTest.keyClick(first, Qt.Key.Key_G)
    assert tab.graphs.isVisible()
    qtbot.waitUntil(lambda: tab.picture.height() < height)
    first.close()
    second = make_window()
    again = live(second)
    second.activateWindow()
    qtbot.waitUntil(lambda: "1 face" in again.picture.overlay.figures.text)
    assert again.graphs.isVisible()
    QTest.keyClick(second, Qt.Key.Key_F)  # only the picture
    assert not again.graphs.isVisible()
    QTest.keyClick(second, Qt.Key.Key_Escape)
    assert again.graphs.isVisible()
    QTest.keyClick(second, Qt.Key.Key_G)
    assert not again.graphs.isVisible()


def test_the_graphs_have_one_upper_edge_in_any_width(qtbot: QtBot, window: MainWindow, tab: LiveTab) -> None:
    tab.graphs.on.setChecked(True)
    qtbot.waitUntil(lambda: "detected 0" not in tab.graphs.panel.graphs[0].heading.text())
    told = set()
    for width in (800, 1100, 1440):
        window.resize(width, 800)
        qtbot.wait(50)  # the layouts are done
        assert len({view.plot.geometry().top() for view in tab.graphs.panel.graphs}) == 1
        for view in tab.graphs.panel.graphs:
            axis = view.plot.getPlotItem().getAxis("left")
            half_figure_px = view.plot.fontMetrics().ascent() / 2
            assert axis.mapRectToScene(axis.rect()).top() >= half_figure_px  # one at the axis' end is not cut
            assert axis.width() >= view.plot.fontMetrics().horizontalAdvance("1000")
            assert view.heading.sizeHint().width() <= view.heading.width() + 1  # one line, which has room
            assert view.heading.height() < 2 * view.heading.fontMetrics().height()
        told.add("captured" in tab.graphs.panel.graphs[0].heading.text())
    assert told == {True, False}  # the narrow window has no room for names
    window.resize(800, 800)
    rates = tab.graphs.panel.graphs[0]
    rates._newest = dict.fromkeys(("detect_hz", "capture_hz", "dropped_hz"), 9.7)  # as wide as figures get
    qtbot.waitUntil(lambda: window.width() == 800)
    rates._say()
    assert "Rates" in rates.heading.text()  # without which nobody knows what the three figures are


def test_the_graphs_draw_what_was_measured_and_say_it(qtbot: QtBot, tab: LiveTab) -> None:
    qtbot.waitUntil(lambda: len(tab.graphs.history.series("faces")) >= 3)  # kept while hidden too
    tab.graphs.on.setChecked(True)
    rates, latency, faces = tab.graphs.panel.graphs

    def drawn() -> bool:
        seconds, values = faces.curves[0].getData()
        return values is not None and len(values) >= 4 and values[-1] == 1 and -1.5 < seconds[-1] <= 0

    qtbot.waitUntil(drawn)
    dropped, captured, detected = (curve.getData()[1] for curve in rates.curves)
    assert np.nanmax(captured) > 5
    assert np.nanmax(detected) > 5
    assert (dropped[~np.isnan(dropped)] >= 0).all()
    assert np.nanmax(latency.curves[0].getData()[1]) >= np.nanmax(latency.curves[1].getData()[1]) > 0
    assert "detected" in rates.plot.accessibleDescription()
    assert faces.plot.accessibleDescription() == "shown 1"
    before = len(tab.graphs.history.series("faces"))
    press_key(tab, Qt.Key.Key_Space)  # stopped: the line breaks off
    qtbot.waitUntil(lambda: bool(np.isnan(tab.graphs.history.series("faces")[-1])))
    assert len(tab.graphs.history.series("faces")) <= before + 3
