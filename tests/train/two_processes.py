"""Run by torchrun in test_two_processes.py: both trainers in turn, and after each a look whether the weights agree."""

import json
import sys
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from train.faceboxes import train as faceboxes
from train.faceboxes.data import batches
from train.sagan import data
from train.sagan import train as sagan

torch.set_num_threads(1)
trainers: list[Any] = []


def watched(kind: Any) -> Any:
    """The trainer of that kind, which can be looked at after the run."""

    class Watched(kind):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args)
            trainers.append(self)

    return Watched


def told(growing: Any) -> Any:
    """The same, which says what is stored."""

    def tells(path: Path) -> Any:
        print("stored", path.suffix)
        return growing(path)

    return tells


def compare() -> None:
    """In place of the end of the group, which the second trainer needs, too."""
    trainer = trainers[-1]
    networks = [value for value in vars(trainer).values() if isinstance(value, nn.Module)]
    for network in (*networks, trainer.ema.module):
        mine = torch.cat([p.detach().flatten() for p in network.parameters()])
        theirs = mine.clone()
        dist.broadcast(theirs, 0)
        if not torch.equal(mine, theirs):
            sys.exit("the processes' weights differ")
    print("same weights")


batches.growing, data.growing = told(batches.growing), told(data.growing)
begin, end = dist.init_process_group, dist.destroy_process_group
faceboxes.Trainer, sagan.Trainer = watched(faceboxes.Trainer), watched(sagan.Trainer)
dist.init_process_group = lambda backend: None if dist.is_initialized() else begin(backend)  # type: ignore[assignment]
dist.destroy_process_group = compare  # type: ignore[assignment]
mains: list[Any] = [faceboxes.main, sagan.main]
for train, arguments in zip(mains, json.loads(sys.argv[1]), strict=True):
    train(arguments)
dist.barrier()
end()
