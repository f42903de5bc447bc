"""Sound in recordings: what is heard belongs to what is seen, to 40 ms, whatever is done to the source."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from dataclasses import replace

import numpy as np
import pytest

from facecam.errors import SourceError
from facecam.faces.boxes import Detections
from facecam.live.pipeline import Phase, Pipeline
from facecam.saving.recording import Recorder, RecordingOptions
from facecam.sources import Frame, Player, open_source
from facecam.sources.sound import SOUND_HZ, SoundRing
from facecam.sources.video import VideoSource
from tests.doubles import FakeDetector, read_all
from tests.facecam.saving.recordings import recorder
from tests.facecam.saving.told_clips import (
    BLOCK_S,
    FPS,
    agree,
    has_sound,
    heard,
    level_at,
    make_clip,
    served,
    shown,
    tone_at,
)
from tests.facecam.waiting import PATIENCE_S, wait_for


def give(recording, frames):
    """Hands frames over no faster than they are written."""
    for each in frames:
        before = recording.status
        recording.on_captured(each, private=False)
        wait_for(lambda before=before: recording.status.frames > before.frames or recording.status.error)


def recorded(tmp_path, clip, name="r.mp4", every=1):
    """The status of a whole recording of a clip, of which each so many pictures are given."""
    recording = recorder(tmp_path, name, live=False, annotated=False, lists=False)
    with closing(open_source(clip)) as source:
        give(recording, read_all(source)[::every])
    return recording.stop(PATIENCE_S)


def play(player, count):
    for _ in range(count):
        yield player.read()


@pytest.mark.parametrize(
    ("clip", "how", "suffix"),
    [
        ("c.mp4", {}, ".mp4"),
        ("c.mkv", {"codec": "flac", "rate_hz": 8000}, ".mkv"),
        ("c.ts", {"codec": "mp2"}, ".mp4"),
        ("c.mov", {"codec": "pcm_s16le", "rate_hz": 96_000}, ".mkv"),
        ("c.avi", {"codec": "pcm_s16le"}, ".mp4"),
    ],
)
def test_the_sound_of_a_file_is_beside_its_pictures(tmp_path, clip, how, suffix):
    status = recorded(tmp_path, make_clip(tmp_path / clip, **how), f"r{suffix}")
    assert (status.error, status.dropped, status.sound) == (None, 0, True)
    agree(status.path, 100)
    assert len(heard(status.path)) / SOUND_HZ == pytest.approx(status.seconds + 1 / 30, abs=0.03)


def test_sound_that_was_recorded_is_the_same_when_it_is_recorded_again(tmp_path):
    """Small errors would add up: a recording is a file like any other."""
    path = make_clip(tmp_path / "c.mp4")
    for number in range(3):
        path = recorded(tmp_path, path, f"r{number}.mp4").path
    agree(path, 100)


def test_with_pictures_left_out(tmp_path):
    agree(recorded(tmp_path, make_clip(tmp_path / "c.mp4"), every=6).path, 50)


def test_with_a_picture_that_stays(tmp_path):
    """As the slides of a talk do."""
    recording = recorder(tmp_path, live=False, annotated=False, lists=False)
    with closing(open_source(make_clip(tmp_path / "c.mkv", seconds=5, codec="flac"))) as source:
        frames = [replace(each, captured_s=each.time_s) for each in read_all(source)]
        give(recording, [*frames[:15], *frames[100:]])
    status = recording.stop(PATIENCE_S)
    assert status.seconds == pytest.approx(frames[-1].time_s, abs=0.001)
    samples = heard(status.path)
    size = round(BLOCK_S * SOUND_HZ)
    for block in range(9):
        strength = np.abs(np.fft.rfft(samples[block * size : (block + 1) * size]))
        assert np.argmax(strength) == pytest.approx(400 * (1 + block) * BLOCK_S, abs=2)


def test_paused_stepped_sought_and_looped(tmp_path):
    recording = recorder(tmp_path, live=False, annotated=False, lists=False)
    with closing(VideoSource(make_clip(tmp_path / "c.mp4"))) as source:
        player = Player(source)
        give(recording, play(player, 20))
        player.seek(2.7)  # forward
        give(recording, play(player, 18))
        player.seek(0.1)  # back
        give(recording, play(player, 15))
        player.seek(player.position_s + 0.9)  # not far, which could be taken for a picture that stays
        give(recording, play(player, 15))
        player.pause()
        time.sleep(0.5)
        for steps in (1, 1, -1, 1):
            player.step(steps)
            give(recording, play(player, 1))
        player.pause(False)
        give(recording, play(player, 15))
        player.set_loop(True)
        player.seek(3.7)
        give(recording, play(player, 25))
    status = recording.stop(PATIENCE_S)
    assert status.dropped == 0
    agree(status.path, 60)
    blocks = shown(tmp_path / "r.mp4")[1]
    assert [block for block, before in zip(blocks, [-1, *blocks], strict=False) if block != before] == [
        0, 1, 5, 6, 0, 1, 3, 4, 5, 7, 0, 1,
    ]  # fmt: skip
    assert len(heard(status.path)) / SOUND_HZ == pytest.approx(status.seconds + 1 / 30, abs=0.03)


def test_through_the_pipeline_with_a_detector_that_is_slow(tmp_path):
    path = make_clip(tmp_path / "c.mp4")

    def detect(image):
        time.sleep(0.15)
        return Detections.none()

    pipeline = Pipeline(str(path), FakeDetector(detect))
    recording = Recorder(tmp_path / "r.mkv", RecordingOptions(), "Clip", lambda: pipeline.state.live)
    pipeline.attach(recording)
    pipeline.start()
    wait_for(lambda: pipeline.phase not in (Phase.OPENING, Phase.RUNNING))
    pipeline.stop()
    assert recording.stop(PATIENCE_S).frames < 60
    agree(tmp_path / "r.mkv", 20)


def test_a_file_whose_sound_ends_before_its_pictures(tmp_path):
    path = make_clip(tmp_path / "c.mkv", seconds=1)
    recording = recorder(tmp_path, live=False, annotated=False, lists=False)
    with closing(VideoSource(path)) as source:
        frames = read_all(source)
    late = [
        Frame(each.image, 25 + i, 1 + i / 25, 0, sound=each.sound, sound_s=1 + i / 25) for i, each in enumerate(frames)
    ]
    give(recording, [*frames, *late])
    status = recording.stop(PATIENCE_S)
    samples = heard(status.path)
    assert np.abs(samples[: SOUND_HZ - 2000]).max() > 0.3
    assert np.abs(samples[SOUND_HZ + 2000 :]).max() < 0.01
    assert len(samples) / SOUND_HZ == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("with_length", [False, True])
@pytest.mark.parametrize("clip", ["c.ts", "c.mkv"])
def test_the_sound_of_a_stream_is_beside_its_pictures(tmp_path, clip, with_length):
    with served(make_clip(tmp_path / clip), with_length) as url, closing(open_source(url)) as source:
        assert source.live is (clip == "c.ts" and not with_length)
        recording = recorder(tmp_path, live=source.live, annotated=False, lists=False)
        give(recording, iter(Player(source).read, None))
        status = recording.stop(PATIENCE_S)
    assert status.error is None
    agree(status.path, 80)


def test_damage_in_a_file_ends_neither_its_pictures_nor_its_sound_in_an_error(tmp_path):
    """In a transport stream it makes streams appear that were not there at the beginning."""
    data = make_clip(tmp_path / "c.ts", seconds=2, codec="mp2").read_bytes()
    opened = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        damaged = bytearray(data)
        for at in random.integers(0, len(data), 500):
            damaged[at] = random.integers(256)
        (tmp_path / "d.ts").write_bytes(damaged)
        with suppress(SourceError), closing(VideoSource(tmp_path / "d.ts")) as source:
            opened += 1
            for each in [frame for frame in read_all(source) if frame.sound is not None]:
                for time_s in (each.sound_s, 1.5, 0.0, 1e6):
                    assert each.sound.read(time_s, 1920).shape == (1920, 2)
    assert opened > 20


@pytest.mark.parametrize("how", ["switched off", "none"])
def test_without_sound_there_is_no_track_for_it(tmp_path, how):
    path = make_clip(tmp_path / "c.mkv", seconds=1, sound=how != "none")
    recording = recorder(tmp_path, live=False, annotated=False, sound=how != "switched off")
    with closing(open_source(str(path))) as source:
        give(recording, read_all(source))
    status = recording.stop(PATIENCE_S)
    assert not status.sound
    assert not has_sound(status.path)


class Voice:
    """A microphone in front of which the clip's tones are played from `began_s` on; what it hears comes later, and from
    `ends_s` on, nothing does."""

    def __init__(self, began_s, later_s=0.3, ends_s=float("inf")):
        self.began_s, self.later_s, self.ends_s = began_s, later_s, ends_s
        self.closed = False

    @property
    def trouble(self):
        return "The microphone Voice sends nothing; is it still plugged in?" if self._now_s() > self.ends_s else ""

    def _now_s(self):
        return time.perf_counter() - self.began_s

    def has(self, until_s):
        return bool(self.trouble) or until_s - self.began_s < self._now_s() - self.later_s

    def read(self, start_s, count):
        times_s = start_s - self.began_s + np.arange(count) / SOUND_HZ
        there = (times_s >= 0) & (times_s < min(self.ends_s, self._now_s() - self.later_s))
        return np.repeat((32767 * tone_at(times_s) * there).astype(np.int16)[:, None], 2, axis=1)

    def close(self):
        self.closed = True


def film(began_s, seconds):
    """What a camera sees that is shown which block it is, in real time."""
    for index in range(round(seconds * FPS)):
        at_s = began_s + index / FPS
        time.sleep(max(0.0, at_s - time.perf_counter()))
        yield Frame(np.full((48, 64, 3), level_at(index / FPS), np.uint8), index, index / FPS, at_s)


def test_a_microphone_beside_a_camera(tmp_path):
    began_s = time.perf_counter()
    voice = Voice(began_s)
    recording = recorder(tmp_path, microphone=lambda: voice, annotated=False, lists=False)
    give(recording, film(began_s, 3))
    status = recording.stop(PATIENCE_S)
    assert (status.error, status.silence, status.sound) == (None, "", True)
    agree(status.path, 60)
    assert voice.closed


def test_a_microphone_that_is_pulled_out_is_told_and_the_pictures_go_on(tmp_path):
    began_s = time.perf_counter()
    voice = Voice(began_s, later_s=0.05, ends_s=1.0)
    recording = recorder(tmp_path, microphone=lambda: voice, annotated=False, lists=False)
    give(recording, film(began_s, 2.4))
    status = recording.stop(PATIENCE_S)
    assert status.error is None
    assert status.silence.startswith("The microphone Voice sends nothing")
    assert status.seconds == pytest.approx(2.4 - 1 / FPS, abs=0.01)
    samples = heard(status.path)
    assert np.abs(samples[: SOUND_HZ - 3000]).max() > 0.3
    assert np.abs(samples[SOUND_HZ + 3000 :]).max() < 0.01
    assert len(samples) / SOUND_HZ == pytest.approx(2.4, abs=0.05)


def test_a_microphone_is_heard_over_a_file(tmp_path):
    """Both: the file's tones, and one of the microphone's that is another one."""

    class Hum(Voice):
        def read(self, start_s, count):
            hum = 0.15 * np.sin(2 * np.pi * 150 * (start_s + np.arange(count) / SOUND_HZ))
            return np.repeat((32767 * hum).astype(np.int16)[:, None], 2, axis=1)

    hum = Hum(time.perf_counter())
    recording = recorder(tmp_path, "r.mkv", live=False, microphone=lambda: hum, annotated=False, lists=False)
    with closing(VideoSource(make_clip(tmp_path / "c.mp4", seconds=2))) as source:
        give(recording, play(Player(source), 50))
    recording.stop(PATIENCE_S)
    agree(tmp_path / "r.mkv")
    strength = np.abs(np.fft.rfft(heard(tmp_path / "r.mkv")[: 2 * SOUND_HZ - 2000]))
    assert strength[280:310].max() > 0.05 * strength.max()


class TestSoundRing:
    def test_what_was_put_is_found_by_its_time(self):
        ring = SoundRing(1.0)
        for part in range(30):  # longer than it holds
            ring.put(part / 10, np.full((SOUND_HZ // 10, 2), part, np.int16))
        assert set(ring.read(round(2.25 * SOUND_HZ), 2400)[:, 0]) == {22}
        assert set(ring.read(round(2.85 * SOUND_HZ), SOUND_HZ)[:, 0]) == {28, 29, 0}
        assert not ring.read(0, 1000).any()

    def test_gaps_are_silent_and_rounded_times_leave_none(self):
        ring = SoundRing(2.0)
        ones = np.ones((SOUND_HZ // 10, 2), np.int16)
        ring.put(0.0, ones)
        ring.put(0.1014, ones)
        ring.put(0.5, ones)
        samples = ring.read(0, round(0.6 * SOUND_HZ))[:, 0]
        assert samples[: SOUND_HZ // 5].all()
        assert not samples[SOUND_HZ // 5 : SOUND_HZ // 2].any()
        assert samples[SOUND_HZ // 2 :].all()

    def test_after_a_jump_nothing_of_before_is_found(self):
        ring = SoundRing(1.0)
        ring.put(100.0, np.ones((SOUND_HZ // 2, 2), np.int16))
        ring.put(3.0, np.ones((100, 2), np.int16))
        assert not ring.read(100 * SOUND_HZ, 1000).any()
        assert ring.read(3 * SOUND_HZ, 100).all()
