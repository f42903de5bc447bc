"""Makes the int8 networks of an exported detector, for processors that multiply bytes faster than floats.

    python -m train.faceboxes.quantise assets/facecam/faceboxes.onnx --pictures ../shared/data/faces/WIDER_train/images

writes `faceboxes-int8-onnxruntime.onnx` and `faceboxes-int8-openvino.onnx` beside it, which `--precision int8` uses:
each runtime is fast with its own kind of graph. Only the ranges of the activations are looked up, over some pictures;
nothing is trained. The files name the one that they were made from by its hash.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor, nn
from tqdm import tqdm

from facecam.detection.cells import CellBuffer
from facecam.detection.letterbox import letterbox
from facecam.detection.model import METADATA_KEY, int8_path, load_model
from facecam.runtimes.engine import RUNTIMES, Runtime
from facecam.sources.photo import PICTURE_SUFFIXES, read_picture
from facecam.system.files import write_whole
from facecam.system.resources import INT8_INFIX
from train.faceboxes.export import current_commit
from train.faceboxes.graphs import int8_onnxruntime, int8_openvino
from train.faceboxes.model import MEAN_BGR, Depthwise, Detector
from train.faceboxes.model_s8 import Separable
from train.faceboxes.protocols.canvas import VGA
from train.faceboxes.reuse import network_of_onnx
from train.training import TrainingError, command, figures_table

COUNT = 64
"""So many pictures are looked at, unless another number serves the weights better. More of them widen the ranges for
the sake of a few bright spots, and all else is rounded in coarser steps; of fewer, large faces have more than there is
room for (docs/results/detector.md)."""


def quantise(path: Path, pictures: list[Path], runtime: Runtime) -> Path:
    """Writes the int8 network of an exported file for a runtime, and its card, beside it and returns its path.

    Raises TrainingError if the file is none of `train.faceboxes.export`, SourceError for a picture that can't be read.
    """
    model = _graph(network_of_onnx(path), pictures, runtime)
    source = load_model(path)
    about = {
        **source.metadata,
        "format": int8_openvino.FORMAT,
        "made_from": source.sha256,
        "runtime": runtime,
        "calibration": f"the largest activations over {len(pictures)} training pictures",
        "commit": current_commit(),
        "metrics": {},
    }
    target = int8_path(path, runtime)
    _write(model, about, target)
    return target


def with_figures(target: Path, metrics: dict[str, Any]) -> None:
    """Puts what was measured of an int8 network into its file and on its card."""
    model = onnx.load(str(target))
    (about,) = (json.loads(prop.value) for prop in model.metadata_props if prop.key == METADATA_KEY)
    _write(model, about | {"metrics": metrics}, target)


def _write(model: onnx.ModelProto, about: dict[str, Any], target: Path) -> None:
    onnx.helper.set_model_props(model, {METADATA_KEY: json.dumps(about)})
    write_whole(target, model.SerializeToString())
    target.with_suffix(".md").write_text(_card(target, about), encoding="utf-8")


def training_pictures(folder: Path, count: int) -> list[Path]:
    """So many of a folder, to look ranges up over, the same each time. Raises TrainingError where there are none."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES)
    if not found:
        raise TrainingError(f"there is no picture in {folder}; name a folder of training pictures.")
    np.random.default_rng(0).shuffle(found)
    return found[:count]


def _graph(net: Detector, pictures: list[Path], runtime: Runtime) -> onnx.ModelProto:
    level_depthwise(net, _images(pictures))
    if runtime == Runtime.OPENVINO:
        return int8_openvino.int8_model(net, int8_openvino.observed_ranges(net, _in_cells(pictures)))
    return int8_onnxruntime.qlinear_model(net, int8_onnxruntime.observed_ranges(net, _in_cells(pictures)))


@torch.no_grad()
def level_depthwise(net: Detector, images: Iterable[Tensor]) -> None:
    """Gives all channels between a depthwise and its 1x1 convolution the same range over images (N, 3, H, W), as they
    are rounded in the same steps. Nothing is between the two, so that the network computes what it did."""
    blocks = [module for module in net.modules() if isinstance(module, Separable)]
    largest = {block.depthwise: torch.zeros(block.depthwise.out_channels) for block in blocks}

    def look(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        assert isinstance(module, Depthwise)
        torch.maximum(largest[module], output.abs().amax((0, 2, 3)), out=largest[module])

    hooks = [depthwise.register_forward_hook(look) for depthwise in largest]
    for image in images if blocks else ():
        net(image)
    for hook in hooks:
        hook.remove()
    for block in blocks:
        scale = 1 / largest[block.depthwise].clamp(min=1e-6)
        block.depthwise.weight *= scale[:, None, None, None]
        block.conv.weight /= scale[None, :, None, None]


def _card(target: Path, about: dict[str, Any]) -> str:
    size_mb, name = target.stat().st_size / 1e6, Runtime(about["runtime"]).display_name
    source = target.name.partition(INT8_INFIX)[0]
    return f"""# {target.stem}

The network of `{source}.onnx` (see its card) with activations and weights of 8 bits, {size_mb:.1f} MB: `{source}` at
`--precision int8`, computed by {name} on processors that add up products of bytes (VNNI). Made by
`train/faceboxes/quantise.py`, without training.

- **Made from:** `{source}.onnx`, SHA-256 {about["made_from"]}
- **Calibration:** {about["calibration"]}
- **Data, licence:** those of `{source}.onnx`
- **Commit:** {about["commit"]}
- **Default threshold:** {about["threshold"]:g}
- **Input:** `cells` (1, ceil(H / 4) + 1, ceil(W / 4) + 1, 48) uint8 (`facecam/detection/cells.py`). **Output:** `faces`
  (1, A, 5): four offsets, and the logit of a face.

{figures_table(about["metrics"], "measure", ".3f")}
"""


def _images(pictures: list[Path]) -> Iterator[Tensor]:
    """Each picture as the network takes it."""
    for path in pictures:
        canvas = letterbox(read_picture(path), VGA)[0].astype(np.float32) - np.array(MEAN_BGR, np.float32)
        yield torch.from_numpy(canvas).permute(2, 0, 1)[None]


def _in_cells(pictures: list[Path]) -> Iterator[npt.NDArray[np.uint8]]:
    """Each picture in cells, in the same array, which the next one overwrites."""
    width, height = VGA
    buffer = CellBuffer(height, width, MEAN_BGR)
    for path in tqdm(pictures, "looking at pictures", disable=None):
        buffer.fill(letterbox(read_picture(path), VGA)[0])
        yield buffer.array


@command
def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="an ONNX file of train.faceboxes.export")
    parser.add_argument("--pictures", type=Path, required=True, help="a folder of training pictures")
    parser.add_argument("--count", type=int, default=COUNT, help=f"so many of them are looked at (default: {COUNT})")
    args = parser.parse_args(argv)
    pictures = training_pictures(args.pictures, args.count)
    for runtime in RUNTIMES:
        path = quantise(args.model, pictures, runtime)
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    sys.exit(main())
