"""What a batch has done so far, in a small file, so that one that was killed can go on where it was."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from facecam.batch.work import Outcome, Task, WorkOptions
from facecam.system.files import named_path, write_whole, writing

NAME = ".facecam-batch"


class Journal:
    """path: of the file. options: those of the batch; what was done under others is done again. results: files with
    what is told of each input; what does not stand in all of them is done again.

    Each input stands in it as soon as its results and its copy are whole, by what nobody can read a name from: it lies
    among copies that may be handed on. Raises WriteError where it can't be written.
    """

    def __init__(self, path: Path, options: WorkOptions, results: Sequence[Path]) -> None:
        self.path = path
        self._key = _hashed(repr((options, sorted(map(os.path.abspath, results)))))
        there = all(map(os.path.exists, results))
        self._done = {entry["source"]: entry for entry in _entries(path) if there and entry.get("options") == self._key}
        self._file: Any = None

    def outcome(self, task: Task) -> Outcome | None:
        """What became of it; None if it is not done: never begun, or changed since, or its copy is gone."""
        state = _state(task)
        entry = self._done.get(state["source"])
        if entry is None or any(entry.get(name) != value for name, value in state.items()):
            return None
        name = entry.get("copy")
        copy = self.path.parent / name if task.copy is not None and isinstance(name, str) else None
        if task.copy is not None and not (copy is not None and copy.is_file()):
            return None
        told = entry.get("damage") or [], entry.get("converted") or [], copy
        return Outcome(task.input.spec, task.input.folder is not None, None, *told, faces=entry.get("faces") or 0)

    def begin(self, anew: bool) -> None:
        """Opens the file. anew: forgets what is in it."""
        with writing(self.path.parent):  # which is what people have named
            if anew:
                self._done.clear()
                write_whole(self.path, "")
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a", encoding="utf-8", buffering=1)

    def add(self, task: Task, outcome: Outcome) -> None:
        """Notes that an input is done."""
        entry = {
            **_state(task),
            "copy": outcome.copy and os.path.relpath(outcome.copy, self.path.parent),
            "damage": outcome.damage,
            "converted": outcome.converted,
            "faces": outcome.faces,
            "options": self._key,
        }
        with writing(self.path):
            self._file.write(json.dumps(entry) + "\n")

    def close(self, finished: bool) -> None:
        """finished: the whole batch is done, and the file no longer needed."""
        self._file.close()
        if finished:
            self.path.unlink(missing_ok=True)


def _state(task: Task) -> dict[str, Any]:
    """An input as it is now; a stream is never the same again."""
    try:
        status = os.stat(named_path(task.input.spec))
    except (OSError, ValueError):
        return {"source": _hashed(task.input.spec), "size": None, "time": os.urandom(8).hex()}
    source = _hashed(os.path.abspath(named_path(task.input.spec)))
    return {"source": source, "size": status.st_size, "time": status.st_mtime_ns}


def _hashed(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    """The last line may be half written."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and isinstance(entry.get("source"), str):
            yield entry
