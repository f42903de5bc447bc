"""Each trainer in two processes under torchrun, which keep the same weights."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.processes import run_python
from tests.train.faceboxes.conftest import wider
from tests.train.sagan.conftest import TINY, pictures
from train.faceboxes.train import arguments, draw_size
from train.training import load_checkpoint

__all__ = ["pictures", "wider"]


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun needs libuv there, which the Windows wheels leave out")
def test_two_processes_keep_the_same_weights(wider: Path, pictures: Path, tmp_path: Path) -> None:
    faces, cats = tmp_path / "faces", tmp_path / "cats"
    detector = [
        "--data", wider, "--runs", faces, "--cache", tmp_path / "cache", "--shares", "3--none=0.1", "--device", "cpu",
        "--sizes", "128:0.6,192:0.4", "--batch", "1", "--warmup", "2", "--decay", "2", "--steps", "2",
        "--eval-events", "0--human",
    ]  # fmt: skip
    generator = ["--data", pictures, "--runs", cats, "--kimg", "0.064", *TINY]
    both = json.dumps([list(map(str, options)) for options in (detector, generator)])
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = run_python(*command, Path(__file__).with_name("two_processes.py"), both, timeout_s=600, OMP_NUM_THREADS="1")
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("same weights") == 4
    assert done.stdout.count("stored") == 3, "pictures are decoded by one process: two files of faces, one of cats"

    (folder,) = faces.iterdir()
    stats = [json.loads(line) for line in (folder / "stats.jsonl").read_text().splitlines()]
    options = arguments(list(map(str, detector)))
    of_one = sum(max(1, round(options.batch * (320 / draw_size(options, step)) ** 2)) for step in range(2))
    assert (stats[0]["step"], stats[0]["images"]) == (2, 2 * of_one)
    (folder,) = (path for path in cats.iterdir() if path.name[:5].isdigit())
    state = load_checkpoint(folder / "latest.pt")
    assert (state["step"], state["images"]) == (4, 64)
