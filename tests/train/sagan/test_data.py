"""Class folders become one array, and batches go over all of it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from facecam.errors import SourceError
from train.sagan.data import BatchSampler, load_pictures, to_bytes, to_float
from train.training import TrainingError


def test_folders_become_classes_in_order(pictures: Path, tmp_path: Path) -> None:
    data = load_pictures(pictures, 32, tmp_path)
    assert data.classes == ["blue", "green", "red"]
    assert data.images.shape == (60, 3, 32, 32)
    assert data.labels.bincount().tolist() == [20, 20, 20]
    means = torch.stack([data.images[data.labels == i].float().mean((0, 2, 3)) for i in range(3)])
    assert means.argmax(1).tolist() == [2, 1, 0]  # RGB


def test_stored_pictures_are_the_same_and_follow_the_folder(pictures: Path, tmp_path: Path) -> None:
    root = tmp_path / "data"
    shutil.copytree(pictures, root)
    first = load_pictures(root, 32, tmp_path / "cache")
    again = load_pictures(root, 32, tmp_path / "cache")
    assert torch.equal(first.images, again.images)
    (root / "red" / "00.png").unlink()
    assert len(load_pictures(root, 32, tmp_path / "cache")) == 59


def test_pictures_of_which_half_were_stored_are_read_again(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(part: Path, images: np.ndarray) -> None:
        part.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "save", stopped)
    with pytest.raises(KeyboardInterrupt):
        load_pictures(pictures, 16, tmp_path)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    whole = load_pictures(pictures, 16, tmp_path)
    (stored,) = tmp_path.iterdir()
    for damaged in (stored.read_bytes()[:500], b""):
        stored.write_bytes(damaged)
        assert torch.equal(load_pictures(pictures, 16, tmp_path).images, whole.images)


def test_what_is_wrong_with_the_folder_is_said(pictures: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="--data"):
        load_pictures(tmp_path / "nothing", 32)
    with pytest.raises(TrainingError, match="no pictures"):
        load_pictures(tmp_path, 32)
    (tmp_path / "red").mkdir()
    (tmp_path / "red" / "broken.png").write_bytes(b"not a picture")
    with pytest.raises(SourceError, match=r"broken\.png"):
        load_pictures(tmp_path, 32)


def test_bytes_survive_the_way_to_float_and_back(pictures: Path) -> None:
    images = load_pictures(pictures, 16).images
    assert torch.equal(to_bytes(to_float(images)), images)


def test_batches_cover_every_picture_once_an_epoch_and_resume_anywhere(pictures: Path) -> None:
    data = load_pictures(pictures, 16)
    sampler = BatchSampler(data, 7, seed=5)
    drawn = [sampler.next() for _ in range(20)]
    seen = torch.cat([images for images, _ in drawn])[:60].flatten(1)
    real = to_float(data.images)
    either = torch.cat((real, real.flip(3))).flatten(1)
    matches = torch.cdist(seen, either).argmin(1) % 60
    assert sorted(matches.tolist()) == list(range(60))

    later = BatchSampler(data, 7, seed=5)
    later.position = 13 * 7
    images, labels = later.next()
    assert torch.equal(images, drawn[13][0])
    assert torch.equal(labels, drawn[13][1])


def test_processes_share_an_epoch_without_overlap(pictures: Path) -> None:
    data = load_pictures(pictures, 16)
    samplers = [BatchSampler(data, 30, 0, rank, 2) for rank in range(2)]
    rows = torch.cat([s.next()[0] for s in samplers]).flatten(1)
    real = to_float(data.images)
    matches = torch.cdist(rows, torch.cat((real, real.flip(3))).flatten(1)).argmin(1) % 60
    assert len(set(matches.tolist())) == 60
    with pytest.raises(TrainingError, match="60 pictures are too few for 61 processes"):
        BatchSampler(data, 1, 0, 0, 61)
