"""Exports a trained detector to ONNX, with its metadata inside and a model card beside it.

    python -m train.faceboxes.export runs/faceboxes/00000-faceboxes/best.pt --out assets/facecam \\
        --data "what it was trained on" --licence "..."

The file holds the fast graph (`train.faceboxes.graphs.fast`); `--plain` writes the network as PyTorch exports it. What
ships is made by `train.faceboxes.ship`.

A public FaceBoxes checkpoint (a plain state dict with the parameter names of FaceBoxes.PyTorch) converts with
`python -m train.faceboxes.convert`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from facecam.detection.model import METADATA_KEY
from facecam.faces.boxes import VARIANCES
from facecam.system.files import write_whole
from train.faceboxes.graphs.fast import FORMAT as FAST_FORMAT
from train.faceboxes.graphs.fast import fast_model
from train.faceboxes.model import MEAN_BGR, Detector
from train.faceboxes.networks import MODELS
from train.training import TrainingError, all_or_none, command, figures_table, load_checkpoint

CHECKED_SIZES = ((480, 640), (96, 128), (333, 517))
"""Heights and widths at which the exported file is compared with PyTorch; the last is no multiple of any stride."""

TOLERANCE = 1e-4

Reference = Callable[[Tensor], tuple[Tensor, ...]]
"""The outputs for images (1, 3, H, W), as a file must have them."""


@dataclass(frozen=True)
class Provenance:
    """What the file says about itself. metrics: figure -> value; recipe: a sentence on the training. score_curve: gain
    and offset that the network's own logits were changed by. false_share: thresholds, and how many of the boxes from
    there on are no faces, 0..1."""

    data: str
    licence: str
    commit: str
    recipe: str
    threshold: float
    metrics: dict[str, Any]
    score_curve: tuple[float, float] = (1.0, 0.0)
    false_share: Sequence[tuple[float, float]] = ()


class Exported(nn.Module):
    """The network as it is exported: probabilities instead of logits."""

    def __init__(self, net: Detector) -> None:
        super().__init__()
        self.net = net

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        offsets, logits = self.net(image)
        return offsets, logits.softmax(-1)


def export(net: Detector, path: Path, provenance: Provenance) -> float:
    """Writes the ONNX file and returns its largest difference from PyTorch over `CHECKED_SIZES`.

    Input `image` (1, 3, H, W) float32, BGR minus the mean; outputs `loc` (1, A, 4) and `conf` (1, A, 2). Raises
    TrainingError, and leaves no file, when the difference exceeds `TOLERANCE`.
    """
    exported = Exported(net.float().cpu()).eval()
    with warnings.catch_warnings(), TemporaryDirectory() as folder:
        file = Path(folder) / "raw.onnx"
        # The older exporter folds batch norm and keeps the sizes symbolic; the newer one needs a package more.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            exported,
            (torch.zeros(1, 3, 480, 640),),
            file,
            input_names=["image"],
            output_names=["loc", "conf"],
            dynamic_axes={"image": {2: "height", 3: "width"}, "loc": {1: "anchors"}, "conf": {1: "anchors"}},
            opset_version=17,
            dynamo=False,
        )
        model = onnx.load(str(file))
    return _keep(model, path, metadata(net, provenance), exported)


def _keep(model: onnx.ModelProto, path: Path, description: dict[str, Any], reference: Reference) -> float:
    """Writes the file with its description if it computes as `reference` does; returns its largest difference from it.
    Raises TrainingError, and writes none, when that exceeds `TOLERANCE`."""
    onnx.helper.set_model_props(model, {METADATA_KEY: json.dumps(description)})
    data = model.SerializeToString()
    difference = largest_difference(reference, data)
    if not difference <= TOLERANCE:  # nor where it is no number
        raise TrainingError(f"the file differs from PyTorch by {difference:.1e}: it was not kept.")
    write_whole(path, data)
    return difference


def fast_outputs(net: Detector, image: Tensor) -> tuple[Tensor]:
    """What the fast graph must compute, by the readable network: offsets and the difference of the logits."""
    offsets, logits = net(image)
    return (torch.cat([offsets, logits[..., 1:] - logits[..., :1]], -1),)


def export_fast(net: Detector, path: Path, provenance: Provenance) -> float:
    """Writes the fast graph (format 2) and returns its largest difference from PyTorch over `CHECKED_SIZES`.

    The difference is that of offsets and logits, as a share of the largest value where that is above 1; that of
    probabilities is at most a quarter of the logits'. Raises TrainingError, and leaves no file, when it exceeds
    `TOLERANCE`.
    """
    net.float().cpu().eval()
    return _keep(fast_model(net), path, metadata(net, provenance, FAST_FORMAT), partial(fast_outputs, net))


@torch.no_grad()
def with_score_curve(net: Detector, gain: float, offset: float) -> None:
    """Multiplies the logits of the class face by a gain and adds an offset, so that scores say what share of such boxes
    are faces (`train.faceboxes.protocols.threshold.fit_scores`)."""
    for conf in net.conf:
        bias = conf.get_parameter("bias")
        conf.get_parameter("weight").mul_(gain)
        bias.mul_(gain)[1::2] += offset


def metadata(net: Detector, provenance: Provenance, format_number: int = 1) -> dict[str, Any]:
    """The file's description of itself, as `facecam.detection.detector` reads it."""
    return {
        "format": format_number,
        "name": net.name,
        "mean": list(MEAN_BGR),
        "variances": list(VARIANCES),
        "anchors": msgspec.to_builtins(net.anchors),
        **vars(provenance),
        "multiply_adds_vga": multiply_adds(net),
    }


