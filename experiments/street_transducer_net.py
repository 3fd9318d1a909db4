"""How the transducer over the letters of a name is learnt."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from street_transducer import END, KERNEL, LETTERS, SEEN, FittedTransducer, coded
from torch import Tensor, nn

from lanecast.address.verify.models.attention import packed
from lanecast.nn.training import device, some_threads

Pair = tuple[str, str]  # a name as written, and as meant


@dataclass(frozen=True)
class Transducer:
    """How to learn one.

    Parameters
    ----------
    width, depth, hidden
        Of the vectors of letters, the convolutions over them, and what is read and told together.
    steps, batch
        How often the weights change, and names each time.
    rate
        Highest step of AdamW (it rises over 3 % of the steps, then falls to 0).
    """

    width: int = 96
    depth: int = 3
    hidden: int = 96
    steps: int = 3_500
    batch: int = 128
    rate: float = 3e-3
    seed: int = 0

    def fit(
        self,
        rounds: Iterable[Sequence[Pair]],
        progress: Callable[[int, float], None] = lambda step, loss: None,
    ) -> FittedTransducer:
        """Learn from pairs, round after round; ``progress`` is told the step and the mean loss.

        Of names beside which nothing was written it learns how usual each is.
        Weights are rounded to int8 by row before they are returned.

        Raises
        ------
        ValueError
            When the rounds end before the steps do.
        """
        torch.manual_seed(self.seed)
        rng, where, step = random.Random(self.seed), device(), 0
        net = Net(self.width, self.depth, self.hidden).to(where)
        pace = torch.optim.AdamW(net.parameters(), self.rate, weight_decay=0.01)
        with some_threads(1):
            for pairs in rounds:
                total, before = 0.0, step
                for batch in _batches(pairs, self.batch, rng):
                    part = step / self.steps
                    for group in pace.param_groups:
                        group["lr"] = self.rate * min(1.0, part / 0.03) * (1 - part)
                    loss = net.loss(*(each.to(where) for each in _padded(batch)))
                    pace.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                    pace.step()
                    total, step = total + float(loss.detach()), step + 1
                    if step == self.steps:
                        break
                progress(step, total / max(step - before, 1))
                if step == self.steps:
                    state = net.state_dict().items()
                    arrays = {name: value.detach().cpu().numpy() for name, value in state}
                    return FittedTransducer.of(packed(arrays))
        raise ValueError(f"rounds: ended after {step} of {self.steps} steps; give more of them.")


def _batches(pairs: Sequence[Pair], size: int, rng: random.Random) -> Iterator[list[Pair]]:
    """Yield pairs of like length together, in random order; what has other letters is left out."""
    able = [(a, b) for a, b in pairs if (not a or coded(a)) and coded(b)]
    order = sorted(able, key=lambda pair: len(pair[0]) + len(pair[1]) + rng.random())
    starts = list(range(0, len(order), size))
    rng.shuffle(starts)
    for start in starts:
        yield order[start : start + size]


def _padded(batch: Sequence[Pair]) -> tuple[Tensor, Tensor]:
    """Return letters as written, their end behind them, and as meant; 0 behind the end."""
    rows = [[*coded(given), END] for given, _ in batch], [coded(meant) for _, meant in batch]
    given, meant = (
        nn.utils.rnn.pad_sequence([torch.tensor(row) for row in each], batch_first=True)
        for each in rows
    )
    return given, meant


class Net(nn.Module):
    """Letters as written, and what was written of the answer, to the next letter of the answer."""

    def __init__(self, width: int, depth: int, hidden: int) -> None:
        super().__init__()
        self.letter = nn.Embedding(END + 1, width, padding_idx=0)
        self.norm = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.conv = nn.ModuleList(
            nn.Conv1d(width, width, KERNEL, padding=KERNEL // 2) for _ in range(depth)
        )
        self.read = nn.Linear(width, hidden)
        self.before = nn.Embedding(SEEN * (END + 1), hidden)
        nn.init.normal_(self.before.weight, std=SEEN**-0.5)
        self.told = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, len(LETTERS) + 1)

    def forward(self, given: Tensor, meant: Tensor) -> Tensor:
        """Return log chances, (b, t, u + 1, letters + 1): 0 goes on, others are written."""
        there = (given > 0)[..., None]
        x = self.letter(given)
        for norm, conv in zip(self.norm, self.conv, strict=True):
            x = x + torch.relu(conv((norm(x) * there).transpose(1, 2)).transpose(1, 2))
        began = nn.functional.pad(meant, (SEEN, 0), value=END)
        before = began.unfold(1, SEEN, 1) + torch.arange(SEEN, device=given.device) * (END + 1)
        told = self.told(torch.relu(self.before(before).sum(2)))
        both = torch.relu(self.read(x)[:, :, None] + told[:, None])
        return torch.log_softmax(self.out(both), 3)

    def loss(self, given: Tensor, meant: Tensor) -> Tensor:
        """Return minus the log chance of the names meant, over all ways of writing them."""
        said = self(given, meant)
        on = said[..., 0]
        goal = meant[:, None, :, None].expand(-1, said.shape[1], -1, 1)
        write = said[:, :, :-1].gather(3, goal)[..., 0]
        whole = nn.functional.pad(write.cumsum(2), (1, 0))  # (b, t, u + 1)
        reach = whole[:, 0]
        rows = [reach]
        for t in range(1, said.shape[1]):
            reach = whole[:, t] + torch.logcumsumexp(reach + on[:, t - 1] - whole[:, t], 1)
            rows.append(reach)
        last, end = (given > 0).sum(1) - 1, (meant > 0).sum(1)
        which = torch.arange(len(given), device=given.device)
        return -(torch.stack(rows, 1) + on)[which, last, end].mean()
