"""Microphones, by miniaudio, which is an extra: PulseAudio, PipeWire and ALSA, Core Audio, WASAPI."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Generator
from typing import Any

import numpy as np

from facecam.errors import SourceError
from facecam.sources.sound import SOUND_HZ, Samples, SoundRing

SYSTEM_MICROPHONE = "default"
"""The one that the system's settings choose."""
_KEPT_S = 30.0
_CHUNK_MS = 40
_SILENT_AFTER_S = 2.0
_LOOKS_EVERY_S = 0.2
_MOST_BESIDE_S = 0.015
_CLOSING_TAKES_AT_MOST_S = 1.0
_ALSA_NULL = "Discard all samples"
_logger = logging.getLogger(__name__)


def list_microphones() -> list[str]:
    """Names of the microphones there are, which may take a moment. Raises SourceError where none can be used."""
    return [each["name"] for each in _captures(load_miniaudio())]


def load_miniaudio() -> Any:
    """The library; the first call takes 10 ms, in most of which no other thread runs. Raises SourceError if it is
    missing."""
    try:
        import miniaudio
    except (ImportError, OSError) as error:
        raise SourceError("Microphones need one more package: install facecam[microphone] with pip.") from error
    return miniaudio


def _backends(miniaudio: Any) -> list[Any]:
    """Those with devices behind them. On Linux JACK, which may be asked too, would start a server."""
    names = ("PULSEAUDIO", "ALSA") if sys.platform == "linux" else ("WASAPI", "COREAUDIO")
    return [miniaudio.Backend[name] for name in names]


def _captures(miniaudio: Any) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = miniaudio.Devices(_backends(miniaudio)).get_captures()
    except miniaudio.MiniaudioError as error:
        raise SourceError("The microphones can't be listed: the system's sound is not running.") from error
    return [each for each in found if not each["name"].startswith(_ALSA_NULL)]


class Microphone:
    """A microphone as a Sound, opened at once, in a thread of its own.

    name: as of `list_microphones`, or SYSTEM_MICROPHONE.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.trouble = ""
        self._lock = threading.Lock()  # guards what follows
        self._ring = SoundRing(_KEPT_S)
        self._count = 0  # samples so far
        self._began_s: float | None = None  # when the first one was heard
        self._latest_s: deque[float] = deque(maxlen=100)  # when at the latest, by the newest chunks
        self._arrived_s = time.perf_counter()
        self._heard = False  # something else than zeros
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="microphone", daemon=True)
        self._thread.start()

    def has(self, until_s: float) -> bool:
        with self._lock:
            return self._ring.end >= until_s * SOUND_HZ or bool(self.trouble) or self._closed.is_set()

    def read(self, start_s: float, count: int) -> Samples:
        with self._lock:
            return self._ring.read(round(start_s * SOUND_HZ), count)

    def close(self) -> None:
        self._closed.set()
        self._thread.join(_CLOSING_TAKES_AT_MOST_S)

    def _run(self) -> None:
        try:
            miniaudio = load_miniaudio()
            device = self._open(miniaudio)
            try:
                self._listen(miniaudio, device)
            finally:
                device.close()
        except SourceError as error:
            self.trouble = str(error)

    def _open(self, miniaudio: Any) -> Any:
        device_id = None
        found = _captures(miniaudio)
        if not found:
            raise SourceError("There is no microphone; plug one in, or allow this program to use it.")
        if self._name != SYSTEM_MICROPHONE:
            device_id = next((each["id"] for each in found if each["name"] == self._name), None)
            if device_id is None:
                names = ", ".join(each["name"] for each in found)
                raise SourceError(f"There is no microphone {self._name}, only {names}.")
        try:
            return miniaudio.CaptureDevice(
                nchannels=2,
                sample_rate=SOUND_HZ,
                buffersize_msec=_CHUNK_MS,
                device_id=device_id,
                backends=_backends(miniaudio),
                app_name="facecam",
            )
        except miniaudio.MiniaudioError as error:
            raise self._unusable(error) from error

    def _listen(self, miniaudio: Any, device: Any) -> None:
        chunks = self._chunks()
        next(chunks)
        try:
            device.start(chunks)
        except miniaudio.MiniaudioError as error:
            raise self._unusable(error) from error
        self._arrived_s = time.perf_counter()
        waits_s = 0.0  # as far as this thread could look: what keeps it from that keeps chunks from coming, too
        while not self._closed.wait(_LOOKS_EVERY_S):
            with self._lock:
                waits_s = min(time.perf_counter() - self._arrived_s, waits_s + _LOOKS_EVERY_S)
                if waits_s > _SILENT_AFTER_S:
                    self.trouble = f"The microphone {self._title} sends nothing; is it still plugged in?"
                elif not self._heard and self._count > _SILENT_AFTER_S * SOUND_HZ:
                    self.trouble = (
                        f"The microphone {self._title} is silent; is it switched on, and may this program use it?"
                    )
                else:
                    self.trouble = ""

    def _unusable(self, error: Exception) -> SourceError:
        _logger.warning("the microphone %s can't be used: %s", self._title, error)  # in the library's words
        return SourceError(
            f"The microphone {self._title} can't be used; does another program have it, or may this one not use it?"
        )

    @property
    def _title(self) -> str:
        return "of the system" if self._name == SYSTEM_MICROPHONE else self._name

    def _chunks(self) -> Generator[None, bytes, None]:
        """Is sent each chunk, in a thread of miniaudio's."""
        while True:
            data = yield
            samples = np.frombuffer(data, np.int16).reshape(-1, 2)
            now_s = time.perf_counter()
            with self._lock:
                self._put(samples, now_s)

    def _put(self, samples: Samples, now_s: float) -> None:
        """Chunks come late when the machine is busy, but never early: so the earliest of the newest ones says when the
        first sample was heard. The drift between the two clocks is corrected before it can be noticed."""
        self._arrived_s = now_s
        self._heard = self._heard or bool(samples.any())
        self._latest_s.append(now_s - (self._count + len(samples)) / SOUND_HZ)
        began_s = min(self._latest_s)
        if self._began_s is None or abs(began_s - self._began_s) > _MOST_BESIDE_S:
            self._began_s = began_s
        self._ring.put(self._began_s + self._count / SOUND_HZ, samples)
        self._count += len(samples)
