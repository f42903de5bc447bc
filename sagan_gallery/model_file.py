"""The ONNX files of our SAGAN export: what they state about themselves, and running them on one thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy.typing as npt

from facecam.arrays import Array
from facecam.errors import ModelError
from facecam.runtimes import file_check
from facecam.runtimes.engine import RuntimeFailure
from facecam.runtimes.model_file import ModelKind, open_model
from facecam.runtimes.onnx_runtime import OnnxRuntime
from facecam.runtimes.openvino_runtime import OpenVino
from sagan_gallery.sample import AttentionLayer

KIND = ModelKind("a SAGAN", file_check.GENERATOR_OPERATORS, 1 << 30, "sagan", range(1, 2))
_LARGEST_SIZE = 8192


@dataclass(frozen=True)
class Grids:
    """Feature cells of one attention layer. query, key: (height, width) of the grid, in cells."""

    query: tuple[int, int]
    key: tuple[int, int]


class SaganFile:
    """A loaded network with its description.

    name: for people and for sample texts; sha256: of the file; model_hash: its first eight hexadecimal digits, by
    which sample texts tell models apart; inputs: name -> rank, those that may be left out included; outputs: names;
    metadata: the file's own description; grids: of each attention layer, first one first.
    Raises ModelError with one sentence for people.
    """

    def __init__(self, path: Path) -> None:
        file = open_model(path, KIND)
        self.path, self.sha256, self.metadata, self.outputs = path, file.sha256, file.metadata, file.outputs
        self.model_hash = file.sha256[:8]
        self.inputs = {name: rank for name, _, rank in (*file.inputs, *file.optional)}
        self.name = str(self.metadata.get("name") or path.stem)
        self.grids = _grids(path, self.metadata)
        self._data = file.data
        self._runtime: OnnxRuntime | OpenVino = file.runtime

    def infer(self, outputs: list[str], inputs: dict[str, npt.NDArray[Any]]) -> list[Array]:
        """Computes in the calling thread. Raises FacecamError if the network does not take what it is given."""
        try:
            return self._runtime.infer(outputs, inputs)
        except RuntimeFailure as error:
            raise ModelError(
                f"{self.path} can't be run: its inputs are not as its description says; export it again."
            ) from error

    @property
    def _layer_outputs(self) -> list[str]:
        return [name for pair in attention_outputs(len(self.grids)) for name in pair]

    def infer_with_layers(
        self, output: str, inputs: dict[str, npt.NDArray[Any]]
    ) -> tuple[Array, tuple[AttentionLayer, ...]]:
        """One output, and what each attention layer did; for a batch of one."""
        first, *found = self.infer([output, *self._layer_outputs], inputs)
        pairs = zip(found[::2], found[1::2], strict=True)
        return first, tuple(self._layer(index, *pair) for index, pair in enumerate(pairs))

    def need(self, inputs: list[str], output: str) -> None:
        """Raises ModelError where one of these is missing, or an output of an attention layer."""
        for kind, names, there in (
            ("input", inputs, list(self.inputs)),
            ("output", [output, *self._layer_outputs], self.outputs),
        ):
            if missing := [name for name in names if name not in there]:
                raise self.not_ours(f"it has no {kind} {missing[0]}")

    def use_openvino(self) -> None:
        """Computes in OpenVINO from now on: for comparing speeds. Raises FacecamError without it."""
        self._runtime = OpenVino(self._data)

    def _layer(self, index: int, attention: Array, gamma: Array) -> AttentionLayer:
        """After a check that its matrix fits the stated grids."""
        grids = self.grids[index]
        queries, keys = (grid[0] * grid[1] for grid in (grids.query, grids.key))
        if attention.shape != (1, queries, keys):
            shape = f"{attention.shape} where its grids say (1, {queries}, {keys})"
            raise self.not_ours(f"its attention has the shape {shape}")
        return AttentionLayer(attention[0], grids.query, grids.key, float(gamma.reshape(-1)[0]))

    def size(self, name: str, usual: int = 0) -> int:
        """A size that the file states, or `usual`. Raises ModelError for one that no network of ours has."""
        try:
            value = int(self.metadata.get(name, usual))
        except (TypeError, ValueError, OverflowError):
            value = 0
        if not 0 < value <= _LARGEST_SIZE:
            raise self.not_ours(f"its {name} is no size that it can have")
        return value

    def not_ours(self, why: str) -> ModelError:
        return ModelError(f"{self.path} is not a SAGAN of ours: {why}.")


def attention_outputs(count: int) -> list[tuple[str, str]]:
    """Names of the outputs of each attention layer: ("attention", "gamma"), ("attention_2", "gamma_2"), ..."""
    return [("attention", "gamma") if i == 0 else (f"attention_{i + 1}", f"gamma_{i + 1}") for i in range(count)]


def _grids(path: Path, metadata: dict[str, Any]) -> list[Grids]:
    layers: Any = metadata.get("attention_layers")
    if layers == []:
        raise ModelError(f"{path} has no attention layer, so there is nothing to look at; open another model.")
    try:
        return [Grids(_cells(layer["query_grid"]), _cells(layer["key_grid"])) for layer in layers]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{path} does not state the grids of its attention layers; export it again.") from error


def _cells(value: Any) -> tuple[int, int]:
    height, width = (int(side) for side in value)
    if not (0 < height <= 1024 and 0 < width <= 1024):
        raise ValueError(f"a grid of {height} x {width} cells")
    return height, width
