"""GalleryFiles: what the panel opens, copies and saves, as actions of its menu."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QImage, QImageReader, QImageWriter
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from facecam.arrays import Image
from facecam.errors import FacecamError
from facecam.qtkit.commands import Menu, command
from facecam.qtkit.file_dialogs import ask_path, check_suffix, suffix_of
from facecam.system.files import PartFile, writing
from facecam.system.paths import pictures_folder
from sagan_gallery.export import FilmWriter, save_attention, write_gif, write_webp
from sagan_gallery.latent import SampleSpec, parse_sample_text
from sagan_gallery.ui import words
from sagan_gallery.ui.figure import save_figure
from sagan_gallery.ui.film import film_frames
from sagan_gallery.ui.paint import from_qimage, pin_colour
from sagan_gallery.ui.sample_stage import SampleStage
from sagan_gallery.ui.session import Export, GallerySession

FILM_HZ = 25.0
FILM_S = 8.0
FILM_PX, WEBP_PX, GIF_PX = 512, 256, 192
"""Side of the picture in a film; with these, 200 frames of a WebP or a GIF stay below 4 MB."""
PICTURES = "Pictures (*.png *.jpg *.jpeg *.webp *.bmp *.gif)"
_LARGEST_PX = 1024
"""Own pictures are scaled down to this side: many times what the network sees, as they stay in memory."""


class GalleryFiles(QObject):
    """The actions; those that make no sense at the moment say what is missing.

    grab_frame: gives the camera's picture (H, W, 3) uint8 RGB, or None when there is none; write_mp4: writes films in
    that format.
    """

    model_opened = Signal(Path)
    """A model is to be loaded."""
    picture_opened = Signal(object)
    """(H, W, 3) uint8 RGB, an own picture to be looked at."""
    text_opened = Signal(SampleSpec)
    """The sample of a sample text is to be shown."""
    export_wanted = Signal(Export)
    """A file that takes long is to be made."""
    said = Signal(str)
    """What has been done, or why it can't be."""

    def __init__(
        self,
        stage: SampleStage,
        session: GallerySession,
        grab_frame: Callable[[], Image | None],
        write_mp4: FilmWriter,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._window, self._stage, self._session = parent, stage, session
        self.grab_frame, self._write_mp4 = grab_frame, write_mp4
        self.menu = QMenu(parent)
        self._last: dict[bool, Path] = {}
        """The folder of the last file that was opened (False) or saved (True)."""
        file, edit = Menu.FILE, Menu.EDIT
        ask_model = partial(self._ask, "Open a model", ["SAGAN models (*.onnx)"], self.open)
        self.open_model = self._action("Open a model…", ask_model, file, "Ctrl+O")
        ask_picture = partial(self._ask, "Look at an own picture", [PICTURES], self.open)
        self.own_picture = self._action("Look at an own picture…", ask_picture, file, "Ctrl+Shift+O")
        self.frame = self._action("Look at the camera's picture", self._open_frame, file)
        self.copy_text = self._action("Copy sample text", self._copy_text, edit, "Ctrl+Shift+C")
        self.paste_text = self._action("Paste sample text or picture", self._paste, edit, "Ctrl+V")
        self.copy_picture = self._action("Copy picture with map", self._copy_picture, edit, "Ctrl+C")
        self.save_picture = self._action("Save picture with map (PNG)…", self._ask_save_picture, file, "Ctrl+S")
        self.save_figure = self._action(
            "Save figure of all pins (PDF, SVG, PNG)…", self._ask_save_figure, file, "Ctrl+Shift+S"
        )
        self.save_raw = self._action("Save raw attention (NPZ)…", self._ask_save_raw, file)
        self.save_walk = self._action("Save walk (GIF, WebP, MP4)…", self._ask_save_walk, file)
        groups = (
            (self.open_model, self.own_picture, self.frame),
            (self.copy_text, self.paste_text, self.copy_picture),
            (self.save_picture, self.save_figure, self.save_raw, self.save_walk),
        )
        for group in groups:
            self.menu.addActions(group)
            self.menu.addSeparator()
        self.actions = [action for group in groups for action in group]

    def _action(self, text: str, do: Callable[[], object], menu: Menu, *keys: str) -> QAction:
        return command(self, text, keys, lambda: self._try(do), menu)

    def _try(self, do: Callable[[], object]) -> None:
        try:
            do()
        except FacecamError as error:
            self.said.emit(str(error))

    def show_menu(self, place: QPoint) -> None:
        """What can be done with the large picture, at a place of the screen."""
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions([self.copy_picture, self.copy_text, self.paste_text])
        menu.addSeparator()
        menu.addActions([self.save_picture, self.save_figure, self.save_raw])
        menu.popup(place)

    # -- opening

    def accepts(self, data: QMimeData) -> bool:
        """Whether something that is dragged over the panel can be opened."""
        return any(url.isLocalFile() for url in data.urls()) or data.hasText()

    def open_dropped(self, data: QMimeData) -> None:
        """Opens what was dropped: a model, a picture, or a sample text."""
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        self._try(lambda: self.open(paths[0]) if paths else self.text_opened.emit(parse_sample_text(data.text())))

    def open(self, path: Path) -> None:
        if path.suffix.lower() == ".onnx":
            self.model_opened.emit(path)
        else:
            self.picture_opened.emit(read_picture(path))

    def _open_frame(self) -> None:
        frame = self.grab_frame()
        if frame is None:
            raise FacecamError("There is no live picture: start the camera in the Live tab first.")
        self.picture_opened.emit(frame)

    # -- copying

    def _copy_text(self) -> None:
        spec = self._stage.origin.spec
        if spec is None:
            raise FacecamError("There is no sample text: this picture does not come from a seed.")
        QApplication.clipboard().setText(str(spec))
        self.said.emit(f"Copied: {spec}")

    def _paste(self) -> None:
        """Shows the sample whose text is in the clipboard, or the picture that is."""
        image = QApplication.clipboard().image()
        if image.isNull():
            self.text_opened.emit(parse_sample_text(QApplication.clipboard().text()))
        else:
            self.picture_opened.emit(from_qimage(image))

    def _copy_picture(self) -> None:
        QApplication.clipboard().setImage(self._scene_image())
        self.said.emit("Copied the picture.")

    # -- saving

    def _scene_image(self) -> QImage:
        scene = self._stage.view.scene
        if scene is None:
            raise FacecamError("There is no picture yet.")
        return scene.render()

    def _ask_save_picture(self) -> None:
        image = self._scene_image()
        self._ask_save("Save picture with map", ["PNG (*.png)"], lambda path: save_image(path, image))

    def _ask_save_figure(self) -> None:
        scene = self._stage.view.scene
        if scene is None or not scene.pins:
            raise FacecamError("The figure shows pins: click the picture to make one.")
        frozen = replace(scene, pins=list(scene.pins))  # as it is now, whatever happens behind the dialog
        caption = words.caption(self._stage.origin.words, scene.sample, scene.map_style.direction, scene.map_style.log)
        kinds = ["PDF (*.pdf)", "SVG (*.svg)", "PNG, 300 dpi (*.png)"]
        self._ask_save("Save figure", kinds, lambda path: save_figure(path, frozen, caption), "-pins")

    def _ask_save_raw(self) -> None:
        sample, origin = self._stage.sample, self._stage.origin.words
        if sample is None:
            raise FacecamError("There is no attention yet.")
        pins = [(pin.x_px, pin.y_px) for pin in self._stage.view.pins]

        def write(path: Path) -> Iterator[float]:  # of 4,096 queries it takes most of a second
            save_attention(path, sample, pins, origin)
            yield 1.0

        self._ask_save(
            "Save raw attention", ["NumPy (*.npz)"], lambda path: self._export(path, write), "-attention", at_once=False
        )

    def _ask_save_walk(self) -> None:
        if self._stage.walk.walk is None:
            raise FacecamError("There is no walk yet: switch on Walk below the picture first.")
        gif = partial(
            write_gif, kept=[bytes.fromhex(pin_colour(pin.number).name()[1:]) for pin in self._stage.view.pins]
        )
        writers: dict[str, tuple[str, FilmWriter, int]] = {
            ".gif": ("GIF, 64 colours", gif, GIF_PX),
            ".webp": ("WebP, all colours and half the size", write_webp, WEBP_PX),
            ".mp4": ("MP4, the largest picture", self._write_mp4, FILM_PX),
        }
        kinds = [f"{name} (*{suffix})" for suffix, (name, *_) in writers.items()]

        def save(path: Path) -> None:
            _name, write_film, side_px = writers[path.suffix.lower()]
            self.start_film(path, write_film, side_px)

        self._ask_save("Save walk", kinds, save, "-film", at_once=False)

    def _ask_save(
        self, title: str, kinds: Sequence[str], write: Callable[[Path], object], part: str = "", at_once: bool = True
    ) -> None:
        """Asks where to write, and says that it is written. kinds: of which the name tells one, the first one is
        suggested; part: ends the name, which is the picture's; at_once: whether it is then written, and not in the
        background."""

        def save(path: Path) -> None:
            check_suffix(path, kinds)
            write(path)
            if at_once:
                self.said.emit(f"Saved {path}")

        name = words.file_name(self._stage.origin.spec, self._stage.origin.words)
        self._ask(title, kinds, save, name + part + suffix_of(kinds[0]))

    def start_film(self, path: Path, write_film: FilmWriter, side_px: int) -> None:
        """Samples the walk, with the pins' maps beside it, and writes it in the background, as all of that is now.
        side_px: about the picture's."""
        generator, walk = self._session.generator, self._stage.walk.walk
        assert generator is not None
        assert walk is not None
        count = round(FILM_HZ * FILM_S)
        pins, map_style = list(self._stage.view.pins), self._stage.view.map_style
        frames = film_frames(generator, walk, count, self._session.scale, pins, map_style, side_px)
        self._export(path, lambda part: write_film(part, frames, count, FILM_HZ))

    def _export(self, path: Path, write: Callable[[Path], Iterator[float]]) -> None:
        """Writes a file in the background, in steps, under another name until it is complete."""
        if any(export.path == path for export in self._session.exports):
            raise FacecamError(f"{path.name} is being made already: choose another name, or cancel it first.")

        def steps() -> Iterator[float]:
            file = PartFile(path)  # at once: nobody wants to wait for a film that can't be saved
            try:
                with writing(path):
                    yield from write(file.part)
                file.complete()
            finally:
                file.discard()

        self.export_wanted.emit(Export(path, steps))

    def _ask(self, title: str, kinds: Sequence[str], do: Callable[[Path], object], save_as: str = "") -> None:
        """Asks for a file, then does it. save_as: the name that is suggested for a file to be written."""
        saving = bool(save_as)

        def chosen(path: Path) -> None:
            self._last[saving] = path.parent
            self._try(partial(do, path))

        wanted = pictures_folder()
        usual = next(folder for folder in (wanted, *wanted.parents) if folder.is_dir()) if saving else ""
        ask_path(self._window, title, chosen, self._last.get(saving, usual), kinds, save_as)


def save_image(path: Path, image: QImage) -> None:
    """Writes a PNG. Raises FacecamError if it can't be written."""
    writer = QImageWriter(str(path), b"png")
    if not writer.write(image):
        raise FacecamError(f"{path} can't be written: {writer.errorString()}.")


def read_picture(path: Path) -> Image:
    """(H, W, 3) uint8 RGB of a picture file, upright; very large ones are read at a smaller size."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > _LARGEST_PX:
        reader.setScaledSize(size.scaled(QSize(_LARGEST_PX, _LARGEST_PX), Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    if image.isNull():
        raise FacecamError(f"{path} is neither a model (.onnx) nor a picture that can be read.")
    return from_qimage(image)
