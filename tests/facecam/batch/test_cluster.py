"""`facecam detect --scheduler`: the same files as in one process, also when a machine is lost in the middle."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facecam.batch.cluster import ClusterPool
from facecam.batch.inputs import Input
from facecam.batch.work import Task, Worker, WorkOptions
from facecam.cli import main
from facecam.detection.options import DetectorOptions
from facecam.errors import FacecamError
from facecam.system.opencv import cv2
from tests.facecam.batch.clips import clip_with_sound

distributed = pytest.importorskip("distributed", reason="Dask is not installed")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two worker processes of one thread each."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        yield cluster


@pytest.fixture
def folder(tmp_path: Path, make_frame: Callable[..., np.ndarray]) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(30):
        cv2.imwrite(str(folder / f"{number}.png"), make_frame((number % 5, number % 3), width=320, height=224))
    (folder / "5b.png").write_bytes(b"damaged")
    return folder


def test_results_and_copies_equal_those_of_one_process(
    cluster: Any, folder: Path, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a path from here means nothing to the workers
    for name, options in (("one", []), ("many", ["--scheduler", cluster.scheduler_address])):
        command = ["detect", "pictures", "--model", str(tiny_model), "--out", name, "--json", f"{name}.jsonl"]
        assert main([*command, *options]) == 0
    assert Path("one.jsonl").read_text() == Path("many.jsonl").read_text()
    copies = sorted(path.name for path in Path("one").iterdir())
    assert len(copies) == 30
    assert sorted(path.name for path in Path("many").iterdir()) == copies
    assert all((Path("one") / name).read_bytes() == (Path("many") / name).read_bytes() for name in copies)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no way to kill a process hard here")
def test_what_a_lost_machine_was_at_is_done_by_another(cluster: Any, folder: Path, tiny_model: Path) -> None:
    pool = ClusterPool(cluster.scheduler_address, WorkOptions(DetectorOptions(tiny_model)))
    tasks = [Task(Input(str(path))) for path in sorted(folder.glob("[0-9].png"))] * 20
    told: list[str] = []
    try:
        results = pool.results(tasks, told.append)
        outcomes = [next(results)[0] for _ in range(5)]
        os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
        outcomes += [outcome for outcome, _ in results]
    finally:
        pool.close()
    assert [outcome.source for outcome in outcomes] == [task.input.spec for task in tasks]
    assert not any(outcome.problem for outcome in outcomes)
    assert any("lost a worker" in sentence for sentence in told)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no way to kill a process hard here")
def test_a_video_in_pieces_equals_the_whole_also_when_a_machine_is_lost(
    cluster: Any, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("facecam.batch.pieces.PIECE_S", 2)
    clip_with_sound(Path("clip.mp4"))
    command = ["detect", "clip.mp4", "--model", str(tiny_model), "--hide", "cover"]
    assert main([*command, "--json", "one.jsonl", "--out", "one", "--regions", "one.json"]) == 0
    monkeypatch.setattr(Worker, "_look", None)  # in this process; the cluster does that
    real, asked = ClusterPool._result, []

    def losing(*arguments: Any) -> Any:
        asked.append(arguments)
        if len(asked) == 2:
            os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
        return real(*arguments)

    monkeypatch.setattr(ClusterPool, "_result", losing)
    regions = ["--regions", "many.json"]
    assert (
        main([*command, "--json", "many.jsonl", "--out", "many", *regions, "--scheduler", cluster.scheduler_address])
        == 0
    )
    assert len(asked) == 6
    assert Path("one.jsonl").read_text() == Path("many.jsonl").read_text()
    assert Path("one/clip.mp4").read_bytes() == Path("many/clip.mp4").read_bytes()
    assert Path("one.json").read_bytes() == Path("many.json").read_bytes()


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense"])
def test_no_scheduler_is_told(address: str, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facecam.batch.cluster._PATIENCE_S", 0.5)
    with pytest.raises(FacecamError, match="no Dask scheduler"):
        ClusterPool(address, WorkOptions(DetectorOptions(tiny_model)))
