"""What the trainer is fed: the same batch for the same step, ignore regions where they belong, one decoded copy."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from facecam.errors import SourceError
from tests.train.faceboxes.data.test_augment import UNCHANGED
from train.faceboxes.data import batches
from train.faceboxes.data.augment import Recipe
from train.faceboxes.data.batches import FaceData, Pictures, read_split, targets_of
from train.faceboxes.data.teacher import Truth
from train.faceboxes.targets import FACE, IGNORE
from train.training import TrainingError

MIXED = Recipe(mosaic=0.5)


def data_of(root: Path, cache: Path, seed: int = 0, recipe: Recipe = MIXED, **more: Any) -> FaceData:
    labels = read_split(root, "train")
    return FaceData(labels, Pictures(labels, cache, progress=False), recipe, 10.0, seed, **more)


def test_a_step_always_sees_the_same_batch(wider: Path, tmp_path: Path) -> None:
    first = data_of(wider, tmp_path).batch(5, 128, 6)
    again = data_of(wider, tmp_path).batch(5, 128, 6)
    assert torch.equal(first.images, again.images)
    assert torch.equal(first.boxes, again.boxes)
    for other in (
        data_of(wider, tmp_path).batch(6, 128, 6),
        data_of(wider, tmp_path).batch(5, 128, 6, rank=1),
        data_of(wider, tmp_path, seed=1).batch(5, 128, 6),
    ):
        assert not torch.equal(first.images, other.images)


def test_resident_pictures_give_the_same_faces(wider: Path, tmp_path: Path) -> None:
    plain = data_of(wider, tmp_path)
    resident = data_of(wider, tmp_path, resident=plain.pictures.to(torch.device("cpu")))
    a, b = plain.batch(2, 128, 8), resident.batch(2, 128, 8)
    assert torch.equal(a.boxes, b.boxes)
    assert torch.equal(a.kind, b.kind)
    # The noise is not the same in both; the pictures are.
    assert (a.images - b.images).abs().mean() < 6


@pytest.mark.parametrize("resident", [False, True])
def test_another_process_prepares_the_same_batch(resident: bool, wider: Path, tmp_path: Path) -> None:
    data = data_of(wider, tmp_path)
    if resident:
        data = data_of(wider, tmp_path, resident=data.pictures.to(torch.device("cpu")))
    sent: FaceData = pickle.loads(pickle.dumps(data))
    ours, theirs = data.batch(3, 128, 6), data.finish(sent.prepare(3, 128, 6), torch.device("cpu"))
    assert len(ours.images) == 6
    assert torch.equal(ours.images, theirs.images)
    assert torch.equal(ours.boxes, theirs.boxes)


def test_boxes_mark_the_bright_discs(wider: Path, tmp_path: Path) -> None:
    """The faces of the made pictures are bright on dark, so the pixels tell whether the boxes fit."""
    data, found = data_of(wider, tmp_path, recipe=Recipe(photometric=0, dark=0, degrade=0, grey=0, mosaic=0.5)), 0
    for step in range(4):
        batch = data.batch(step, 128, 8)
        light = batch.images.mean(1)
        for image, boxes, kinds in zip(light, batch.boxes, batch.kind, strict=True):
            for box, kind in zip(boxes, kinds, strict=True):
                x, y = ((box[:2] + box[2:]) / 2).long().tolist()
                if kind == FACE and 0 <= x < 128 and 0 <= y < 128 and (box[2:] - box[:2]).min() > 8:
                    assert image[y, x] > 40
                    found += 1
    assert found > 20


def test_small_cut_and_invalid_faces_become_ignore_regions() -> None:
    faces = np.array([[10, 10, 60, 60], [70, 70, 76, 78], [-40, 20, 10, 70], [80, 10, 110, 40]], np.float32)
    kind = np.array([FACE, FACE, FACE, IGNORE])
    shown = targets_of(UNCHANGED, Truth(faces, kind, np.ones(4, np.float32)), 128, 16.0)
    assert shown.kind.tolist() == [FACE, IGNORE, IGNORE, IGNORE]
    assert shown.boxes[2].tolist() == [0, 20, 10, 70]
    away = Truth(np.array([[-50, -50, -10, -10]], np.float32), kind[:1], np.ones(1, np.float32))
    assert len(targets_of(UNCHANGED, away, 128, 16.0).boxes) == 0


def test_shares_choose_the_event(wider: Path, tmp_path: Path) -> None:
    data = data_of(wider, tmp_path, event_shares={"3--none": 1.0, "0--human": 0.0})
    assert (data.batch(0, 128, 8).kind == 0).all()
    with pytest.raises(TrainingError, match="add up"):
        data_of(wider, tmp_path, event_shares={"3--none": 0.8, "0--human": 0.5})


def test_hard_pictures_are_drawn_more_often_among_their_like(wider: Path, tmp_path: Path) -> None:
    data = data_of(wider, tmp_path, event_shares={"3--none": 0.3})
    none = [k for k, item in enumerate(read_split(wider, "train")) if item.event == "3--none"]
    before = data.weights.copy()
    data.prefer({none[0]: 0.3, none[1]: 0.1, **dict.fromkeys(none[2:], 0.0)})
    assert data.weights[none] == pytest.approx([0.225, 0.075] + [0] * len(none[2:]))
    others = np.setdiff1d(np.arange(len(before)), none)
    np.testing.assert_array_equal(data.weights[others], before[others])
    drawn = [data._tile(np.random.default_rng(k), 0, 0, 64).plan.picture for k in range(200)]
    assert {k for k in drawn if k in none} == set(none[:2])


def test_pictures_are_decoded_once_and_shrunk_with_their_labels(
    wider: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "MAX_SIDE_PX", 80)
    labels = read_split(wider, "train")
    small = Pictures(labels, tmp_path, progress=False)
    assert small.shapes.max() == 80
    files = sorted(tmp_path.iterdir())
    stamps = [f.stat().st_mtime_ns for f in files]
    again = Pictures(labels, tmp_path, progress=False)
    assert [f.stat().st_mtime_ns for f in sorted(tmp_path.iterdir())] == stamps
    np.testing.assert_array_equal(small[3], again[3])
    data = data_of(wider, tmp_path)
    np.testing.assert_allclose(data.truths[1].boxes, labels[1].boxes / 2)


def test_decoded_pictures_that_are_damaged_are_decoded_again(wider: Path, tmp_path: Path) -> None:
    labels = read_split(wider, "train")
    last = Pictures(labels, tmp_path, progress=False)[len(labels) - 1].copy()
    for file in tmp_path.iterdir():
        whole = file.read_bytes()
        for damaged in (whole[:200], b""):
            file.write_bytes(damaged)
            np.testing.assert_array_equal(Pictures(labels, tmp_path, progress=False)[len(labels) - 1], last)
            assert file.read_bytes() == whole
        file.unlink()
        np.testing.assert_array_equal(Pictures(labels, tmp_path, progress=False)[len(labels) - 1], last)


def test_a_broken_picture_is_named_and_leaves_nothing_half_decoded(wider: Path, tmp_path: Path) -> None:
    labels = read_split(wider, "train")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    labels[-1] = replace(labels[-1], path=tmp_path / "broken.png")
    with pytest.raises(SourceError, match=r"broken\.png"):
        Pictures(labels, tmp_path / "cache", progress=False)
    assert list((tmp_path / "cache").iterdir()) == []


def test_missing_picture_is_named(wider: Path, tmp_path: Path) -> None:
    labels = read_split(wider, "train")
    gone = replace(labels[0], path=labels[0].path.with_name("gone.png"))
    with pytest.raises(TrainingError, match=r"gone\.png"):
        Pictures([gone], tmp_path, progress=False)
