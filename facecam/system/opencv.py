"""The one place that imports OpenCV; everybody else says `from facecam.system.opencv import cv2`.

The wheel `opencv-python`, which others may have installed in the place of our `opencv-python-headless`, points Qt on
Linux at its own Qt 5 plugins and fonts through the environment, which breaks PySide6 in whichever order the two are
imported. And on Windows, Media Foundation's hardware transforms delay the opening of a
camera by many seconds unless they are off before the import.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from facecam.errors import FacecamError, MissingLibrary

_CHANGED_BY_IT = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "LD_LIBRARY_PATH")  # the last for our own processes
_before = {name: os.environ.get(name) for name in _CHANGED_BY_IT}
os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
# A picture of more pixels is refused by its header; decoding it first would cost seconds and gigabytes.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", "100000000")

try:
    import cv2

    # One core is the contract of the detector; OpenCV would otherwise resize on all of them.
    cv2.setNumThreads(1)
except (ImportError, AttributeError) as _error:  # the latter from what another wheel, uninstalled, has left
    cv2 = MissingLibrary(  # type: ignore[assignment]
        FacecamError,
        f"OpenCV can't be loaded ({_error}); install it again: pip install --force-reinstall opencv-python-headless.",
    )

for _name, _value in _before.items():
    if _value is None:
        os.environ.pop(_name, None)
    else:  # the user's own setting stays
        os.environ[_name] = _value

__all__ = ["cv2", "quiet_libraries"]


@contextmanager
def quiet_libraries() -> Iterator[TextIO]:
    """Keeps libpng and libjpeg, which write about damaged files to the process's stderr, off it; gives our own."""
    try:
        is_real = sys.stderr.fileno() == 2
    except (AttributeError, OSError, ValueError):
        is_real = False
    if not is_real:
        yield sys.stderr
        return
    sys.stderr.flush()
    kept = os.dup(2)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 2)
    os.close(silence)
    try:
        with open(
            kept, "w", encoding=sys.stderr.encoding, errors="backslashreplace", buffering=1, closefd=False
        ) as ours:
            yield ours
    finally:
        os.dup2(kept, 2)
        os.close(kept)
