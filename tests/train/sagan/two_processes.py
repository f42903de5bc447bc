"""Run by torchrun in test_train.py: trains, then compares the weights of the processes."""

import sys
from typing import Any

import torch
import torch.distributed as dist

from train.sagan import train
from train.sagan.trainer import Trainer

torch.set_num_threads(1)
trainers: list[Trainer] = []


class Watched(Trainer):
    """A trainer that can be looked at after the run."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        trainers.append(self)


destroy = dist.destroy_process_group


def compare_and_leave() -> None:
    """Compares before the group ends."""
    trainer = trainers[0]
    for network in (trainer.generator, trainer.discriminator, trainer.ema.module):
        mine = torch.cat([p.detach().flatten() for p in network.parameters()])
        theirs = mine.clone()
        dist.broadcast(theirs, 0)
        if not torch.equal(mine, theirs):
            sys.exit("the processes' weights differ")
    print("same weights")
    dist.barrier()
    destroy()


train.Trainer = Watched  # type: ignore[assignment]
dist.destroy_process_group = compare_and_leave  # type: ignore[assignment]
train.main(sys.argv[1:])
