"""The network's outputs line up with the anchors, and its names with the public checkpoints."""

import pytest
import torch

from facecam.detection.anchors import anchor_grid
from train.faceboxes.model import FaceBoxes
from train.faceboxes.networks import MODELS


@pytest.mark.parametrize("name", sorted(MODELS))
@pytest.mark.parametrize(("height", "width"), [(480, 640), (96, 160), (101, 333)])
def test_one_prediction_per_anchor(name: str, height: int, width: int) -> None:
    net = MODELS[name]().eval()
    with torch.no_grad():
        offsets, logits = net(torch.zeros(1, 3, height, width))
    anchors = anchor_grid(net.anchors, height, width)
    assert offsets.shape == (1, len(anchors), 4)
    assert logits.shape == (1, len(anchors), 2)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_prediction_belongs_to_the_anchor_at_its_place(name: str) -> None:
    """What changes in one corner of the picture changes the predictions of the anchors there, and no far ones.

    Only levels of fine stride are looked at: further down, everything sees everything.
    """
    net = MODELS[name]().eval()
    image = torch.zeros(1, 3, 512, 512)
    changed = image.clone()
    changed[..., 448:, :64] = 200.0
    with torch.no_grad():
        difference = (net(changed)[1] - net(image)[1]).abs().sum(-1)[0]
    anchors = torch.from_numpy(anchor_grid(net.anchors, 512, 512).copy())
    small = anchors[:, 2] <= 64
    strongest = anchors[small][difference[small].topk(8).indices]
    assert (strongest[:, 0] < 128).all()
    assert (strongest[:, 1] > 384).all()
    top_right = small & (anchors[:, 0] > 400) & (anchors[:, 1] < 112)
    assert difference[top_right].max() < 1e-3 * difference[small].max()


def test_parameters_carry_the_names_of_public_checkpoints() -> None:
    names = set(FaceBoxes().state_dict())
    for name in (
        "conv1.conv.weight", "conv1.bn.running_mean", "conv2.bn.bias", "inception1.branch1x1.conv.weight",
        "inception2.branch3x3_reduce_2.bn.weight", "inception3.branch3x3_3.conv.weight", "conv3_1.conv.weight",
        "conv4_2.bn.running_var", "loc.0.weight", "loc.2.bias", "conf.1.weight",
    ):  # fmt: skip
        assert name in names
