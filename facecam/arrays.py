"""Types of arrays that many modules name."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
"""Numbers, float32."""
Image = npt.NDArray[np.uint8]
"""A picture, (height, width, 3) uint8; BGR as OpenCV has it, RGB in the gallery."""
