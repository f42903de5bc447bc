"""What the doctor looks at. Each section has a function that gives its facts, and adds hints if something is wrong."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from facecam.bench.machine import describe_machine, precision_words
from facecam.detection.detector import FaceDetector
from facecam.doctor.report import Facts, Report
from facecam.errors import FacecamError
from facecam.faces.boxes import compiled_select
from facecam.live.virtual_camera import open_device
from facecam.runtimes.engine import RUNTIMES, Engine, Runtime, RuntimeFailure, installed, version
from facecam.runtimes.onnx_runtime import available
from facecam.runtimes.registry import open_runtime
from facecam.sources import list_cameras
from facecam.sources.demo import demo_frame
from facecam.system.cpu import available_cores, can_pin, choose_core, cpu_flags, cpu_name, pinned, thread_cpu_s
from facecam.system.opencv import cv2
from facecam.system.paths import cache_folder, crash_file, log_file, settings_file
from facecam.system.python_process import python_command
from facecam.system.resources import shipped_models

PACKAGES = (
    *("numpy", "opencv-python-headless", "av", "onnxruntime", "openvino", "PySide6-Essentials", "shiboken6"),
    *("msgspec", "pyqtgraph", "pillow"),
)
_OTHER_OPENCV = ("opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless")
_OTHER_QT = ("PyQt5", "PyQt6", "PySide2", "PySide6", "PySide6-Addons")
_VARIABLES = (
    *("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP", "QT_QPA_PLATFORM", "QT_PLUGIN_PATH"),
    *("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_SCALE_FACTOR", "QT_STYLE_OVERRIDE", "LD_LIBRARY_PATH", "PYTHONPATH"),
    *("OMP_NUM_THREADS", "OPENCV_LOG_LEVEL"),
)
_FEW_FREE_MIB = 500
_SLOW_MS = 50.0
PROBE_S = 30.0
_PROBE = python_command("facecam.ui.tools.probe")


def examine(model: str | None = None, tell: Callable[[str], None] = lambda _: None) -> Report:
    """The whole report, in a few seconds. model: looked at besides those that come with the program."""
    folders = {"settings": settings_file(), "log": log_file(), "cache": cache_folder()}
    sections: dict[str, Callable[[Report], Facts]] = {
        "Program": program,
        "Packages": packages,
        "Processor": processor,
        "Window": window,
        "Environment": environment,
        "OpenCV": opencv,
        "Runtimes": runtimes,
        "Models": partial(models, wanted=model),
        "Cameras": cameras,
        "Virtual camera": virtual_camera,
        "Places": partial(places, folders=folders),
        "Last crash": partial(last_crash, path=crash_file()),
    }
    report = Report()
    for title, look in sections.items():
        tell(title)
        report.add(title, look)
    return report


def brief() -> str:
    """Three lines; asks nothing that takes time."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES if version(name))
    return (
        f"facecam {version('facecam') or '(from a checkout)'}, Python {platform.python_version()}, "
        f"{platform.platform()}\n{cpu_name()}\n{versions}"
    )


def program(report: Report) -> Facts:
    """The program and the Python that runs it."""
    if compiled_select is None:
        report.hint(
            "What chooses the faces was not compiled, which costs 0.2 ms a picture; with a C compiler, install facecam"
            " again."
        )
    return {
        "facecam": version("facecam") or "not installed, run from a checkout",
        "folder": str(Path(__file__).resolve().parents[2]),
        "Python": f"{platform.python_version()} ({platform.python_implementation()}, {platform.architecture()[0]})",
        "executable": sys.executable,
        "virtual environment": sys.prefix != sys.base_prefix,
        "faces are chosen by": "numpy" if compiled_select is None else "compiled code",
        "system": platform.platform(),
        "languages": os.environ.get("LC_ALL") or os.environ.get("LANG"),
    }


def packages(report: Report) -> Facts:
    """Versions, and packages that disturb each other."""
    facts: Facts = {name: version(name) for name in PACKAGES}
    others = [name for name in (*_OTHER_OPENCV, *_OTHER_QT) if version(name)]
    facts["others that may disturb"] = others
    opencvs = [name for name in _OTHER_OPENCV if name in others]
    if opencvs:
        names = ", ".join(opencvs)
        report.hint(
            f"{names} and opencv-python-headless overwrite each other's files. Keep one: pip uninstall "
            f"{' '.join(opencvs)}, then pip install --force-reinstall opencv-python-headless."
        )
    if "PySide6" in others and version("PySide6") != version("PySide6-Essentials"):
        report.hint("PySide6 and PySide6-Essentials have different versions; install both in the same one.")
    if version("shiboken6") != version("PySide6-Essentials"):
        report.hint("shiboken6 and PySide6-Essentials have different versions; install both in the same one.")
    if sys.version_info < (3, 12) and (version("PySide6-Essentials") or "").startswith("6.12.0"):
        report.hint(
            "PySide6 6.12.0 ends Python 3.11 after a minute; install an older one: "
            "pip install 'PySide6-Essentials<6.12'."
        )
    return facts


