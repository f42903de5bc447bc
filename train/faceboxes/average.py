"""Averages the weights of two exported detectors of one topology into a checkpoint for `train.faceboxes.export`.

    python -m train.faceboxes.average a.onnx b.onnx --share 0.6 --out runs/average.pt

Meant for a network and what a further, short stage made of it (Wortsman et al. 2022): between the two there is often a
network that is better than either. Unrelated networks average to noise.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from train.faceboxes.model import Detector
from train.faceboxes.reuse import network_of_onnx
from train.training import TrainingError, command, save_checkpoint


@torch.no_grad()
def averaged(first: Detector, second: Detector, share: float) -> Detector:
    """`second`, with its weights moved to (1 - share) of the first's and `share` of its own.

    Both as `network_of_onnx` gives them: with batch norms that only add a bias, so that all weights may be averaged.
    Raises TrainingError when the topologies differ.
    """
    if first.name != second.name:
        raise TrainingError(f"{first.name} and {second.name} are different networks: average two of one topology.")
    theirs = first.state_dict()
    for name, value in second.state_dict().items():
        if value.is_floating_point():
            value.lerp_(theirs[name], 1 - share)
    return second


@command
def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path, help="an exported .onnx file")
    parser.add_argument("second", type=Path, help="another of the same topology")
    parser.add_argument("--share", type=float, default=0.5, help="of the second, 0 to 1")
    parser.add_argument("--out", type=Path, required=True, help="the checkpoint to write")
    args = parser.parse_args(argv)
    if not 0 <= args.share <= 1:
        raise TrainingError(f"--share must lie between 0 and 1, not {args.share:g}.")
    net = averaged(network_of_onnx(args.first), network_of_onnx(args.second), args.share)
    options = json.dumps({"average": [args.first.name, args.second.name], "share": args.share})
    save_checkpoint(args.out, {"model": net.name, "ema": {"module": net.state_dict()}, "options": options})


if __name__ == "__main__":
    sys.exit(main())
