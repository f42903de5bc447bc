"""The standalone build, started from an empty environment: no Python of this machine is there for it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import mss
import numpy as np
import PySide6
import pytest
from PIL import Image

from facecam.runtimes.engine import PRECISIONS, RUNTIMES, Engine, Precision, Runtime, RuntimeFailure
from facecam.runtimes.registry import check
from facecam.sources.photo import know_heif
from facecam.system.cpu import no_more_urgent
from standalone import licences, slim
from standalone.build import MOST_FILE_MB, MOST_FOLDER_MB
from tests.facecam.saving.told_clips import agree, make_clip
from tests.processes import ROOT, run_python

PATIENCE_S = 300.0
BOX_BGR = (207, 240, 61)
pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the workflow file builds on other systems"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What `make dist` makes, and what it tells in `told.txt`; built once for all tests."""
    out = tmp_path_factory.mktemp("dist")
    level = "1"  # a quarter of the time, and a tenth more bytes
    command = ("-m", "standalone.build", "--out", out)
    result = run_python(*command, timeout_s=2400, PYINSTALLER_ZLIB_COMPRESSION_LEVEL=level)
    assert result.returncode == 0, result.stderr
    (out / "told.txt").write_text(result.stdout, encoding="utf-8")
    yield out
    shutil.rmtree(out)


@pytest.fixture
def folder(built: Path) -> Path:
    """The program in the folder."""
    return built / "facecam" / "facecam"


@pytest.fixture
def single_file(built: Path) -> Path:
    """The program in one file."""
    (file,) = built.glob("facecam-linux-*")
    return file


def run_alone(program: Path, home: Path, *arguments: object, **variables: str) -> str:
    """What `PROGRAM ARGUMENTS` says, which has to end well with nothing in its environment but a home."""
    command = [str(program), *map(str, arguments)]
    environment = {"HOME": str(home), "TMPDIR": str(home), **variables}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=home, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_sizes_are_told_and_stay_small(built: Path, folder: Path, single_file: Path) -> None:
    told = (built / "told.txt").read_text(encoding="utf-8")
    sizes_mb = {Path(path).name: float(size) for path, size in re.findall(r"^(.*): (\d+) MB", told, re.MULTILINE)}
    assert set(sizes_mb) == {"facecam", single_file.name}
    assert sizes_mb[single_file.name] == pytest.approx(single_file.stat().st_size / 1e6, abs=1)
    assert sizes_mb[single_file.name] <= MOST_FILE_MB
    files = [path for path in (built / "facecam").rglob("*") if not path.is_dir() or path.is_symlink()]
    assert sizes_mb["facecam"] == pytest.approx(sum(path.lstat().st_size for path in files) / 1e6, abs=2)
    assert sizes_mb["facecam"] <= MOST_FOLDER_MB


def test_nothing_of_the_training_and_no_other_qt_is_bundled(built: Path) -> None:
    names = {path.name.lower() for path in (built / "facecam").rglob("*")}
    assert not {name for name in names if re.match(r"(lib)?(torch|c10|scipy$|matplotlib|train$|pytest)", name)}
    assert not {name for name in names if re.match(r"libqt(5|6(qml|quick|3d|web|network|opengl))", name)}


def test_each_library_is_bundled_once(built: Path) -> None:
    libraries: dict[str, list[str]] = {}
    for path in (built / "facecam" / "_internal" / "libs").glob("*.so.*"):
        if not path.is_symlink():
            library = re.sub(r"(-[0-9a-f]{8})*\.so\.(\d+).*", r" \2", path.name)
            libraries.setdefault(library, []).append(path.name)
    assert len(libraries) > 30
    assert not [names for names in libraries.values() if len(names) > 1]
    assert not [path for path in (built / "facecam").rglob("*") if path.is_symlink() and not path.exists()]


