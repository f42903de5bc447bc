"""Clips whose picture and sound tell, at every moment, which half second of the clip it is; and whether they still
agree in a recording, as an independent reader (PyAV, not the app's own) finds them."""

from __future__ import annotations

import http.server
import threading
import time
from contextlib import contextmanager, suppress
from fractions import Fraction

import av
import numpy as np

BLOCK_S = 0.5
FPS = 25
RATE_HZ = 48_000
WITHIN_S = 0.04
_WINDOW_S = 0.02


def level_at(time_s):
    """How bright the picture is."""
    return 30 + 25 * int(time_s / BLOCK_S + 1e-6)


def tone_at(times_s):
    """What is heard: samples from -1 to 1, a tone of another pitch in each block."""
    return 0.5 * np.sin(2 * np.pi * 400 * (1 + np.floor(np.asarray(times_s) / BLOCK_S + 1e-6)) * times_s)


def make_clip(path, seconds=4, codec="aac", rate_hz=44_100, sound=True):
    """path: its suffix says the container."""
    with av.open(path, "w") as container:
        video = container.add_stream(
            "mpeg4" if path.suffix == ".avi" else "libx264", FPS
        )  # AVI has no times of its own
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream(codec, rate_hz) if sound else None
        for index in range(round(seconds * FPS)):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64), level_at(index / FPS), np.uint8), format="gray")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(video.encode(frame))
            if audio is not None:
                first, end = (round(at * rate_hz / FPS) for at in (index, index + 1))
                samples = (32767 * tone_at(np.arange(first, end) / rate_hz)).astype(np.int16)
                heard = av.AudioFrame.from_ndarray(samples.reshape(1, -1), "s16", "mono")
                heard.sample_rate, heard.pts, heard.time_base = rate_hz, first, Fraction(1, rate_hz)
                container.mux(audio.encode(heard))
        for stream in (video, audio):
            if stream is not None:
                container.mux(stream.encode(None))
    return path


@contextmanager
def served(path, with_length):
    """The address of a file as a server sends it: at once with its length, as a stream at its own pace without."""

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "video/unknown")
            if with_length:
                self.send_header("Content-Length", str(path.stat().st_size))
            self.end_headers()
            data, began_s = path.read_bytes(), time.perf_counter()
            with suppress(OSError):  # whoever reads has seen enough
                for part in range(200):
                    self.wfile.write(data[len(data) * part // 200 : len(data) * (part + 1) // 200])
                    time.sleep(0 if with_length else max(0, began_s + 4 * part / 200 - time.perf_counter()))

        def log_message(self, *words):
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/clip"
        server.shutdown()


def shown(path):
    """The time of each picture, and which block it tells."""
    with av.open(path) as container:
        frames = [(frame.time, frame.to_ndarray(format="gray").mean()) for frame in container.decode(video=0)]
    return [time_s for time_s, _ in frames], [round((level - 30) / 25) for _, level in frames]


def heard(path):
    """All samples from 0 s on, -1 to 1."""
    samples = np.zeros(0, np.float32)
    resampler = av.AudioResampler("fltp", "mono", RATE_HZ)
    with av.open(path) as container:
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                at = round((part.time or 0.0) * RATE_HZ)
                gap = np.zeros(max(0, at - len(samples)), np.float32)
                samples = np.concatenate([samples[:at], gap, part.to_ndarray()[0]])
    return samples


def has_sound(path):
    """Whether there is a track for it."""
    with av.open(path) as container:
        return bool(container.streams.audio)


def agree(path, looks=0):
    """What is heard is what is seen, wherever that can be told: at more moments than `looks`.

    What lies within 40 ms of a change of the picture may be either, and so may what is heard with a picture that stayed
    while the clip went on.
    """
    times_s, blocks = shown(path)
    samples = heard(path)
    size = round(_WINDOW_S * RATE_HZ)
    pictures = zip(times_s, times_s[1:], blocks, blocks[1:], strict=False)
    either = [(min(one_s + 1 / FPS, next_s), next_s) for one_s, next_s, before, now in pictures if before != now]
    wrong, looked = [], 0
    for first in range(round(WITHIN_S * RATE_HZ), round((times_s[-1] - WITHIN_S) * RATE_HZ), size):
        begin_s, end_s = first / RATE_HZ, (first + size) / RATE_HZ
        if any(begin_s < until_s + WITHIN_S and end_s > from_s - WITHIN_S for from_s, until_s in either):
            continue
        block = blocks[np.searchsorted(times_s, begin_s, side="right") - 1]
        window = samples[first : first + size]
        strength = np.abs(np.fft.rfft(window * np.hanning(len(window)), RATE_HZ // 50))
        looked += 1
        if len(window) < size or abs(np.argmax(strength) * 50 - 400 * (1 + block)) > 60 or strength.max() < 10:
            wrong.append(round(begin_s, 3))
    assert not wrong, wrong
    assert looked > looks