def processor(report: Report) -> Facts:
    """The processor, and what keeps it from its full speed."""
    machine, quota = describe_machine(choose_core(), sample_s=0.3), _quota()
    if machine.busy_before:
        report.hint("Another program keeps the processor busy; the detector is faster without it.")
    if machine.governor == "powersave" and machine.power == "battery":
        report.hint("The processor saves power (governor “powersave”, on battery); on mains it may be faster.")
    if platform.machine().lower() in ("x86_64", "amd64") and cpu_flags() and "avx2" not in cpu_flags():
        report.hint("This processor has no AVX2, so the detector takes two to four times as long.")
    if quota is not None and quota < 1:
        report.hint(f"This container may use {quota:.2f} of a core only; the detector wants a whole one.")
    return {
        "name": machine.cpu,
        "architecture": machine.architecture,
        "instructions": list(machine.flags),
        "computes in": precision_words(machine),
        "cores": available_cores(),
        "core for the detector": machine.pinned_core,
        "is also core": list(machine.core_siblings),
        "threads can be pinned": can_pin(),
        "load in percent": list(machine.load_before_percent),
        "governor": machine.governor,
        "power": machine.power,
        "memory, MiB": machine.memory_mib,
        "cores of a container": quota,
    }


def _quota() -> float | None:
    """Cores that a Linux container may use, None without a limit."""
    try:
        limit, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return None if limit == "max" else int(limit) / int(period)
    except (OSError, ValueError):
        return None


