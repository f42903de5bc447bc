"""Matching, against cases small enough to work out by hand."""

import torch

from facecam.detection.anchors import FACEBOXES, anchor_grid
from train.faceboxes.targets import FACE, IGNORE, SOFT, match, match_padded

# Three anchors in a row: 0..20, 20..40 and 40..60 along x; all 0..20 along y.
ANCHORS = torch.tensor([[10.0, 10, 20, 20], [30, 10, 20, 20], [50, 10, 20, 20]])


def test_face_on_an_anchor_is_learnt_by_it_alone() -> None:
    targets = match(ANCHORS, torch.tensor([[[20.0, 0, 40, 20]]]), torch.tensor([[FACE]]))
    assert targets.label.tolist() == [[0, 1, 0]]
    assert targets.boxes[0, 1].tolist() == [20, 0, 40, 20]


def test_best_anchor_of_a_small_face_is_positive_below_the_threshold() -> None:
    face = torch.tensor([[[2.0, 2, 10, 10]]])  # 64 of 400 px: IoU 0.16
    targets = match(ANCHORS, face, torch.tensor([[FACE]]))
    assert targets.label.tolist() == [[1, 0, 0]]


def test_two_faces_keep_their_own_best_anchors() -> None:
    lone = match(ANCHORS, torch.tensor([[[0.0, 0, 12, 20], [22.0, 0, 38, 20]]]), torch.tensor([[FACE, FACE]]))
    assert lone.label.tolist() == [[1, 1, 0]]
    assert lone.boxes[0, :2].tolist() == [[0, 0, 12, 20], [22, 0, 38, 20]]


def test_an_anchor_that_is_the_best_of_two_faces_learns_the_last_of_them() -> None:
    # IoU with anchor 0: 240 / 400 px and 240 / 560; the second one has 160 / 640 with anchor 1.
    faces = torch.tensor([[[0.0, 0, 12, 20], [8.0, 0, 28, 20]]])
    for rows in (faces, faces.flip(1)):
        targets = match(ANCHORS, rows, torch.tensor([[FACE, FACE]]))
        assert targets.label.tolist() == [[1, 0, 0]]
        assert torch.equal(targets.boxes[0, 0], rows[0, 1])


def test_a_best_anchor_learns_its_face_though_another_overlaps_it_more() -> None:
    # Anchor 1 is the second face's best by 160 / 360 px; the first one, whose best is anchor 0, has 240 / 560 there.
    rows = torch.tensor([[[4.0, 0, 32, 20], [32.0, 0, 40, 20]]])
    targets = match(ANCHORS, rows, torch.tensor([[FACE, FACE]]))
    assert targets.label.tolist() == [[1, 1, 0]]
    assert targets.boxes[0, :2].tolist() == [[4, 0, 32, 20], [32, 0, 40, 20]]


def test_ignore_region_takes_its_anchors_out_but_not_a_face() -> None:
    boxes = torch.tensor([[[0.0, 0, 40, 20], [20.0, 0, 40, 20]]])
    targets = match(ANCHORS, boxes, torch.tensor([[IGNORE, FACE]]))
    assert targets.label.tolist() == [[-1, 1, 0]]


def test_a_padded_batch_matches_as_each_picture_does_by_itself() -> None:
    random = torch.Generator().manual_seed(0)
    corner = torch.rand(16, 9, 2, generator=random) * 200
    boxes = torch.cat([corner, corner + 4 + torch.rand(16, 9, 2, generator=random) * 120], 2)
    kind = torch.randint(0, 4, (16, 9), generator=random).sort(1, descending=True).values  # padding goes last
    assert {0, FACE, IGNORE, SOFT} == set(kind.flatten().tolist())
    probability = torch.rand(16, 9, generator=random)
    anchors = torch.from_numpy(anchor_grid(FACEBOXES, 256, 256).copy())
    alone, padded = match(anchors, boxes, kind, probability), match_padded(anchors, boxes, kind, probability)
    assert torch.equal(alone.label, padded.label)
    assert {-1, 0, 1, SOFT} == set(alone.label.flatten().tolist())
    assert torch.equal(alone.boxes[alone.label == 1], padded.boxes[alone.label == 1])
    assert torch.equal(alone.probability[alone.label == SOFT], padded.probability[alone.label == SOFT])


def test_matching_is_one_graph_to_a_compiler() -> None:
    """Whatever the number of boxes: what `--compile` counts on."""
    compiled = torch.compile(match_padded, backend="aot_eager", dynamic=True, fullgraph=True)
    anchors = torch.from_numpy(anchor_grid(FACEBOXES, 128, 128).copy())
    for rows in (3, 7):
        corner = torch.rand(2, rows, 2, generator=torch.Generator().manual_seed(rows)) * 90
        boxes = torch.cat([corner, corner + 30], 2)
        kind = torch.arange(2 * rows).view(2, rows) % 4
        given = (anchors, boxes, kind, torch.full((2, rows), 0.5))
        for mine, plain in zip(compiled(*given), match_padded(*given), strict=True):
            assert torch.equal(mine, plain)