@torch.no_grad()
def multiply_adds(net: Detector, height: int = 480, width: int = 640) -> int:
    """Multiply-adds of the convolutions for one image: half the floating-point operations that a core can't avoid."""
    was_training = net.training
    with FlopCounterMode(display=False) as counter:
        net.eval()(torch.zeros(1, 3, height, width))
    net.train(was_training)
    return int(counter.get_total_flops()) // 2


@torch.no_grad()
def largest_difference(exported: Reference, data: bytes) -> float:
    """The largest difference of any output between PyTorch and an ONNX file, on noise in the range of pictures; of
    outputs beyond 1 (logits of noise reach 50), as a share of the largest value."""
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    differences = []
    for height, width in CHECKED_SIZES:
        image = (rng.random((1, 3, height, width), np.float32) * 255 - 120).astype(np.float32)
        ours = session.run(None, {"image": image})
        theirs = [output.numpy() for output in exported(torch.from_numpy(image))]
        for a, b in zip(ours, theirs, strict=True):
            differences.append(np.abs(a - b).max() / max(1.0, np.abs(b).max()))
    return float(np.max(differences))


def current_commit() -> str:
    """The checkout's commit, with a plus where files were changed since; "unknown" outside of a checkout."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=12"],
            cwd=Path(__file__).parent, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def card(net: Detector, provenance: Provenance, size_bytes: int, plain: bool = False) -> str:
    """The model card, in Markdown."""
    outputs = (
        "`loc` (1, A, 4), `conf` (1, A, 2)" if plain else "`faces` (1, A, 5): four offsets, and the logit of a face"
    )
    parameters = sum(p.numel() for p in net.parameters())
    return f"""# {net.name}

{net.about}: {parameters / 1e6:.2f} million parameters, {size_bytes / 1e6:.1f} MB. Trained from scratch by
`train/faceboxes`; no weights from anywhere else.

- **Data:** {provenance.data}
- **Licence:** {provenance.licence}
- **Recipe:** {provenance.recipe}
- **Commit:** {provenance.commit}
- **Default threshold:** {provenance.threshold:g}
- **Input:** `image` (1, 3, H, W) float32, BGR minus {MEAN_BGR}. **Output:** {outputs}.

{figures_table(provenance.metrics, "measure", ".3f")}
"""


def load_trained(path: Path) -> tuple[Detector, dict[str, Any]]:
    """The averaged network of one of our checkpoints, and the whole checkpoint."""
    state = load_checkpoint(path)
    try:
        net = MODELS[state["model"]]()
        net.load_state_dict(state["ema"]["module"])
    except (KeyError, RuntimeError, TypeError) as error:
        raise TrainingError(f"{path} is not a checkpoint of train.faceboxes.train ({error}).") from error
    return net.eval(), state


@command
def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, default=Path("assets/facecam"), help="folder for NAME.onnx and NAME.md")
    parser.add_argument("--data", default="not stated")
    parser.add_argument("--licence", default="not stated")
    parser.add_argument("--recipe", default=None, help="a sentence for the card (default: from the checkpoint)")
    parser.add_argument("--threshold", type=float, default=0.5)
    parser.add_argument("--plain", action="store_true", help="the network as it is, without the fast graph (format 1)")
    args = parser.parse_args(argv)
    net, state = load_trained(args.checkpoint)
    options = json.loads(state["options"])
    reports = json.loads(state.get("ap", "{}"))
    metrics = {f"AP, {event}": report["ap"] for event, report in reports.items()}
    if args.recipe is None and "optimizer" not in options:
        raise TrainingError(f"{args.checkpoint} does not say how it was trained: pass --recipe.")
    recipe = args.recipe or (
        f"{state['step']:,} steps, {state['images']:,} pictures seen; {options['optimizer']}, learning rate"
        f" {options['lr']}, diou box loss, seed {options['seed']}."
    )
    provenance = Provenance(args.data, args.licence, current_commit(), recipe, args.threshold, metrics)
    with all_or_none(args.out) as folder:
        path = folder / f"{net.name}.onnx"
        difference = (export if args.plain else export_fast)(net, path, provenance)
        size = path.stat().st_size
        path.with_suffix(".md").write_text(card(net, provenance, size, args.plain), encoding="utf-8")
    print(f"{args.out / path.name}: {size / 1e6:.1f} MB, differs from PyTorch by {difference:.1e} at most")


if __name__ == "__main__":
    sys.exit(main())
