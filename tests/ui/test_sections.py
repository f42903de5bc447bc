"""The folds of the live tab's control column, through the real window on fake sources."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QSlider, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from facecam.boxes import Detections
from facecam.cpu import available_cores
from facecam.detector import FaceDetector
from facecam.model import DEFAULT_MODEL
from facecam.privacy import Hiding
from facecam.resources import shipped_models
from facecam.runtimes import BF16, OPENVINO, Engine
from facecam.ui.folds import Fold
from facecam.ui.live_tab import LiveTab
from facecam.ui.main_window import MainWindow
from facecam.ui.settings import Settings
from tests.ui.conftest import FakeDetector

MakeWindow = Callable[..., MainWindow]


def live(window: MainWindow) -> LiveTab:
    tab = window.tab(0)
    assert isinstance(tab, LiveTab)
    return tab


def fold(tab: LiveTab, key: str) -> Fold:
    return next(fold for fold in tab.controls.findChildren(Fold) if fold.section.key == key)


def shows(qtbot: QtBot, tab: LiveTab, text: str) -> None:
    qtbot.waitUntil(lambda: text in tab.picture.figures_text, timeout=5000)


def test_folds_are_closed_until_they_are_opened_and_remembered(qtbot: QtBot, make_window: MakeWindow) -> None:
    first = make_window()
    tab = live(first)
    folds = tab.controls.findChildren(Fold)
    assert len(folds) >= 3
    assert not any(one.is_open or one.section.isVisible() for one in folds)
    QTest.mouseClick(fold(tab, "tracking").button, Qt.MouseButton.LeftButton)
    assert tab.tracking.isVisible()
    fold(tab, "privacy").button.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(fold(tab, "privacy").button, Qt.Key.Key_Space)
    assert tab.privacy.isVisible()
    first.close()
    again = live(make_window())
    assert [one.section.key for one in again.controls.findChildren(Fold) if one.is_open] == ["tracking", "privacy"]


def test_what_opens_below_the_end_of_a_low_window_is_scrolled_to(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.resize(800, 600)
    tab = live(window)
    column = tab.controls.column
    for key in ("detection", "compare"):
        button = fold(tab, key).button
        column.ensureWidgetVisible(button)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    seen = column.viewport()

    def is_seen() -> bool:
        last = tab.compare.mapTo(seen, tab.compare.rect().bottomLeft()).y()
        return 0 < last <= seen.height()

    qtbot.waitUntil(is_seen, timeout=5000)


def test_the_controls_keep_their_place_when_the_scroll_bar_comes(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    window.resize(1280, 900)
    tab = live(window)
    bar, button = tab.controls.column.verticalScrollBar(), tab.controls.start_button
    qtbot.waitUntil(lambda: not bar.isVisible(), timeout=5000)

    def across() -> tuple[int, int]:
        return button.mapTo(tab.controls, QPoint(0, 0)).x(), button.width()

    wide = across()
    for section in tab.sections:
        fold(tab, section.key).set_open(True)
    qtbot.waitUntil(bar.isVisible, timeout=5000)
    qtbot.wait(50)  # the layouts are done
    assert across() == wide
    for section in tab.sections:
        fold(tab, section.key).set_open(False)
    qtbot.waitUntil(lambda: not bar.isVisible(), timeout=5000)
    qtbot.wait(50)
    assert across() == wide


@pytest.mark.parametrize("size", [(800, 600), (1440, 900)])
def test_with_all_folds_open_everything_can_be_reached_by_scrolling(
    qtbot: QtBot, make_window: MakeWindow, size: tuple[int, int]
) -> None:
    window = make_window()
    window.resize(*size)
    tab = live(window)
    for one in tab.controls.findChildren(Fold):
        one.set_open(True)
    shows(qtbot, tab, "face")
    column = tab.controls.column
    for widget in (*column.widget().findChildren(QAbstractButton), *column.widget().findChildren(QSlider)):
        if widget.isVisible():
            column.ensureWidgetVisible(widget)
            corner = widget.mapTo(column, widget.rect().bottomRight())
            assert column.rect().contains(corner), widget
            assert widget.width() >= widget.minimumSizeHint().width(), widget


def test_every_control_in_the_folds_explains_itself_and_has_a_name(qtbot: QtBot, make_window: MakeWindow) -> None:
    tab = live(make_window())
    kinds = (QAbstractButton, QSlider, QComboBox, QSpinBox)
    controls: list[QWidget] = [
        control for section in tab.sections for kind in kinds for control in section.findChildren(kind)
    ]
    assert len(controls) >= 12
    for control in controls:
        assert control.toolTip(), control
        assert control.accessibleName() or (isinstance(control, QAbstractButton) and control.text()), control


def test_the_wheel_over_a_field_scrolls_the_column_and_changes_nothing(qtbot: QtBot, make_window: MakeWindow) -> None:
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    tab = live(make_window())
    fold(tab, "detection").set_open(True)
    before = tab.detection.min_face.value()
    event = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), QPoint(0, 0), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(tab.detection.min_face, event)
    assert tab.detection.min_face.value() == before


def test_the_tab_key_goes_from_top_to_bottom(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    tab = live(window)
    for one in tab.controls.findChildren(Fold):
        one.set_open(True)
    shows(qtbot, tab, "1 face")
    window.activateWindow()
    column = tab.controls.column.widget()
    tab.controls.source.setFocus()
    heights: list[int] = []
    while (focus := window.focusWidget()) is not None and column.isAncestorOf(focus):
        heights.append(focus.mapTo(column, QPoint(0, focus.height() // 2)).y())
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    assert len(heights) > 15
    assert heights == sorted(heights)


def test_the_menu_shows_which_switches_are_on(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window()
    tab = live(window)
    shows(qtbot, tab, "1 face")
    actions = {action.text(): action for action in tab.commands()}
    switches = {
        "Mirror": tab.controls.mirror,
        "Hide faces": tab.privacy.on,
        "Graphs": tab.graphs.on,
        "Compare two detectors": tab.compare.on,
    }
    for text, switch in switches.items():
        assert not actions[text].isChecked()
        switch.click()
        assert actions[text].isChecked()
        actions[text].trigger()
        assert not switch.isChecked()


# Tracking


def test_tracking_numbers_faces_until_it_is_switched_off_which_is_remembered(
    qtbot: QtBot, make_window: MakeWindow
) -> None:
    first = make_window()
    tab = live(first)
    shows(qtbot, tab, "1 face")
    view = tab._session.latest()
    assert view is not None
    assert view.detections.ids is not None
    assert view.detections.ids.tolist() == [1]
    tab.tracking.on.setChecked(False)
    qtbot.waitUntil(lambda: tab._session.latest().detections.ids is None, timeout=5000)  # type: ignore[union-attr]
    assert not tab.tracking.smoothing.isEnabled()
    tab.tracking.smoothing.set(2.5)
    first.close()
    again = live(make_window())
    assert not again.tracking.on.isChecked()
    assert again.tracking.smoothing.value == 2.5


class TremblingDetector:
    """One face whose box trembles by 3 px from frame to frame."""

    name, runtime, engine, core, nms = "trembling", "onnxruntime", Engine(), None, 0.3

    def __init__(self) -> None:
        from facecam.detector import Timings

        self.threshold, self.timings, self._random = 0.5, Timings(0.1, 0.2, 0.1), np.random.default_rng(1)

    def detect(self, frame: np.ndarray) -> Detections:
        left, top = self._random.normal((200, 150), 3)
        return Detections(np.array([[left, top, left + 100, top + 120]], np.float32), np.array([0.99], np.float32))


def test_smoothing_calms_the_boxes_that_are_shown(qtbot: QtBot, make_window: MakeWindow) -> None:
    tab = live(make_window(make_detector=TremblingDetector))

    def unrest(smoothing: float) -> float:
        tab.tracking.smoothing.set(smoothing)
        qtbot.wait(150)
        seen: list[float] = []

        def enough() -> bool:
            view = tab._session.latest()
            if view is not None and len(view.detections):
                seen.append(float(view.detections.boxes[0, 0]))
            return len(seen) >= 25

        qtbot.waitUntil(enough, timeout=10_000)
        return float(np.std(seen))

    assert unrest(4) < 0.7 * unrest(0)


# Privacy


class FineSource:
    """Endless frames of stripes of one pixel: detail that a hidden face must lose."""

    title, live, fps, frame_count = "Fine", True, 50.0, None

    def __init__(self) -> None:
        self._index = 0
        self._image = np.zeros((480, 640, 3), np.uint8)
        self._image[:, ::2] = 255

    def read(self) -> object:
        import time

        from facecam.sources import Frame

        time.sleep(0.02)
        self._index += 1
        return Frame(self._image, self._index, self._index / 50, time.perf_counter())

    def close(self) -> None:
        pass


def detail(tab: LiveTab) -> int:
    """How much neighbouring pixels differ at the most inside the fake detector's face, as the window has it."""
    view = tab._session.latest()
    assert view is not None
    return int(np.abs(np.diff(view.image[110:210, 110:190].astype(int), axis=1)).max())


