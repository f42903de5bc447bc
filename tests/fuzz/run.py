"""The fuzzer: makes damaged input from a seed and feeds it to the program's own entry points, in worker processes.

python -m tests.fuzz.run --cases 5000          # about 20 minutes; cases that fail are left in the folder it names
python -m tests.fuzz.run --only model-123      # one case again, with its traceback
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.conftest import save_tiny_model
from tests.fuzz import damage
from tests.fuzz.models import damaged_model
from tests.processes import ROOT, environment, run_python
from tests.sagan_gallery.made import save_tiny_generator

MOST_CPU_S = 5.0
MOST_WALL_S = 30.0
"""Only what waits without computing gets there; a busy machine must not look like a hang."""
MOST_GROWTH_MIB = 900.0
SHARES = {"picture": 28, "video": 19, "model": 26, "generator": 6, "settings": 7, "stream": 7, "url": 7}


class Worker:
    """The process that runs the cases, started again after each that it did not survive."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(self, case: dict[str, Any]) -> dict[str, Any]:
        """The worker's answer, or an outcome of "crash" or "hang"."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(case) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            return self._gone(process)
        if not select.select([process.stdout], [], [], MOST_WALL_S)[0]:
            self.close()
            return {"outcome": "hang", "words": f"no answer within {MOST_WALL_S:.0f} s"}
        line = process.stdout.readline()
        return json.loads(line) if line else self._gone(process)

    def _start(self) -> subprocess.Popen[str]:
        self._process = process = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.worker"],
            env=environment(PYTHONFAULTHANDLER="1"),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if os.environ.get("FUZZ_TRACEBACK") else subprocess.DEVNULL,
        )
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the worker does not start")
        return process

    def _gone(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        self._process = None
        return {"outcome": "crash", "words": f"the process ended with {process.wait(30)}"}

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None


class Cases:
    """Case `index` of a kind depends on the seed, the kind and the index alone."""

    def __init__(self, seed: int, folder: Path) -> None:
        self._seed, self._folder = seed, folder
        random_ = random.Random(seed)
        self._pictures, self._videos = damage.picture_seeds(random_), damage.video_seeds(random_)
        self.model = save_tiny_model(folder / "tiny.onnx")
        self._models = [self.model.read_bytes(), *(path.read_bytes() for path in _shipped("facecam"))]
        self._generators = [save_tiny_generator(folder / "generator.onnx").read_bytes()]
        self._keys = _settings_keys(str(self.model))

    def make(self, kind: str, index: int) -> dict[str, Any]:
        """The case, its file written."""
        random_ = random.Random(f"{self._seed}-{kind}-{index}")
        case: dict[str, Any] = {"kind": kind, "model": str(self.model)}
        name = f"{kind}-{index}"
        if kind == "url":
            return {**case, "text": damage.damaged_url(random_)}
        if kind in ("picture", "video"):
            seeds = self._pictures if kind == "picture" else self._videos
            suffix, content = random_.choice(seeds)
            content = damage.damaged(content, random_, [other for _, other in seeds])
        elif kind == "stream":
            suffix, (content, case["content_type"]) = (
                ".body",
                damage.damaged_stream(self._pictures, self._videos, random_),
            )
            case["length"] = random_.choice((None, None, len(content), 0, 10**12))
        elif kind == "settings":
            suffix, content = ".json", damage.damaged_settings(self._keys, random_)
        else:
            seeds_of_models = self._models if kind == "model" else self._generators
            whole = seeds_of_models[0] if random_.random() < 0.7 else random_.choice(seeds_of_models)
            suffix, content = ".onnx", damaged_model(whole, random_)
            if random_.random() < 0.2:
                case["runtimes"] = ["onnxruntime", "openvino"]
        return {**case, "path": str(damage.write(self._folder, name + suffix, content))}


def _shipped(package: str) -> list[Path]:
    return sorted((ROOT / "assets" / package).glob("*.onnx"))


def _settings_keys(model: str) -> list[str]:
    """What the window asks for at a start, so that new settings are fuzzed by themselves."""
    code = (
        "import sys\n"
        "from facecam.detection.options import DetectorOptions\n"
        "from facecam.ui.shell import app\n"
        "from facecam.qtkit.settings import Settings\n"
        "from facecam.system.settings_file import SettingsFile\n"
        "SettingsFile.value = lambda self, key: print(key)\n"
        "application = app.make_application()\n"
        "window = app.build_window('demo', Settings(), DetectorOptions(sys.argv[1]))\n"
        "window.close()\n"
    )
    done = run_python("-c", code, model)
    done.check_returncode()
    return sorted(set(done.stdout.split()))


def fuzz(
    cases: int, seed: int, folder: Path, only: str | None = None, kinds: list[str] | None = None, progress: bool = False
) -> list[dict[str, Any]]:
    """Runs so many cases, shared out over the kinds; gives the worker's answers, each with the `kind` and `name` of its
    case, and the `problem` if it failed, else None. Files of cases that went well are removed."""
    made, worker, answers = Cases(seed, folder), Worker(), list[dict[str, Any]]()
    shares = {kind: share for kind, share in SHARES.items() if kind in (kinds or SHARES)}
    total = sum(shares.values())
    wanted = [(kind, index) for kind, share in shares.items() for index in range(max(1, cases * share // total))]
    if only is not None:
        kind, _, number = only.rpartition("-")
        wanted = [(kind, int(number))]
    start_s = time.perf_counter()
    try:
        for done, (kind, index) in enumerate(wanted, 1):
            case = made.make(kind, index)
            answer = {"cpu_s": 0.0, "wall_s": 0.0, "grown_mib": 0.0, **worker.run(case)}
            problem = _problem(answer)
            answers.append({**answer, "kind": kind, "name": f"{kind}-{index}", "problem": problem})
            answers[-1]["words"] = answer["words"].replace(case.get("path") or case.get("text", ""), "…")[:160]
            if problem is not None:
                print(f"{kind}-{index}: {problem}", flush=True)
                if answer["grown_mib"] > MOST_GROWTH_MIB:
                    worker.close()  # the next one shall be judged by its own growth
            elif "path" in case:
                Path(case["path"]).unlink(missing_ok=True)
            if progress and done % 250 == 0:
                print(f"{done} of {len(wanted)}, {time.perf_counter() - start_s:.0f} s", flush=True)
    finally:
        worker.close()
    return answers


def _problem(answer: dict[str, Any]) -> str | None:
    if answer["outcome"] not in ("fine", "told"):
        return f"{answer['outcome']}: {answer['words'][:300]!r}"
    if answer["cpu_s"] > MOST_CPU_S:
        return f"took {answer['cpu_s']:.1f} s of CPU time ({answer['words'][:100]!r})"
    if answer["grown_mib"] > MOST_GROWTH_MIB:
        return f"took {answer['grown_mib']:.0f} MiB ({answer['words'][:100]!r})"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", metavar="KIND-NUMBER", help="one case, as it was named when it failed")
    parser.add_argument("--kind", action="append", choices=SHARES, help="only this kind; may be given again")
    options = parser.parse_args()
    if options.only:
        os.environ["FUZZ_TRACEBACK"] = "1"
    folder = Path(tempfile.mkdtemp(prefix="facecam-fuzz-"))
    answers = fuzz(options.cases, options.seed, folder, options.only, options.kind, progress=True)
    failures = sum(answer["problem"] is not None for answer in answers)
    counts = Counter((answer["kind"], "FAILED" if answer["problem"] else answer["outcome"]) for answer in answers)
    for (kind, what), count in sorted(counts.items()):
        print(f"{kind:10} {what:8} {count}")
    for kind in SHARES:
        if told := sorted({each["words"] for each in answers if (each["kind"], each["outcome"]) == (kind, "told")}):
            print(f"{kind}: {len(told)} sentences, such as", *told[:: max(1, len(told) // 5)], sep="\n    ")
    longest = max(answers, key=lambda answer: answer["wall_s"])
    print(
        f"slowest {max(answer['cpu_s'] for answer in answers):.2f} s of CPU time, {longest['wall_s']:.2f} s in all "
        f"({longest['name']}); {failures} failures; files in {folder}"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
