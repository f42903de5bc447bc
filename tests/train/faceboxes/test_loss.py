"""The multibox loss: what it counts, what it leaves out, and that it agrees with the run-time box coding."""

import numpy as np
import pytest
import torch

from facecam.detection.anchors import FACEBOXES, anchor_grid
from facecam.faces import boxes as runtime
from train.faceboxes.loss import NEGATIVES, decode, diou, multibox_loss
from train.faceboxes.targets import FACE, IGNORE, Targets, match


@pytest.fixture
def scene() -> tuple[torch.Tensor, Targets]:
    """Anchors of a 128 x 128 input, and what they learn of one face and one ignore region."""
    anchors = torch.from_numpy(anchor_grid(FACEBOXES, 128, 128).copy())
    boxes = torch.tensor([[[20.0, 20, 60, 68], [80.0, 80, 120, 120]]])
    return anchors, match(anchors, boxes, torch.tensor([[FACE, IGNORE]]))


def encode(boxes: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Boxes (N, 4) x1 y1 x2 y2 as SSD offsets (N, 4) against anchors (N, 4): inverse of the run-time `decode`."""
    centre, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    shift, zoom = (centre - anchors[:, :2]) / anchors[:, 2:], np.log(size / anchors[:, 2:])
    scaled = [shift / runtime.VARIANCES[0], zoom / runtime.VARIANCES[1]]
    return np.concatenate(scaled, axis=1).astype(np.float32)


def perfect(anchors: torch.Tensor, targets: Targets) -> tuple[torch.Tensor, torch.Tensor]:
    """Offsets and logits of a network that knows the answer."""
    face = targets.boxes[targets.label == 1][:1].numpy().repeat(len(anchors), 0)
    offsets = torch.from_numpy(encode(face, anchors.numpy()))[None]
    logits = torch.zeros(1, len(anchors), 2)
    logits[..., 1] = torch.where(targets.label == 1, 20.0, -20.0)
    return offsets, logits


def test_right_answer_costs_nothing(scene: tuple[torch.Tensor, Targets]) -> None:
    anchors, targets = scene
    losses = multibox_loss(*perfect(anchors, targets), targets, anchors)
    assert losses.total.item() < 1e-4


def test_shifted_boxes_cost_more(scene: tuple[torch.Tensor, Targets]) -> None:
    anchors, targets = scene
    offsets, logits = perfect(anchors, targets)
    costs = [multibox_loss(offsets + shift, logits, targets, anchors).boxes.item() for shift in (0.0, 0.5, 1.5)]
    assert costs[0] < costs[1] < costs[2]


def test_ignored_anchors_do_not_count(scene: tuple[torch.Tensor, Targets]) -> None:
    anchors, targets = scene
    ignored = targets.label == -1
    assert ignored.any()
    offsets, logits = torch.zeros(1, len(anchors), 4), torch.zeros(1, len(anchors), 2)
    before = multibox_loss(offsets, logits, targets, anchors).total
    logits[ignored] = torch.tensor([-30.0, 30.0])  # sure of a face there
    after = multibox_loss(offsets, logits, targets, anchors).total
    assert after.item() == before.item()


def test_only_the_hardest_negatives_count(scene: tuple[torch.Tensor, Targets]) -> None:
    anchors, targets = scene
    offsets, logits = perfect(anchors, targets)
    positives = int((targets.label == 1).sum())
    negatives = (targets.label[0] == 0).nonzero()[:, 0]
    wrong = negatives[: (NEGATIVES + 2) * positives]
    logits[0, wrong] = torch.tensor([-5.0, 5.0])  # each costs 10 as softmax margin
    # All of them, as they are as hard as the last one that is taken.
    assert multibox_loss(offsets, logits, targets, anchors).classes.item() == pytest.approx(
        10 * len(wrong) / positives, rel=1e-3
    )
    logits[0, wrong[: NEGATIVES * positives]] = torch.tensor([-6.0, 6.0])
    assert multibox_loss(offsets, logits, targets, anchors).classes.item() == pytest.approx(12 * NEGATIVES, rel=1e-3)


def test_picture_without_faces_still_teaches() -> None:
    anchors = torch.from_numpy(anchor_grid(FACEBOXES, 128, 128).copy())
    targets = match(anchors, torch.zeros(1, 1, 4), torch.zeros(1, 1, dtype=torch.long))
    logits = torch.zeros(1, len(anchors), 2, requires_grad=True)
    multibox_loss(torch.zeros(1, len(anchors), 4), logits, targets, anchors).total.backward()
    assert logits.grad is not None
    assert logits.grad.abs().sum() > 0


def test_coding_agrees_with_the_run_time() -> None:
    rng = np.random.default_rng(0)
    anchors = np.array(anchor_grid(FACEBOXES, 96, 96))
    offsets = rng.normal(0, 1, (len(anchors), 4)).astype(np.float32)
    ours = decode(torch.from_numpy(offsets), torch.from_numpy(anchors)).numpy()
    np.testing.assert_allclose(ours, runtime.decode(offsets, anchors), rtol=1e-5, atol=1e-3)


def test_diou_of_known_boxes() -> None:
    a = torch.tensor([[0.0, 0, 2, 2], [0, 0, 1, 1], [0, 0, 4, 4]])
    b = torch.tensor([[0.0, 0, 2, 2], [2, 0, 3, 1], [0, 0, 4, 2]])
    # Equal boxes: 1. Two unit squares two apart: IoU 0, less 4 over the squared diagonal 9 + 1. Half of a square: IoU
    # 1/2, centres 1 apart, less 1 over 32.
    torch.testing.assert_close(diou(a, b), torch.tensor([1.0, -0.4, 0.5 - 1 / 32]))


def test_quality_wants_the_score_that_is_the_overlap() -> None:
    """The box lies beside the face by half: an overlap of a third."""
    anchors = torch.tensor([[10.0, 10, 20, 20]])
    targets = match(anchors, torch.tensor([[[10.0, 0, 30, 20]]]), torch.tensor([[1]]))
    assert targets.label.tolist() == [[1]]

    def cost(score: float) -> float:
        logits = torch.tensor([[[0.0, float(torch.logit(torch.tensor(score)))]]])
        return multibox_loss(torch.zeros(1, 1, 4), logits, targets, anchors, quality=True).classes.item()

    assert cost(1 / 3) < min(cost(0.25), cost(0.45), cost(0.9))


def test_a_large_face_counts_no_more_than_it_may() -> None:
    """Four anchors with one face and one with another: they weigh as four to one, or alike."""
    anchors = torch.tensor([[10.0, 10, 20, 20]] * 4 + [[110.0, 10, 20, 20]])
    faces = torch.tensor([[[0.0, 0, 20, 20], [100, 0, 120, 20]]])
    targets = match(anchors, faces, torch.tensor([[1, 1]]))
    assert targets.rivals.tolist() == [[4, 4, 4, 4, 1]]
    logits = torch.zeros(1, 5, 2)
    logits[0, 4] = torch.tensor([8.0, -8.0])  # the small one is missed

    def cost(most: float) -> float:
        return multibox_loss(torch.zeros(1, 5, 4), logits, targets, anchors, most=most).classes.item()

    missed, unsure = 16.0, float(torch.tensor(2.0).log())
    assert cost(most=9) == pytest.approx((4 * unsure + missed) / 5, rel=1e-4)
    assert cost(most=1) == pytest.approx((unsure + missed) / 2, rel=1e-4)
