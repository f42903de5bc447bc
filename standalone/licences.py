"""The licences of what the standalone build bundles, gathered from where its files were installed from."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_TEXTS = Path(__file__).with_name("texts")
_FILE_WORDS = ("licen", "copying", "notice")
_ALWAYS = ("pyinstaller",)
"""Its bootloader is the executable."""
_PAGES = ("homepage", "home", "source", "source code", "repository", "documentation", "github")
_LACKING = {
    "pyside6_essentials": ("LGPL-3.0", "GPL-3.0"),
    "shiboken6": ("LGPL-3.0", "GPL-3.0"),
    "av": ("GPL-2.0", "GPL-3.0", "LGPL-3.0"),
}
"""Texts that a wheel owes us: Qt's, and those of FFmpeg with x264 and x265."""
_HEAD = """\
facecam itself is under the licence that comes first. What the standalone build bundles besides keeps its own, below.
Qt for Python is used under the LGPL 3: its libraries lie beside the executable and can be replaced. FFmpeg, within
PyAV, is built with x264 and x265, so the bundle as a whole may be passed on under the GPL 3. Sources are at the pages
named. The pages beside the weights tell what those were trained on, and what that allows.
"""


class MissingLicenceError(Exception):
    """Something is bundled whose licence isn't known."""


@dataclass(frozen=True)
class Component:
    """What was installed as one: a distribution of Python, Python itself, or a package of the system."""

    name: str
    terms: str
    """The licence in a few words, and the page of its makers."""
    texts: tuple[Path, ...]


def collect(files: Iterable[Path]) -> str:
    """The text of all licences, of the program's own first. files: what is bundled, where it was installed. Raises
    MissingLicenceError."""
    components = _components({file.absolute() for file in files})
    bare = [component.name for component in components if not component.texts]
    if bare:
        raise MissingLicenceError(f"There is no licence text of {', '.join(bare)}; add it to standalone/licences.py.")
    own = Component("facecam", "MIT", (ROOT / "LICENSE",))
    listed = "".join(f"  {component.name}: {component.terms}\n" for component in components)
    return "\n".join([_HEAD, listed, *(_section(component) for component in (own, *components))])


def _section(component: Component) -> str:
    title = f"{component.name}\n{component.terms}\n"
    texts = dict.fromkeys(path.read_text(encoding="utf-8", errors="replace").strip() for path in component.texts)
    return "\n\n".join(["=" * 100, title, *texts]) + "\n"


def _components(files: set[Path]) -> list[Component]:
    wanted: dict[str, Component] = {}
    for distribution in metadata.distributions():
        own = {Path(str(distribution.locate_file(file))).absolute() for file in distribution.files or ()}
        used = files & own
        files -= used
        if used or distribution.metadata["Name"] in _ALWAYS:
            component = _of_distribution(distribution, own)
            wanted.setdefault(component.name, component)
    of_python = {file for file in files if file.resolve().is_relative_to(Path(sys.base_prefix).resolve())}
    ours = {file for file in files if file.is_relative_to(ROOT)}
    return [
        *sorted(wanted.values(), key=lambda component: component.name.lower()),
        *([_python()] if of_python else []),
        *_of_system(files - of_python - ours),
    ]


def _of_distribution(distribution: metadata.Distribution, files: set[Path]) -> Component:
    about = distribution.metadata.json
    texts = [file for file in files if any(word in file.name.lower() for word in _FILE_WORDS) and file.suffix != ".py"]
    texts = [file for file in sorted(texts) if file.is_file()]
    texts += [_TEXTS / f"{text}.txt" for text in _LACKING.get(str(about["name"]).lower().replace("-", "_"), ())]
    terms = about.get("license_expression") or str(about.get("license") or "see below").strip().splitlines()[0]
    urls = {label.lower(): url for label, url in (url.split(", ", 1) for url in about.get("project_url", ()))}
    page = about.get("home_page") or next((urls[label] for label in _PAGES if label in urls), "")
    return Component(f"{about['name']} {distribution.version}", f"{terms} {page}".strip(), tuple(texts))


def _python() -> Component:
    places = [Path(sysconfig.get_path("stdlib")), Path(sys.base_prefix)]
    texts = [place / name for place in places for name in ("LICENSE.txt", "LICENSE")]
    version = ".".join(map(str, sys.version_info[:3]))
    found = tuple(text for text in texts if text.is_file())
    return Component(f"Python {version}", "PSF-2.0 https://www.python.org", found[:1])


def _of_system(files: set[Path]) -> list[Component]:
    """The system's packages of those libraries, as Debian's dpkg knows them; elsewhere nothing of the system's is
    bundled but what its makers let every program bring along."""
    if not files or shutil.which("dpkg-query") is None:
        return []
    packages = set()
    for file in files:
        for place in dict.fromkeys((file, file.resolve(), Path("/usr") / str(file.resolve()).lstrip("/"))):
            found = subprocess.run(["dpkg-query", "-S", place], capture_output=True, text=True, check=False)
            if found.returncode == 0:
                packages.add(found.stdout.partition(":")[0])
                break
        else:
            raise MissingLicenceError(f"No package has installed {file}, so its licence isn't known.")
    return [
        Component(f"{package} (Debian)", "see below", (Path(f"/usr/share/doc/{package}/copyright"),))
        for package in sorted(packages)
    ]
