"""A batch with damaged files among good ones: it completes, names each that it could not do, and its copies are whole.

python -m tests.fuzz.batch --files 10000 --damaged 1000
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facecam.cli import main as facecam
from facecam.errors import SourceError
from facecam.sources import open_source
from facecam.system.opencv import cv2
from tests.conftest import save_tiny_model
from tests.fuzz.damage import damaged, picture_seeds, video_seeds


@dataclass(frozen=True)
class Result:
    """status: the exit status. done, named: so many files have results, or a sentence why not. wrong: files with
    neither, or with a copy that can't be read."""

    status: int
    done: int
    named: int
    wrong: tuple[str, ...]


def run(folder: Path, files: int, damaged_files: int, seed: int, jobs: int = 2) -> Result:
    """Makes the files below `folder` and runs `facecam detect --out` over them."""
    random_ = random.Random(seed)
    pictures, videos = picture_seeds(random_), video_seeds(random_)
    seeds = [*pictures, *videos]
    inputs, out, results = folder / "in", folder / "out", folder / "results.jsonl"
    inputs.mkdir()
    good: dict[str, bytes] = {}
    for suffix in (".jpg", ".png", ".webp"):
        noise = np.random.default_rng(seed).integers(0, 255, (48, 64, 3), np.uint8)
        good[suffix] = cv2.imencode(suffix, noise)[1].tobytes()
    bad = set(random_.sample(range(files), damaged_files))
    for number in range(files):
        if number in bad:
            suffix, content = random_.choice(seeds)
            content = damaged(content, random_, [other for _, other in seeds])
        else:
            suffix, content = random_.choice(list(good.items()))
        (inputs / f"{number}{suffix}").write_bytes(content)
    model = save_tiny_model(folder / "tiny.onnx")
    status = facecam(
        ["detect", str(inputs), "--model", str(model), "--out", str(out), "--json", str(results), "--jobs", str(jobs)]
    )
    lines = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    done = {line["source"] for line in lines if "faces" in line}
    named = {line["source"] for line in lines if "skipped" in line}
    wrong = [str(path) for path in inputs.iterdir() if str(path) not in done | named]
    copies = {path.stem.partition(".")[0]: path for path in out.iterdir()}
    for source in done - named:
        copy = copies.get(Path(source).stem)
        if copy is None or not _is_whole(copy):
            wrong.append(source)
    wrong += [str(path) for path in out.iterdir() if path.name.startswith(".")]
    return Result(status, len(done - named), len(named), tuple(wrong))


def _is_whole(copy: Path) -> bool:
    try:
        return open_source(str(copy)).read() is not None
    except SourceError:
        return False


def main() -> int:
    """The command; exit status 1 if something went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--damaged", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    started_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        result = run(Path(folder), arguments.files, arguments.damaged, arguments.seed)
    took_s = time.monotonic() - started_s
    print(f"{result.done} files done, {result.named} named, {len(result.wrong)} wrong; {took_s:.0f} s")
    print("\n".join(result.wrong[:20]))
    return 1 if result.wrong or result.status else 0


if __name__ == "__main__":
    sys.exit(main())
