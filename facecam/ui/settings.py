"""What the window remembers between starts: a few plain values, each with a type and a range."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QByteArray, QSettings


class Store(Protocol):
    """The part of QSettings that is used, so that tests can keep values in memory."""

    def value(self, key: str) -> object: ...
    def setValue(self, key: str, value: object) -> None: ...


class MemoryStore:
    """Forgets everything at the end: for tests and for screenshots."""

    def __init__(self) -> None:
        self._values: dict[str, object] = {}

    def value(self, key: str) -> object:
        return self._values.get(key)

    def setValue(self, key: str, value: object) -> None:
        self._values[key] = value


class Settings:
    """Typed access. A value that is missing, damaged or out of range reads as the default."""

    def __init__(self, store: Store | None = None) -> None:
        self._store: Store = store if store is not None else MemoryStore()

    @classmethod
    def of_user(cls) -> Settings:
        """The user's own, in the platform's place."""
        return cls(_UserStore())

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
        """Bytes that Qt made, such as a window's geometry."""
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else None

    def put(self, key: str, value: bool | float | str | QByteArray) -> None:
        """Remembers the value under the key."""
        self._store.setValue(key, value)


class _UserStore:
    def __init__(self) -> None:
        self._settings = QSettings("facecam", "facecam")

    def value(self, key: str) -> object:
        return self._settings.value(key)

    def setValue(self, key: str, value: object) -> None:
        self._settings.setValue(key, value)
