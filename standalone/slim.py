"""Makes what is bundled on Linux smaller where the program loses nothing by it; ADR 0080 has the megabytes."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

Entry = tuple[str, str, str]
"""Of PyInstaller's lists: where the file lies in the bundle; the file itself, or where a link points; its kind."""
LAPACK = [*Path("/usr/lib").glob("*/lapack/liblapack.so.3"), *Path("/usr/lib").glob("*/blas/libblas.so.3")]
"""The reference implementation, where the system has it."""
_LAPACK_AND_ITS_OWN = ("liblapack.so.3", "libblas.so.3", "libgfortran.so.5")
_FILES = ("BINARY", "EXTENSION")
_LIBS = "libs"
_LIBRARY = re.compile(rf"{_LIBS}/(.+?)(?:-[0-9a-f]{{8}}){{0,2}}\.so\.(\d+)([.\d]*)")
"""As auditwheel calls a wheel's copy: its name, the number of its interface, the rest of its version."""
_OPENBLAS_OF_OPENCV = re.compile(rf"{_LIBS}/libopenblasp-.*")
_ICU_DATA = re.compile(r"PySide6/Qt/lib/libicudata\.so\.(\d+)")
_ICU_KEPT = re.compile(rb"[^/]+/(coll/.*|[^/]+\.(res|icu|nrm))")
"""What sorts names in the languages' orders. Qt has the languages' words, zones and encodings of its own."""


def slim(entries: Iterable[Entry], work: Path) -> list[Entry]:
    """The entries of a smaller bundle. work: a folder for the files that differ from what is installed."""
    linked = _linked(list(_in_one_folder(entries)))
    return [(name, _slimmer(name, file, work) if kind in _FILES else file, kind) for name, file, kind in linked]


def _in_one_folder(entries: Iterable[Entry]) -> Iterator[Entry]:
    """All wheels' libraries, which look for each other where they lie themselves; links take their folders' places."""
    folders = set()
    for name, file, kind in entries:
        folder, _, base = name.rpartition("/")
        if folder.endswith(".libs"):
            folders.add(folder)
            name = f"{_LIBS}/{base}"
        elif name in _LAPACK_AND_ITS_OWN:
            name = f"{_LIBS}/{name}"
        yield name, file, kind
    yield from ((folder, _LIBS, "SYMLINK") for folder in folders)


def _linked(entries: list[Entry]) -> list[Entry]:
    """Links take the place of libraries that others can stand for, and what only those needed is left out."""
    links = dict(_doubles(entries))
    needs = _needs({name: file for name, file, kind in entries if kind in _FILES})
    ever_needed = set().union(*needs.values())
    gone = set(links)
    idle = gone
    while idle:
        needed = set().union(*(needs[name] for name in needs.keys() - gone))
        needed |= {_base(to) for name, to in links.items() if _base(name) in needed}
        idle = {name for name in needs.keys() - gone if name.startswith(_LIBS) and _base(name) in ever_needed - needed}
        gone |= idle
    without = {_base(name) for name in gone - links.keys()}
    kept = [
        entry for entry in entries if entry[0] not in gone and (entry[2] != "SYMLINK" or _base(entry[1]) not in without)
    ]
    return kept + [(name, _base(to), "SYMLINK") for name, to in links.items()]


def _doubles(entries: list[Entry]) -> Iterator[tuple[str, str]]:
    """Libraries that there are twice, each with the newer one; both by where they lie."""
    copies: dict[tuple[str, str], list[tuple[list[int], int, str]]] = {}
    lapack = f"{_LIBS}/{_LAPACK_AND_ITS_OWN[0]}"
    has_lapack = any(name == lapack for name, _, _ in entries)
    for name, file, kind in entries:
        if kind not in _FILES:
            continue
        if has_lapack and _OPENBLAS_OF_OPENCV.fullmatch(name):  # for matrices such as we never have
            yield name, lapack
        elif found := _LIBRARY.fullmatch(name):
            version = [int(part) for part in found[3].split(".") if part]
            copies.setdefault((found[1], found[2]), []).append((version, Path(file).stat().st_size, name))
    for alike in copies.values():
        newest = max(alike)[-1]
        yield from ((name, newest) for *_, name in alike if name != newest)


def _needs(files: dict[str, str]) -> dict[str, set[str]]:
    """The names of the libraries that each file is linked with. files: by where they lie."""
    told = re.split(r"^(\S.*):\s+file format .*$", _objdump(*files.values()), flags=re.MULTILINE)
    by_file = {
        file: set(re.findall(r"^\s+NEEDED\s+(\S+)", text, re.MULTILINE))
        for file, text in zip(told[1::2], told[2::2], strict=True)
    }
    return {name: by_file[file] for name, file in files.items()}


def _slimmer(name: str, file: str, work: Path) -> str:
    """A copy without what only debuggers read, or the file itself where it can't do without.

    patchelf has moved parts of some wheels' libraries; strip puts them where no system loads them.
    """
    copy = work / name
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, copy)
    if found := _ICU_DATA.fullmatch(name):
        write_icu_data(Path(file), found[1], copy)
    subprocess.run(["strip", copy], check=True)
    segments = re.findall(r"LOAD off +(\w+) vaddr (\w+) paddr \w+ align 2\*\*(\d+)", _objdump(copy))
    fits = all((int(address, 16) - int(place, 16)) % 2 ** int(bits) == 0 for place, address, bits in segments)
    return str(copy) if fits else file


def write_icu_data(library: Path, version: str, out: Path) -> None:
    """Writes a library with that part of ICU's data which is needed. library: with all of it. version: ICU's.

    The data is a header that begins with its length, and a table: the number of items and, for each, from where in the
    table its name and its content begin; all in the order of the names.
    """
    whole = library.read_bytes()
    start = whole.index(b"CmnD") - 12
    table = start + struct.unpack_from("<H", whole, start)[0]
    (count,) = struct.unpack_from("<I", whole, table)
    begins = [struct.unpack_from("<II", whole, table + 4 + 8 * item) for item in range(count)]
    ends = [table + content for _, content in begins[1:]] + [None]
    items = {}
    for (name, content), end in zip(begins, ends, strict=True):
        path = whole[table + name : whole.index(b"\0", table + name)]
        if _ICU_KEPT.fullmatch(path):
            items[path + b"\0"] = whole[table + content : end]
    name_at = 4 + 8 * len(items)
    content_at = name_at + sum(map(len, items))
    content_at += -content_at % 16
    entries, contents = b"", b""
    for path, content in items.items():
        entries += struct.pack("<II", name_at, content_at + len(contents))
        contents += content + bytes(-len(content) % 16)
        name_at += len(path)
    listed = struct.pack("<I", len(items)) + entries + b"".join(items)
    (out.parent / "icu").write_bytes(whole[start:table] + listed + bytes(-len(listed) % 16) + contents)
    symbol = f"icudt{version}_dat=_binary_icu_start"  # the linker's name for what is in the file `icu`
    shared = ["-shared", *("-soname", out.name), *("-z", "noexecstack")]
    placed = [*("--section-start", ".data=0x100000"), *("--defsym", symbol)]
    for command in (["-r", "-b", "binary", "icu", "-o", "icu.o"], [*shared, *placed, "icu.o", "-o", out.name]):
        subprocess.run(["ld", *command], check=True, cwd=out.parent)


def _objdump(*files: str | Path) -> str:
    return subprocess.run(["objdump", "-p", *files], capture_output=True, text=True, check=True).stdout


def _base(name: str) -> str:
    return name.rpartition("/")[2]