def test_p_hides_the_faces_wherever_the_picture_goes_and_is_remembered(
    qtbot: QtBot, make_window: MakeWindow, sources: object
) -> None:
    sources.add("fine", FineSource)  # type: ignore[attr-defined]
    first = make_window("fine")
    tab = live(first)
    shows(qtbot, tab, "1 face")
    assert detail(tab) == 255
    QTest.keyClick(first, Qt.Key.Key_P)
    assert tab.privacy.on.isChecked()
    qtbot.waitUntil(lambda: detail(tab) < 50, timeout=5000)
    qtbot.waitUntil(lambda: int(tab.picture._frame[150, 100:200:2].max()) < 250, timeout=5000)  # type: ignore[index]
    first.close()
    again = live(make_window("fine"))
    shows(qtbot, again, "1 face")
    assert again.privacy.on.isChecked()
    assert detail(again) < 50


def test_the_ways_of_hiding_and_the_padding(qtbot: QtBot, make_window: MakeWindow, sources: object) -> None:
    sources.add("fine", FineSource)  # type: ignore[attr-defined]
    tab = live(make_window("fine"))
    tab.privacy.on.setChecked(True)
    shows(qtbot, tab, "1 face")

    def hidden_area() -> int:
        view = tab._session.latest()
        return 0 if view is None else int((view.image != view.detected_frame.image).any(axis=2).sum())

    for index, way in enumerate(Hiding):
        tab.privacy.how.setCurrentIndex(index)
        qtbot.waitUntil(lambda way=way: tab._session.latest().privacy.how is way, timeout=5000)  # type: ignore[union-attr]
    tab.privacy.padding.set(0)
    qtbot.waitUntil(lambda: tab._session.latest().privacy.padding == 0 and hidden_area() > 0, timeout=5000)  # type: ignore[union-attr]
    narrow = hidden_area()
    tab.privacy.padding.set(0.5)
    qtbot.waitUntil(lambda: hidden_area() > 1.5 * narrow, timeout=5000)


