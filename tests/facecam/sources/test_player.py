"""Playing a source at its own speed, and what can be done to it meanwhile."""

from __future__ import annotations

import itertools
import threading
import time

import numpy as np
import pytest

from facecam.sources import Frame, Player
from tests.facecam.waiting import PATIENCE_S, wait_for


class Timed:
    """Frames with given times, to be read from any place. live: as a camera, which can't."""

    title = "timed"
    fps: float | None = None
    frame_count: int | None = None

    def __init__(self, times_s, live=False, slow_at=None):
        self.live = live
        self.duration_s = times_s[-1]
        self._times_s = times_s
        self._index = 0
        self._slow_at = slow_at

    def read(self):
        if self._index == len(self._times_s):
            return None
        if self._index == self._slow_at:
            time.sleep(0.8)
        frame = Frame(np.zeros((8, 8, 3), np.uint8), self._index, self._times_s[self._index], time.perf_counter())
        self._index += 1
        return frame

    def seek(self, time_s):
        self._index = max(0, sum(each <= time_s for each in self._times_s) - 1)

    def close(self):
        pass


def clip(count=10, gap_s=0.02, **options):
    return Timed([number * gap_s for number in range(count)], **options)


def test_frames_come_by_their_times_and_the_first_at_once():
    player = Player(Timed([1000.0, 1000.1, 1000.3]))
    began_s = time.perf_counter()
    due_s = [frame.captured_s - began_s for frame in iter(player.read, None)]
    assert due_s[0] < 500
    assert due_s[1] - due_s[0] >= 0.099
    assert due_s[2] - due_s[0] >= 0.299


@pytest.mark.parametrize("live", [False, True])
def test_a_frame_is_captured_when_it_is_due(live):
    """The latency counts from the moment at which a camera would have delivered the frame."""
    player = Player(Timed([0.0, 0.2], live=live))
    first, second = player.read(), player.read()  # decoded one after the other
    assert second.captured_s - first.captured_s > 0.15


def test_after_a_stall_the_rest_is_not_raced_through():
    player = Player(Timed([0.0, 0.1, 0.4, 0.7], slow_at=1))
    _, late, following = (player.read() for _ in range(3))
    assert following.captured_s - late.captured_s > 0.25  # and not at once, to make up for the time lost


def test_stopping_wakes_it():
    player = Player(Timed([0.0, 1000.0]))
    player.read()
    threading.Timer(0.05, player.stop).start()
    assert player.read() is None


def paused(player):
    """Pauses it, with its reader at work in a thread; gives the list of the indices that come from now on."""
    shown = []

    def read():
        while (frame := player.read()) is not None:
            shown.append(frame.index)

    player.pause()
    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return shown, thread


def comes(shown, expected):
    wait_for(lambda: shown == expected)


def test_pause_step_and_go_on():
    player = Player(clip())
    first = [player.read().index for _ in range(4)]
    assert first == [0, 1, 2, 3]
    shown, thread = paused(player)
    player.step(1)
    comes(shown, [4])
    player.step(-1)
    comes(shown, [4, 3])
    player.step(-1)
    comes(shown, [4, 3, 2])
    time.sleep(0.1)
    assert shown == [4, 3, 2]
    assert player.paused
    player.pause(False)
    thread.join(PATIENCE_S)
    assert shown == [4, 3, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_frame_that_waits_when_it_is_paused_is_not_lost():
    player = Player(clip(5, gap_s=1.0))
    player.read()
    shown = []
    thread = threading.Thread(target=lambda: shown.append(player.read()), daemon=True)
    thread.start()
    wait_for(lambda: player._ahead is not None)
    player.pause()
    time.sleep(1.1)
    assert shown == []
    went_on_s = time.perf_counter()
    player.pause(False)
    thread.join(PATIENCE_S)
    assert [frame.index for frame in shown] == [1]
    assert shown[0].captured_s >= went_on_s


def test_seeking_while_it_plays_and_while_it_is_paused():
    player = Player(clip())
    player.read()
    player.seek(0.101)
    assert [player.read().index for _ in range(2)] == [5, 6]
    assert player.position_s == pytest.approx(0.12)
    shown, _thread = paused(player)
    player.seek(0.041)
    comes(shown, [2])
    player.stop()


def test_of_many_wishes_the_newest_counts():
    player = Player(clip())
    for number in range(8):
        player.seek(number * 0.02 + 0.001)
    assert [player.read().index, player.read().index] == [7, 8]


def test_it_goes_round():
    player = Player(clip(3))
    player.set_loop(True)
    assert [player.read().index for _ in range(7)] == [0, 1, 2, 0, 1, 2, 0]
    player.set_loop(False)
    assert [player.read().index, player.read().index, player.read()] == [1, 2, None]


def test_one_can_go_back_from_the_end():
    player = Player(clip(3))
    while player.read() is not None:
        pass
    threading.Timer(0.05, player.seek, (0.02,)).start()
    assert player.revived()
    assert player.read().index == 1
    threading.Timer(0.05, player.stop).start()
    assert not player.revived()


def test_a_live_source_can_not_be_paused():
    player = Player(clip(live=True))
    assert not player.can_seek
    player.pause()
    player.step(1)
    player.seek(1)
    player.set_loop(True)
    assert [frame.index for frame in itertools.islice(iter(player.read, None), 12)] == list(range(10))
