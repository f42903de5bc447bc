"""The fold Tracking, through the real window on fake sources."""

from __future__ import annotations

import numpy as np
from pytestqt.qtbot import QtBot

from facecam.faces.boxes import Detections
from tests.doubles import FakeDetector, found
from tests.facecam.ui.driving import MakeWindow, live, shows


def test_tracking_numbers_faces_until_it_is_switched_off_which_is_remembered(
    qtbot: QtBot, make_window: MakeWindow
) -> None:
    first = make_window()
    tab = live(first)
    shows(qtbot, tab, "1 face")
    view = tab.session.latest()
    assert view is not None
    assert view.detections.ids is not None
    assert view.detections.ids.tolist() == [1]
    tab.tracking.on.setChecked(False)
    qtbot.waitUntil(lambda: tab.session.latest().detections.ids is None)
    assert not tab.tracking.smoothing.isEnabled()
    tab.tracking.smoothing.set(2.5)
    first.close()
    again = live(make_window())
    assert not again.tracking.on.isChecked()
    assert again.tracking.smoothing.value == 2.5


def test_smoothing_calms_the_boxes_that_are_shown(qtbot: QtBot, make_window: MakeWindow) -> None:
    random = np.random.default_rng(1)

    def trembling(image: np.ndarray) -> Detections:
        """One face whose box trembles by 3 px from frame to frame."""
        left, top = random.normal((200, 150), 3)
        return found((left, top, left + 100, top + 120, 0.99))

    tab = live(make_window(make_detector=lambda: FakeDetector(trembling)))

    def unrest(smoothing: float) -> float:
        tab.tracking.smoothing.set(smoothing)
        first = tab.session.stats().captured + 10  # those before may have been smoothed otherwise
        seen: dict[int, float] = {}  # by the number of the frame

        def enough() -> bool:
            view = tab.session.latest()
            if view is not None and view.detected_frame.index >= first and len(view.detections):
                seen[view.detected_frame.index] = float(view.detections.boxes[0, 0])
            return len(seen) >= 25

        qtbot.waitUntil(enough)
        return float(np.std(list(seen.values())))

    assert unrest(4) < 0.7 * unrest(0)
