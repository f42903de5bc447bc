"""The trainer as a command: it trains, resumes exactly and keeps time."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from facecam.faces.boxes import Detections
from train.faceboxes import train as trainer
from train.faceboxes.data.augment import Recipe
from train.faceboxes.data.batches import FaceData, Pictures, read_split
from train.faceboxes.data.teacher import Truth
from train.faceboxes.targets import SOFT
from train.training import World, load_checkpoint, save_checkpoint

COMMON = ("--sizes", "128:0.6,192:0.4", "--batch", "1", "--device", "cpu", "--warmup", "2", "--decay", "2")


def run(wider: Path, tmp_path: Path, *more: str) -> int:
    shares = ("--shares", "3--none=0.1", "--eval-events", "0--human")
    common = ("--data", str(wider), "--runs", str(tmp_path / "runs"), "--cache", str(tmp_path / "cache"))
    return trainer.main([*common, *shares, *COMMON, *more])


def last(tmp_path: Path, number: int) -> dict:
    return load_checkpoint(next((tmp_path / "runs").glob(f"{number:05d}-*")) / "last.pt")


def test_trains_evaluates_and_keeps_its_results(wider: Path, tmp_path: Path) -> None:
    assert run(wider, tmp_path, "--steps", "4", "--eval-every", "4") == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert {"stats.jsonl", "options.json", "last.pt", "inputs.jpg", "faces0000004.jpg"} <= {
        p.name for p in folder.iterdir()
    }
    lines = [json.loads(line) for line in (folder / "stats.jsonl").read_text().splitlines()]
    assert lines[0]["step"] == 4
    assert lines[0]["loss"] > 0
    assert set(lines[-1]["0--human"]["ap"]) == {"all", ">=16", ">=32"}


def test_resumed_run_equals_one_that_never_stopped(wider: Path, tmp_path: Path) -> None:
    assert run(wider, tmp_path, "--steps", "6", "--eval-every", "100") == 0
    assert run(wider, tmp_path, "--steps", "6", "--eval-every", "100", "--time-limit", "0.000001") == 0
    stopped = last(tmp_path, 1)
    assert stopped["step"] == 1
    folder = next((tmp_path / "runs").glob("00001-*"))
    assert run(wider, tmp_path, "--steps", "6", "--eval-every", "100", "--resume", str(folder / "last.pt")) == 0
    whole, resumed = last(tmp_path, 0), last(tmp_path, 1)
    assert resumed["step"] == whole["step"] == 6
    assert resumed["images"] == whole["images"]
    for name, value in whole["net"].items():
        assert torch.equal(value, resumed["net"][name]), name
    for name, value in whole["ema"]["module"].items():
        assert torch.equal(value, resumed["ema"]["module"][name]), name


def test_a_run_with_mining_resumes_with_the_pictures_that_were_hard_at_its_start(
    wider: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--steps", "6", "--eval-every", "0", "--mine", "--shares", "3--none=0.9", "--lr", "0.01")
    assert run(wider, tmp_path, *options) == 0
    assert run(wider, tmp_path, *options, "--time-limit", "0.000001") == 0
    monkeypatch.setattr(trainer, "hard_negatives", lambda *_: pytest.fail("they were looked for again"))
    folder = next((tmp_path / "runs").glob("00001-*"))
    assert run(wider, tmp_path, *options, "--resume", str(folder / "last.pt")) == 0
    whole, resumed = last(tmp_path, 0), last(tmp_path, 1)
    assert len(set(whole["preferred"].values())) > 1
    assert whole["preferred"] == resumed["preferred"]
    for name, value in whole["net"].items():
        assert torch.equal(value, resumed["net"][name]), name


def test_what_is_given_on_resume_counts_and_the_rest_stays(
    wider: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--steps", "3", "--lr", "0.001", "--most", "3", "--quality", "--seed", "77", "--model", "faceboxes-s8")
    more = ("--optimizer", "adamw", "--weight-decay", "0.05", "--faceless", str(wider / "WIDER_val"))
    assert run(wider, tmp_path, *options, *more, "--time-limit", "0.000001") == 0
    path = next((tmp_path / "runs").glob("00000-*")) / "last.pt"
    before = load_checkpoint(path)
    del before["preferred"]  # as a run before there was such, with an option that has gone since
    save_checkpoint(path, {**before, "options": json.dumps({**json.loads(before["options"]), "trim": {}})})
    bare = ["--data", str(wider), "--cache", str(tmp_path / "cache"), "--device", "cpu", "--resume", str(path)]
    assert trainer.main([*bare, "--weight-decay", "0.3", "--eval-every", "0"]) == 0
    after = load_checkpoint(path)
    assert after["step"] == 3
    was, found = (json.loads(state["options"]) for state in (before, after))
    changed = {name for name in was if was[name] != found[name]}
    assert changed <= {"weight_decay", "eval_every", *trainer.OF_ONE_CALL}
    assert [group["weight_decay"] for group in after["optimizer"]["param_groups"]] == [0.3, 0]
    assert trainer.arguments([*bare, "--no-quality"]).quality is False
    assert trainer.arguments(bare).sizes == {128: 0.6, 192: 0.4}

    capsys.readouterr()
    for option, other, was in (("--optimizer", "sgd", "adamw"), ("--model", "faceboxes", "faceboxes-s8")):
        assert trainer.main([*bare, option, other]) == 2
        assert f"a run with {option} {was}: leave out {option}" in capsys.readouterr().err


def test_processes_that_draw_the_inputs_change_nothing(wider: Path, tmp_path: Path) -> None:
    for workers in ("0", "2"):
        assert run(wider, tmp_path, "--steps", "3", "--eval-every", "0", "--workers", workers, "--resident") == 0
    alone, helped = last(tmp_path, 0), last(tmp_path, 1)
    assert helped["images"] == alone["images"] > 3
    for name, value in alone["net"].items():
        assert torch.equal(value, helped["net"][name]), name


def test_a_network_starts_from_the_weights_of_another_run(wider: Path, tmp_path: Path) -> None:
    assert run(wider, tmp_path, "--steps", "2") == 0
    first = next((tmp_path / "runs").glob("00000-*")) / "last.pt"
    assert run(wider, tmp_path, "--steps", "1", "--init", str(first), "--lr", "0") == 0
    second = last(tmp_path, 1)["net"]
    assert torch.equal(second["conv1.conv.weight"], last(tmp_path, 0)["ema"]["module"]["conv1.conv.weight"])


def test_mining_prefers_face_free_pictures_that_are_taken_for_faces(
    wider: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = read_split(wider, "train")
    data = FaceData(labels, Pictures(labels, tmp_path, progress=False), Recipe(), 4.0, 0)
    first, second, *others = [k for k, item in enumerate(labels) if item.event == "3--none"]
    names = [item.name for item in labels]
    # In the second one a label leaves open what is found there: 160 px are 640 on the canvas.
    data.truths[second] = Truth(np.array([[0, 0, 20, 20]], np.float32), np.array([SOFT]), np.array([0.5], np.float32))
    boxes = np.array([[0, 0, 80, 80], [200, 200, 300, 300]], np.float32)
    found = Detections(boxes, np.array([0.9, 0.4], np.float32))
    monkeypatch.setattr(trainer, "detector_of", lambda net, device: lambda canvas: found)
    args = trainer.arguments(["--data", str(wider), "--model", "faceboxes-s8"])
    factors = trainer.hard_negatives(trainer.Trainer(args, World(0, 1, torch.device("cpu"))), data, labels)
    assert factors == pytest.approx({names[first]: 1.0, names[second]: 0.5, **{names[k]: 1.0 for k in others}})


def test_a_run_with_mining_trains(wider: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(wider, tmp_path, "--steps", "1", "--mine") == 0
    faces_only = shutil.copytree(wider, tmp_path / "faces")
    for labels in (faces_only / "wider_face_split").glob("*.txt"):
        labels.write_text("".join(re.findall(r"0--human\S+\n3\n(?:.+\n){3}", labels.read_text())))
    assert run(faces_only, tmp_path, "--steps", "1", "--mine") == 2
    assert "pictures without faces" in capsys.readouterr().err


def test_more_pictures_without_faces_are_drawn(wider: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cats, empty = tmp_path / "cats", tmp_path / "empty"
    shutil.copytree(wider / "WIDER_train" / "images" / "3--none", cats / "grey")
    empty.mkdir()
    assert run(wider, tmp_path, "--steps", "1", "--faceless", str(cats)) == 0
    labels = trainer.training_pictures(trainer.arguments(["--data", str(wider), "--faceless", str(cats)]))
    more = [item for item in labels if item.path.is_relative_to(cats)]
    assert sorted(item.path for item in more) == sorted((cats / "grey").iterdir())
    assert {(item.event, len(item.boxes), item.name.rpartition("/")[0]) for item in more} == {("cats", 0, "cats/grey")}
    assert run(wider, tmp_path, "--steps", "1", "--faceless", str(cats), str(empty)) == 2
    assert "has no pictures" in capsys.readouterr().err


def test_an_event_that_validation_lacks_is_told_before_the_run(
    wider: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(wider, tmp_path, "--steps", "1", "--eval-events", "0--human,2--web") == 2
    assert "of the event 2--web: name some of 0--human" in capsys.readouterr().err
    assert run(wider, tmp_path, "--steps", "1", "--eval-events", "0--human,2--web", "--eval-every", "0") == 0


def test_wrong_input_is_one_sentence_and_status_2(
    wider: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, tmp_path, "--steps", "1") == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert run(wider, tmp_path, "--steps", "1", "--resume", str(tmp_path / "none.pt")) == 2
    assert "no checkpoint" in capsys.readouterr().err
    save_checkpoint(tmp_path / "other.pt", {"model": "faceboxes-s8"})
    assert run(wider, tmp_path, "--steps", "1", "--resume", str(tmp_path / "other.pt")) == 2
    assert "no checkpoint of a run of train.faceboxes.train" in capsys.readouterr().err
    assert run(wider, tmp_path, "--steps", "1", "--init", str(tmp_path / "other.pt")) == 2
    assert "no weight fits this FaceBoxes" in capsys.readouterr().err


def test_loss_that_is_not_finite_stops_the_run(wider: Path, tmp_path: Path) -> None:
    assert run(wider, tmp_path, "--steps", "4", "--lr", "1e30", "--optimizer", "adamw") == 2
    with pytest.raises(StopIteration):
        next((tmp_path / "runs").glob("*/last.pt"))
