"""What the window remembers between starts: a few plain values, each with a type and a range."""

from __future__ import annotations

import base64
import binascii
from typing import Protocol

from PySide6.QtCore import QByteArray, QTimer

from facecam.system.paths import settings_file
from facecam.system.settings_file import SettingsFile

_WRITTEN_AFTER_MS = 1000
"""A slider that is moved must not write with each step."""


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

    def flag(self, key: str, default: bool) -> bool:
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
