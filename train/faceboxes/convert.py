"""Converts public FaceBoxes weights to our ONNX format: a checkpoint of FaceBoxes.PyTorch, which is a plain state dict,
or the authors' own `.caffemodel`.

    python -m train.faceboxes.convert FaceBoxes.pth --out faceboxes-public.onnx

Only tensors are read from the file, nothing in it is executed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from torch import Tensor

from train.faceboxes.caffe import network_of_caffe
from train.faceboxes.export import Provenance, current_commit, export
from train.faceboxes.model import FaceBoxes
from train.training import TrainingError, command, load_checkpoint


def network_of(path: Path) -> FaceBoxes:
    """The exact topology with the weights of a public file.

    Checkpoints of PyTorch hold a state dict as it is or below `state_dict`, sometimes with `module.` before each name
    (saved from a data-parallel model). Raises TrainingError when names or shapes are not FaceBoxes'.
    """
    if path.suffix == ".caffemodel":
        return network_of_caffe(path)
    state = load_checkpoint(path)
    weights = state.get("state_dict", state)
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        raise TrainingError(f"{path} is not a state dict of tensors.")
    weights = {name.removeprefix("module."): value for name, value in weights.items()}
    net = FaceBoxes()
    # Files from before PyTorch 0.4.1 lack this counter, which only training reads.
    for name, value in net.state_dict().items():
        if name.endswith("num_batches_tracked"):
            weights.setdefault(name, value)
    try:
        net.load_state_dict(weights)
    except RuntimeError as error:
        lines = str(error).splitlines()
        raise TrainingError(f"{path} does not hold FaceBoxes' weights: {' '.join(lines[1:2]).strip()[:200]}") from error
    return net.eval()


@command
def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file to write")
    parser.add_argument("--licence", default="not stated")
    parser.add_argument("--threshold", type=float, default=0.5)
    args = parser.parse_args(argv)
    provenance = Provenance(
        data=f"converted from {args.checkpoint.name}; its authors say what it was trained on",
        licence=args.licence,
        commit=current_commit(),
        recipe="converted",
        threshold=args.threshold,
        metrics={},
    )
    difference = export(network_of(args.checkpoint), args.out, provenance)
    print(f"{args.out}: differs from PyTorch by {difference:.1e} at most")


if __name__ == "__main__":
    sys.exit(main())
