"""Detection over files and streams, flat out, and copies in which the faces are marked or hidden: what `facecam detect`
does, without the command line around it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.batch.parallel import DetectorPool
from facecam.detection.detector import FaceDetector
from facecam.errors import FacecamError, SourceError
from facecam.faces.boxes import Detections
from facecam.faces.drawing import draw_detections
from facecam.faces.privacy import PrivacyOptions, hide_faces
from facecam.faces.tracking import CANDIDATE_SHARE, Tracker, TrackingOptions
from facecam.saving.export import STANDARD_OUTPUT, CsvTable, JsonLines, picture_suffix, record, write_picture
from facecam.sources import (
    PICTURE_SUFFIXES,
    VIDEO_SUFFIXES,
    FolderSource,
    Frame,
    Source,
    list_files,
    open_source,
    without_password,
)

if TYPE_CHECKING:
    from facecam.saving.video_file import VideoWriter

_COPY_SUFFIX = ".mkv"


class BatchListener(Protocol):
    """What is told of a batch while it works."""

    def on_opened(self, title: str, frame_count: int | None, remaining: int) -> None:
        """A source is open; it claims so many frames, and so many sources come after it."""

    def on_done(self, result: dict[str, Any], is_picture: bool) -> None:
        """One frame is done; `result` as of `facecam.saving.export.record`."""

    def on_problem(self, sentence: str) -> None:
        """Something couldn't be read."""


@dataclass
class Summary:
    """Counts of a source or of a whole batch.

    failed: sources that couldn't be read (to the end); skipped: damaged files in folders; detector_s: spent there.
    """

    frames: int = 0
    frames_with_faces: int = 0
    faces: int = 0
    failed: int = 0
    skipped: int = 0
    detector_s: float = 0.0

    def add(self, other: Summary) -> None:
        self.frames += other.frames
        self.frames_with_faces += other.frames_with_faces
        self.faces += other.faces
        self.failed += other.failed
        self.skipped += other.skipped
        self.detector_s += other.detector_s


class Batch:
    """Runs sources through a detector one after the other and writes the results as they come.

    specs: of the sources, as `open_source` takes them; a folder stands for its videos as well.
    detector: for everything but what the pool takes.
    listener: is told what happens.
    json_path, csv_path: result files, replaced if they exist, or one of them STANDARD_OUTPUT.
    out_dir: folder for annotated copies.
    seconds: after which each source is stopped (for live ones).
    pool: processes for the pictures of folders, with images if `out_dir` is given; the caller closes it.
    hider: hides the faces in the copies, instead of drawing boxes; the detector must have its threshold.

    An input is never overwritten: a result file that is an input is refused, and a copy gets another name. Raises
    FacecamError if an output can't be written.
    """

    def __init__(
        self,
        specs: Sequence[str],
        detector: FaceDetector,
        listener: BatchListener,
        *,
        json_path: Path | None = None,
        csv_path: Path | None = None,
        out_dir: Path | None = None,
        seconds: float | None = None,
        pool: DetectorPool | None = None,
        hider: FaceHider | None = None,
    ) -> None:
        self._inputs = [part for spec in specs for part in _expand(spec, out_dir)]
        self._detector = detector
        self._listener = listener
        self._json_path, self._csv_path = json_path, csv_path
        input_files = _input_files(specs, out_dir)
        self._out = None if out_dir is None else _Copies(out_dir, input_files)
        self._seconds = seconds
        self._pool = pool
        self._hider = hider
        self.summary = Summary()
        if json_path == csv_path == STANDARD_OUTPUT:
            raise FacecamError("Either JSON or CSV can go to standard output; name a file for the other.")
        for path in (json_path, csv_path):
            if path is not None and path != STANDARD_OUTPUT and path.resolve() in input_files:
                raise FacecamError(f"{path} is an input and would be overwritten; choose another name for the results.")

    def run(self) -> Summary:
        """Everything; a source that fails is told and counted, the others go on."""
        with ExitStack() as stack:
            writers: list[JsonLines | CsvTable] = []
            if self._json_path is not None:
                writers.append(JsonLines(self._json_path))
            if self._csv_path is not None:
                writers.append(CsvTable(self._csv_path))
            for writer in writers:
                stack.callback(writer.close)
            for number, (spec, in_folder) in enumerate(self._inputs, 1):
                self._source(spec, in_folder, len(self._inputs) - number, writers)
        return self.summary

    def _source(self, spec: str, in_folder: bool, remaining: int, writers: list[JsonLines | CsvTable]) -> None:
        counts = Summary()
        try:
            source = open_source(spec)
        except SourceError as error:
            # A damaged file that was asked for is a failure; one found in a folder is passed over, like its pictures.
            self._listener.on_problem(f"Skipped: {error}" if in_folder else str(error))
            self.summary.skipped += in_folder
            self.summary.failed += not in_folder
            return
        if isinstance(source, FolderSource) and self._out is not None:
            source.leave_out(self._out.folder)
        self._listener.on_opened(source.title, source.frame_count, remaining)
        name = without_password(spec) if "://" in spec else spec
        with ExitStack() as stack:
            stack.callback(self.summary.add, counts)
            stack.callback(source.close)
            try:
                self._frames(source, name, writers, counts, stack)
            except SourceError as error:
                self._listener.on_problem(str(error))
                counts.failed += 1

    def _frames(
        self, source: Source, name: str, writers: list[JsonLines | CsvTable], counts: Summary, stack: ExitStack
    ) -> None:
        end_s = None if self._seconds is None else time.perf_counter() + self._seconds
        video: VideoWriter | None = None
        hider = self._hider
        if hider is not None:
            hider.start()
        for frame, found, detector_s in self._detected(source):
            detections = found if hider is None else hider.faces(found)
            counts.skipped += self._tell_skipped(source)
            result = record(name, frame, detections)
            for writer in writers:
                writer.write(result)
            if self._out is not None:
                drawn = draw_detections(frame.image, found) if hider is None else hider.hide(frame, found)
                if frame.path is not None:
                    write_picture(self._out.picture(source, frame.path), drawn)
                else:
                    if video is None:
                        video = self._out.video(source)
                        stack.callback(video.close)
                    video.write(drawn, frame.time_s)
            counts.frames += 1
            counts.faces += len(detections)
            counts.frames_with_faces += len(detections) > 0
            counts.detector_s += detector_s
            self._listener.on_done(result, frame.path is not None)
            if end_s is not None and time.perf_counter() >= end_s:
                break
        counts.skipped += self._tell_skipped(source)

    def _detected(self, source: Source) -> Iterator[tuple[Frame, Detections, float]]:
        """The source's frames with their faces, and the seconds that the detector took for each."""
        if self._pool is not None and isinstance(source, FolderSource):
            yield from self._pool.detect_folder(source)
            return
        while (frame := source.read()) is not None:
            detections = self._detector.detect(frame.image)
            yield frame, detections, self._detector.timings.total_ms / 1000

    def _tell_skipped(self, source: Source) -> int:
        if not isinstance(source, FolderSource):
            return 0
        sentences, source.skipped = source.skipped, []
        for sentence in sentences:
            self._listener.on_problem(f"Skipped: {sentence}")
        return len(sentences)


