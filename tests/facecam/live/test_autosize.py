"""The automatic input size, told the times of a made-up core."""

from __future__ import annotations

from itertools import pairwise

from facecam.live.autosize import SIZES, AutoSize


def run(auto: AutoSize, vga_ms: float, frames: int, hold_hz: float = 30.0) -> list[tuple[int, int]]:
    """Detections on a core that takes `vga_ms` for 640 x 480 and else as the pixels go; the sizes that came up."""
    sizes = []
    for _ in range(frames):
        width, height = auto.size
        sizes.append((width, height))
        auto.took(vga_ms * width * height / (640 * 480), hold_hz)
    return sizes


def test_a_fast_core_stays_at_the_finest_size() -> None:
    assert set(run(AutoSize(), 10, 500)) == {SIZES[0]}


def test_a_slow_core_goes_down_until_it_keeps_up_and_stays_there() -> None:
    sizes = run(AutoSize(), 45, 500)  # 25 ms at 480 x 360
    assert sizes[-1] == (480, 360)
    assert sizes.index((480, 360)) < 30
    assert set(sizes[30:]) == {(480, 360)}
    assert run(AutoSize(), 400, 100)[-1] == SIZES[-1]  # even where that is too slow as well


def test_it_comes_back_when_the_core_is_free_again() -> None:
    auto = AutoSize()
    run(auto, 90, 200)
    assert auto.size == (320, 240)
    run(auto, 10, 300)
    assert auto.size == (640, 480)


def test_it_does_not_swing_between_two_sizes() -> None:
    auto = AutoSize()
    sizes = []
    for _ in range(3000):  # at the larger size the cache does not hold, so that it promises more than it keeps
        sizes.append(auto.size)
        auto.took(40 if auto.size == (640, 480) else 11, 30)
    changes = sum(a != b for a, b in pairwise(sizes))
    assert changes < 16
    assert sizes[2000:].count((640, 480)) < 50


def test_another_wanted_rate() -> None:
    assert run(AutoSize(), 20, 100, hold_hz=15)[-1] == (640, 480)
    assert run(AutoSize(), 20, 100, hold_hz=60)[-1] == (480, 360)
