"""Augmentation in two steps: a plan per training picture (NumPy, seeded), and its rendering to pixels.

The plan is geometry (one similarity transform), colour (one 3x4 matrix) and camera faults. It is drawn on the CPU and
costs microseconds; the pixels are made by OpenCV one picture at a time (`render`) or in a batch on a GPU that holds
all pictures (`resident.render_batch`). Both read the same plan.

Crops: FaceBoxes, section 3.3 (random square patches), and data-anchor-sampling (Tang et al. 2018, PyramidBox): a random
face is brought to a random size, so that large faces also train the small anchors. Photometric distortion: Howard
2013, as in SSD.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from facecam.arrays import Array
from facecam.system.opencv import cv2
from train.faceboxes.model import MEAN_BGR

LEAST_ZOOM = 0.55
"""Input pixels per picture pixel below which a picture is halved first: bilinear sampling alone would alias."""


@dataclass(frozen=True)
class Recipe:
    """What the augmentation draws from. Probabilities are 0..1, sizes are pixels of the training input."""

    face_crop: float = 0.6
    """share of pictures cropped around a face that is brought to a random size; the others: a random square patch"""
    face_sizes: tuple[float, float] = (14.0, 280.0)
    """range of that size, drawn uniformly in its logarithm"""
    max_zoom: float = 3.0
    """a picture is enlarged at most this much; more shows no detail"""
    mosaic: float = 0.4
    """share of training inputs made of 2 x 2 pictures of half the size: more faces, smaller ones, less empty border"""
    photometric: float = 0.7
    dark: float = 0.2
    """share of pictures in low light, down to an eighth of it"""
    degrade: float = 0.35
    """share of pictures with a camera's faults: blur, noise, JPEG, low resolution"""
    grey: float = 0.15
    rotate: float = 0.5
    """share of pictures rotated by up to `max_rotation_deg`"""
    max_rotation_deg: float = 45.0


@dataclass(frozen=True)
class Plan:
    """How one picture becomes one training input.

    picture: index in the data set. transform: (2, 3), picture pixels -> input pixels, where 0 is the left or upper edge
    of the first pixel (as in boxes), not its centre. colour: (3, 4), applied to
    B G R in 0..255. fill: value outside of the picture. blur_px: Gaussian sigma. noise: sigma of additive noise.
    jpeg: quality 1..100, 0 for none. shrink: factor of a detour through a lower resolution, 1 for none.
    """

    picture: int
    transform: Array
    colour: Array
    fill: tuple[float, float, float]
    blur_px: float = 0.0
    noise: float = 0.0
    jpeg: int = 0
    shrink: float = 1.0


def draw_plan(
    rng: np.random.Generator, picture: int, shape: tuple[int, int], faces: Array, size: int, recipe: Recipe
) -> Plan:
    """Draws the plan of one training input of `size` x `size` pixels.

    shape: height and width of the picture; faces: (N, 4) x1 y1 x2 y2, the faces that a crop may centre on.
    """
    height, width = shape
    if len(faces) and rng.random() < recipe.face_crop:
        x1, y1, x2, y2 = faces[rng.integers(len(faces))]
        low, high = np.log(recipe.face_sizes[0]), np.log(min(recipe.face_sizes[1], 0.8 * size))
        scale = float(np.exp(rng.uniform(low, high)) / max(x2 - x1, y2 - y1))
        # Enlarging a lot teaches blur; shrinking a lot leaves little but fill.
        scale = float(np.clip(scale, min(0.7 * size / max(height, width), recipe.max_zoom), recipe.max_zoom))
        # The face lies anywhere in the input, but not cut by its border.
        margin = 0.5 * min(scale * max(x2 - x1, y2 - y1), size)
        at = rng.uniform(margin, size - margin + 1e-3, 2)
        centre = np.array([(x1 + x2) / 2, (y1 + y2) / 2])
        # As much picture as can be: one that is larger than the input fills it, a smaller one lies wholly inside. The
        # face stays inside in either case.
        slack = size - scale * np.array([width, height])
        offset = (at - scale * centre).clip(np.minimum(slack, 0), np.maximum(slack, 0))
    else:
        # A square patch of 0.3 to 1 of the shorter side, or now and then the whole picture.
        whole = rng.random() < 0.35
        patch = max(height, width) if whole else min(height, width) * rng.uniform(0.3, 1.0)
        patch = max(patch, size / recipe.max_zoom)
        scale = size / patch
        slack = np.array([width, height]) - patch
        corner = np.where(slack > 0, rng.uniform(0, 1, 2) * slack, slack * rng.uniform(0, 1, 2))
        offset = -scale * corner
    transform = np.array([[scale, 0, offset[0]], [0, scale, offset[1]]])
    if rng.random() < recipe.rotate:
        angle = rng.uniform(-recipe.max_rotation_deg, recipe.max_rotation_deg)
        turn = cv2.getRotationMatrix2D((size / 2, size / 2), float(angle), 1.0)
        transform = turn[:, :2] @ transform + np.array([[0, 0, turn[0, 2]], [0, 0, turn[1, 2]]])
    if rng.random() < 0.5:
        transform[0] = -transform[0]
        transform[0, 2] += size
    fill = MEAN_BGR if rng.random() < 0.5 else (0.0, 0.0, 0.0)
    plan = Plan(picture, transform.astype(np.float32), draw_colour(rng, recipe), fill)
    if rng.random() < recipe.dark:
        # What is too dark for a sensor is mostly noise; some pictures are dark and clean.
        light = float(np.exp(rng.uniform(np.log(0.12), np.log(0.7))))
        plan = replace(plan, colour=plan.colour * np.float32(light), noise=float(rng.uniform(0, 6)))
    return draw_faults(rng, plan) if rng.random() < recipe.degrade else plan


