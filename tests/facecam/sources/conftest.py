"""What tests of sources share."""

from __future__ import annotations

import pytest

from facecam.errors import SourceError
from facecam.sources import open_source


def refused(spec: object, words: str) -> None:
    """Whatever opens it is told these words (a pattern), in one sentence."""
    with pytest.raises(SourceError, match=words) as caught:
        open_source(str(spec)).read()
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith((".", "?"))