class FaceHider:
    """Hides the faces in copies of pictures and videos, also doubtful ones and those lost for a moment.

    threshold: lowest score of a face that is told of. To be given detections down to `detector_threshold`.
    """

    def __init__(self, options: PrivacyOptions, threshold: float) -> None:
        self._options, self._threshold = options, threshold
        self._tracker = Tracker()

    @property
    def detector_threshold(self) -> float:
        """What the detector's threshold must be."""
        return self._threshold * CANDIDATE_SHARE

    def start(self) -> None:
        """Another source begins."""
        self._tracker.reset()

    def faces(self, found: Detections) -> Detections:
        """Those of the detections that are told of."""
        return found.only(found.scores >= self._threshold)

    def hide(self, frame: Frame, found: Detections) -> npt.NDArray[np.uint8]:
        """The frame's picture with all hidden that may be a face. Frames of a video are to come in their order."""
        return hide_faces(frame.image, self._places(frame, found), self._options)

    def _places(self, frame: Frame, found: Detections) -> Array:
        if frame.path is not None:  # pictures have nothing to do with each other
            self._tracker.reset()
        tracking = TrackingOptions(smoothing=0)
        return self._tracker.update(found, frame.time_s, self._threshold, tracking, self._options.hold_s).private


def _expand(spec: str, out_dir: Path | None) -> list[tuple[str, bool]]:
    """Sources of an argument, and whether they were found in a folder: a folder's videos are sources of their own."""
    videos = [(str(path), True) for path in _folder_files(spec, VIDEO_SUFFIXES, out_dir)]
    return videos if videos and not _folder_files(spec, PICTURE_SUFFIXES, out_dir) else [(spec, False), *videos]


def _folder_files(spec: str, suffixes: frozenset[str], out_dir: Path | None) -> list[Path]:
    """Files of the folder `spec`, if it is one, without the copies that an earlier run left in `out_dir` inside it."""
    folder = Path(spec).expanduser()
    try:
        paths = list_files(folder, suffixes) if folder.is_dir() else []
    except (OSError, SourceError):
        return []  # it is told when the source is opened
    if out_dir is None or not paths or out_dir.resolve() == folder.resolve():
        return paths
    return [path for path in paths if out_dir.resolve() not in path.resolve().parents]


def _input_files(specs: Sequence[str], out_dir: Path | None) -> set[Path]:
    """Every file that is read, resolved."""
    inputs = set()
    for spec in specs:
        with suppress(OSError, ValueError):  # whatever is wrong with the name is told when it is opened
            inputs.add(Path(spec).expanduser().resolve())
        inputs.update(path.resolve() for path in _folder_files(spec, PICTURE_SUFFIXES | VIDEO_SUFFIXES, out_dir))
    return inputs


class _Copies:
    """Names for annotated copies in `folder`: like the originals', never one of the inputs, none twice."""

    def __init__(self, folder: Path, inputs: set[Path]) -> None:
        self.folder = folder
        self._taken = set(inputs)

    def picture(self, source: Source, original: Path) -> Path:
        """Where the copy of a picture goes; pictures of a folder keep their subfolders."""
        inside = original.relative_to(source.path) if isinstance(source, FolderSource) else Path(original.name)
        return self._free(self.folder / inside.with_suffix(picture_suffix(original)))

    def video(self, source: Source) -> VideoWriter:
        """The video of a source."""
        from facecam.saving.video_file import VideoWriter
        from facecam.sources.video import VideoSource

        stem = source.path.stem if isinstance(source, VideoSource) else _file_name(source.title)
        return VideoWriter(self._free(self.folder / f"{stem}{_COPY_SUFFIX}"), source.fps)

    def _free(self, wanted: Path) -> Path:
        path, number = wanted, 1
        while path.resolve() in self._taken:
            path = wanted.with_name(f"{wanted.stem}-faces{'' if number == 1 else f'-{number}'}{wanted.suffix}")
            number += 1
        self._taken.add(path.resolve())
        return path


def _file_name(title: str) -> str:
    """A title as a file name that every system takes."""
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in title).strip("-.")[:80] or "video"
