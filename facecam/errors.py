"""Errors that are told to the user: the message is one sentence that says what is wrong and what to do."""


class FacecamError(Exception):
    """Something the user can mend. `str(error)` is shown as it is, in the window and on the command line."""


class SourceError(FacecamError):
    """A camera, file, folder or stream can't be opened or read."""


class ModelError(FacecamError):
    """A model file is missing, damaged or not a face detector of ours."""
