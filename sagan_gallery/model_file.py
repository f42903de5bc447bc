"""Opening an ONNX file of our SAGAN export, on one thread.

Nothing in a model file is executed but the network itself: no pickle, no custom operators, no data outside the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from facecam.errors import FacecamError

METADATA_KEY = "sagan"
FORMAT = 1
_MAX_BYTES = 1 << 30
_SILENT = 4

# ONNX Runtime's errors have no common base but Exception.
_ORT_ERRORS: tuple[type[Exception], ...] = (
    ort_state.EPFail,
    ort_state.Fail,
    ort_state.InvalidArgument,
    ort_state.InvalidGraph,
    ort_state.InvalidProtobuf,
    ort_state.NoModel,
    ort_state.NoSuchFile,
    ort_state.NotImplemented,
    ort_state.RuntimeException,
    RuntimeError,
)


def _trust(_: bytes) -> str | None:
    return None


check_file: Callable[[bytes], str | None] = _trust
"""Looks into a file before the runtime does: why it must not be loaded, as the end of the sentence "it ...", or None.
Whoever lets people open files from anywhere lends one that refuses what would crash the runtime or fill the memory."""


@dataclass(frozen=True)
class Grids:
    """Feature cells of one attention layer. query, key: (height, width) of the grid, in cells."""

    query: tuple[int, int]
    key: tuple[int, int]


class ModelFile:
    """A loaded network with its description.

    name: for people and for sample texts; sha256: of the file; inputs: name -> rank, those that may be left out
    included; outputs: names; metadata: the file's own description; grids: of each attention layer, first one first.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        data = _read(path)
        self.sha256 = hashlib.sha256(data).hexdigest()
        self._data = data
        problem = check_file(data)
        if problem is not None:
            raise FacecamError(f"{path} is not loaded, as it {problem}.")
        self._session = _open_session(path, data)
        try:
            self.inputs = {
                value.name: len(value.shape)
                for value in (*self._session.get_inputs(), *self._session.get_overridable_initializers())
            }
            self.outputs = [value.name for value in self._session.get_outputs()]
            text = self._session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
        except UnicodeDecodeError as error:
            raise FacecamError(f"{path} is not an ONNX model that can be used; a name in it is damaged.") from error
        self.metadata = _metadata(path, text)
        self.name = str(self.metadata.get("name") or path.stem)
        self.grids = _grids(path, self.metadata)

    @property
    def short_hash(self) -> str:
        """The first eight hexadecimal digits of the file's SHA-256: enough to tell models apart in a sample text."""
        return self.sha256[:8]

    def run(self, outputs: list[str], inputs: dict[str, npt.NDArray[Any]]) -> list[npt.NDArray[np.float32]]:
        """Computes in the calling thread. Raises FacecamError if the network does not take what it is given."""
        try:
            return [np.asarray(value, np.float32) for value in self._session.run(outputs, inputs)]
        except _ORT_ERRORS as error:
            raise FacecamError(
                f"{self.path} can't be run: its inputs are not as its description says; export it again."
            ) from error

    def use_openvino(self) -> None:
        """Computes in OpenVINO from now on: for comparing speeds. Raises FacecamError without it."""
        from sagan_gallery.openvino_session import OpenVinoSession

        self._session = OpenVinoSession(self._data)

    def not_ours(self, why: str) -> FacecamError:
        """The error for a network that is not what was asked for."""
        return FacecamError(f"{self.path} is not a SAGAN of ours: {why}.")


def attention_outputs(count: int) -> list[tuple[str, str]]:
    """Names of the outputs of each attention layer: ("attention", "gamma"), ("attention_2", "gamma_2"), ..."""
    return [("attention", "gamma") if i == 0 else (f"attention_{i + 1}", f"gamma_{i + 1}") for i in range(count)]


def _read(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise FacecamError(f"{path} is a folder; name the ONNX file in it.")
        if not path.exists():
            raise FacecamError(f"There is no model file {path}.")
        if path.stat().st_size > _MAX_BYTES:
            raise FacecamError(f"{path} is too large for a SAGAN ({path.stat().st_size / 1e6:.0f} MB).")
        data = path.read_bytes()
    except OSError as error:
        raise FacecamError(f"The model {path} can't be read: {error.strerror or error}.") from error
    if not data:
        raise FacecamError(f"The model {path} is empty (0 bytes).")
    # A tensor stored outside the file has an entry "location", which would make a model file read others.
    if b"\n\x08location" in data:
        raise FacecamError(f"{path} keeps its weights in another file, which is not allowed; export it as one file.")
    return data


def _open_session(path: Path, data: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # computes in the calling thread and starts none, so live detection keeps its core
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = _SILENT  # what matters is said by FacecamError
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except _ORT_ERRORS as error:
        raise FacecamError(
            f"{path} is not an ONNX model that can be loaded; it may be damaged or incomplete."
        ) from error


def _metadata(path: Path, text: str | None) -> dict[str, Any]:
    if text is None:
        raise FacecamError(f"{path} is an ONNX model, but not a SAGAN of ours (it has no `{METADATA_KEY}` metadata).")
    try:
        metadata = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FacecamError(f"{path} has damaged metadata: {error}.") from error
    if not isinstance(metadata, dict):
        raise FacecamError(f"{path} has damaged metadata: not an object.")
    if metadata.get("format") != FORMAT:
        raise FacecamError(
            f"{path} has the metadata format {metadata.get('format')!r}, this program reads {FORMAT}; update one."
        )
    return metadata


def _grids(path: Path, metadata: dict[str, Any]) -> list[Grids]:
    """Grids of all layers; a file of one layer may state them at the top only."""
    if metadata.get("attention_layers") == []:
        raise FacecamError(f"{path} has no attention layer, so there is nothing to look at; open another model.")
    layers = metadata.get("attention_layers") or [metadata]
    try:
        grids = [Grids(_cells(layer["query_grid"]), _cells(layer["key_grid"])) for layer in layers]
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise FacecamError(f"{path} does not state the grids of its attention layers; export it again.") from error
    return grids


def _cells(value: Any) -> tuple[int, int]:
    height, width = (int(side) for side in value)
    if not (0 < height <= 1024 and 0 < width <= 1024):
        raise ValueError(f"a grid of {height} x {width} cells")
    return height, width
