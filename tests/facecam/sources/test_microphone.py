"""Microphones: found, opened, lost; and when what they hear was heard."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest

from facecam.errors import SourceError
from facecam.sources import microphone
from facecam.sources.microphone import SYSTEM_MICROPHONE, Microphone, list_microphones
from facecam.sources.sound import SOUND_HZ
from facecam.system.cpu import no_more_urgent
from tests.facecam.waiting import wait_for
from tests.microphones import FakeMiniaudio


@pytest.fixture
def audio(monkeypatch):
    """Two microphones; a test may change them."""
    fake = FakeMiniaudio("Desk", "Headset")
    monkeypatch.setitem(sys.modules, "miniaudio", fake)
    return fake


@pytest.fixture
def clock(monkeypatch):
    """The microphones', which goes on when a test says so: a busy machine may take seconds for anything."""
    made = SimpleNamespace(now_s=1000.0)
    made.perf_counter = lambda: made.now_s
    monkeypatch.setattr(microphone, "time", made)
    return made


def device_of(audio):
    return wait_for(lambda: audio.opened and audio.opened[-1].chunks is not None and audio.opened[-1])


@pytest.fixture
def desk(audio):
    """The first microphone, open, and its device. Of a test that has a clock, after that."""
    heard = Microphone("Desk")
    yield heard, device_of(audio)
    heard.close()


def test_they_have_names_and_none_is_opened_by_looking(audio):
    audio.names.append("Discard all samples (playback) or generate zero samples (capture)")  # of ALSA
    assert list_microphones() == ["Desk", "Headset"]
    assert audio.opened == []


@pytest.mark.parametrize(("name", "opened"), [("Headset", "Headset"), (SYSTEM_MICROPHONE, "Desk")])
def test_the_chosen_one_is_open_until_it_is_closed(audio, name, opened):
    heard = Microphone(name)
    device = device_of(audio)
    assert device.name == opened
    assert device.how["sample_rate"] == SOUND_HZ
    assert not device.closed
    heard.close()
    assert device.closed


def test_what_it_hears_is_found_by_its_time_however_late_it_is_told(clock, desk):
    """Chunks come late, by up to 90 ms, as on a busy machine; and this microphone's second is 200 µs too long."""
    heard, device = desk
    random = np.random.default_rng(0)
    size = SOUND_HZ // 25
    for chunk in range(25 * 120):
        ramp = (np.arange(size) + chunk * size) // 480 % 30_000  # tells its time, in steps of 10 ms
        clock.now_s = (
            1000 + (chunk + 1) * 0.04 * 1.0002 + random.choice([0.0, 0.002, 0.01, 0.09], p=[0.5, 0.3, 0.1, 0.1])
        )
        device.hear(ramp)
        if chunk > 100 and chunk % 50 == 0:
            at_s = 1000 + (chunk - 20) * 0.04 * 1.0002
            told = heard.read(at_s, 480)[:, 0].mean() / 100
            assert told == pytest.approx((chunk - 20) * 0.04, abs=0.03)


def test_all_has_come_when_a_later_time_was_heard(desk):
    heard, device = desk
    began_s = time.perf_counter()
    assert not heard.has(began_s)
    device.hear(np.ones(SOUND_HZ // 10))
    assert heard.has(began_s - 0.05)
    assert not heard.has(time.perf_counter() + 1)
    heard.close()
    assert heard.has(began_s + 100)


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "miniaudio", None)
    heard = Microphone("Desk")
    assert wait_for(lambda: heard.trouble) == "Microphones need one more package: install facecam[microphone] with pip."
    with pytest.raises(SourceError, match=r"facecam\[microphone\]"):
        list_microphones()
    heard.close()


@pytest.mark.parametrize(
    ("names", "refuses", "says"),
    [
        ((), (), "There is no microphone; plug one in, or allow this program to use it."),
        (("Desk",), (), "There is no microphone Headset, only Desk."),
        (("Headset",), ("Headset",), "The microphone Headset can't be used; does another program have it"),
    ],
)
def test_one_that_can_not_be_had_is_told(audio, names, refuses, says):
    audio.names[:], audio.refuses = names, refuses
    heard = Microphone("Headset")
    assert wait_for(lambda: heard.trouble).startswith(says)
    assert heard.has(time.perf_counter())  # nobody waits for it
    assert not heard.read(time.perf_counter(), 100).any()
    heard.close()


def test_one_that_is_pulled_out_is_told(clock, desk):
    heard, device = desk
    device.hear(np.ones(4800))
    assert heard.trouble == ""
    clock.now_s += 2.1
    assert wait_for(lambda: heard.trouble) == "The microphone Desk sends nothing; is it still plugged in?"
    device.hear(np.ones(4800))
    assert wait_for(lambda: not heard.trouble)


def test_a_program_that_slept_does_not_blame_the_microphone(clock, desk):
    """A minute is gone at one look; nothing is said until it was looked for as long as usual."""
    heard, device = desk
    device.hear(np.ones(4800))
    looks = count()
    clock.perf_counter = lambda: 1060.0 + 0 * next(looks)
    wait_for(lambda: heard.trouble)
    assert next(looks) >= 10


def test_one_that_may_not_be_heard_is_told(clock, desk):
    """As macOS does it: it sends zeros."""
    heard, device = desk
    for _ in range(25):
        device.hear(np.zeros(4800))
    assert "is silent; is it switched on, and may this program use it?" in wait_for(lambda: heard.trouble)


def test_the_real_library_with_its_null_device(monkeypatch):
    miniaudio = pytest.importorskip("miniaudio")
    monkeypatch.setattr(microphone, "_backends", lambda module: [miniaudio.Backend.NULL])
    monkeypatch.setattr(microphone, "_SILENT_AFTER_S", 0.5)
    (name,) = list_microphones()
    heard = Microphone(name)
    assert wait_for(lambda: heard._count > SOUND_HZ)
    assert wait_for(lambda: heard.trouble.startswith(f"The microphone {name} is silent"))
    heard.close()
    assert not heard._thread.is_alive()


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no such priority here")
def test_one_can_be_had_after_a_film_was_saved_as_av1(monkeypatch):
    miniaudio = pytest.importorskip("miniaudio")
    libc, this_thread = ctypes.CDLL(None), ctypes.c_ulong(threading.get_ident())
    with no_more_urgent():  # what SVT-AV1 does in the thread that opens it
        if libc.pthread_setschedparam(this_thread, os.SCHED_FIFO, ctypes.byref(ctypes.c_int(99))):
            pytest.skip("threads may not take this priority here")
    monkeypatch.setattr(microphone, "_backends", lambda module: [miniaudio.Backend.NULL])
    heard = Microphone(SYSTEM_MICROPHONE)
    assert wait_for(lambda: heard._count or heard.trouble)
    assert not heard.trouble
    heard.close()
