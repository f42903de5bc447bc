"""Reading a model file: checked before a runtime sees it, opened on the calling thread, with its own description.

Nothing in a model file is executed but the network itself: no pickle, no custom operators, no data outside the file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facecam.errors import ModelError
from facecam.runtimes import file_check, memory_check
from facecam.runtimes.engine import RuntimeFailure
from facecam.runtimes.onnx_runtime import OnnxRuntime
from facecam.system.resources import is_shipped


@dataclass(frozen=True)
class ModelKind:
    """What the models of a kind have in common.

    title: for people, with its article, such as "a face detector"; operators: that they are made of; max_bytes: of a
    file; metadata_key: of the description in the file; formats: of the description which this program reads.
    """

    title: str
    operators: frozenset[str]
    max_bytes: int
    metadata_key: str
    formats: range


@dataclass(frozen=True)
class ModelFile:
    """A model file that was read, checked and opened.

    sha256: of the data; metadata: the file's description of itself; runtime: the network in ONNX Runtime, on the
    calling thread; inputs: (name, ONNX Runtime's name of its type, rank) of each; optional: those that have a default;
    outputs: names.
    """

    path: Path
    data: bytes
    sha256: str
    metadata: dict[str, Any]
    runtime: OnnxRuntime
    inputs: list[tuple[str, str, int]]
    optional: list[tuple[str, str, int]]
    outputs: list[str]


def open_model(path: Path, kind: ModelKind) -> ModelFile:
    """Reads, checks and opens a file. Raises ModelError with a sentence for people."""
    data = read_model(path, kind)
    try:
        runtime = OnnxRuntime(data)
        session = runtime.session
        text = session.get_modelmeta().custom_metadata_map.get(kind.metadata_key)
        inputs, optional = _signature(session.get_inputs()), _signature(session.get_overridable_initializers())
        outputs = [value.name for value in session.get_outputs()]
    except (RuntimeFailure, UnicodeDecodeError) as error:  # the latter: a name or text in it is none
        raise ModelError(f"{path} is not an ONNX model that can be loaded; it may be damaged or incomplete.") from error
    sha256 = hashlib.sha256(data).hexdigest()
    return ModelFile(path, data, sha256, _metadata(path, text, kind), runtime, inputs, optional, outputs)


def read_model(path: Path, kind: ModelKind) -> bytes:
    """The content of a file that a runtime may load. Raises ModelError with a sentence for people.

    What comes with the program is not tried out with little memory.
    """
    check_path(path)
    try:
        if path.stat().st_size > kind.max_bytes:
            raise ModelError(f"{path} is too large for {kind.title} ({path.stat().st_size / 1e6:.0f} MB).")
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"The model {path} can't be read: {error.strerror or error}.") from error
    if not data:
        raise ModelError(f"The model {path} is empty (0 bytes).")
    problem = file_check.problem(data, kind.operators)
    if problem is not None:
        raise ModelError(f"{path} is not loaded, as it {problem}.")
    try:
        if not is_shipped(path):
            memory_check.run_once(data)
    except memory_check.NotEnoughMemory as error:
        raise ModelError(f"{path} is not loaded, as it wants more memory than {kind.title} needs.") from error
    return data


def check_path(path: Path) -> None:
    """Raises ModelError if there is no file."""
    if path.is_dir():
        raise ModelError(f"{path} is a folder; name the ONNX file in it.")
    if not path.exists():
        raise ModelError(f"There is no model file {path}.")


def _signature(values: Any) -> list[tuple[str, str, int]]:
    return [(value.name, value.type, len(value.shape)) for value in values]


def _metadata(path: Path, text: str | None, kind: ModelKind) -> dict[str, Any]:
    if text is None:
        lacks = f"it has no `{kind.metadata_key}` metadata"
        raise ModelError(f"{path} is an ONNX model, but not {kind.title} of ours ({lacks}).")
    try:
        metadata = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} has damaged metadata: {error}.") from error
    if not isinstance(metadata, dict):
        raise ModelError(f"{path} has damaged metadata: not an object.")
    number, known = metadata.get("format"), kind.formats
    if not isinstance(number, int) or number not in known:  # it may be a list, too
        reads = f"{known[0]} to {known[-1]}" if len(known) > 1 else f"{known[0]}"
        raise ModelError(f"{path} has the metadata format {number!r}, this program reads {reads}; update one.")
    return metadata
