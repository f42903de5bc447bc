"""What both trainers rely on."""

import errno
import json
import math
from pathlib import Path

import pytest
import torch
from torch import nn

from facecam.errors import FacecamError
from train import training
from train.training import (
    Ema,
    TrainingError,
    autocast,
    check_finite,
    command,
    load_checkpoint,
    log_stats,
    new_run_folder,
    save_checkpoint,
    tell_figures,
    trapezoid,
)


def test_average_follows_the_weights_and_survives_a_checkpoint() -> None:
    net = nn.Linear(1, 1, bias=False)
    ema = Ema(net, 0.9)
    start = net.weight.item()
    with torch.no_grad():
        net.weight += 1
    ema.update(net)  # the first decay is (1 + 1) / (10 + 1)
    assert ema.module.weight.item() == pytest.approx(start + 1 - 2 / 11, abs=1e-6)
    other = Ema(net, 0.9)
    other.load_state_dict(ema.state_dict())
    assert other.module.weight.item() == ema.module.weight.item()
    assert other.updates == 1


def test_checkpoint_replaces_whole_files_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.pt"
    save_checkpoint(path, {"step": 1})

    def fails(part: Path, content: bytes) -> None:
        with part.open("wb") as file:
            file.write(bytes(content)[:9])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fails)
    with pytest.raises(FacecamError, match=r"last\.pt can't be written: the disk is full"):
        save_checkpoint(path, {"step": 2})
    monkeypatch.undo()
    assert load_checkpoint(path)["step"] == 1
    assert list(tmp_path.iterdir()) == [path]


def test_damaged_checkpoint_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(TrainingError, match="can't be read"):
        load_checkpoint(tmp_path / "a.pt")
    torch.save([1, 2], tmp_path / "b.pt")
    with pytest.raises(TrainingError, match="list"):
        load_checkpoint(tmp_path / "b.pt")
    torch.save({"net": print}, tmp_path / "c.pt")  # code, which is not even read
    with pytest.raises(TrainingError, match="plain weights"):
        load_checkpoint(tmp_path / "c.pt")


def test_run_folders_are_numbered(tmp_path: Path) -> None:
    names = [new_run_folder(tmp_path / "runs", "net").name for _ in range(2)]
    (tmp_path / "runs" / "notes").mkdir()
    names.append(new_run_folder(tmp_path / "runs", "other").name)
    assert names == ["00000-net", "00001-net", "00002-other"]


def test_statistics_are_json_even_when_not_finite(tmp_path: Path) -> None:
    log_stats(tmp_path, step=1, loss=math.nan)
    log_stats(tmp_path, step=2, loss=0.5)
    lines = [json.loads(line) for line in (tmp_path / "stats.jsonl").read_text().splitlines()]
    assert [line["loss"] for line in lines] == [None, 0.5]


def test_learning_rate_rises_stays_and_falls() -> None:
    factors = [trapezoid(step, 100, 10, 20) for step in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert set(factors[9:81]) == {1.0}
    assert factors[90] == pytest.approx(0.5)
    assert 0 < factors[99] < 0.1


def test_loss_that_is_not_finite_is_told() -> None:
    check_finite(torch.tensor([1.0, 2.0]), 3)
    with pytest.raises(TrainingError, match="step 7"):
        check_finite(torch.tensor([1.0, math.inf]), 7)


def test_a_command_that_cannot_go_on_ends_with_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    def main(argv: list[str] | None) -> None:
        raise TrainingError("There is no folder here.")

    assert command(main)() == 2
    assert capsys.readouterr().err == "test_training: There is no folder here.\n"


def test_figures_are_told_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tell_figures({"fid": 12.5}, tmp_path / "f.json")
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "f.json").read_text("utf-8")) == {"fid": 12.5}


@pytest.mark.parametrize(("flags", "kind"), [({"avx2"}, torch.float32), ({"avx2", "amx_bf16"}, torch.bfloat16)])
def test_bfloat16_is_for_processors_that_compute_in_it(
    flags: set[str], kind: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "cpu_flags", lambda: frozenset(flags))
    x = torch.ones(2, 2)
    with autocast(torch.device("cpu")):
        assert (x @ x).dtype == kind
    with autocast(torch.device("cpu"), wanted=False):
        assert (x @ x).dtype == torch.float32