def test_names_are_sorted_as_people_do_with_the_part_of_icu_that_is_bundled(tmp_path: Path) -> None:
    (whole,) = (Path(PySide6.__file__).parent / "Qt" / "lib").glob("libicudata.so.*")
    part = tmp_path / whole.name
    slim.write_icu_data(whole, whole.suffix[1:], part)
    assert part.stat().st_size < whole.stat().st_size / 3
    sort = """
        import functools, sys
        from PySide6.QtCore import QCollator, QLocale
        order = QCollator(QLocale(sys.argv[1]))
        order.setNumericMode(True)
        print(*sorted(sys.argv[2:], key=functools.cmp_to_key(order.compare)))
    """
    for language, names in (("de_DE", "a9 a10 Öl oz z"), ("sv_SE", "a9 a10 oz z Öl"), ("cs_CZ", "cz h ch i")):
        shuffled = sorted(names.split(), reverse=True)
        result = run_python("-c", textwrap.dedent(sort), language, *shuffled, LD_PRELOAD=part)
        assert (result.stdout.strip(), result.stderr) == (names, "")


@pytest.mark.parametrize("kind", ["folder", "single_file"])
def test_processes_of_it_find_faces(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    program = request.getfixturevalue(kind)
    pictures = [ROOT / "assets" / "facecam" / "demo" / f"{name}.jpg" for name in ("collins", "hopper")]
    told = run_alone(program, tmp_path, "detect", *pictures, "--jobs", "2", "--json", "-")
    records = [json.loads(line) for line in told.splitlines()]
    assert [Path(record["source"]).stem for record in records] == ["collins", "hopper"]
    assert all(record["faces"] for record in records)
    assert not list(tmp_path.glob("_MEI*"))  # what the single file unpacked is gone


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_it_finds_faces_in_each_runtime_and_precision(
    runtime: Runtime, precision: Precision, folder: Path, tmp_path: Path
) -> None:
    try:
        check(Engine(runtime, precision))
    except RuntimeFailure as reason:
        pytest.skip(str(reason))
    options = ("--runtime", runtime, "--precision", precision, "--json", "-")
    told = run_alone(folder, tmp_path, "detect", ROOT / "assets" / "facecam" / "demo" / "collins.jpg", *options)
    (face,) = json.loads(told.splitlines()[0])["faces"]
    assert face["box"] == pytest.approx([179, 65, 270, 177], abs=5)


def test_a_recording_has_the_sound_beside_the_pictures(folder: Path, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4")
    options = ("--headless", "--source", clip, "--seconds", "0", "--record", tmp_path / "r.mp4")
    run_alone(folder, tmp_path, *options)
    agree(tmp_path / "r.mp4", 50)


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libsvtav1", "libvpx-vp9"])
def test_films_are_exported_in_their_own_codec(codec: str, folder: Path, tmp_path: Path) -> None:
    picture = av.VideoFrame.from_image(Image.open(ROOT / "assets" / "facecam" / "demo" / "collins.jpg"))
    with no_more_urgent(), av.open(tmp_path / "film.mkv", "w") as film:
        stream = film.add_stream(codec, 10)
        stream.width, stream.height, stream.pix_fmt = picture.width, picture.height, "yuv420p"
        for number in range(3):
            picture.pts, picture.time_base = number, Fraction(1, 10)
            film.mux(stream.encode(picture))
        film.mux(stream.encode(None))
    run_alone(folder, tmp_path, "detect", tmp_path / "film.mkv", "--hide", "cover", "--out", tmp_path / "out")
    with av.open(tmp_path / "film.mkv") as film, av.open(tmp_path / "out" / "film.mkv") as copy:
        assert copy.streams.video[0].codec.canonical_name == film.streams.video[0].codec.canonical_name
        assert_hidden(*(next(file.decode(video=0)).to_ndarray(format="rgb24") for file in (film, copy)))


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif", ".jp2", ".avif", ".heic"])
def test_photos_are_exported_in_their_own_format(suffix: str, folder: Path, tmp_path: Path) -> None:
    know_heif()
    photo, out = tmp_path / f"photo{suffix}", tmp_path / "out"
    Image.open(ROOT / "assets" / "facecam" / "demo" / "collins.jpg").save(photo)
    run_alone(folder, tmp_path, "detect", photo, "--hide", "cover", "--out", out)
    with Image.open(photo) as original, Image.open(out / photo.name) as copy:
        assert copy.format == original.format
        assert_hidden(*(np.asarray(each.convert("RGB")) for each in (original, copy)))


def assert_hidden(before: np.ndarray, after: np.ndarray) -> None:
    """That the face is, and nothing else."""
    changed = np.abs(before.astype(int) - after).max(2) > 60
    assert changed[80:160, 200:250].mean() > 0.5
    assert changed[300:].mean() < 0.01


def test_it_runs_headless_and_in_openvino(folder: Path, tmp_path: Path) -> None:
    options = ("--headless", "--source", "demo", "--seconds", "1", "--runtime", "openvino")
    assert "detections" in run_alone(folder, tmp_path, *options)


def test_its_benchmark_measures_the_gallery_too(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    options = ("--seconds", "0.1", "--runtime", "onnxruntime", "--json", file)
    assert "Gallery" in run_alone(folder, tmp_path, "bench", *options)
    families = [series["labels"]["family"] for run in json.loads(file.read_text())["runs"] for series in run["series"]]
    assert "gallery" in families


def test_the_doctor_finds_the_window_and_all_packages(folder: Path, tmp_path: Path) -> None:
    sections = json.loads(run_alone(folder, tmp_path, "doctor", "--json", QT_QPA_PLATFORM="offscreen"))["sections"]
    assert sections["Window"]["platform"] == "offscreen"
    assert not [name for name, version in sections["Packages"].items() if version is None]
    assert "QT_PLUGIN_PATH" not in sections["Environment"]


@pytest.mark.parametrize("kind", ["folder", "single_file"])
def test_its_window_shows_boxes_and_loads_nothing_of_this_python(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, x_display: str
) -> None:
    program = request.getfixturevalue(kind)
    environment = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "DISPLAY": x_display}
    process = subprocess.Popen([program, "--source", "demo"], env=environment, cwd=tmp_path, stderr=subprocess.PIPE)
    try:
        loaded = wait_for_boxes(x_display, process)
        for place in {str(ROOT), sys.prefix, sys.base_prefix} - {"/usr"}:
            assert f" {place}/" not in loaded
    finally:
        process.send_signal(signal.SIGTERM)
        _out, problems = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, problems) == (0, b"")


def wait_for_boxes(display: str, process: subprocess.Popen[bytes]) -> str:
    """Until it has a window, and lines in the colour of the first box are on the screen; what it has loaded by then."""
    end_s = time.monotonic() + PATIENCE_S
    with mss.MSS(display=display) as screen:
        while time.monotonic() < end_s:
            assert process.poll() is None, "it has ended"
            pixels = np.asarray(screen.grab(screen.monitors[0]))[..., :3].astype(int)
            loaded = loaded_by(process)
            if "libQt6Widgets" in loaded and (abs(pixels - BOX_BGR).max(2) < 12).sum() > 100:
                return loaded
            time.sleep(0.2)
    pytest.fail("no box came")


def loaded_by(process: subprocess.Popen[bytes]) -> str:
    """What is mapped by it, and by the process that a single file starts when it is unpacked."""
    mapped = ""
    for pid in (process.pid, *Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()):
        with suppress(FileNotFoundError, ProcessLookupError):  # it starts others, too, which have ended by now
            mapped += Path(f"/proc/{pid}/maps").read_text()
    return mapped


def test_the_licences_of_all_that_is_bundled_come_with_it(built: Path, folder: Path, tmp_path: Path) -> None:
    text = (built / "facecam" / "licences.txt").read_text(encoding="utf-8")
    assert run_alone(folder, tmp_path, "licences") == text
    bundled = {path.name.partition("-")[0] for path in (folder.parent / "_internal").glob("*.dist-info")}
    assert len(bundled) > 10
    for name in {*bundled, "tifffile", "shiboken6", "pyinstaller", "Python"}:
        assert re.search(rf"^{re.sub('[-_]', '[-_]', name)} \d", text, re.MULTILINE | re.IGNORECASE), name
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text  # Qt's wheel has none


def test_what_has_no_licence_is_not_bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = tmp_path / "bare-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bare\nVersion: 1.0\n")
    (about / "RECORD").write_text("bare.py,,\nbare-1.0.dist-info/METADATA,,\n")
    (tmp_path / "bare.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(licences.MissingLicenceError, match=r"no licence text of bare 1\.0"):
        licences.collect([tmp_path / "bare.py"])
    (about / "RECORD").write_text("bare.py,,\nbare-1.0.dist-info/LICENSE,,\n")
    (about / "LICENSE").write_text("As you like.")
    assert "bare 1.0" in licences.collect([tmp_path / "bare.py"])
    assert "As you like." in licences.collect([tmp_path / "bare.py"])
