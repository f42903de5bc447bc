"""What is dropped on the window, in words that a source is opened by."""

from __future__ import annotations

from PySide6.QtGui import QDropEvent


def dropped_spec(event: QDropEvent) -> str | None:
    """The first file, folder or address that is being dropped, as `open_source` takes it."""
    data = event.mimeData()
    for url in data.urls():
        if url.isLocalFile():
            return url.toLocalFile()
        if url.scheme():
            return url.toString()
    text = data.text().strip()
    return text if "://" in text and "\n" not in text else None
