"""The live pipeline without a window: one line of figures each second, and a summary."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from facecam.detection.detector import FaceDetector
from facecam.errors import FacecamError
from facecam.live.metrics import RECENT, Stats
from facecam.live.pipeline import Phase, Pipeline
from facecam.live.state import Trouble
from facecam.live.virtual_camera import VirtualCamera, VirtualCameraStatus
from facecam.runtimes.providers import CPU
from facecam.saving.recording import VIDEO_FORMATS, Recorder, RecordingOptions
from facecam.sources.microphone import Microphone
from facecam.system.cpu import can_pin, cpu_name


def run_headless(
    source: str,
    detector: FaceDetector,
    seconds: float,
    write: Callable[[str], object] = print,
    record: Path | None = None,
    virtual_camera: bool = False,
    sound: bool = True,
    microphone: str = "",
) -> None:
    """Runs a source, telling the rates each second. Raises what made it fail.

    source: what `open_source` takes.
    detector: on whose core it runs, or a good one.
    seconds: 0: to the source's end.
    write: is given each line.
    record: a video to write what is seen to, with the faces marked, .mp4 or .mkv.
    sound: with that of the source. microphone: heard in it, as of `Microphone`, empty for none.
    virtual_camera: also shows that to other programs, as a camera.
    """
    _check_recording(record, sound, microphone)
    changed = threading.Event()
    pipeline = Pipeline(source, detector, changed.set, reconnect=True)
    recorder: Recorder | None = None
    camera: VirtualCamera | None = None
    if record is not None:
        options, listen = RecordingOptions(lists=False, sound=sound), partial(Microphone, microphone)
        recorder = Recorder(record, options, source, lambda: pipeline.state.live, listen if microphone else None)
        pipeline.attach(recorder)
    pipeline.start()
    try:
        _wait_until_open(pipeline, changed)
        if pipeline.phase is not Phase.FAILED:
            write(f"{pipeline.state.title}, {detector.name} on {_place(pipeline)}")
        if virtual_camera:  # now that its size is known
            camera = VirtualCamera(pipeline.latest)
            pipeline.attach(camera)
        start_s = time.perf_counter()
        silence = _tell_rates(pipeline, changed, start_s + seconds if seconds else math.inf, write, recorder, camera)
        stats, error = pipeline.state.stats(), pipeline.state.error
        elapsed_s = time.perf_counter() - start_s
    finally:
        pipeline.stop()
        if camera is not None:
            camera.close()
        recorded = None if recorder is None else recorder.stop()
    if error is not None:
        raise error
    if recorded is not None:
        if recorded.error is not None:
            raise recorded.error
        heard = ", with sound" if recorded.sound and not recorded.silence else ""
        write(f"{recorded.path}: {recorded.frames} frames recorded, {recorded.dropped} left out{heard}")
        if recorded.silence != silence:  # it came too late for a line of its own
            write(recorded.silence)
    if camera is not None:
        if camera.status.error is not None:
            raise camera.status.error
        write(_shown(camera.status))
    engine, recent = detector.engine, min(stats.detected, RECENT)
    where = "this core" if engine.threads == 1 and engine.provider == CPU else "this machine"
    write(
        f"{elapsed_s:.1f} s: {stats.captured} frames captured, {stats.detected} detected, {stats.dropped} dropped; "
        f"of the last {recent}: latency {stats.latency_p50_ms:.1f} ms p50, {stats.latency_p95_ms:.1f} ms p95; "
        f"{where} could do {stats.possible_hz:.0f} detections/s in {engine.title}"
    )


def _check_recording(record: Path | None, sound: bool, microphone: str) -> None:
    """Raises FacecamError before anything is opened."""
    if record is None and microphone:
        raise FacecamError("A microphone is heard in recordings only: name a video with --record.")
    if record is None and not sound:
        raise FacecamError("--no-audio is for recordings: name a video with --record.")
    if record is not None and record.suffix.lower() not in VIDEO_FORMATS:
        raise FacecamError(f"{record} is no name for a recording: it has to end in .mp4 or .mkv.")
    if record is not None and record.exists():
        raise FacecamError(f"{record} exists already; choose another name for the recording.")


def _tell_rates(
    pipeline: Pipeline,
    changed: threading.Event,
    end_s: float,
    write: Callable[[str], object],
    recorder: Recorder | None,
    camera: VirtualCamera | None,
) -> str:
    """Writes a line each second until time.perf_counter() is `end_s`, or the source or the camera has ended. Returns
    what was last said of a silent microphone."""
    silence = ""
    start_s = time.perf_counter()
    next_line_s = start_s + 1
    while pipeline.phase in (Phase.RUNNING, Phase.RECONNECTING) and (now_s := time.perf_counter()) < end_s:
        if camera is not None and camera.status.error is not None:
            break
        if now_s >= next_line_s:
            trouble = pipeline.state.trouble
            write(_line(now_s - start_s, pipeline.state.stats()) if trouble is None else _trouble(trouble, now_s))
            next_line_s += 1
            if recorder is not None and (why := recorder.status.silence) != silence:
                silence = why
                write(silence or "The microphone is heard again.")
        changed.wait(max(0.01, min(next_line_s, end_s) - now_s))
        changed.clear()
        pipeline.latest()
    return silence


def _wait_until_open(pipeline: Pipeline, changed: threading.Event) -> None:
    """Until the first result or the end, so that the figures don't start with an empty second."""
    while pipeline.latest() is None and pipeline.phase in (Phase.OPENING, Phase.RUNNING):
        changed.wait(0.5)
        changed.clear()


def _place(pipeline: Pipeline) -> str:
    if pipeline.state.core is not None:
        return f"core {pipeline.state.core} of {cpu_name()}"
    return f"{cpu_name()} ({'not pinned' if can_pin() else 'this system can not pin a thread to a core'})"


def _trouble(trouble: Trouble, now_s: float) -> str:
    if trouble.retry_at_s is None:
        return trouble.reason
    return f"{trouble.reason} Reconnecting in {max(0.0, trouble.retry_at_s - now_s):.0f} s."


def _shown(status: VirtualCameraStatus) -> str:
    return (
        f"{status.device}: {status.pictures} pictures shown, {status.latency_ms[0]:.1f} ms p50 and "
        f"{status.latency_ms[1]:.1f} ms p95 after their capture, {status.gap_ms[0]:.1f} ms p50 and "
        f"{status.gap_ms[1]:.1f} ms p95 from one to the next"
    )


def _line(elapsed_s: float, stats: Stats) -> str:
    return (
        f"{elapsed_s:4.0f} s  capture {stats.capture_hz:5.1f}/s  detect {stats.detect_hz:5.1f}/s  "
        f"possible {stats.possible_hz:5.0f}/s  latency p50 {stats.latency_p50_ms:5.1f} ms  "
        f"p95 {stats.latency_p95_ms:5.1f} ms  dropped {stats.dropped}  faces {stats.faces}"
    )
