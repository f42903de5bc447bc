"""Streams from a server of our own that misbehaves: what they say, and that they never fill the memory."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest

from facecam.errors import SourceError
from facecam.sources import Frame
from facecam.sources.stream import StreamSource
from tests.facecam.waiting import PATIENCE_S
from tests.streams import MjpegServer, claims_size, picture

resource = pytest.importorskip("resource", reason="there is no such measure")


def peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


def read(source: StreamSource, count: int) -> list[Frame]:
    frames = [source.read() for _ in range(count)]
    assert all(frame is not None for frame in frames)
    return [frame for frame in frames if frame is not None]


def test_pictures_larger_than_8k_are_refused_and_the_stream_goes_on(server: MjpegServer) -> None:
    with closing(StreamSource(server.url)) as source:
        read(source, 3)
        before_mb = peak_mb()
        server.mode = "oversized"
        threading.Timer(0.3, setattr, (server, "mode", "send")).start()
        assert {frame.image.shape for frame in read(source, 30)} == {(48, 64, 3)}
        assert peak_mb() - before_mb < 200


def test_a_stream_of_nothing_but_oversized_pictures(server: MjpegServer) -> None:
    server.mode = "oversized"
    before_mb = peak_mb()
    with pytest.raises(SourceError, match="too large"):
        StreamSource(server.url, read_timeout_s=2).read()
    assert peak_mb() - before_mb < 200


def test_a_picture_that_never_ends_is_cut_off(server: MjpegServer) -> None:
    with closing(StreamSource(server.url, read_timeout_s=20)) as source:
        read(source, 3)
        before_mb = peak_mb()
        server.mode = "endless"
        with pytest.raises(SourceError, match="more than 32 MB"):
            read(source, 1000)
        assert peak_mb() - before_mb < 300


def test_garbage_between_pictures_is_passed_over(server: MjpegServer) -> None:
    with closing(StreamSource(server.url)) as source:
        read(source, 3)
        server.mode = "garbage"
        threading.Timer(0.3, setattr, (server, "mode", "send")).start()
        read(source, 30)


def test_a_stream_of_nothing_but_garbage_ends(server: MjpegServer) -> None:
    with closing(StreamSource(server.url, read_timeout_s=0.5)) as source:
        read(source, 3)
        server.mode = "garbage"
        with pytest.raises(SourceError, match=r"damaged|stopped sending"):
            read(source, 1000)


@pytest.fixture
def answer_with() -> Iterator[Callable[[Callable[[int, bytes], bytes]], str]]:
    """Starts a server that answers its n-th request with `answer(n, request)`; gives its address."""
    servers: list[socket.socket] = []

    def start(answer: Callable[[int, bytes], bytes]) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def serve() -> None:
            with suppress(OSError):  # closed at the end of the test
                for number in range(1000):
                    connection, _ = server.accept()
                    with connection:
                        connection.sendall(answer(number, connection.recv(4096)))

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{server.getsockname()[1]}"

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.0 404 Not Found\r\n\r\n", "answers 404 Not Found"),
        (b'HTTP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\n\r\n', "user name and password"),
        (b"HTTP/1.0 302 Found\r\nLocation: file:///etc/hostname\r\n\r\n", "can't be opened"),
        (b"no such thing as HTTP\r\n\r\n", "can't be opened"),
        (b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html>Hello</html>", "not a video"),
        (b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nHello", "not a video"),
    ],
)
def test_what_a_server_may_answer_instead(answer_with: Callable[..., str], answer: bytes, words: str) -> None:
    address = answer_with(lambda *_: answer)
    with pytest.raises(SourceError, match=words) as caught:
        StreamSource(f"http://{address}/video", open_timeout_s=PATIENCE_S)
    assert "\n" not in str(caught.value)


def test_user_name_and_password_of_the_address_are_sent_and_not_shown(answer_with: Callable[..., str]) -> None:
    asked: list[bytes] = []

    def answer(number: int, request: bytes) -> bytes:
        asked.append(request)
        if b"Authorization: Basic bWU6c2VjcmV0" not in request:  # me:secret
            return b'HTTP/1.0 401 No\r\nWWW-Authenticate: Basic realm="cam"\r\n\r\n'
        head = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=cut\r\n\r\n"
        part = b"--cut\r\nContent-Type: image/jpeg\r\n\r\n"
        return head + b"".join(part + picture(number) + b"\r\n" for number in range(10))

    with closing(StreamSource(f"http://me:secret@{answer_with(answer)}/video")) as source:
        assert "secret" not in source.title
        read(source, 5)
    assert not any(b"me:secret" in request for request in asked)


@pytest.mark.parametrize("length", [b"5", b"100000000", b"nonsense", b"-1"])
def test_a_camera_that_says_wrong_lengths_is_read_right(answer_with: Callable[..., str], length: bytes) -> None:
    head = b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=--other\r\n\r\n"
    part = b"--cut\r\nContent-Type: image/jpeg\r\nContent-Length: " + length + b"\r\n\r\n"
    parts = b"".join(part + picture(number) + b"\r\n" for number in range(6))
    with closing(StreamSource(f"http://{answer_with(lambda *_: head + parts)}/video")) as source:
        levels = [int(frame.image.mean()) for frame in read(source, 6)]
        assert source.read() is None
    assert levels == [20, 40, 60, 80, 100, 120]


def test_a_camera_of_single_pictures_is_asked_again_and_again(answer_with: Callable[..., str]) -> None:
    def answer(number: int, request: bytes) -> bytes:
        data = picture(number)
        return f"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data

    began_s = time.perf_counter()
    with closing(StreamSource(f"http://{answer_with(answer)}/snap.jpg")) as source:
        assert source.live
        frames = read(source, 4)
    assert [int(frame.image.mean()) for frame in frames] == [20, 40, 60, 80]
    assert frames[3].captured_s - began_s > 0.25  # no faster than ten times a second


def test_a_camera_of_single_pictures_that_sends_none_ends(answer_with: Callable[..., str]) -> None:
    address = answer_with(lambda *_: b"HTTP/1.0 200 OK\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\xff\xe0 no picture")
    with (
        closing(StreamSource(f"http://{address}/snap.jpg", read_timeout_s=2)) as source,
        pytest.raises(SourceError, match="damaged"),
    ):
        source.read()


def test_the_scheme_may_be_in_capitals(server: MjpegServer) -> None:
    with closing(StreamSource(server.url.replace("http", "HTTP"))) as source:
        read(source, 2)


def test_the_lying_picture_is_one() -> None:
    """Keeps the test above honest: the claim is in the header, and the rest of the picture is a good one."""
    assert claims_size(picture(0), 64, 48) == picture(0)
    assert claims_size(picture(0), 40000, 40000) != picture(0)