def opencv(report: Report) -> Facts:
    """What OpenCV can open."""
    names = {cv2.videoio_registry.getBackendName(number) for number in cv2.videoio_registry.getBackends()}
    qt_folder = Path(cv2.__file__).parent / "qt" / "plugins"
    if "FFMPEG" not in names:
        report.hint(
            "This OpenCV is without FFmpeg, unlike the one that belongs here: pip install opencv-python-headless."
        )
    loaded = [name for name in ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR") if "cv2" in os.environ.get(name, "")]
    if loaded:
        report.hint(
            f"{' and '.join(loaded)} point into OpenCV's own Qt, which keeps the window from opening: unset them."
        )
    return {
        "version": cv2.__version__,
        "file": cv2.__file__,
        "reads video by": sorted(names),
        "brings a Qt of its own": qt_folder.is_dir(),
        "threads": cv2.getNumThreads(),
    }


def runtimes(report: Report) -> Facts:
    """Which runtimes load."""
    facts: Facts = {}
    for name in RUNTIMES:
        if not installed(name):
            facts[name.display_name] = "not installed"
            continue
        try:
            if name == Runtime.OPENVINO:
                open_runtime(Engine(name), b"")  # loads the library; the network is compiled later
            else:
                available()
            facts[name.display_name] = f"{version(name) or 'of another package'}, loads"
        except RuntimeFailure as error:
            facts[name.display_name] = f"{version(name)}, does not load"
            report.hint(str(error))
    if facts[Runtime.OPENVINO.display_name] == "not installed":
        report.hint("OpenVINO is not installed; on most Intel and AMD processors it is faster: pip install openvino.")
    return facts


def models(report: Report, wanted: str | None = None) -> Facts:
    """Whether each model loads, and how long a detection takes here."""
    facts: Facts = {}
    names = shipped_models()
    if not names:
        report.hint("The models that come with the program are missing; install it again.")
    frame = demo_frame(100)
    for name in dict.fromkeys([*names, *([wanted] if wanted else [])]):
        try:
            detector = FaceDetector(name)
            with pinned(choose_core()):
                times_ms = []
                for _ in range(5):
                    start_s = thread_cpu_s()
                    found = detector.detect(frame)
                    times_ms.append(1000 * (thread_cpu_s() - start_s))
            facts[name] = (
                f"{min(times_ms):.1f} ms a picture, {len(found)} faces in the demo's, {detector.model_hash[:12]}"
            )
            if min(times_ms) > _SLOW_MS:
                report.hint(
                    f"{name} takes {min(times_ms):.0f} ms a picture on {cpu_name()}; `facecam bench` tells more."
                )
        except FacecamError as error:
            facts[name] = f"can't be used: {error}"
            report.hint(str(error))
    return facts


def cameras(report: Report) -> Facts:
    """Connected cameras by number. None is opened: its light would go on."""
    found = list_cameras()
    facts: Facts = {str(camera.index): camera.name for camera in found}
    if not found:
        facts["cameras"] = "none found"
    if sys.platform.startswith("linux"):
        nodes = sorted(Path("/dev").glob("video*"))
        facts["devices"] = [node.name for node in nodes]
        closed = [node.name for node in nodes if not os.access(node, os.R_OK | os.W_OK)]
        if closed:
            report.hint(
                f"You may not use {', '.join(closed)}: type `sudo usermod -aG video $USER`, log out and in again."
            )
        if found and not nodes:
            report.hint("The kernel knows a camera, but there is no /dev/video*: a container needs it handed in.")
    if not found:
        report.hint("No camera was found; `facecam --source demo` works without one.")
    if sys.platform == "darwin" and found:
        report.hint("macOS asks once whether the terminal may use the camera: System Settings, Privacy, Camera.")
    return facts


def virtual_camera(report: Report) -> Facts:
    """Whether other programs can be given the picture as a camera: one is opened for a moment, and shows nothing."""
    installed_version = version("pyvirtualcam")
    try:
        with closing(open_device(640, 480)) as device:
            return {"pyvirtualcam": installed_version, "device": device.device}
    except FacecamError as error:
        if installed_version is None:  # who has not installed it wants none
            return {"device": str(error)}
        report.hint(str(error))
    return {"pyvirtualcam": installed_version, "device": "none"}


def window(report: Report, command: list[str] | None = None) -> Facts:
    """What Qt says, asked in a process of its own."""
    try:
        done = subprocess.run(
            command or _PROBE, capture_output=True, text=True, timeout=PROBE_S, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        report.hint("Qt does not start within half a minute here; is the display that it uses still there?")
        return {"Qt": f"does not answer ({type(error).__name__})"}
    facts: Facts = {}
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            facts = json.loads(line)
    if done.returncode != 0:
        facts["window"] = "can not be opened"
        facts["Qt ended with"] = done.returncode
        facts["Qt said"] = done.stderr.strip()[-1000:]
        report.hint("Qt can't open a window here; the section “Window” has what it said.")
    told = str(facts.get("window", ""))
    if told.startswith("can't"):
        report.hint(f"The window {told}. `facecam --headless` and `facecam detect` work without one.")
    if str(facts.get("Qt", "")).startswith("can't"):
        report.hint(f"Qt {facts['Qt']}. Install again: pip install --force-reinstall PySide6-Essentials.")
    return facts


def environment(report: Report) -> Facts:
    """The variables that matter, and no others: they may hold secrets."""
    facts: Facts = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
    if facts.get("QT_PLUGIN_PATH"):
        report.hint(
            "QT_PLUGIN_PATH is set; plugins of another Qt keep the window from opening. Unset it if it does not."
        )
    return facts


def last_crash(report: Report, path: Path) -> Facts:
    """What the last crash of the whole process left."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")[-4000:]
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(path.stat().st_mtime))
    except OSError:
        return {"crash": "none noted"}
    if not text.strip():
        return {"crash": "none noted"}
    report.hint(f"The window crashed on {when}; please report that with {path}, and delete that file afterwards.")
    return {"crash": when, "stack": text}


def places(report: Report, folders: dict[str, Path]) -> Facts:
    """Where settings, logs and the cache lie, and whether they can be written."""
    facts: Facts = {}
    for name, path in folders.items():
        folder = path if path.suffix == "" else path.parent
        existing = next((place for place in (folder, *folder.parents) if place.exists()), folder)
        writable = os.access(existing, os.W_OK)
        facts[name] = f"{path}{'' if writable else ', can not be written'}"
        if not writable:
            report.hint(f"{folder} can't be written, so nothing is kept there; make it yours, or free its disk.")
        try:
            free_mib = shutil.disk_usage(existing).free >> 20
        except OSError:
            continue
        if free_mib < _FEW_FREE_MIB:
            report.hint(f"The disk of {folder} has {free_mib} MiB left; recordings will stop soon.")
    return facts