def draw_colour(rng: np.random.Generator, recipe: Recipe) -> Array:
    """(3, 4) matrix on B G R 1: brightness, contrast, saturation, hue (a turn of the chroma plane), white balance."""
    matrix = np.eye(3, 4)
    luma = np.array([0.114, 0.587, 0.299])
    if rng.random() < recipe.grey:
        matrix[:, :3] = luma
    if rng.random() < recipe.photometric:
        saturation, angle = rng.uniform(0.5, 1.5), rng.uniform(-0.3, 0.3)
        to_yuv = np.array([luma, [0.436, -0.289, -0.147], [-0.100, -0.515, 0.615]])
        cos, sin = np.cos(angle) * saturation, np.sin(angle) * saturation
        chroma = np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
        balance = np.diag(rng.uniform(0.85, 1.15, 3))
        contrast, brightness = rng.uniform(0.5, 1.5), rng.uniform(-32, 32)
        matrix = contrast * balance @ np.linalg.inv(to_yuv) @ chroma @ to_yuv @ matrix
        matrix[:, 3] += 127 * (1 - contrast) + brightness
    return matrix.astype(np.float32)


def draw_faults(rng: np.random.Generator, plan: Plan) -> Plan:
    """The plan with one to three faults of a webcam."""
    return replace(
        plan,
        blur_px=float(rng.uniform(0.5, 2.5)) if rng.random() < 0.4 else 0.0,
        noise=float(rng.uniform(2, 16)) if rng.random() < 0.4 else plan.noise,
        jpeg=int(rng.integers(15, 70)) if rng.random() < 0.4 else 0,
        shrink=float(rng.uniform(0.3, 0.8)) if rng.random() < 0.3 else 1.0,
    )


def render(plan: Plan, picture: npt.NDArray[np.uint8], size: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """The training input of a plan, (size, size, 3) uint8 BGR, by OpenCV. picture: (H, W, 3) uint8 BGR."""
    transform = plan.transform.copy()
    while abs(np.linalg.det(transform[:, :2])) < LEAST_ZOOM**2:
        small = cv2.resize(picture, (picture.shape[1] // 2, picture.shape[0] // 2), interpolation=cv2.INTER_AREA)
        transform[:, 0] *= picture.shape[1] / small.shape[1]
        transform[:, 1] *= picture.shape[0] / small.shape[0]
        picture = small.astype(np.uint8, copy=False)
    # OpenCV counts from the centre of the first pixel, boxes from its edge.
    transform[:, 2] += 0.5 * transform[:, :2].sum(1) - 0.5
    fill = tuple(map(float, plan.fill))
    image = cv2.warpAffine(
        picture, transform, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=fill
    )
    if not np.array_equal(plan.colour, np.eye(3, 4)):
        image = cv2.transform(image, plan.colour)  # saturates to uint8
    if plan.shrink < 1:
        image = cv2.resize(image, None, fx=plan.shrink, fy=plan.shrink, interpolation=cv2.INTER_AREA)
        image = cv2.resize(image, (size, size), interpolation=cv2.INTER_LINEAR)
    if plan.blur_px:
        image = cv2.GaussianBlur(image, (0, 0), plan.blur_px)
    if plan.noise:
        # Noise at half resolution costs a quarter and looks like a camera's, whose neighbouring pixels share theirs.
        noise = rng.normal(0, plan.noise, (size // 2, size // 2, 3)).astype(np.float32)
        image = cv2.add(image, cv2.resize(noise, (size, size)), dtype=cv2.CV_8U)
    if plan.jpeg:
        _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, plan.jpeg])
        decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
        assert decoded is not None  # it was encoded a line above
        image = decoded
    return np.ascontiguousarray(image, np.uint8)


def map_boxes(boxes: Array, transform: Array) -> Array:
    """Boxes (N, 4) x1 y1 x2 y2 under a (2, 3) transform, as upright boxes again.

    A turned box is replaced by the upright box of the same centre and area-preserving size, not by the box around its
    corners: a face is round, so its box hardly grows when the head tilts.
    """
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2
    zoom = np.sqrt(abs(np.linalg.det(transform[:, :2])))
    half = (boxes[:, 2:] - boxes[:, :2]) / 2 * zoom
    moved = centre @ transform[:, :2].T + transform[:, 2]
    return np.concatenate([moved - half, moved + half], 1).astype(np.float32)
