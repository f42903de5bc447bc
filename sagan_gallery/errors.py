"""The error that is told to the user: the message is one sentence that says what is wrong and what to do."""


class GalleryError(Exception):
    """Something the user can mend: a model file, a picture or a sample text. `str(error)` is shown as it is."""
