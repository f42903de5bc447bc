"""A virtual camera of the tests' own, in pyvirtualcam: what a driver does, it does in memory."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import numpy as np
import pytest

from facecam.arrays import Image
from tests.facecam.waiting import PATIENCE_S

NAME = "Loopback of the tests"


@dataclass
class Loopback:
    """What the devices were sent. sizes: (width, height) of each that was opened; sent: pictures with their times;
    cpu_s: CPU time of the thread that sends, so far; free: cleared, a device takes no picture until it is set; problem:
    what sending raises."""

    sizes: list[tuple[int, int]] = field(default_factory=list)
    sent: list[tuple[float, Image]] = field(default_factory=list)
    cpu_s: float = 0.0
    free: threading.Event = field(default_factory=threading.Event)
    problem: Exception | None = None
    closed: int = 0

    @property
    def newest(self) -> Image:
        return self.sent[-1][1]


def install(monkeypatch: pytest.MonkeyPatch) -> Loopback:
    """Registers a device that is always free as the only one of the real library, for this test."""
    pyvirtualcam = pytest.importorskip("pyvirtualcam")
    loopback = Loopback()
    loopback.free.set()

    class Device:
        def __init__(self, *, width: int, height: int, fps: float, fourcc: int, device: str | None) -> None:
            self._shape = (height, width, 3)
            loopback.sizes.append((width, height))

        def send(self, frame: Image) -> None:
            loopback.free.wait(2 * PATIENCE_S)
            if loopback.problem is not None:
                raise loopback.problem
            loopback.cpu_s = time.thread_time()
            loopback.sent.append((time.perf_counter(), np.array(frame).reshape(self._shape)))

        def close(self) -> None:
            loopback.closed += 1

        def device(self) -> str:
            return NAME

        def native_fourcc(self) -> None:
            return None

    monkeypatch.setattr(pyvirtualcam.camera, "BACKENDS", {})
    pyvirtualcam.register_backend("loopback", Device)
    return loopback
