"""The rewritings that are measured compute what the network computes, and the command measures them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from facecam.detection.anchors import anchor_grid
from facecam.faces.boxes import decode
from facecam.sources.demo import demo_frame
from tests.train.faceboxes.made_nets import with_statistics
from train.faceboxes.graphs import measure
from train.faceboxes.graphs.variants import ALONE, HEIGHT, WIDTH, as_input, exported
from train.faceboxes.model import FaceBoxes

FRAME = np.ascontiguousarray(demo_frame(10)[:HEIGHT, :WIDTH])


@pytest.fixture(scope="module")
def net() -> FaceBoxes:
    """With batch-norm statistics unlike the initial ones, so that folding them wrongly shows."""
    return with_statistics(FaceBoxes, as_input(FRAME, "planes"))


@pytest.mark.parametrize("name", ALONE)
def test_rewriting_computes_what_the_network_computes(net: FaceBoxes, name: str) -> None:
    how = ALONE[name]
    with torch.no_grad():
        offsets, logits = net(as_input(FRAME, "planes"))
    wanted, wanted_scores = offsets[0].numpy(), logits[0].softmax(-1)[:, 1].numpy()
    assert np.ptp(wanted_scores) > 0.2, "the comparison would say nothing"
    got = measure.onnx_runtime_call(exported(net, how), as_input(FRAME, how.picture).numpy())()
    if how.heads == "maps":
        rows = np.concatenate([one[0].transpose(1, 2, 0).reshape(-1, 5) for one in got])
        got = [rows[None, :, :4], 1 / (1 + np.exp(-rows[None, :, 4]))]
    tolerance = 1e-4 * max(1.0, float(np.abs(wanted).max()))
    if how.decoded:
        wanted, tolerance = decode(wanted, anchor_grid(net.anchors, HEIGHT, WIDTH)), 0.05
    np.testing.assert_allclose(got[0][0], wanted, atol=tolerance)
    np.testing.assert_allclose(got[1][0], wanted_scores, atol=1e-4)


def test_table_has_a_ratio_to_the_plain_export_for_each_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    net = FaceBoxes().eval()
    picture = as_input(FRAME, "planes").numpy()
    networks = {measure.PLAIN: (measure.plain(net), picture), "again": (measure.plain(net), picture)}
    monkeypatch.setattr(measure, "tables", lambda alone: iter([("faceboxes", networks)]))
    monkeypatch.setattr(measure, "RUNTIMES", ("onnxruntime",))
    monkeypatch.setattr(measure, "_IN_A_ROW", 1)
    assert measure.main(["--seconds", "0"]) == 0
    lines = [line.strip("|").split("|") for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line] for line in lines]
    assert [row[0].strip("-") for row in rows] == ["faceboxes", "", measure.PLAIN, "again"]
    assert rows[2][2] == "1.000"
    assert float(rows[3][2]) == pytest.approx(float(rows[3][1]) / float(rows[2][1]), rel=0.01)
