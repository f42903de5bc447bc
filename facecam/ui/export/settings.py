"""ExportSettings: what the export remembers between starts; and the arguments of the command that do it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from facecam.batch.estimate import QUICK_SIZE
from facecam.faces.privacy import Hiding
from facecam.qtkit.settings import Key
from facecam.system.cpu import available_cores
from facecam.system.files import named_path
from facecam.system.paths import pictures_folder

MOST_JOBS = max(1, len(available_cores()))


class Copies(StrEnum):
    """What copies show."""

    HIDDEN = "hidden"
    BOXES = "boxes"
    NONE = "none"


@dataclass(frozen=True)
class ExportSettings:
    """copies: what they show. how: faces are hidden. thorough: at several sizes. sound: is kept in copies of videos.
    json, csv: lists of the faces. jobs: processes, one core each."""

    copies: Annotated[Copies, Key("export/copies")] = Copies.HIDDEN
    how: Annotated[Hiding, Key("export/how")] = Hiding.BLUR
    thorough: Annotated[bool, Key("export/thorough")] = True
    sound: Annotated[bool, Key("export/sound")] = True
    json: Annotated[bool, Key("export/json")] = False
    csv: Annotated[bool, Key("export/csv")] = False
    jobs: Annotated[int, Key("export/jobs", (1, MOST_JOBS))] = max(1, MOST_JOBS - 1)

    @property
    def looks_thoroughly(self) -> bool:
        """Whether it does: where faces are hidden."""
        return self.thorough and self.copies is Copies.HIDDEN

    @property
    def writes(self) -> bool:
        """Whether anything comes of it."""
        return self.copies is not Copies.NONE or self.json or self.csv

    def how_to_look(self) -> list[str]:
        """Options of `facecam detect` that decide what is found."""
        options = ["--hide", self.how.value] if self.copies is Copies.HIDDEN else []
        return options if self.looks_thoroughly else [*options, "--size", "x".join(map(str, QUICK_SIZE))]

    def arguments(self, specs: list[str], out: Path) -> list[str]:
        """Of `facecam detect`. out: folder of all that is written."""
        return [
            *specs,
            *self.how_to_look(),
            *(["--out", str(out)] if self.copies is not Copies.NONE else []),
            *(["--json", str(out / "faces.jsonl")] if self.json else []),
            *(["--csv", str(out / "faces.csv")] if self.csv else []),
            *([] if self.sound else ["--no-audio"]),
            *self.share(),
        ]

    def share(self) -> list[str]:
        """Options of `facecam detect` for several processes."""
        return ["--jobs", str(self.jobs)] if self.jobs > 1 else []


def output_folder(specs: list[str]) -> Path:
    """A new folder beside what is exported, for all that comes of it; among the user's pictures where that can't be."""
    first = named_path(specs[0])
    name = f"{first.stem if first.is_file() else first.name}-faces" if len(specs) == 1 else "faces"
    return (first.parent if os.access(first.parent, os.W_OK) else pictures_folder()) / name
