"""A double of miniaudio: microphones by name, to which a test says what they hear."""

from __future__ import annotations

import numpy as np


class FakeMiniaudio:
    """To be put in the place of the module. names: of the microphones there are. refuses: what can't be opened. opened:
    the devices, in order."""

    class MiniaudioError(Exception):
        pass

    def __init__(self, *names, refuses=()):
        self.names, self.refuses = list(names), refuses
        self.opened = []
        self.Backend = {name: name for name in ("PULSEAUDIO", "ALSA", "WASAPI", "COREAUDIO")}

    def Devices(self, backends):
        return self

    def get_captures(self):
        return [{"name": name, "id": name} for name in self.names]

    def CaptureDevice(self, *, device_id, **how):
        if device_id in self.refuses or not self.names:
            raise self.MiniaudioError("failed to init device", -1)
        device = FakeDevice(device_id or self.names[0], how)
        self.opened.append(device)
        return device


class FakeDevice:
    """A microphone. closed: whether it is off again."""

    def __init__(self, name, how):
        self.name, self.how, self.chunks, self.closed = name, how, None, False

    def start(self, chunks):
        self.chunks = chunks

    def close(self):
        self.closed = True

    def hear(self, samples):
        """samples: (n,) int16."""
        self.chunks.send(np.repeat(samples.astype(np.int16)[:, None], 2, axis=1).tobytes())
