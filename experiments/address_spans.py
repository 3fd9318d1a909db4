"""A net that says how likely each run of characters is an entity, of every name.

A two-layer LSTM reads both ways; a conditional random field of labels B and I on top (Lample and
others, NAACL 2016) makes its scores chances. `chosen` takes the spans that together meet most.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

WIDTH, BATCH, UNKNOWN, DROPPED = 128, 32, 0.08, 0.4
Row = tuple[Tensor, Tensor, Tensor]  # seen (n, 4), said by lists (n, lists), label (n,)


class Net(nn.Module):
    """Characters to labels B and I of each name, labels in a chain."""

    def __init__(self, sizes: Sequence[int], names: int, lists: int) -> None:
        super().__init__()
        widths = (64, 48, 48, 16)
        self.tables = nn.ModuleList(nn.Embedding(n, w) for n, w in zip(sizes, widths, strict=True))
        for table in self.tables:
            nn.init.normal_(table.weight, std=0.3)
        self.lists = nn.Linear(lists, 48)
        self.first = nn.LSTM(sum(widths) + 48, WIDTH, bidirectional=True)
        self.second = nn.LSTM(2 * WIDTH, WIDTH, bidirectional=True)
        self.out = nn.Linear(4 * WIDTH, 2 * names)
        self.next = nn.Parameter(torch.zeros(2 * names, 2 * names))
        allowed = torch.ones(2 * names, 2 * names)  # labels: names begun, then names gone on
        allowed[:, names:] = torch.eye(names).repeat(2, 1)
        self.register_buffer("allowed", allowed)
        self.register_buffer("start", (torch.arange(2 * names) < names).float())

    def forward(self, x: Tensor, said: Tensor) -> Tensor:
        """Return scores (n, b, labels) of strings of one length, seen (n, b, 4) and said of."""
        if self.training:
            lost = torch.rand(x.shape[:2]) < UNKNOWN
            x = torch.where(lost[..., None] & (torch.rand(x.shape) < 0.7), 1, x)
        known = [t(x[..., i]) for i, t in enumerate(self.tables)]
        z = self.drop(torch.cat([*known, self.lists(said)], -1))
        with torch.autocast("cpu", torch.bfloat16, enabled=self.training):
            one = self.first(z)[0]
            two = self.second(self.drop(one))[0]
        return self.out(self.drop(torch.cat((one, two), -1).float()))

    def drop(self, z: Tensor) -> Tensor:
        """Return what is left of (n, b, width): a feature goes from a whole string or from none."""
        return nn.functional.dropout(torch.ones_like(z[:1]), DROPPED, self.training) * z

    def chain(self, scores: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return scaled weights, forward chances (both n, b, labels) and log sums of strings."""
        step = self.next.exp() * self.allowed
        top = scores.amax(-1, keepdim=True)
        own, ahead, sums = [], [], top.sum((0, 2))
        for each in (scores - top).exp():
            now = each * (ahead[-1] @ step if ahead else self.start)
            total = now.sum(-1, keepdim=True).clamp(1e-30)
            own.append(each / total)
            ahead.append(now / total)
            sums = sums + total.log()[:, 0]
        return torch.stack(own), torch.stack(ahead), sums

    def loss(self, scores: Tensor, gold: Tensor) -> Tensor:
        """Return minus the log-likelihood of labels (n, b), summed over strings."""
        right = scores.gather(2, gold[..., None]).sum() + self.next[gold[:-1], gold[1:]].sum()
        return self.chain(scores)[2].sum() - right

    def spans(self, scores: Tensor) -> Tensor:
        """Return the chance that first to last is an entity of a name, (first, last, b, names)."""
        own, ahead, _ = self.chain(scores)
        n, b, labels = scores.shape
        names, step = labels // 2, self.next.exp() * self.allowed
        onward = [torch.ones(b, labels)]  # of what follows, given a label at the last character
        for each in own[1:].flip(0):
            onward.append((each * onward[-1]) @ step.T)
        begun = [(own[j] * onward[n - 1 - j])[:, :names] @ step[:, :names].T for j in range(1, n)]
        begun.append(torch.ones(b, labels))  # what follows begins an entity
        of_begun, of_inside = step[:names, names:].diagonal(), step[names:, names:].diagonal()
        chances = torch.zeros(n, n, b, names)
        for i in range(n):
            run = ahead[i, :, :names]
            chances[i, i] = run * begun[i][:, :names]
            for j in range(i + 1, n):
                run = run * own[j, :, names:] * (of_begun if j == i + 1 else of_inside)
                chances[i, j] = run * begun[j][:, names:]
        return chances


def batches(rows: Sequence[tuple[Row, int]], rng: random.Random) -> Iterator[tuple[Tensor, ...]]:
    """Yield seen, labels and places of strings of one length each, so that none needs filling."""
    lengths: dict[int, list[tuple[Row, int]]] = defaultdict(list)
    for row in rng.sample(rows, len(rows)):
        lengths[len(row[0][0])].append(row)
    every = [some[i : i + BATCH] for some in lengths.values() for i in range(0, len(some), BATCH)]
    for some in rng.sample(every, len(every)):
        x, said, y = (torch.stack([row[k] for row, _ in some], 1) for k in (0, 1, 2))
        yield x, said, y, torch.tensor([at for _, at in some])


def chosen(chance: Tensor, worth: float) -> list[tuple[int, int, int]]:
    """Return spans apart from each other (first, last, name) with most chance above ``worth``."""
    highest, which = chance.max(-1)
    gain, name = (highest - worth).tolist(), which.tolist()
    best: list[tuple[float, int]] = [(0.0, -1)]  # gain up to here, first of the span that ends here
    for j in range(len(gain)):
        ways = [(best[i][0] + gain[i][j], i) for i in range(j + 1)]
        best.append(max((best[j][0], -1), *ways))
    found, j = [], len(gain)
    while j:
        i = best[j][1]
        if i >= 0:
            found.append((i, j - 1, name[i][j - 1]))
        j = i if i >= 0 else j - 1
    return found[::-1]
