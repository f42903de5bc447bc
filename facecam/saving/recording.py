"""Recorder: pictures and sound of a running pipeline into a video, faces beside it, without holding anything up.

path = next_free(videos_folder(), "recording", ".mp4")
recorder = Recorder(path, RecordingOptions(), title="Webcam", live=lambda: True)
pipeline.attach(recorder)
...
recorder.stop()

A thread of its own encodes; what it has no time for is left out and counted.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from facecam.errors import FacecamError
from facecam.faces.drawing import draw_detections
from facecam.live.pipeline import View
from facecam.saving.export import CsvTable, JsonLines, record
from facecam.sources import Frame
from facecam.sources.sound import Sound
from facecam.system.files import cannot_write, check_free
from facecam.system.memory import give_back_free_memory

VIDEO_FORMATS = (".mp4", ".mkv")
"""What the name of a recording may end in."""

_logger = logging.getLogger(__name__)

_MOST_WAITING = 12
_MOST_WAITING_BYTES = 96 << 20
LOOK_AT_DISK_EVERY_S = 2.0
_JUMP_S = 1 / 30
_EARLY_S = 10.0  # that a stream may send at once; more is a clock that is wrong
_EARLY_OF_FILE_S = 1.0  # which plays at its own speed, but for pictures of a folder that can't be read


@dataclass(frozen=True)
class RecordingOptions:
    """annotated: with boxes in the picture, otherwise as it is; where privacy is on, faces are hidden in either. lists:
    also write the faces as JSON lines and CSV, beside the video. sound: with that of the source, if it has any."""

    annotated: bool = True
    lists: bool = True
    sound: bool = True


@dataclass(frozen=True)
class RecordingStatus:
    """How a recording goes. seconds: of video so far; dropped: pictures for which there was no time; error: why it has
    ended by itself, None while all is well; path: the video; sound: whether it has any; silence: a sentence on why the
    microphone is not heard, empty while it is, or where there is none."""

    path: Path
    seconds: float
    frames: int
    dropped: int
    size_bytes: int
    error: FacecamError | None
    sound: bool
    silence: str


@dataclass(frozen=True, eq=False)
class _Item:
    """What is to be written of a frame: its picture, if it is `shown`, and the faces of its view, if there is one. The
    picture is the view's, where both are."""

    time_s: float
    frame: Frame
    view: View | None = None
    shown: bool = True

    @property
    def size_bytes(self) -> int:
        """Of the pictures."""
        return self.shown * self.frame.image.nbytes * (1 if self.view is None else 2)


