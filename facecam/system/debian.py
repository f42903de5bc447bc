"""The system packages of Debian and Ubuntu that the window needs. `.ci/system-packages` reads them before anything is
installed, so nothing is imported here."""

DEBIAN_PACKAGES = (
    "libgl1 libegl1 libglib2.0-0 libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 "
    "libxcb-keysyms1 libxcb-shape0 fonts-dejavu-core"
)
"""What Qt and OpenCV load beyond a bare Debian or Ubuntu."""
