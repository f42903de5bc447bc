"""JPEGs over HTTP: a camera that sends one after the other in the parts of one answer, or one for each request.

The pictures are found by their own markers (ITU-T T.81, annex B), whatever the lengths and boundaries around them say:
many cameras say them wrong. So each is decoded the moment its last byte is there.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import numpy as np

from facecam.arrays import Image
from facecam.sources.web import WebStream
from facecam.system.opencv import cv2

_BEGIN = b"\xff\xd8\xff"
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""In the compressed part: no stuffed byte, no restart."""
_ALONE = {0x01, *range(0xD0, 0xD9)}
"""Markers of no segment."""
_END, _SCAN = 0xD9, 0xDA
_SIZES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""Markers of segments that state the picture's size."""
_READ_BYTES = 1 << 16
STILLS_HZ = 10.0
"""A camera that gives one picture for each request is asked no more often."""


class JpegReader:
    """The pictures of a stream, for StreamSource, as a Decoder gives them.

    web: the first answer. most_pixels: larger pictures are passed over before there is memory for them. ask: gives the
    answer to another request where each holds one picture; None: they all come in this one. Raises SourceError.
    """

    fps: float | None = None
    frame_count: int | None = None
    duration_s: float | None = None

    def __init__(self, web: WebStream, most_pixels: int, ask: Callable[[], WebStream | None] | None = None) -> None:
        self.web, self._most_pixels, self._ask = web, most_pixels, ask
        self._asked_s = time.perf_counter()
        self._data = bytearray()
        self._pictures = self._found()

    def read(self) -> Image | None:
        """The next picture, (H, W, 3) uint8 BGR, that can be decoded; None at the end."""
        while (picture := next(self._pictures)) is None:
            data = self.web.read(_READ_BYTES)
            if not data:
                if self._ask is None:
                    return None
                self._data.clear()
                time.sleep(max(0.0, self._asked_s + 1 / STILLS_HZ - time.perf_counter()))
                self._asked_s = time.perf_counter()
                self.web.close()
                if (web := self._ask()) is None:  # no picture any more
                    return None
                web.asked_s = self.web.asked_s  # no picture has come since then, however many answers have
                self.web, self._pictures = web, self._found()
            self._data += data
        self.web.had_picture()
        return picture

    def close(self) -> None:
        """Ends the connection; may be called twice."""
        self.web.close()

    def _found(self) -> Iterator[Image | None]:
        """The pictures in the data, which then are gone from there; None wherever more data is needed."""
        data = self._data
        while True:
            while (begin := data.find(_BEGIN)) < 0:
                del data[: 1 - len(_BEGIN)]
                yield None
            del data[:begin]
            at, fits, jpeg = 2, True, b""
            while True:
                while len(data) < at + 2:
                    yield None
                marker = data[at + 1]
                if data[at] != 0xFF:  # no JPEG after all
                    break
                if marker == _END:
                    jpeg = bytes(data[: at + 2])
                    break
                if marker == 0xFF or marker in _ALONE:
                    at += 1 if marker == 0xFF else 2
                    continue
                while len(data) < at + 9:
                    yield None
                length, height, width = (int.from_bytes(data[at + k : at + k + 2], "big") for k in (2, 5, 7))
                if marker in _SIZES:
                    fits = 0 < height * width <= self._most_pixels
                at += 2 + length
                while marker == _SCAN and (found := _MARKER.search(data, at)) is None:
                    at = max(at, len(data) - 1)
                    yield None
                at = found.start() if marker == _SCAN and found else at
            del data[: max(2, len(jpeg))]
            image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR) if jpeg and fits else None
            if image is not None:
                yield np.ascontiguousarray(image, np.uint8)
