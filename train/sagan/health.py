"""Says in words when a GAN run has gone wrong."""

from __future__ import annotations

import math


class Health:
    """Watches the loss of D and the FID of a run; each method prints what is wrong and says whether it is for long.

    best_fid: the best so far, infinity at the start. patience: this many bad values in a row count as long.
    """

    def __init__(self, best_fid: float = math.inf, patience: int = 5) -> None:
        self.best_fid, self.patience = best_fid, patience
        self._certain = self._worse = 0

    def loss(self, loss_d: float) -> bool:
        """The hinge loss of D over one log interval; near 0, D is certain everywhere and G learns nothing."""
        self._certain = self._certain + 1 if loss_d < 0.02 else 0
        if self._certain >= self.patience:
            print(
                f"D tells every picture apart (loss {loss_d:.3f}, {self._certain} times in a row): G no longer learns."
            )
        return self._certain >= self.patience

    def fid(self, fid: float) -> bool:
        """A new FID; half as much again as the best, several times in a row, is a collapse."""
        self._worse = self._worse + 1 if fid > 1.5 * self.best_fid else 0
        self.best_fid = min(self.best_fid, fid)
        if self._worse >= self.patience:
            print(
                f"FID {fid:.1f} against {self.best_fid:.1f} at best, {self._worse} times in a row: the run collapsed."
            )
        return self._worse >= self.patience
