"""Errors that are told to the user: the message is one sentence that says what is wrong and what to do."""

from __future__ import annotations

from typing import NoReturn
from unicodedata import category

_LONGEST = 600


def printable(text: str) -> str:
    """The text in one line. Characters that a terminal would obey or can't show become escapes, as names of files may
    hold anything."""
    return "".join(
        letter if letter.isprintable() or category(letter) == "Zs" else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


class FacecamError(Exception):
    """Something the user can put right. `str(error)` is shown as it is, in the window and on the command line.

    Names of files and addresses in it may hold anything: it stays one line, of a length that can be read.
    """

    def __str__(self) -> str:
        text = printable(super().__str__())
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 150]}…{text[-140:]}"

    def alone(self) -> FacecamError:
        """The error without its traceback, to be kept until it is asked for: a traceback keeps the local variables of
        all functions in it, such as pictures and open files."""
        self.__cause__ = self.__context__ = self.__traceback__ = None
        return self


class SourceError(FacecamError):
    """A camera, file, folder or stream can't be opened or read."""


class WriteError(FacecamError):
    """A file can't be written: nothing that follows in the same place could be either."""


class CopyError(FacecamError):
    """This file can't be written where it is to be; others may."""


class ModelError(FacecamError):
    """A model file is missing, damaged or not one of ours."""


class MissingLibrary:
    """In the place of a library that can't be loaded, so that commands that do without it work: whoever uses it gets an
    error of that kind with that sentence."""

    def __init__(self, kind: type[FacecamError], sentence: str) -> None:
        self._kind, self._sentence = kind, sentence

    def __getattr__(self, name: str) -> NoReturn:
        raise self._kind(self._sentence)
