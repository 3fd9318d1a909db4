"""The one training loop: shuffled batches, AdamW, one cycle, and the mean of late weights."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Training:
    """How long and how fast to learn.

    ``average_from`` is the fraction of the steps after which weights are averaged; the mean of
    late weights generalises better than the last ones (Izmailov et al., 2018, stochastic weight
    averaging).
    """

    epochs: int = 4
    batch: int = 512
    rate: float = 3e-3
    decay: float = 1e-3
    average_from: float = 0.5
    threads: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch, self.threads) < 1:
            raise ValueError(f"Expected epochs >= 1, batch >= 1 and threads >= 1, got {self}.")
        if not (self.rate > 0 and 0 <= self.average_from < 1):
            raise ValueError(f"Expected rate > 0 and average_from in [0, 1), got {self}.")


def device() -> torch.device:
    """Return the accelerator where there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@contextmanager
def some_threads(threads: int = 1) -> Iterator[None]:
    """Use so many threads meanwhile: small nets gain nothing from more than one."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def train(
    net: nn.Module,
    loss: Callable[..., Tensor],
    inputs: Sequence[Tensor],
    targets: Sequence[Tensor],
    how: Training,
    progress: Callable[[float], None] | None = None,
    sizes: Tensor | None = None,
) -> dict[str, Tensor]:
    """Minimise ``loss(net(*inputs), *targets)`` and return the averaged weights, on the processor.

    Parameters
    ----------
    inputs, targets
        Tensors with the same first dimension.
    sizes
        Length of each row, shape (n,): rows of like length share a batch, which saves padding.
    """
    with some_threads(how.threads):
        return _train(net, loss, inputs, targets, how, progress, sizes)


def _train(
    net: nn.Module,
    loss: Callable[..., Tensor],
    inputs: Sequence[Tensor],
    targets: Sequence[Tensor],
    how: Training,
    progress: Callable[[float], None] | None,
    sizes: Tensor | None,
) -> dict[str, Tensor]:
    torch.manual_seed(how.seed)
    where = device()
    net.to(where).train()
    data = [each.to(where) for each in (*inputs, *targets)]
    n, split = len(data[0]), len(inputs)
    steps = how.epochs * max(1, -(-n // how.batch))
    optimiser = torch.optim.AdamW(net.parameters(), lr=how.rate, weight_decay=how.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, how.rate, total_steps=steps + 1)
    average = torch.optim.swa_utils.AveragedModel(net)
    done = 0
    for _ in range(how.epochs):
        for pick in _batches(n, how.batch, sizes):
            batch = [each[pick] for each in data]
            with torch.autocast(where.type, dtype=torch.bfloat16, enabled=where.type == "cuda"):
                answer = net(*batch[:split])
            value = loss(answer, *batch[split:])
            optimiser.zero_grad()
            value.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            done += 1
            if done >= how.average_from * steps:
                average.update_parameters(net)
        if progress is not None:
            progress(done / steps)
    return {name: value.detach().cpu() for name, value in average.module.state_dict().items()}


def _batches(n: int, batch: int, sizes: Tensor | None) -> Sequence[Tensor]:
    """Return the rows of each batch of an epoch, in random order."""
    order = torch.randperm(n)
    if sizes is None:
        return torch.split(order, batch)
    order = order[sizes[order].argsort(stable=True)]
    batches = torch.split(order, batch)
    return [batches[i] for i in torch.randperm(len(batches)).tolist()]
