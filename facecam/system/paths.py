"""Where the program keeps what it writes by itself: the platform's places for settings, logs and the cache."""

from __future__ import annotations

from pathlib import Path

import platformdirs

_NAME = "facecam"


def settings_file() -> Path:
    """What the window remembers."""
    return Path(platformdirs.user_config_dir(_NAME, appauthor=False)) / "settings.json"


def log_file() -> Path:
    """The newest log; older ones end in .1, .2 and so on."""
    return Path(platformdirs.user_log_dir(_NAME, appauthor=False)) / "facecam.log"


def crash_file() -> Path:
    """What is left of a crash of the whole process."""
    return log_file().with_name("crash.log")


def cache_folder() -> Path:
    """What can be found out again."""
    return Path(platformdirs.user_cache_dir(_NAME, appauthor=False))


def videos_folder() -> Path:
    """Where recordings go, unless the user chooses another folder."""
    return Path(platformdirs.user_videos_dir()) / _NAME


def pictures_folder() -> Path:
    """Where snapshots go, unless the user chooses another folder."""
    return Path(platformdirs.user_pictures_dir()) / _NAME
