"""Labels follow the pixels through the augmentation, in both renderers, and both draw the same picture."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from facecam.system.opencv import cv2
from train.faceboxes.data.augment import Plan, Recipe, draw_plan, map_boxes, render
from train.faceboxes.data.resident import ResidentPictures, bilinear, pack, render_batch

SIZE = 128
PLAIN = Recipe(photometric=0, dark=0, degrade=0, grey=0, rotate=0, mosaic=0)
UNCHANGED = Plan(0, np.eye(2, 3, dtype=np.float32), np.eye(3, 4, dtype=np.float32), (0.0, 0.0, 0.0))


def square_picture(box: tuple[int, int, int, int], shape: tuple[int, int] = (150, 200)) -> np.ndarray:
    """A dark picture with one white box."""
    picture = np.full((*shape, 3), 10, np.uint8)
    x1, y1, x2, y2 = box
    picture[y1:y2, x1:x2] = 250
    return picture


def resident(*pictures: np.ndarray) -> ResidentPictures:
    pixels = np.concatenate([p.reshape(-1, 3) for p in pictures])
    return ResidentPictures.of(pixels, np.array([p.shape[:2] for p in pictures]), torch.device("cpu"))


def rendered_there(plans: list[Plan], *pictures: np.ndarray) -> np.ndarray:
    """(N, SIZE, SIZE, 3) float32."""
    return render_batch(pack(plans), resident(*pictures), SIZE).permute(0, 2, 3, 1).numpy()


def bright_extent(image: np.ndarray) -> np.ndarray:
    """x1 y1 x2 y2 of what is brighter than half, to a fraction of a pixel."""
    bright = np.clip((image.astype(float).mean(2) - 10) / 240, 0, 1)
    columns, rows = bright.max(0), bright.max(1)
    out = []
    for profile in (columns, rows):
        inside = np.flatnonzero(profile > 0.5)
        first, last = inside[0], inside[-1]
        low = first - (profile[first - 1] if first > 0 else 0) + (1 - profile[first])
        high = last + 1 + (profile[last + 1] if last + 1 < len(profile) else 0) - (1 - profile[last])
        out.append((low, high))
    return np.array([out[0][0], out[1][0], out[0][1], out[1][1]])


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("batched", [False, True])
def test_box_lies_where_the_pixels_are(seed: int, batched: bool) -> None:
    rng = np.random.default_rng(seed)
    box = (60, 40, 110, 100)
    picture = square_picture(box)
    faces = np.array([box], np.float32)
    plan = replace(draw_plan(rng, 0, picture.shape[:2], faces, SIZE, PLAIN), fill=(10.0, 10.0, 10.0))
    image = rendered_there([plan], picture)[0] if batched else render(plan, picture, SIZE, rng).astype(np.float32)
    expected = map_boxes(faces, plan.transform)[0].clip(0, SIZE)
    if (expected[2:] - expected[:2]).min() < 4:
        pytest.skip("this crop does not show the box")
    np.testing.assert_allclose(bright_extent(image), expected, atol=1.0)


def test_renderers_agree() -> None:
    rng = np.random.default_rng(3)
    pictures = [rng.integers(0, 255, (12 + k, 17, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1) for k in range(3)]
    faces = np.array([[30, 20, 70, 60]], np.float32)
    recipe = Recipe(dark=0, degrade=0, mosaic=0)
    plans = [draw_plan(rng, k, pictures[k].shape[:2], faces, SIZE, recipe) for k in range(3)]
    batch = rendered_there(plans, *pictures)
    for plan, picture, theirs in zip(plans, pictures, batch, strict=True):
        ours = render(plan, picture, SIZE, rng).astype(np.float32)
        assert np.abs(ours - theirs).mean() < 1.0


def test_face_crop_brings_the_face_to_the_wanted_size_and_keeps_it_whole() -> None:
    recipe = replace(PLAIN, face_crop=1.0, face_sizes=(20.0, 90.0))
    faces = np.array([[300, 200, 340, 250]], np.float32)
    sizes = []
    for seed in range(200):
        plan = draw_plan(np.random.default_rng(seed), 0, (480, 640), faces, SIZE, recipe)
        box = map_boxes(faces, plan.transform)[0]
        assert (box[:2] >= -1e-3).all()
        assert (box[2:] <= SIZE + 1e-3).all()
        sizes.append((box[2:] - box[:2]).max())
    assert 19.9 < min(sizes) < 25
    assert 80 < max(sizes) <= 90.1


def test_turned_box_keeps_its_size() -> None:
    angle = np.deg2rad(30)
    turn = np.array([[np.cos(angle), -np.sin(angle), 5], [np.sin(angle), np.cos(angle), 9]], np.float32)
    moved = map_boxes(np.array([[10, 20, 30, 60]], np.float32), turn)[0]
    np.testing.assert_allclose(moved[2:] - moved[:2], [20, 40], rtol=1e-5)


def test_faults_change_the_pixels_but_not_the_place() -> None:
    picture = square_picture((40, 30, 90, 80), (SIZE, SIZE))
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(render(UNCHANGED, picture, SIZE, rng), picture)
    for fault in ({"blur_px": 2.0}, {"noise": 12.0}, {"jpeg": 20}, {"shrink": 0.4}):
        image = render(replace(UNCHANGED, **fault), picture, SIZE, rng)
        assert not np.array_equal(image, picture)
        np.testing.assert_allclose(bright_extent(image), [40, 30, 90, 80], atol=2.5)


@pytest.mark.parametrize("zoom", [0.12, 0.2, 0.4, 0.9, 1.6])
def test_renderers_shrink_alike(zoom: float) -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 255, (401, 703, 3)).astype(np.uint8)  # odd sides
    picture = cv2.GaussianBlur(picture, (0, 0), 1.0).astype(np.uint8)
    plan = replace(UNCHANGED, transform=np.array([[zoom, 0, 3], [0, zoom, 5]], np.float32))
    ours, theirs = render(plan, picture, SIZE, rng).astype(np.float32), rendered_there([plan], picture)[0]
    assert theirs.std() > 3  # there is something to compare
    assert np.abs(ours - theirs).mean() < 0.1 * ours[:40, :60].std()


@pytest.mark.parametrize("quality", [15, 40, 69])
def test_renderers_lose_the_same_to_jpeg(quality: int) -> None:
    rng = np.random.default_rng(2)
    smooth = cv2.GaussianBlur(rng.integers(0, 255, (SIZE, SIZE, 3)).astype(np.uint8), (0, 0), 1.5)
    picture = cv2.convertScaleAbs(smooth, alpha=4.0, beta=-384.0).astype(np.uint8)
    plan = replace(UNCHANGED, jpeg=quality)
    ours, theirs = render(plan, picture, SIZE, rng).astype(np.float32), rendered_there([plan, UNCHANGED], picture)
    np.testing.assert_allclose(theirs[1], picture, atol=1e-3)
    lost = np.abs(ours - picture).mean()
    assert np.abs(ours - theirs[0]).mean() < 0.25 * lost


@pytest.mark.parametrize(("fault", "tolerance"), [({"blur_px": 2.0}, 0.2), ({"shrink": 0.4}, 0.8)])
def test_renderers_blur_alike(fault: dict[str, Any], tolerance: float) -> None:
    rng = np.random.default_rng(2)
    picture = cv2.GaussianBlur(rng.integers(0, 255, (SIZE, SIZE, 3)).astype(np.uint8), (0, 0), 0.7).astype(np.uint8)
    plan = replace(UNCHANGED, **fault)
    ours, theirs = render(plan, picture, SIZE, rng).astype(np.float32), rendered_there([plan], picture)[0]
    lost = np.abs(ours - picture).mean()
    assert np.abs(ours - theirs).mean() < tolerance * lost


def test_noise_is_as_strong_on_the_device() -> None:
    plan = replace(UNCHANGED, noise=12.0)
    picture = np.full((SIZE, SIZE, 3), 127, np.uint8)
    ours = render(plan, picture, SIZE, np.random.default_rng(0)).astype(np.float32)
    assert rendered_there([plan], picture).std() == pytest.approx(ours.std(), rel=0.05)


def test_sampling_is_one_graph_to_a_compiler() -> None:
    """A graph of tensors alone, whatever the number of inputs and their size: what `--compile` counts on."""
    compiled = torch.compile(bilinear, backend="aot_eager", dynamic=True, fullgraph=True)
    pictures = resident(square_picture((60, 40, 110, 100)), square_picture((10, 20, 90, 70)))
    rng = np.random.default_rng(0)
    for size, count in ((128, 3), (64, 5)):
        plans = pack(
            [draw_plan(rng, k % 2, (150, 200), np.zeros((0, 4), np.float32), size, PLAIN) for k in range(count)]
        )
        tables = (pictures.pixels, pictures.start, pictures.height, pictures.width)
        sampled = compiled(*tables, plans.picture, plans.level, plans.back, plans.fill, size)
        assert torch.equal(sampled, pictures.sample(plans, size))