def test_faces_that_the_detector_loses_stay_hidden_for_a_while(
    qtbot: QtBot, make_window: MakeWindow, sources: object, fake_detector: type
) -> None:
    detector = fake_detector()
    sees = detector.detect
    sources.add("fine", FineSource)  # type: ignore[attr-defined]
    tab = live(make_window("fine", make_detector=lambda: detector))
    tab.privacy.on.setChecked(True)
    tab.privacy.hold.set(3)
    shows(qtbot, tab, "1 face")
    detector.detect = lambda frame: Detections.none()
    shows(qtbot, tab, "no faces")
    assert detail(tab) < 50
    detector.detect = sees
    shows(qtbot, tab, "1 face")
    detector.detect = lambda frame: Detections.none()
    tab.privacy.hold.set(0)
    qtbot.waitUntil(lambda: detail(tab) == 255, timeout=5000)


# Detection


def test_detection_options_reach_the_detector_and_are_remembered(
    qtbot: QtBot, make_window: MakeWindow, settings: Settings
) -> None:
    first = make_window()
    tab, box = live(first), live(first).detection
    shows(qtbot, tab, "1 face")
    detector = tab._session.detector
    assert detector is not None
    choose(box.input_size, "320 × 240")
    box.nms.set(0.5)
    qtbot.waitUntil(lambda: detector.size == (320, 240) and detector.nms == 0.5, timeout=5000)
    box.min_face.setValue(200)  # the fake face has 120
    shows(qtbot, tab, "no faces")
    box.min_face.setValue(100)
    shows(qtbot, tab, "1 face")
    box.every.setValue(4)
    assert box.preset.currentText() == "Custom"
    first.close()
    again = live(make_window()).detection
    assert again.input_size.currentText() == "320 × 240"
    assert (again.nms.value, again.min_face.value(), again.every.value()) == (0.5, 100, 4)


def test_one_picture_in_four_is_searched_and_all_are_shown(qtbot: QtBot, make_window: MakeWindow) -> None:
    tab = live(make_window())
    tab.detection.every.setValue(4)

    def is_a_quarter() -> bool:
        stats = tab._session.stats()
        return stats.capture_hz > 10 and 0.15 < stats.detect_hz / stats.capture_hz < 0.35

    qtbot.waitUntil(is_a_quarter, timeout=10_000)
    shows(qtbot, tab, "1 face")


def test_the_automatic_size_is_told(qtbot: QtBot, make_window: MakeWindow) -> None:
    tab = live(make_window())
    choose(tab.detection.input_size, "Automatic")
    qtbot.waitUntil(lambda: "fake at 640 × 480" in tab.status.text(), timeout=5000)
    tab.detection.hold.setValue(240)  # the fake detector says that it takes 5 ms
    qtbot.waitUntil(lambda: "fake at 320 × 240" in tab.status.text(), timeout=10_000)


