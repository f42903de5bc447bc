"""Training pictures in the WIDER FACE layout, kept decoded, and batches drawn from them.

`batch(step)` depends on the seed, the step and the process's rank alone, so a resumed run sees what it would have seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from tqdm import tqdm

from facecam.arrays import Image
from facecam.bench.wider_labels import Labelled, read_wider
from facecam.detection.letterbox import resize
from facecam.sources.photo import read_picture
from facecam.system.files import growing
from train.faceboxes.data.augment import Plan, Recipe, draw_plan, map_boxes, render
from train.faceboxes.data.resident import Packed, ResidentPictures, pack, render_batch
from train.faceboxes.data.teacher import Truth, truths
from train.faceboxes.model import MEAN_BGR
from train.faceboxes.protocols.canvas import FACELESS_EVENT
from train.faceboxes.targets import FACE, IGNORE
from train.training import TrainingError, load_stored

MAX_SIDE_PX = 1024
"""Larger pictures are shrunk to this once."""


def read_split(root: Path, split: str) -> list[Labelled]:
    """The labels of `train` or `val` of a folder in the WIDER FACE layout."""
    return read_wider(root / "wider_face_split" / f"wider_face_{split}_bbx_gt.txt", root / f"WIDER_{split}" / "images")


def validation_pictures(root: Path, events: Sequence[str]) -> dict[str, list[Labelled]]:
    """Those of each event, and the face-free ones. Raises TrainingError where an event has none."""
    found: dict[str, list[Labelled]] = {event: [] for event in (*events, FACELESS_EVENT)}
    labels = read_split(root, "val")
    for item in labels:
        if item.event in found:
            found[item.event].append(item)
    for event in events:
        if not found[event]:
            there = ", ".join(sorted({item.event for item in labels} - {FACELESS_EVENT}))
            raise TrainingError(f"No validation picture in {root} is of the event {event}: name some of {there}.")
    return found


@dataclass(frozen=True)
class Batch:
    """One step's training inputs.

    images: (B, 3, S, S) float, channels_last, BGR minus the mean. boxes: (B, M, 4) float32, x1 y1 x2 y2, input
    pixels, rows of zeros behind the last. kind: (B, M) int64: 1 face, 2 ignore region, 3 soft, 0 padding. probability:
    (B, M) float32, that the box is a face.
    """

    images: Tensor
    boxes: Tensor
    kind: Tensor
    probability: Tensor


class Prepared(NamedTuple):
    """A step's training inputs as far as a process without the device can bring them.

    size: S. seed: of the noise. pixels: (B, S, S, 3) uint8 where OpenCV renders, else empty. whole, quarters: else, the
    plans of the inputs that show one picture, and, four by four, of the mosaics, which come last. The rest: as in
    `Batch`.
    """

    size: int
    seed: int
    pixels: Tensor
    whole: Packed
    quarters: Packed
    boxes: Tensor
    kind: Tensor
    probability: Tensor


@dataclass(frozen=True)
class Tile:
    """A square of a training input that shows one picture: its plan, its corner and side in input pixels, and what it
    shows, boxes in input pixels, as in `targets_of`."""

    plan: Plan
    x: int
    y: int
    size: int
    truth: Truth


class Pictures:
    """The decoded pictures of a data set in one flat array of bytes, in a file that is mapped into memory.

    The file is made on first use and found again by the hash of the names and sizes of the pictures, so that several
    runs share one copy in the system's page cache.
    """

    def __init__(self, labels: Sequence[Labelled], cache: Path, progress: bool = True) -> None:
        key = hashlib.sha256(f"v3 {MAX_SIDE_PX}".encode())
        for item in labels:
            if not item.path.is_file():
                raise TrainingError(f"{item.path} is named in the labels but isn't there: check --data.")
            key.update(f"{item.name} {item.path.stat().st_size}\n".encode())
        stem = cache / key.hexdigest()[:16]
        shapes_file, self.file = stem.with_suffix(".npy"), stem.with_suffix(".u8")
        rows = load_stored(shapes_file, (len(labels), 3))
        if rows is None or not self.file.is_file() or self.file.stat().st_size != 3 * rows[:, :2].prod(1).sum():
            rows = np.empty((len(labels), 3))
            with growing(self.file) as part, part.open("wb") as file:
                pictures = read_pictures([item.path for item in labels])
                shown = tqdm(pictures, "decoding pictures", len(labels), disable=not progress)
                for row, (image, shrink) in zip(rows, shown, strict=True):
                    row[:] = *image.shape[:2], shrink
                    file.write(image.tobytes())
            with growing(shapes_file) as part:
                np.save(part, rows)
        self.shapes: npt.NDArray[np.int64] = rows[:, :2].astype(np.int64)
        self.shrink: npt.NDArray[np.float64] = rows[:, 2]
        areas = self.shapes.prod(1)
        self.start = np.concatenate([[0], np.cumsum(areas)[:-1]])
        self._open()

    def _open(self) -> None:
        self.pixels: npt.NDArray[np.uint8] = np.memmap(self.file, np.uint8, "r").reshape(-1, 3)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "pixels"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._open()  # gigabytes that another process had better open than be sent

    def __getitem__(self, index: int) -> npt.NDArray[np.uint8]:
        height, width = self.shapes[index]
        begin = self.start[index]
        return self.pixels[begin : begin + height * width].reshape(height, width, 3)

    def to(self, device: torch.device, compiled: bool = False) -> ResidentPictures:
        """All pictures on a device, at several sizes."""
        return ResidentPictures.of(self.pixels, self.shapes, device, compiled)


def read_pictures(paths: Sequence[Path]) -> Iterator[tuple[Image, float]]:
    """Each picture, (H, W, 3) uint8 BGR, and by what factor it was shrunk; in order, on all cores."""
    with ThreadPoolExecutor() as threads:
        for begin in range(0, len(paths), 256):  # some at a time, as they may be decoded faster than they are taken
            yield from threads.map(_read_shrunk, paths[begin : begin + 256])


def _read_shrunk(path: Path) -> tuple[Image, float]:
    image = read_picture(path)
    height, width = image.shape[:2]
    scale = min(1.0, MAX_SIDE_PX / max(height, width))
    return resize(image, round(width * scale), round(height * scale)), scale


class FaceData:
    """Draws training batches.

    teacher: a file of soft labels (`train.faceboxes.data.teacher`). event_shares: event name (the folder below
    `images`) -> share of the training pictures drawn from it; events that are not named share what is left by their
    number of pictures.
    """

    def __init__(
        self,
        labels: Sequence[Labelled],
        pictures: Pictures,
        recipe: Recipe,
        min_face_px: float,
        seed: int,
        event_shares: dict[str, float] | None = None,
        resident: ResidentPictures | None = None,
        teacher: Path | None = None,
    ) -> None:
        self.pictures, self.resident, self.on_device = pictures, resident, resident is not None
        self.recipe, self.min_face_px, self.seed = recipe, min_face_px, seed
        # Labels follow pictures that were shrunk on reading.
        self.truths = [
            replace(truth, boxes=truth.boxes * np.float32(f))
            for truth, f in zip(truths(labels, teacher), pictures.shrink, strict=True)
        ]
        self._draw_by(_weights([item.event for item in labels], event_shares or {}))

    def prefer(self, factors: dict[int, float]) -> None:
        """Draws some pictures, by their number, more often than others of them, by factors of at least 0. Together they
        are drawn as often as before."""
        chosen, factor = np.array(list(factors)), np.array(list(factors.values()))
        weights = self.weights.copy()
        weights[chosen] = weights[chosen].sum() * factor / factor.sum()
        self._draw_by(weights)

    def _draw_by(self, weights: npt.NDArray[np.float64]) -> None:
        self.weights = weights
        self._up_to = self.weights.cumsum()
        self._up_to[self.weights.nonzero()[0][-1] :] = 1.0  # whatever the rounding, a draw below 1 finds a picture

    def __getstate__(self) -> dict[str, Any]:
        """For a process that prepares steps: without the pictures on the device."""
        return {**vars(self), "resident": None}

    def batch(self, step: int, size: int, count: int, rank: int = 0, device: torch.device | None = None) -> Batch:
        """The `count` training inputs of `size` x `size` pixels that belong to this step and rank."""
        return self.finish(self.prepare(step, size, count, rank), device or torch.device("cpu"))

    def prepare(self, step: int, size: int, count: int, rank: int = 0) -> Prepared:
        """The part of `batch` that needs no device, for processes beside the training."""
        rng = np.random.default_rng([self.seed, step, rank])
        tiles: list[list[Tile]] = []
        for _ in range(count):
            # A mosaic is four tiles of half the size; everything else is one tile of the whole size.
            half = size // 2
            places = [(0, 0, size)]
            if rng.random() < self.recipe.mosaic:
                places = [(x, y, half) for y in (0, half) for x in (0, half)]
            tiles.append([self._tile(rng, *place) for place in places])
        tiles.sort(key=len)
        rows = max(1, *(sum(len(tile.truth.kind) for tile in parts) for parts in tiles))
        boxes = np.zeros((count, rows, 4), np.float32)
        kind = np.zeros((count, rows), np.int64)
        probability = np.zeros((count, rows), np.float32)
        for k, parts in enumerate(tiles):
            shown = [tile.truth for tile in parts]
            faces = sum(len(truth.kind) for truth in shown)
            boxes[k, :faces] = np.concatenate([truth.boxes for truth in shown])
            kind[k, :faces] = np.concatenate([truth.kind for truth in shown])
            probability[k, :faces] = np.concatenate([truth.probability for truth in shown])
        pixels = np.empty((0, size, size, 3), np.uint8) if self.on_device else self._rendered(tiles, size, rng)
        sent = tiles if self.on_device else []
        whole, quarters = (pack([tile.plan for parts in sent if len(parts) == n for tile in parts]) for n in (1, 4))
        return Prepared(
            size,
            int(rng.integers(2**62)),
            torch.from_numpy(pixels),
            whole,
            quarters,
            *map(torch.from_numpy, (boxes, kind, probability)),
        )

    def finish(self, prepared: Prepared, device: torch.device, dtype: torch.dtype = torch.float32) -> Batch:
        """The rest of `batch`: pixels as the network takes them, on the device. dtype: theirs; bfloat16 holds those
        that OpenCV renders, and the mean, without rounding."""
        if self.resident is None:
            pixels = prepared.pixels.to(device, non_blocking=True).to(dtype)
            # Row by row, as three numbers at a time would take a CPU three times as long.
            pixels.flatten(2).sub_(torch.tensor(MEAN_BGR, dtype=dtype, device=device).repeat(prepared.size))
            images = pixels.permute(0, 3, 1, 2)
        else:
            images = self._rendered_there(prepared, self.resident).contiguous(memory_format=torch.channels_last)
            for channel, mean in enumerate(MEAN_BGR):
                images[:, channel] -= mean
            images = images.to(dtype)
        labels = (prepared.boxes, prepared.kind, prepared.probability)
        return Batch(images, *(values.to(device, non_blocking=True) for values in labels))

    def _tile(self, rng: np.random.Generator, x: int, y: int, size: int) -> Tile:
        """Draws a picture and its plan for a tile of `size` pixels at `x`, `y` of the training input."""
        index = int(self._up_to.searchsorted(rng.random(), side="right"))
        truth = self.truths[index]
        height, width = map(int, self.pictures.shapes[index])
        plan = draw_plan(rng, index, (height, width), truth.boxes[truth.kind == FACE], size, self.recipe)
        shown = targets_of(plan, truth, size, self.min_face_px)
        return Tile(plan, x, y, size, replace(shown, boxes=shown.boxes + np.array([x, y, x, y], np.float32)))

    def _rendered(self, tiles: list[list[Tile]], size: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
        """(B, size, size, 3), rendered by OpenCV."""
        out = np.empty((len(tiles), size, size, 3), np.uint8)
        for k, parts in enumerate(tiles):
            for t in parts:
                picture = self.pictures[t.plan.picture]
                out[k, t.y : t.y + t.size, t.x : t.x + t.size] = render(t.plan, picture, t.size, rng)
        return out

    def _rendered_there(self, prepared: Prepared, pictures: ResidentPictures) -> Tensor:
        """(B, 3, size, size) float32 0..255, rendered in two batches on the device that holds the pictures."""
        size, half = prepared.size, prepared.size // 2
        generator = torch.Generator(pictures.pixels.device).manual_seed(prepared.seed)
        whole = render_batch(prepared.whole, pictures, size, generator)
        quarters = render_batch(prepared.quarters, pictures, half, generator)
        # [mosaics, row, column, 3, half, half] -> [mosaics, 3, size, size]
        mosaics = quarters.unflatten(0, (-1, 2, 2)).permute(0, 3, 1, 4, 2, 5).reshape(-1, 3, size, size)
        return torch.cat([whole, mosaics])


def targets_of(plan: Plan, truth: Truth, size: int, min_face_px: float) -> Truth:
    """What a training input of `size` x `size` pixels shows of a picture's truth, boxes in input pixels.

    A face stays when its centre is inside the input (FaceBoxes, section 3.3). Faces that are cut off beyond that, or
    whose longer side is under `min_face_px`, become ignore regions: a face is there, so it must not count as
    background. Boxes are clipped to the input.
    """
    boxes = map_boxes(truth.boxes, plan.transform)
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    inside = ((centre > 0) & (centre < size)).all(1)
    small = (boxes[:, 2:] - boxes[:, :2]).max(1, initial=0) < min_face_px
    kind = np.where(~inside | small, IGNORE, truth.kind)
    boxes = boxes.clip(0, size)
    visible = ((boxes[:, 2:] - boxes[:, :2]) >= 1).all(1)
    return Truth(boxes[visible], kind[visible], truth.probability[visible])


def _weights(events: list[str], shares: dict[str, float]) -> npt.NDArray[np.float64]:
    names, of_each, counts = np.unique(events, return_inverse=True, return_counts=True)
    named = sum(shares.get(name, 0.0) for name in names)
    if named > 1:
        raise TrainingError(f"the shares of the events add up to {named:.2f}: they may reach 1 at most.")
    others = sum(count for name, count in zip(names, counts, strict=True) if name not in shares)
    weights = np.array(
        [
            shares[name] / count if name in shares else (1 - named) / others
            for name, count in zip(names, counts, strict=True)
        ]
    )[of_each]
    if weights.sum() <= 0:
        raise TrainingError("the shares of the events leave no picture to train on.")
    return weights / weights.sum()
