"""What both trainers share: devices and processes, the moving average of the weights, checkpoints and logs."""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import torch
import torch.distributed as dist
from torch import Tensor, nn

from facecam.errors import FacecamError
from facecam.system.cpu import cpu_flags
from facecam.system.files import growing
from facecam.system.memory import keep_freed_memory

BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""A processor that computes in bfloat16 has one of them: Intel's and AMD's, Intel's, ARM's. Systems other than Linux
don't tell, and get float32."""


class TrainingError(FacecamError):
    """Training can't start or go on; the message says what to do."""


def command(main: Callable[[list[str] | None], object]) -> Callable[..., int]:
    """A command line that gives its exit status: 2 for wrong input, after one sentence that names the program."""

    @wraps(main)
    def run(argv: list[str] | None = None) -> int:
        try:
            main(argv)
        except (FacecamError, OSError, json.JSONDecodeError) as error:
            print(f"{Path(main.__code__.co_filename).stem}: {error}", file=sys.stderr)
            return 2
        return 0

    return run


def plain(value: Any) -> Any:
    """As JSON has it: no arrays' numbers, and null for what is not finite."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def tell_figures(figures: dict[str, Any], out: Path | None) -> None:
    """Prints figures as JSON, and writes the same to a file if there is to be one."""
    text = json.dumps(plain(figures), indent=2, allow_nan=False)
    print(text)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")


def figures_table(figures: dict[str, Any], column: str, digits: str) -> str:
    """Figures as a table in Markdown; nested ones are named by all of their keys.

    column: heading of the names; digits: how numbers are written, such as ".3f".
    """
    rows = [f"| {name} | {_figure(value, digits)} |" for name, value in _flat(figures)]
    return "\n".join((f"| {column} | value |", "|---|---|", *rows))


def _flat(figures: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in figures.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}: ")
        else:
            yield prefix + name, value


def _figure(value: Any, digits: str) -> str:
    if isinstance(value, list):
        return ", ".join(_figure(item, ".3g") for item in value)
    return f"{value:{digits}}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class World:
    """The processes that train together. One process alone has rank 0 and size 1."""

    rank: int
    size: int
    device: torch.device

    @property
    def main(self) -> bool:
        """Whether this process writes logs and checkpoints."""
        return self.rank == 0

    def agree(self, flag: bool) -> bool:
        """True on every process as soon as it is true on one, so that all of them leave a loop together."""
        if self.size == 1:
            return flag
        value = torch.tensor([float(flag)], device=self.device)
        dist.all_reduce(value, op=dist.ReduceOp.MAX)
        return bool(value.item())

    @contextlib.contextmanager
    def main_first(self) -> Iterator[None]:
        """The main process goes through this while the others wait, and then they do: it stores what all read."""
        if not self.main:
            dist.barrier()
        try:
            yield
        finally:
            if self.main and self.size > 1:
                dist.barrier()  # also where it failed, so that the others don't wait for ever

    def average_gradients(self, module: nn.Module) -> None:
        """The mean of the gradients over all processes, in one transfer."""
        if self.size > 1:
            grads = [p.grad for p in module.parameters() if p.grad is not None]
            flat = torch.cat([g.flatten() for g in grads])
            dist.all_reduce(flat)
            for grad, mean in zip(grads, (flat / self.size).split([g.numel() for g in grads]), strict=True):
                grad.copy_(mean.view_as(grad))


@contextlib.contextmanager
def world(device: str = "auto") -> Iterator[World]:
    """Sets up the process group that `torchrun` describes in the environment, if any, and the device.

    device: "auto" (a GPU if there is one), "cpu", "cuda" or "cuda:N"; under torchrun each process takes the GPU of its
    local rank.
    """
    keep_freed_memory()
    size = int(os.environ.get("WORLD_SIZE", "1"))
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    kind = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    if kind.startswith("cuda") and not torch.cuda.is_available():
        raise TrainingError("There is no GPU that PyTorch can use here: pass --device cpu.")
    if kind == "cuda":
        kind = f"cuda:{local_rank}"
    chosen = torch.device(kind)
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")
    if size == 1:
        yield World(0, 1, chosen)
        return
    dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield World(dist.get_rank(), size, chosen)
        dist.barrier()  # a process that leaves while another still talks to it makes that one abort
    finally:
        dist.destroy_process_group()


ModuleT = TypeVar("ModuleT", bound=nn.Module)


def placed(module: ModuleT, device: torch.device | str) -> ModuleT:
    """The module on the device, its weights channels last."""
    return module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


class Ema(Generic[ModuleT]):
    """An exponential moving average of a module's weights, kept in a copy of it.

    The decay is `min(decay, (1 + n) / (10 + n))` at the n-th update, so that the first weights are soon forgotten.
    Buffers (batch-norm statistics) are copied, not averaged.
    """

    def __init__(self, module: ModuleT, decay: float) -> None:
        self.decay = decay
        self.updates = 0
        self.module = copy.deepcopy(module).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, module: ModuleT) -> None:
        """Takes in the module's weights after an optimizer step."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        theirs = [p.detach() for p in module.parameters()]
        torch._foreach_lerp_(list(self.module.parameters()), theirs, 1 - decay)
        if buffers := list(self.module.buffers()):
            torch._foreach_copy_(buffers, list(module.buffers()))

    def state_dict(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"updates": self.updates, "module": self.module.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`; the decay stays what this run was given."""
        self.updates = int(state["updates"])
        self.module.load_state_dict(state["module"])


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Writes a checkpoint so that a kill in the middle leaves the earlier one whole."""
    packed = io.BytesIO()  # where the disk is full, PyTorch would tell of its own format
    torch.save(state, packed)
    with growing(path) as part:
        part.write_bytes(packed.getbuffer())


def load_checkpoint(path: Path, device: torch.device | str = "cpu") -> dict[str, Any]:
    """Reads a checkpoint as plain tensors and numbers; nothing in the file is executed (`weights_only`).

    Raises TrainingError when the file is missing, damaged or holds anything else.
    """
    if not Path(path).is_file():
        raise TrainingError(f"There is no checkpoint at {path}: check the path, or start without --resume.")
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        raise TrainingError(
            f"{path} can't be read as a checkpoint of plain weights ({type(error).__name__})."
        ) from error
    if not isinstance(state, dict):
        raise TrainingError(f"{path} holds a {type(state).__name__}, not a checkpoint.")
    return state


def resumed_arguments(
    parser: argparse.ArgumentParser, argv: list[str] | None, stored: Callable[[Path], dict[str, Any]]
) -> argparse.Namespace:
    """The options of a trainer: on `--resume` those that are not given are the checkpoint's, which `stored` reads."""
    args = parser.parse_args(argv)
    if args.resume is not None:
        parser.set_defaults(**{name: value for name, value in stored(args.resume).items() if name in args})
        args = parser.parse_args(argv)
    return args


@contextlib.contextmanager
def all_or_none(folder: Path) -> Iterator[Path]:
    """While files that belong together are made, in the folder that this gives: at the end they go to theirs, in place
    of those of their names, unless something was wrong with one of them."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", dir=folder) as made:
        yield Path(made)
        for path in sorted(Path(made).iterdir()):
            path.replace(folder / path.name)


def load_stored(path: Path, shape: tuple[int, ...]) -> npt.NDArray[Any] | None:
    """An array that may be stored in a file, or None: where it isn't there, was cut off, or has another shape."""
    try:
        array: npt.NDArray[Any] = np.load(path, allow_pickle=False)
    except (FileNotFoundError, EOFError, ValueError):
        return None
    return array if array.shape == shape else None


def new_run_folder(root: Path, name: str) -> Path:
    """Makes and returns the next numbered folder `root/00042-name`."""
    root.mkdir(parents=True, exist_ok=True)
    numbers = [int(p.name[:5]) for p in root.iterdir() if p.is_dir() and p.name[:5].isdigit()]
    folder = root / f"{max(numbers, default=-1) + 1:05d}-{name}"
    folder.mkdir()
    return folder


def log_stats(folder: Path, **values: Any) -> None:
    """Adds a line of JSON to `stats.jsonl`: the time of day (seconds since the epoch) and the values; numbers that are
    not finite become null."""
    with (folder / "stats.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"time_s": round(time.time(), 1), **plain(values)}) + "\n")


class StopRequest:
    """True after `limit_s` seconds, or once the process is asked to end (Ctrl+C, SIGTERM): save, then leave."""

    def __init__(self, limit_s: float | None = None) -> None:
        self._end = math.inf if limit_s is None else time.monotonic() + limit_s
        self._asked = False
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self._asked:  # asked twice: the user means now
            raise KeyboardInterrupt
        self._asked = True

    def __bool__(self) -> bool:
        return self._asked or time.monotonic() >= self._end


def trapezoid(step: int, steps: int, warmup: int, decay: int) -> float:
    """Learning-rate factor in 0..1: linear warm-up, constant, then linear decay to 0 over the last `decay` steps.

    A constant middle lets a run be prolonged (or its decay be branched off any checkpoint) without a new schedule.
    """
    rise = min(1.0, (step + 1) / max(1, warmup))
    fall = 1.0 if decay <= 0 else min(1.0, max(0.0, (steps - step) / decay))
    return rise * fall


def check_finite(loss: Tensor, step: int) -> None:
    """Raises TrainingError when the loss is not a finite number."""
    if not bool(torch.isfinite(loss).all()):
        raise TrainingError(
            f"The loss is {loss.tolist()} at step {step}: resume from the last checkpoint with a lower --lr."
        )


@torch.no_grad()
def settle_batch_norms(
    network: nn.Module, norms: Sequence[tuple[nn.BatchNorm2d, Tensor, Tensor]], run: Callable[[], object]
) -> None:
    """Gives folded batch norms statistics again, without changing what the network computes in evaluation mode.

    Training normalises by each batch's mean and variance, so a batch norm that merely adds its bias must first be
    written as one that removes the mean and variance of its inputs, measured while `run` runs the network, and puts
    them back. norms: each with its gain and bias (..., C).
    """
    sums = {norm: torch.zeros(3, norm.num_features, dtype=torch.float64) for norm, _, _ in norms}

    def measure(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0].float()
        ones = torch.ones(x.shape[1], device=x.device) * (x.numel() // x.shape[1])
        sums[norm] += torch.stack([ones, x.sum((0, 2, 3)), x.square().sum((0, 2, 3))]).double().cpu()  # type: ignore[index]

    hooks = [norm.register_forward_pre_hook(measure) for norm in sums]
    was_training = network.training
    network.eval()
    try:
        run()
    finally:
        network.train(was_training)
        for hook in hooks:
            hook.remove()
    for norm, gain, bias in norms:
        count, total, squares = sums[norm]
        mean = total / count
        variance = (squares / count - mean.square()).clamp(min=1e-6)
        old_mean, old_variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
        scale = gain.double().cpu() / (old_variance.double().cpu() + norm.eps).sqrt()
        offset = bias.double().cpu() - old_mean.double().cpu() * scale
        gain.copy_(scale * (variance + norm.eps).sqrt())
        bias.copy_(offset + mean * scale)
        old_mean.copy_(mean)
        old_variance.copy_(variance)


def load_fitting(module: nn.Module, state: dict[str, Tensor]) -> list[str]:
    """Loads the weights whose names and shapes fit; returns the names of the others. Raises TrainingError where no
    weight of more than one dimension fits: what has fewer says little."""
    mine = module.state_dict()
    fitting = {name: value for name, value in state.items() if name in mine and mine[name].shape == value.shape}
    if not any(value.ndim > 1 for value in fitting.values()):
        raise TrainingError(f"no weight fits this {type(module).__name__}: start from a network of the same layout.")
    module.load_state_dict(fitting, strict=False)
    return sorted(set(mine) - set(fitting))


def computes_bf16(device: torch.device) -> bool:
    """Whether bfloat16 is faster there than float32: a processor without it takes twenty times as long for it."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return not cpu_flags().isdisjoint(BF16_FLAGS)


def autocast(device: torch.device, wanted: bool = True) -> torch.autocast:
    """bfloat16 where it is wanted and the device computes in it; elsewhere a context that does nothing."""
    return torch.autocast(device.type, torch.bfloat16, enabled=wanted and computes_bf16(device))
