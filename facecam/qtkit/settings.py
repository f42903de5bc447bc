"""What the window remembers between starts: a few plain values, each with a type and a range."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, get_args, get_type_hints

from PySide6.QtCore import QByteArray, QObject, QTimer, Signal

from facecam.system.settings_file import SettingsFile

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_WRITTEN_AFTER_MS = 1000
"""A slider that is moved must not write with each step."""


_Default = TypeVar("_Default", bool, None)


class Settings(QObject):
    """Typed access. A value that is missing, damaged or out of range reads as the default.

    path: where they are kept, written soon after a change; None: nowhere, and the end forgets them.
    """

    not_kept = Signal(str)
    """Why they can't be written any more, in a sentence: once, and not with each change."""

    def __init__(self, path: Path | None = None) -> None:
        super().__init__()
        self._file = SettingsFile(path)
        self._timer = QTimer(singleShot=True, interval=_WRITTEN_AFTER_MS)
        self._timer.timeout.connect(self.flush)
        self.forgotten = False
        """Whether the user has cleared them since the start: then nothing of this start is to be remembered."""

    @property
    def problem(self) -> str | None:
        """A sentence for the user when the settings were damaged or can't be kept, None while all is well."""
        return self._file.problem

    def flush(self) -> None:
        """Writes now what is otherwise written within a second."""
        self._timer.stop()
        told = self.problem
        self._file.flush()
        if self.problem is not None and self.problem != told:
            self.not_kept.emit(self.problem)

    def clear(self) -> None:
        """Forgets everything. Raises OSError if that can't be done."""
        self._timer.stop()
        self._file.clear()
        self.forgotten = True

    def flag(self, key: str, default: _Default) -> bool | _Default:
        value = self._file.value(key)
        return value if isinstance(value, bool) else default

    def number(self, key: str, default: float | None, low: float, high: float) -> float | None:
        try:
            value = float(str(self._file.value(key)))
        except ValueError:
            return default
        return value if low <= value <= high else default

    def text(self, key: str, default: str = "") -> str:
        value = self._file.value(key)
        return value if isinstance(value, str) else default

    def blob(self, key: str) -> QByteArray | None:
        """Bytes that Qt made, such as a window's geometry; kept as text."""
        try:
            data = base64.b64decode(self.text(key), validate=True)
        except (binascii.Error, ValueError):
            return None
        return QByteArray(data) if data else None

    def put(self, key: str, value: bool | float | str | QByteArray) -> None:
        if self.forgotten:
            return
        self._file.put(key, base64.b64encode(value.data()).decode("ascii") if isinstance(value, QByteArray) else value)
        if self._file.path is not None:
            self._timer.start()


@dataclass(frozen=True)
class Key:
    """Says of a field of a frozen dataclass under which key `Remembered` keeps it: `x: Annotated[int, Key("x")] = 3`.

    The field may be a bool, int, float, str, Path, an Enum of texts, or one of these or None, which is kept as an empty
    text. allowed: the lowest and the highest number, or the texts that are possible.
    """

    name: str
    allowed: Collection[Any] = ()


_T = TypeVar("_T", bound="DataclassInstance")


class Remembered(Generic[_T]):
    """A frozen dataclass whose fields have a Key, remembered between starts. value: as it is now; a field that is
    missing in the settings, damaged or out of range is at its default."""

    def __init__(self, settings: Settings, kind: type[_T]) -> None:
        self._settings = settings
        self._keys: dict[str, Key] = {}
        values = {}
        for name, annotated in get_type_hints(kind, include_extras=True).items():
            hint, self._keys[name] = get_args(annotated)
            values[name] = self._read(hint, self._keys[name], getattr(kind, name))
        self.value = kind(**values)

    def change(self, **changes: Any) -> None:
        self.value = replace(self.value, **changes)
        for name, value in changes.items():
            self._settings.put(self._keys[name].name, _plain(value))

    def _read(self, hint: Any, key: Key, default: Any) -> Any:
        kind = next(each for each in (get_args(hint) or (hint,)) if each is not NoneType)
        if kind is bool:
            return self._settings.flag(key.name, default)
        if kind in (int, float):
            number = self._settings.number(key.name, default, *key.allowed)
            return round(number) if kind is int and number is not None else number
        text = self._settings.text(key.name)
        if issubclass(kind, Enum):
            text = text if text in {each.value for each in kind} else ""
        value = kind(text) if text else default
        return value if not key.allowed or value in key.allowed else default


def _plain(value: Any) -> bool | float | str:
    if value is None:
        return ""
    if isinstance(value, Enum):
        return str(value.value)
    return value if isinstance(value, bool | int | float) else str(value)
