"""What the window remembers between starts: a few plain values, each with a type and a range."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import Enum
from types import NoneType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, get_args, get_type_hints

from PySide6.QtCore import QByteArray, QTimer

from facecam.system.paths import settings_file
from facecam.system.settings_file import SettingsFile

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_WRITTEN_AFTER_MS = 1000
"""A slider that is moved must not write with each step."""


_Default = TypeVar("_Default", bool, None)


class Store(Protocol):
    """Keeps values by key; QSettings is one, tests keep them in memory."""

    def value(self, key: str) -> object: ...
    def setValue(self, key: str, value: object) -> None: ...
    def clear(self) -> None: ...


class MemoryStore:
    """Forgets everything at the end: for tests and for screenshots."""

    def __init__(self) -> None:
        self._values: dict[str, object] = {}

    def value(self, key: str) -> object:
        return self._values.get(key)

    def setValue(self, key: str, value: object) -> None:
        self._values[key] = value

    def clear(self) -> None:
        self._values = {}


class Settings:
    """Typed access. A value that is missing, damaged or out of range reads as the default."""

    def __init__(self, store: Store | None = None) -> None:
        self._store: Store = store if store is not None else MemoryStore()
        self.forgotten = False
        """Whether the user has cleared them since the start: then nothing of this start is to be remembered."""

    @classmethod
    def of_user(cls) -> Settings:
        """The user's own, in the platform's place."""
        return cls(UserStore(SettingsFile(settings_file())))

    @property
    def problem(self) -> str | None:
        """A sentence for the user when the settings were damaged or can't be kept, None while all is well."""
        return self._store.file.problem if isinstance(self._store, UserStore) else None

    def flush(self) -> None:
        """Writes now what is otherwise written within a second."""
        if isinstance(self._store, UserStore):
            self._store.flush()

    def clear(self) -> None:
        """Forgets everything. Raises OSError if that can't be done."""
        self._store.clear()
        self.forgotten = True

    def flag(self, key: str, default: _Default) -> bool | _Default:
        """A yes or no."""
        value = self._store.value(key)
        if isinstance(value, bool):
            return value
        return {"true": True, "false": False}.get(str(value).lower(), default)  # ini files keep text

    def number(self, key: str, default: float | None, low: float, high: float) -> float | None:
        """A number in low..high."""
        try:
            value = float(str(self._store.value(key)))
        except ValueError:
            return default
        return value if low <= value <= high else default

    def text(self, key: str, default: str = "") -> str:
        """A line of text."""
        value = self._store.value(key)
        return value if isinstance(value, str) else default

    def blob(self, key: str) -> QByteArray | None:
        """Bytes that Qt made, such as a window's geometry; kept as text."""
        try:
            data = base64.b64decode(self.text(key), validate=True)
        except (binascii.Error, ValueError):
            return None
        return QByteArray(data) if data else None

    def put(self, key: str, value: bool | float | str | QByteArray) -> None:
        """Remembers the value under the key."""
        if self.forgotten:
            return
        self._store.setValue(
            key, base64.b64encode(value.data()).decode("ascii") if isinstance(value, QByteArray) else value
        )


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
        """Changes these fields, and remembers them."""
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


class UserStore:
    """A SettingsFile that is written soon after a change."""

    def __init__(self, file: SettingsFile) -> None:
        self.file = file
        self._timer = QTimer(singleShot=True, interval=_WRITTEN_AFTER_MS)
        self._timer.timeout.connect(self.flush)

    def value(self, key: str) -> object:
        return self.file.value(key)

    def setValue(self, key: str, value: object) -> None:
        if isinstance(value, (bool, int, float, str)):
            self.file.put(key, value)
            self._timer.start()

    def clear(self) -> None:
        self._timer.stop()
        self.file.clear()

    def flush(self) -> None:
        self._timer.stop()
        self.file.flush()