class Recorder:
    """One recording, from its construction until `stop`. Takes frames and views in the pipeline's threads.

    path: of the video, .mp4 or .mkv; replaced if it exists. title: the source's name, for the lists. live: asked with
    the first picture; if so, times are those of the capture, otherwise the source's own, without its pauses and jumps.
    microphone: opens one that is heard, too, and closed at the end. Raises FacecamError if it can't be written.
    """

    def __init__(
        self,
        path: Path,
        options: RecordingOptions,
        title: str,
        live: Callable[[], bool],
        microphone: Callable[[], Sound] | None = None,
    ) -> None:
        self.path, self._options, self._title = path, options, title
        from facecam.saving.sound import VideoWithSound  # FFmpeg takes 16 MB, for who records
        from facecam.saving.video_file import VideoWriter

        check_free(path.parent)
        self._lists: list[JsonLines | CsvTable] = []
        self._paths: list[Path] = []  # of what is open
        with ExitStack() as undo:  # where one can't be opened, those before it go
            undo.callback(self._remove_empty)
            video = VideoWriter(path)
            self._paths.append(path)
            undo.callback(video.close)
            for kind, suffix in ((JsonLines, ".jsonl"), (CsvTable, ".csv")) if options.lists else ():
                self._lists.append(kind(path.with_suffix(suffix)))
                self._paths.append(path.with_suffix(suffix))
                undo.callback(self._lists[-1].close)
            self._microphone = None if microphone is None else microphone()
            undo.pop_all()
        self._video = VideoWithSound(video, options.sound, self._microphone)
        self._clock = _Clock(live, options.sound)
        self._times_s: OrderedDict[int, float] = OrderedDict()  # of the newest frames, by their index
        self._changed = threading.Condition()  # guards everything below
        self._waiting: deque[_Item] = deque()
        self._stopped = False
        self._error: FacecamError | None = None
        self._frames = self._dropped = 0
        self._seconds = 0.0
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    # From the pipeline's threads

    def on_captured(self, frame: Frame, private: bool) -> None:
        """A frame has come. private: faces are to be hidden, so that it may not be used before they are known."""
        if self._options.annotated or private:
            return
        time_s = self._time_s(frame)
        if time_s is not None:
            self._offer(_Item(time_s, frame))

    def on_detected(self, view: View) -> None:
        """The faces of a frame are known."""
        frame = view.detected_frame
        if not self._options.annotated and view.privacy is None:
            time_s = self._times_s.get(frame.index)
            if time_s is not None and self._lists:
                self._offer(_Item(time_s, frame, view, shown=False))
            return
        time_s = self._time_s(frame)
        if time_s is not None:
            self._offer(_Item(time_s, frame, view))

    def _time_s(self, frame: Frame) -> float | None:
        """The frame's time in the video, None if it has been taken already."""
        with self._changed:
            if frame.index in self._times_s and self._clock.last is frame:
                return None
            time_s = self._times_s[frame.index] = self._clock.time_s(frame)
            while len(self._times_s) > 256:
                self._times_s.popitem(last=False)
            return time_s

    def _offer(self, item: _Item) -> None:
        with self._changed:
            if self._stopped or self._error is not None:
                return
            count, waiting_bytes = len(self._waiting), sum(each.size_bytes for each in self._waiting)
            full = count >= _MOST_WAITING or (count >= 2 and waiting_bytes + item.size_bytes > _MOST_WAITING_BYTES)
            if full and item.shown:
                self._dropped += 1
                return
            self._waiting.append(item)
            self._changed.notify_all()

    # From any thread

    @property
    def status(self) -> RecordingStatus:
        with self._changed:
            values = (self._seconds, self._frames, self._dropped)
            error = self._error
        try:
            size_bytes = self.path.stat().st_size
        except OSError:  # it has been moved away meanwhile
            size_bytes = 0
        silence = "" if self._microphone is None else self._microphone.trouble
        return RecordingStatus(self.path, *values, size_bytes, error, self._video.sounds, silence)

    def finish(self) -> None:
        """No more pictures; returns at once, the file is completed by its thread."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    @property
    def finished(self) -> bool:
        """Whether the file is complete."""
        return not self._thread.is_alive()

    def stop(self, timeout_s: float = 5.0) -> RecordingStatus:
        """Finishes, and waits until the file is complete."""
        self.finish()
        self._thread.join(timeout_s)
        return self.status

    # Encoding thread

    def _run(self) -> None:
        if sys.platform == "linux":  # where a thread has a rank of its own: the detector goes before
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)
        try:
            self._write_all()
        except FacecamError as error:
            self._fail(error)
        except Exception as error:
            _logger.exception("the recording failed")
            self._fail(FacecamError(f"The recording failed unexpectedly: {error}"))
        finally:
            try:
                for each in (self._video, *self._lists):
                    each.close()
            except FacecamError as error:
                self._fail(error)
            except OSError as error:
                self._fail(cannot_write(self.path, error))
            if self._frames == 0:
                self._remove_empty()
            give_back_free_memory()  # what the encoder used, and pictures that waited

    def _write_all(self) -> None:
        looked_s = time.perf_counter()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopped, LOOK_AT_DISK_EVERY_S)
                item = self._waiting.popleft() if self._waiting else None
                if item is None and self._stopped:
                    return
            if item is not None:
                self._write(item)
            if time.perf_counter() - looked_s > LOOK_AT_DISK_EVERY_S:
                looked_s = time.perf_counter()
                check_free(self.path.parent)

    def _write(self, item: _Item) -> None:
        frame, view = item.frame, item.view
        if item.shown:
            image = frame.image if view is None else view.image
            if view is not None and self._options.annotated:
                image = draw_detections(image, view.detections)
            if self._video.write(frame, image, item.time_s):
                with self._changed:
                    self._frames += 1
                    self._seconds = item.time_s
        if view is not None and self._lists:
            result = record(self._title, replace(frame, time_s=item.time_s, path=None), view.detections)
            for each in self._lists:
                each.write(result)

    def _fail(self, error: FacecamError) -> None:
        with self._changed:
            if self._error is None:
                self._error = error
            self._waiting.clear()

    def _remove_empty(self) -> None:
        for path in self._paths:
            with suppress(OSError):
                path.unlink(missing_ok=True)


class _Clock:
    """Times of a recording, from 0 on and growing. by_sound: a live source's own clock counts where it has sound, for
    its pictures don't arrive as evenly as sound has to be."""

    def __init__(self, live: Callable[[], bool], by_sound: bool) -> None:
        self._ask_live, self._by_sound = live, by_sound
        self._live = False
        self.last: Frame | None = None
        self._time_s = 0.0

    def time_s(self, frame: Frame) -> float:
        if self.last is None:
            self._live = self._ask_live()
        else:
            step_s = max(0.0, frame.captured_s - self.last.captured_s)
            if not self._live:
                own_s, early_s = frame.time_s - self.last.time_s, _EARLY_OF_FILE_S
            elif self._by_sound and frame.sound is self.last.sound is not None:
                own_s, early_s = frame.sound_s - self.last.sound_s, _EARLY_S
            else:
                own_s = early_s = 0.0
            if 0 < own_s < step_s + early_s:
                step_s = own_s
            self._time_s += step_s if frame.take == self.last.take else _JUMP_S
        self.last = frame
        return self._time_s
