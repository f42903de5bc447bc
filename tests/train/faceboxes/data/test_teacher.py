"""Soft labels: what the teacher says where the labels leave something open, and how it is learnt."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from facecam.bench.wider_labels import Labelled
from train.faceboxes.data.teacher import truths
from train.faceboxes.loss import multibox_loss
from train.faceboxes.targets import FACE, IGNORE, SOFT, match
from train.training import TrainingError

BOXES = np.array([[0, 0, 20, 20], [40, 0, 60, 20], [80, 0, 100, 20]], np.float32)


@pytest.fixture
def item() -> Labelled:
    """One face and two regions that the labels leave open."""
    ignore = np.array([False, True, True])
    return Labelled(Path("a.png"), "0--human/a.png", "0--human", BOXES, ignore)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The teacher sees the face badly, the first region half sure, nothing in the second, and one face more."""
    boxes = np.array([[1, 0, 20, 20], [41, 0, 60, 20], [200, 0, 230, 30], [300, 0, 330, 30]], np.float16)
    np.savez(
        tmp_path / "teacher.npz",
        names=np.array(["train/0--human/other.png", "train/0--human/a.png"]),
        offsets=np.array([0, 0, 4]), boxes=boxes, probability=np.array([0.2, 0.5, 0.95, 0.05], np.float32),
    )  # fmt: skip
    return tmp_path / "teacher.npz"


def test_only_what_the_labels_leave_open_becomes_soft(item: Labelled, file: Path) -> None:
    (truth,) = truths([item], file)
    assert truth.kind.tolist() == [FACE, SOFT, IGNORE, SOFT]  # the last: a sure box where the labels have nothing
    assert truth.probability[0] == 1
    assert truth.probability[1] == pytest.approx(0.5, abs=0.01)
    assert truth.probability[3] > 0.9
    assert truth.boxes[3].tolist() == [200, 0, 230, 30]


def test_picture_that_the_teacher_has_not_seen_keeps_its_labels(item: Labelled, file: Path) -> None:
    (truth,) = truths([replace(item, name="0--human/b.png")], file)
    assert truth.kind.tolist() == [FACE, IGNORE, IGNORE]


def test_another_file_is_refused_in_words(file: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", something=np.zeros(3))
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "cut.npz").write_bytes(file.read_bytes()[:300])
    (tmp_path / "empty.npz").touch()
    for name in ("other.npz", "array.npy", "cut.npz", "empty.npz", "none.npz"):
        with pytest.raises(TrainingError, match=rf"{name} is not a file of a teacher"):
            truths([], tmp_path / name)


def test_loss_is_least_where_the_score_is_the_probability() -> None:
    anchors = torch.tensor([[10.0, 10, 20, 20], [50, 10, 20, 20]])
    targets = match(
        anchors, torch.tensor([[[40.0, 0, 60, 20]]]), torch.tensor([[SOFT]]), torch.tensor([[0.3]])
    )  # fmt: skip
    assert targets.label.tolist() == [[0, SOFT]]

    def cost(probability: float) -> float:
        logit = torch.logit(torch.tensor(probability))
        logits = torch.tensor([[[0.0, -20.0], [0.0, float(logit)]]])
        return multibox_loss(torch.zeros(1, 2, 4), logits, targets, anchors).classes.item()

    assert cost(0.3) < cost(0.2)
    assert cost(0.3) < cost(0.4)


def test_face_wins_over_a_soft_region_on_the_same_anchor() -> None:
    anchors = torch.tensor([[10.0, 10, 20, 20]])
    both = torch.tensor([[[0.0, 0, 20, 20], [1.0, 0, 20, 20]]])
    targets = match(anchors, both, torch.tensor([[FACE, SOFT]]), torch.tensor([[1.0, 0.2]]))
    assert targets.label.tolist() == [[1]]
