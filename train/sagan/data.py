"""Pictures for training: a folder of class folders, resized once, kept whole in memory as bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from facecam.sources.photo import PICTURE_SUFFIXES, read_picture
from facecam.system.files import growing
from sagan_gallery.discriminator import centre_square
from train.training import TrainingError, load_stored


@dataclass(frozen=True)
class PictureSet:
    """images: (N, 3, R, R) uint8 RGB; labels: (N,) int64, index into `classes`; names: N relative paths."""

    images: Tensor
    labels: Tensor
    classes: list[str]
    names: list[str]

    def __len__(self) -> int:
        return len(self.images)

    @property
    def frequencies(self) -> Tensor:
        """(classes,) float64, on the CPU: the number of pictures of each class."""
        return torch.bincount(self.labels.cpu(), minlength=len(self.classes)).double()

    def to(self, device: torch.device) -> PictureSet:
        """The same set with its tensors on the device."""
        return PictureSet(self.images.to(device), self.labels.to(device), self.classes, self.names)

    def select(self, mask: Tensor) -> PictureSet:
        """The pictures where mask (N,) bool is true."""
        names = [name for name, keep in zip(self.names, mask.tolist(), strict=True) if keep]
        return PictureSet(self.images[mask], self.labels[mask], self.classes, names)


def load_pictures(root: Path, resolution: int, cache: Path | None = None) -> PictureSet:
    """Reads every picture in `root/<class>/`, classes and files in the order of their names. Raises TrainingError, or
    SourceError for a picture that can't be read.

    cache: folder for the decoded pictures, keyed by names, sizes and resolution; None reads them anew each time.
    """
    if not root.is_dir():
        raise TrainingError(f"There is no folder {root}: pass --data with a folder that holds one folder per class.")
    folders = sorted(p for p in root.iterdir() if p.is_dir())
    files = [
        (label, path)
        for label, folder in enumerate(folders)
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in PICTURE_SUFFIXES
    ]
    if not files:
        raise TrainingError(f"{root} holds no pictures in class folders: pass --data with a folder of class folders.")
    names = [path.relative_to(root).as_posix() for _, path in files]
    labels = torch.tensor([label for label, _ in files])
    classes = [folder.name for folder in folders]

    key = json.dumps([resolution, [(name, path.stat().st_size) for name, (_, path) in zip(names, files, strict=True)]])
    shape = len(files), 3, resolution, resolution
    stored = cache / f"pictures-{resolution}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npy" if cache else None
    images = load_stored(stored, shape) if stored else None
    if images is None:
        images = np.empty(shape, np.uint8)
        for index, (_, path) in enumerate(files):
            images[index] = centre_square(read_picture(path), resolution)[:, :, ::-1].transpose(2, 0, 1)
        if stored:
            with growing(stored) as part:
                np.save(part, images)
    return PictureSet(torch.from_numpy(images), labels, classes, names)


def to_float(images: Tensor) -> Tensor:
    """uint8 0..255 -> float32 -1..1, channels last in memory."""
    return images.to(torch.float32, memory_format=torch.channels_last).mul_(1 / 127.5).sub_(1.0)


def to_bytes(images: Tensor) -> Tensor:
    """float -1..1 -> uint8 0..255, rounded."""
    return images.float().add(1).mul(127.5).round().clamp(0, 255).to(torch.uint8)


class BatchSampler:
    """Endless random batches from a resident set: every picture once an epoch, each flipped with probability 1/2.

    The order depends on the seed and the number of batches drawn, so a resumed run goes on where it stopped.
    """

    def __init__(self, data: PictureSet, batch: int, seed: int, rank: int = 0, ranks: int = 1) -> None:
        if len(data) < ranks:
            raise TrainingError(f"{len(data)} pictures are too few for {ranks} processes: start fewer, or add some.")
        self.data, self.batch, self.seed, self.rank, self.ranks = data, batch, seed, rank, ranks
        self.position = 0  # pictures drawn so far by this rank
        self._epoch, self._order = -1, torch.empty(0, dtype=torch.int64)

    def _index(self, position: int) -> int:
        share = len(self.data) // self.ranks
        epoch, offset = divmod(position, share)
        if epoch != self._epoch:
            self._epoch = epoch
            order = torch.randperm(len(self.data), generator=torch.Generator().manual_seed(self.seed * 100003 + epoch))
            self._order = order[self.rank :: self.ranks][:share]
        return int(self._order[offset])

    def next(self) -> tuple[Tensor, Tensor]:
        """images (B, 3, R, R) float32 in -1..1, labels (B,) int64, on the device of the set."""
        indices = torch.tensor([self._index(self.position + i) for i in range(self.batch)])
        flips = torch.rand(self.batch, generator=torch.Generator().manual_seed(self.position * 7919 + self.seed)) < 0.5
        self.position += self.batch
        device = self.data.images.device
        indices, flips = indices.to(device), flips.to(device)
        images = to_float(self.data.images[indices])
        images = torch.where(flips[:, None, None, None], images.flip(3), images)
        return images, self.data.labels[indices]
