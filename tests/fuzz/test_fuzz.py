"""Some cases of the fuzzer; `python -m tests.fuzz.run --cases 5000` runs as many as one likes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="the workers' limits are those of POSIX")
pytest.importorskip("onnx")

from tests.fuzz.batch import run as run_batch
from tests.fuzz.run import SHARES, Worker, fuzz

CASES = int(os.environ.get("FACECAM_FUZZ_CASES", "150"))
SEED = int(os.environ.get("FACECAM_FUZZ_SEED", "1"))


@pytest.mark.skipif(sys.platform == "darwin", reason="ru_maxrss has another unit there")
def test_damaged_input_is_told_in_one_sentence_and_crashes_nothing(tmp_path: Path) -> None:
    answers = fuzz(CASES, SEED, tmp_path)
    assert [(answer["name"], answer["problem"]) for answer in answers if answer["problem"] is not None] == []
    assert {answer["kind"] for answer in answers} == set(SHARES)
    told = sum(answer["outcome"] == "told" for answer in answers)
    assert told > CASES / 3  # damage that nobody notices would test nothing


def test_the_fuzzer_notices_a_crash_and_goes_on(tmp_path: Path) -> None:
    worker = Worker()
    try:
        assert worker.run({"kind": "crash"})["outcome"] == "crash"
        assert worker.run({"kind": "url", "text": "ftp://127.0.0.1/"})["outcome"] == "told"
        assert worker.run({"kind": "no such kind"})["outcome"] == "KeyError"
    finally:
        worker.close()


def test_a_batch_completes_names_what_it_could_not_do_and_leaves_whole_copies(tmp_path: Path) -> None:
    result = run_batch(tmp_path, files=200, damaged_files=80, seed=SEED)
    assert result.wrong == ()
    assert result.status == 0
    assert result.done >= 120
    assert result.done + result.named == 200
