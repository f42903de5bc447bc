"""The last minute of figures."""

from __future__ import annotations

import numpy as np
import pytest

from facecam.live.history import History
from facecam.live.metrics import Stats


def test_it_keeps_a_minute_and_tells_drops_per_second() -> None:
    history = History()
    for half in range(200):
        history.add(100 + half / 2, Stats(capture_hz=30, detect_hz=20, faces=half % 3, dropped=5 * half))
    seconds = history.seconds_ago(199.5)
    assert seconds[0] == pytest.approx(-60, abs=0.5)
    assert seconds[-1] == 0
    assert len(seconds) == 121
    np.testing.assert_allclose(history.series("dropped_hz")[1:], 10)
    assert history.series("faces")[-3:].tolist() == [197 % 3, 198 % 3, 199 % 3]


def test_another_source_starts_without_the_drops_of_the_last_and_after_a_gap() -> None:
    history = History()
    history.add(0.0, Stats(dropped=900))
    history.gap(0.5)
    history.gap(1.0)
    history.add(1.5, Stats(dropped=2))
    history.add(2.0, Stats(dropped=2))
    assert history.series("dropped_hz").tolist() == pytest.approx([0, np.nan, 0, 0], nan_ok=True)


def test_an_empty_history_has_nothing_to_draw() -> None:
    history = History()
    history.gap(1.0)
    assert len(history.seconds_ago(1.0)) == len(history.series("capture_hz")) == 0
