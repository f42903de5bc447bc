"""Makes the standalone build, which runs where there is no Python: a folder, and a single file that unpacks itself.

    python -m standalone.build                     # into dist/; what `make dist` calls
    python -m standalone.build --folder-only --out FOLDER

Built is what is installed in this Python, for this system and processor; PyInstaller does the work, by `facecam.spec`.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from standalone.licences import ROOT

MOST_FOLDER_MB = 510.0
MOST_FILE_MB = 225.0
"""Of what is made on Linux; the second is what people download."""
_HERE = Path(__file__).parent
_ICON = ROOT / "assets" / "facecam" / "icons" / "facecam.svg"
_ICON_PX = 256


def build(out: Path, single_file: bool = True) -> dict[Path, float]:
    """Fills the folder `out`; returns the sizes of what was made in it, in 10^6 bytes."""
    from PyInstaller import __main__ as pyinstaller  # costs a second

    work = out / "work"
    (work / "facecam").mkdir(parents=True, exist_ok=True)
    _draw_icon(work / "facecam" / "facecam.png")
    name = f"facecam-{platform.system()}-{platform.machine()}".lower()
    options = ["--noconfirm", "--log-level", "WARN", "--distpath", str(out), "--workpath", str(work)]
    pyinstaller.run([*options, str(_HERE / "facecam.spec"), *(["--", "--single-file", name] if single_file else [])])
    folder = out / "facecam"
    shutil.copy(work / "facecam" / "licences.txt", folder)
    if sys.platform.startswith("linux"):
        for file, place in ((_ICON, "icons/hicolor/scalable/apps"), (_HERE / "facecam.desktop", "applications")):
            (folder / "share" / place).mkdir(parents=True)
            shutil.copy(file, folder / "share" / place)
    made = [folder, *(out.glob(f"{name}*") if single_file else [])]
    return {path: sum(file.lstat().st_size for file in (path, *path.rglob("*"))) / 1e6 for path in made}


def main(arguments: Sequence[str] | None = None) -> int:
    """Builds, and tells the sizes; returns the exit status: 1 where one is too large."""
    parser = argparse.ArgumentParser(prog="python -m standalone.build", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist", metavar="FOLDER", help="(default: dist)")
    parser.add_argument("--folder-only", action="store_true", help="without the single file, which takes a minute more")
    options = parser.parse_args(arguments)
    sizes_mb = build(options.out, not options.folder_only)
    most_mb = {path: MOST_FILE_MB if path.is_file() else MOST_FOLDER_MB for path in sizes_mb}
    for path, size_mb in sizes_mb.items():
        print(f"{path}: {size_mb:.0f} MB (at most {most_mb[path]:.0f})")
    return int(any(size_mb > most_mb[path] for path, size_mb in sizes_mb.items()))


def _draw_icon(file: Path) -> None:
    """For Windows and macOS, which show no SVG."""
    picture = QImage(_ICON_PX, _ICON_PX, QImage.Format.Format_ARGB32)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(str(_ICON)).render(painter)
    painter.end()
    if not picture.save(str(file)):
        raise OSError(f"{file} can't be written.")


if __name__ == "__main__":
    sys.exit(main())
