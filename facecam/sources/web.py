"""HTTP streams with a limit on what may arrive between two pictures, so that no server can fill the memory."""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from typing import cast
from urllib.parse import unquote, urlsplit

from facecam.errors import SourceError

MAX_BYTES_A_PICTURE = 32 << 20
JPEGS, STILL = "mpjpeg", "jpeg"
"""Formats of a stream: JPEGs in the parts of one answer; one JPEG."""
_PLAYLISTS = ("mpegurl", "dash+xml")  # FFmpeg fetches their parts by itself


class WebStream:
    """The body of an endless HTTP response, as a file for a decoder to read.

    format: JPEGS or STILL; None where FFmpeg has to find out. asked_s: since when a picture is waited for. Raises
    SourceError when more than MAX_BYTES_A_PICTURE arrive, or `timeout_s` pass, without a call of `had_picture`.
    """

    def __init__(self, response: HTTPResponse, name: str, timeout_s: float, format: str | None) -> None:
        self.format = format
        self._response, self._name, self._timeout_s = response, name, timeout_s
        self._socket: socket.socket = response.fp.raw._sock  # type: ignore[attr-defined] # kept nowhere else
        self._socket.settimeout(timeout_s)
        self.had_picture()

    def had_picture(self) -> None:
        """Grants the next picture its bytes and its time."""
        self._left = MAX_BYTES_A_PICTURE
        self.asked_s = time.perf_counter()

    def read(self, size: int) -> bytes:
        """At most that many bytes, as soon as there are some; none at the end."""
        if self._left <= 0:
            raise SourceError(f"The stream {self._name} sends more than {MAX_BYTES_A_PICTURE >> 20} MB for a picture.")
        if time.perf_counter() - self.asked_s > self._timeout_s:
            raise SourceError(
                f"What the stream {self._name} sends can't be shown: it is damaged, too large, or no video."
            )
        try:
            data = self._response.read1(min(size, self._left))
        except TimeoutError as error:
            raise SourceError(f"The stream {self._name} has stopped sending pictures.") from error
        except (OSError, HTTPException):
            return b""  # the connection is gone
        self._left -= len(data)
        return data

    def cancel(self) -> None:
        """From any thread: whoever waits for data waits no longer."""
        with suppress(OSError):  # it is closed already
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._response.close()


def open_web_stream(url: str, name: str, open_timeout_s: float, read_timeout_s: float) -> WebStream | None:
    """Asks the server; None for a video of known length or a playlist, which FFmpeg had better fetch by itself.

    Raises SourceError with what the server answers.
    """
    opener, bare = _opener(url)
    request = urllib.request.Request(bare, headers={"User-Agent": "facecam"})
    try:
        response = cast(HTTPResponse, opener.open(request, timeout=open_timeout_s))
    except urllib.error.HTTPError as error:
        error.close()
        raise SourceError(_refusal(name, error)) from error
    except (OSError, HTTPException, ValueError) as error:
        why = _reason(error.reason if isinstance(error, urllib.error.URLError) else error)
        sentence = f"The stream {name} can't be opened ({why}); is the address right and the server up?"
        raise SourceError(sentence) from error
    kind = response.headers.get_content_type()
    format = {"multipart/x-mixed-replace": JPEGS, "image/jpeg": STILL}.get(kind)
    if format is None and (response.headers.get("Content-Length") or any(word in kind for word in _PLAYLISTS)):
        response.close()
        return None
    return WebStream(response, name, read_timeout_s, format)


def _opener(url: str) -> tuple[urllib.request.OpenerDirector, str]:
    """What opens HTTP and HTTPS only, with the URL's user name and password, and the URL without them."""
    parts = urlsplit(url)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    passwords = urllib.request.HTTPPasswordMgrWithPriorAuth()
    if parts.username is not None:
        passwords.add_password(None, bare, unquote(parts.username), unquote(parts.password or ""))
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDigestAuthHandler(passwords),
        urllib.request.HTTPBasicAuthHandler(passwords),
    ):
        opener.add_handler(handler)
    return opener, bare


def _refusal(name: str, error: urllib.error.HTTPError) -> str:
    if error.code == 401:
        return f"The stream {name} asks for a user name and password: put them in, as in http://name:password@host/."
    return f"The stream {name} can't be opened: the server answers {error.code} {error.reason}."


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer"
    words = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return " ".join(words.split()).rstrip(".")
