"""Sources of frames: camera, video file, picture, folder, network stream, demo; `open_source` picks by a text.

Videos and streams (`facecam.sources.video` and `.stream`) are imported when the first one is opened: FFmpeg takes 16 MB
of memory, and neither camera nor demo needs it.
"""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit
from urllib.request import url2pathname

from facecam.errors import SourceError
from facecam.sources.base import Frame, Source, without_password
from facecam.sources.camera import Camera, CameraSource, list_cameras
from facecam.sources.camera_modes import CameraMode
from facecam.sources.demo import DemoSource
from facecam.sources.folder import FolderSource
from facecam.sources.photo import PICTURE_SUFFIXES, RAW_SUFFIXES, is_picture, open_picture
from facecam.sources.player import Player
from facecam.sources.screen import ScreenPart, ScreenSource
from facecam.system.files import named_path

__all__ = [
    "PICTURE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "Camera",
    "CameraSource",
    "Frame",
    "Player",
    "ScreenPart",
    "Source",
    "is_picture",
    "list_cameras",
    "open_source",
    "without_password",
]

VIDEO_SUFFIXES = frozenset(
    {
        *(".mp4", ".m4v", ".mkv", ".webm", ".avi", ".mov", ".qt", ".mpg", ".mpeg", ".vob", ".wmv", ".asf", ".flv"),
        *(".ts", ".mts", ".m2ts", ".ogv", ".3gp", ".3g2", ".gif"),
    }
)
"""Names that a folder's videos are recognised by; a single file is tried whatever its name."""


def open_source(spec: str | int | os.PathLike[str]) -> Source:
    """Opens "auto", "demo", a camera (0, "0", "camera:0", "camera:0@1280x720@30@MJPG"), "screen" (see ScreenPart), the
    path of a picture, folder or video, or a URL. A path that is no text is nothing else.

    May block for seconds (cameras, streams). Raises SourceError with a sentence for people.
    """
    if isinstance(spec, os.PathLike):
        return _open_path(os.fspath(spec))
    if not isinstance(spec, str | int) or isinstance(spec, bool):
        raise SourceError(f'{spec!r} is no source: name a text such as "demo", a path, or a camera\'s number.')
    spec = str(spec)
    spec = spec if os.path.lexists(spec) else spec.strip()
    if spec == "auto":
        return _auto()
    if spec == "demo":
        return DemoSource()
    camera = re.fullmatch(r"(?:camera:)?(\d{1,4})(?:@(.+))?", spec)
    if camera:
        mode = CameraMode.parse(camera[2] or "")
        if mode is not None or camera[2] is None:
            return CameraSource(int(camera[1]), mode)
    screen = ScreenPart.parse(spec)
    if screen is not None and not os.path.exists(spec):
        return ScreenSource(screen)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", spec):
        try:
            parts = urlsplit(spec)
        except ValueError as error:  # such as http://[
            raise SourceError(f"{without_password(spec)} is not a valid address.") from error
        if parts.scheme != "file":
            from facecam.sources.stream import StreamSource

            return StreamSource(spec)
        spec = url2pathname(parts.path)
    return _open_path(spec)


def _open_path(spec: str) -> Source:
    if not spec or "\0" in spec:
        raise SourceError("Name a picture, a folder, a video, a camera, a URL, or `demo`.")
    path = named_path(spec)
    try:
        if path.is_dir():
            return FolderSource(path)
        if not path.exists():
            raise SourceError(f"There is no file or folder {spec}.")
    except OSError as error:  # such as a name that is too long
        raise SourceError(f"{spec} can't be read: {error.strerror or error}.") from error
    if not path.is_file():
        raise SourceError(f"{spec} is neither a file nor a folder.")
    if path.suffix.lower() in RAW_SUFFIXES:
        raise SourceError(f"{spec} is a camera's raw file; develop it into a JPEG or a TIFF first.")
    if is_picture(path):
        return open_picture(path)
    from facecam.sources.video import VideoSource

    return VideoSource(path)


def _auto() -> Source:
    """The first camera that delivers a picture, otherwise the demo; the title says which and why."""
    reason = "no camera found"
    for camera in list_cameras():
        try:
            return CameraSource(camera.index)
        except SourceError:
            reason = f"{camera.name} can't be opened"
    return DemoSource(title=f"Demo ({reason})")
