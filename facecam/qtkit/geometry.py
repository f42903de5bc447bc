"""Where a frame lies in the view, and which point of one is which point of the other. No Qt in here.

View coordinates are Qt's logical pixels with the origin at the view's top left corner; frame coordinates are
source-frame pixels. The picture keeps its aspect ratio and is centred; what remains of the view is the surround.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facecam.arrays import Array

_THIN_PX = 5


@dataclass(frozen=True)
class Placement:
    """A frame's place in the view.

    left_px, top_px, width_px, height_px: the picture's rectangle, view pixels, on whole pixels so that its edges stay
    sharp. frame_width_px, frame_height_px: size of the frame. mirror: left and right of the frame are swapped.
    """

    left_px: int
    top_px: int
    width_px: int
    height_px: int
    frame_width_px: int
    frame_height_px: int
    mirror: bool = False

    @property
    def scale(self) -> tuple[float, float]:
        """View pixels per frame pixel along x and y; they differ by the rounding to whole pixels only."""
        return self.width_px / self.frame_width_px, self.height_px / self.frame_height_px

    def boxes_to_view(self, boxes: Array) -> Array:
        """Boxes (N, 4) float32, x1 y1 x2 y2, from source-frame pixels to view pixels; x1 <= x2 holds when mirrored."""
        scale_x, scale_y = self.scale
        scaled = boxes * np.array([scale_x, scale_y, scale_x, scale_y], np.float32)
        if self.mirror:
            scaled[:, [0, 2]] = self.width_px - scaled[:, [2, 0]]
        scaled += np.array([self.left_px, self.top_px, self.left_px, self.top_px], np.float32)
        return scaled

    def point_to_frame(self, x_px: float, y_px: float) -> tuple[float, float] | None:
        """The frame's point under a view's point, or None in the surround."""
        across, down = x_px - self.left_px, y_px - self.top_px
        if not (0 <= across < self.width_px and 0 <= down < self.height_px):
            return None
        if self.mirror:
            across = self.width_px - across
        scale_x, scale_y = self.scale
        return across / scale_x, down / scale_y


def letterbox(
    view_width: int, view_height: int, frame_width: int, frame_height: int, mirror: bool = False
) -> Placement:
    """The largest centred place for a frame of that size in a view of that size, all in pixels.

    A view without area gives a picture of one pixel, so that callers need no special case while a window is built. Bars
    of a pixel or two, which would look like a fault, are filled by stretching the picture by as much.
    """
    if frame_width < 1 or frame_height < 1:
        raise ValueError(f"a frame of {frame_width} x {frame_height} pixels can't be shown")
    scale = min(view_width / frame_width, view_height / frame_height)
    width, height = max(1, round(frame_width * scale)), max(1, round(frame_height * scale))
    width = view_width if 0 < view_width - width < _THIN_PX else width
    height = view_height if 0 < view_height - height < _THIN_PX else height
    return Placement(
        (view_width - width) // 2, (view_height - height) // 2, width, height, frame_width, frame_height, mirror
    )


def box_under(boxes: Array, x_px: float, y_px: float) -> int | None:
    """Index of the smallest of the boxes (N, 4), x1 y1 x2 y2, that holds the point; None where there is none."""
    inside = (boxes[:, 0] <= x_px) & (x_px <= boxes[:, 2]) & (boxes[:, 1] <= y_px) & (y_px <= boxes[:, 3])
    hits = np.flatnonzero(inside)
    if len(hits) == 0:
        return None
    areas = (boxes[hits, 2] - boxes[hits, 0]) * (boxes[hits, 3] - boxes[hits, 1])
    return int(hits[np.argmin(areas)])