def test_presets_and_reset(qtbot: QtBot, make_window: MakeWindow) -> None:
    window = make_window(threshold=0.9)
    tab, box = live(window), live(window).detection
    fold(tab, "detection").set_open(True)
    shows(qtbot, tab, "no faces")
    choose(box.preset, "Saving power")
    assert (box.input_size.currentText(), box.every.value()) == ("320 × 240", 3)
    choose(box.preset, "Steady 30/s")
    assert (box.input_size.currentText(), box.hold.value(), box.every.value()) == ("Automatic", 30, 1)
    assert box.hold_row.isVisible()
    box.nms.set(0.6)
    assert box.preset.currentText() == "Custom"
    QTest.mouseClick(box.reset, Qt.MouseButton.LeftButton)
    assert box.preset.currentText() == "Balanced"
    assert not box.hold_row.isVisible()
    assert tab.controls.threshold_value.text() == "0.50"
    shows(qtbot, tab, "1 face")


@pytest.mark.skipif(len(available_cores()) < 2, reason="there is only one core")
def test_the_core_can_be_chosen_while_it_runs(qtbot: QtBot, make_window: MakeWindow) -> None:
    tab = live(make_window())
    shows(qtbot, tab, "1 face")
    for core in available_cores()[:2]:
        choose(tab.detection.core, f"Core {core}")
        qtbot.waitUntil(lambda core=core: tab._session.pipeline.core == core, timeout=5000)  # type: ignore[union-attr]
        qtbot.waitUntil(lambda core=core: f"on core {core}" in tab.status.text(), timeout=5000)


def test_the_status_line_tells_a_precision_out_of_the_ordinary(
    qtbot: QtBot, make_window: MakeWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeDetector, "runtime", OPENVINO)
    monkeypatch.setattr(FakeDetector, "engine", Engine(OPENVINO, BF16))
    tab = live(make_window())
    qtbot.waitUntil(lambda: "in OpenVINO bf16" in tab.status.text(), timeout=5000)


def choose(box: QComboBox, text: str) -> None:
    index = box.findText(text)
    assert index >= 0
    box.setCurrentIndex(index)
    box.activated.emit(index)


@pytest.mark.parametrize(
    ("key", "value"),
    [("live/size", "7x7"), ("live/every", "many"), ("live/nms", 40), ("live/core", 9999), ("live/privacy-how", "x")],
)
def test_damaged_settings_read_as_the_defaults(
    qtbot: QtBot, make_window: MakeWindow, settings: Settings, key: str, value: object
) -> None:
    settings.put(key, value)  # type: ignore[arg-type]
    tab = live(make_window())
    assert tab.detection.preset.currentText() == "Balanced"
    assert tab.detection.core.currentText() == "Automatic"
    shows(qtbot, tab, "1 face")


@pytest.mark.skipif(len(shipped_models()) < 2, reason="only one network is shipped")
def test_network_chosen_in_the_window_detects_and_is_remembered(qtbot: QtBot, make_window: MakeWindow) -> None:
    other = next(name for name in shipped_models() if name != DEFAULT_MODEL)
    first = make_window(make_detector=None)
    tab = live(first)
    qtbot.waitUntil(lambda: DEFAULT_MODEL in tab.status.text(), timeout=20_000)
    choose(tab.detection.network, other)
    qtbot.waitUntil(lambda: f"{other} in " in tab.status.text(), timeout=20_000)
    assert tab.controls.threshold.value() == pytest.approx(100 * FaceDetector(other).threshold, abs=1)
    first.close()
    again = live(make_window(make_detector=None))
    assert again.detection.network.currentData() == other
    qtbot.waitUntil(lambda: f"{other} in " in again.status.text(), timeout=20_000)
    QTest.mouseClick(again.detection.reset, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: f"{DEFAULT_MODEL} in " in again.status.text(), timeout=20_000)


@pytest.mark.skipif(len(shipped_models()) < 2, reason="only one network is shipped")
def test_own_threshold_survives_a_change_of_the_network(qtbot: QtBot, make_window: MakeWindow) -> None:
    other = next(name for name in shipped_models() if name != DEFAULT_MODEL)
    tab = live(make_window(make_detector=None))
    qtbot.waitUntil(lambda: DEFAULT_MODEL in tab.status.text(), timeout=20_000)
    tab.controls.threshold.setValue(33)
    choose(tab.detection.network, other)
    qtbot.waitUntil(lambda: f"{other} in " in tab.status.text(), timeout=20_000)
    assert tab.controls.threshold.value() == 33
