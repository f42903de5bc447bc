"""An MJPEG camera on this machine that misbehaves on demand: stalls, drops, freezes, sends garbage, and comes back."""

from __future__ import annotations

import socket
import struct
import threading
import time

import numpy as np

from facecam.system.opencv import cv2

LIVES_S = 600.0
_HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=cut\r\n\r\n"


def picture(number: int, width: int = 64, height: int = 48) -> bytes:
    """A grey JPEG, its level that of the number: 20, 40, ... 200, 20, ..."""
    level = 20 + 20 * (number % 10)
    return cv2.imencode(".jpg", np.full((height, width, 3), level, np.uint8))[1].tobytes()


def claims_size(jpeg: bytes, width: int, height: int) -> bytes:
    """The same JPEG, its header claiming another size."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


class MjpegServer:
    """Serves any number of readers, one after the other or at once, at 50 pictures per second, for ten minutes at most.

    mode, to be set at any time: "send"; "stall" (connected but silent); "drop" (every connection is closed, new ones
    too); "garbage" (noise in place of pictures); "freeze" (the same picture again and again); "oversized" (pictures
    that claim 40000 x 40000 pixels); "endless" (one picture that never ends); "silent" (not even an answer).
    """

    def __init__(self, mode: str = "send") -> None:
        self.mode = mode
        self.connections = 0
        self._ends_s = time.monotonic() + LIVES_S
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.1)
        self._end = threading.Event()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/video"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self) -> None:
        while self._goes_on():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _goes_on(self) -> bool:
        return not self._end.is_set() and time.monotonic() < self._ends_s

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                connection.settimeout(2)
                connection.recv(4096)
                while self.mode == "silent" and self._goes_on():
                    self._end.wait(0.02)
                if self.mode == "drop":
                    return
                connection.sendall(_HEAD)
                self._pictures(connection)
            except OSError:  # the reader has gone
                return

    def _pictures(self, connection: socket.socket) -> None:
        number, noise = 0, np.random.default_rng(0).bytes(65536)
        while self._goes_on():
            mode = self.mode
            if mode == "drop":
                return
            if mode == "endless":
                connection.sendall(b"--cut\r\nContent-Type: image/jpeg\r\n\r\n")
                while self._goes_on() and self.mode == mode:
                    connection.sendall(noise)
                return
            number += mode != "freeze"
            data = {
                "garbage": noise[:4000],
                "oversized": claims_size(picture(number), 40000, 40000),
            }.get(mode, picture(number))
            if mode not in ("stall", "silent"):
                head = f"--cut\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                connection.sendall(head.encode() + data + b"\r\n")
            self._end.wait(0.02)

    def close(self) -> None:
        """Ends everything and waits for it."""
        self._end.set()
        self._socket.close()
        for thread in self._threads:
            thread.join(5)
