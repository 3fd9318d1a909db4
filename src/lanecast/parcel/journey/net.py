"""The net: steps in, and at every step the next event, place, attempt and end out."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as f

from lanecast.nn.sequence import CausalTransformer

POINTER = 32  # size of the vectors that a pointer compares
NEW, NONE = 0, 1  # after the candidates: somewhere new, and no other place any more


class Answers(NamedTuple):
    """Logits at n steps: of (what, when) cells, and of the candidates, ``NEW`` and ``NONE``."""

    event: Tensor  # (n, statuses, bins)
    place: Tensor  # (n, candidates + 2)
    attempt: Tensor  # (n, outcomes, bins)
    end: Tensor  # (n, ends, bins)


@dataclass(frozen=True)
class Shape:
    """Sizes of the net: of its vocabularies, its inputs, itself, and its answers."""

    texts: tuple[int, ...]
    places: int
    traits: int
    numbers: int
    width: int
    heads: int
    depth: int
    longest: int
    cells: tuple[tuple[int, int], ...]  # of event, attempt and end: how many whats, and bins


@dataclass(frozen=True)
class Flat:
    """Rows of all sequences one after the other, on one device; never copied with a net.

    ``texts`` (n, n_texts) and ``places`` (n, 3: here, origin, goal) are codes, ``numbers`` (n,
    2 n_numbers) standardised and flagged where missing, ``key`` (n,) the row of ``candidates`` (k,
    m) and ``shares`` (k, m, 3). Places are numbered from 1 in the order of ``traits`` (p + 1, t),
    ``known`` (p + 1,) being their code in training, 0 for a new one.
    """

    texts: Tensor
    places: Tensor
    numbers: Tensor
    key: Tensor
    candidates: Tensor
    shares: Tensor
    traits: Tensor
    known: Tensor

    def __deepcopy__(self, memo: dict[int, Any]) -> "Flat":
        """Return this very object: averaged weights need no copy of the data."""
        return self

    def to(self, where: torch.device) -> "Flat":
        """Return the same on another device."""
        return Flat(**{name: each.to(where) for name, each in vars(self).items()})


class JourneyNet(nn.Module):
    """Embeddings and numbers -> causal transformer -> four answers per step."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        dims = [min(16, 2 + round(size**0.4)) for size in shape.texts]
        self.words = nn.ModuleList(
            nn.Embedding(size, dim) for size, dim in zip(shape.texts, dims, strict=True)
        )
        self.spot = nn.Embedding(shape.places, POINTER)
        self.trait = nn.Linear(shape.traits, POINTER)
        self.enter = nn.Linear(sum(dims) + 3 * POINTER + 2 * shape.numbers, shape.width)
        self.body = CausalTransformer(shape.width, shape.heads, shape.depth, shape.longest)
        self.query = nn.Linear(shape.width, POINTER)
        self.often = nn.Linear(shape.width, 3)
        self.other = nn.Linear(shape.width, 2)
        self.cells = nn.ModuleList(nn.Linear(shape.width, n * bins) for n, bins in shape.cells)
        self.shape = shape
        nn.init.zeros_(self.often.weight)
        with torch.no_grad():  # it starts from how often parcels to the same goal went there
            self.often.bias.copy_(torch.tensor([1.0, 0.3, 0.1]))
        for table in (*self.words, self.spot):
            nn.init.normal_(table.weight, std=0.05)

    def forward(self, flat: Flat, rows: Tensor, there: Tensor) -> Answers:
        """Answer steps of sequences.

        Parameters
        ----------
        rows
            Row of each step in ``flat``, shape (sequences, steps), -1 after the last.
        there
            Which of them to answer, of the same shape.
        """
        at = rows.clamp(min=0)
        texts, places = flat.texts[at], flat.places[at]
        codes = flat.known
        if self.training:  # now and then a place is new, so that its traits learn to stand in
            codes = codes * (torch.rand(codes.shape, device=codes.device) > 0.05)
        spots = self.spot(codes) * (codes > 0)[:, None] + self.trait(flat.traits)
        parts = [table(texts[..., i]) for i, table in enumerate(self.words)]
        parts += [spots[places].flatten(2), flat.numbers[at]]
        hidden = self.body(f.silu(self.enter(torch.cat(parts, dim=2))))[there]
        key = flat.key[at[there]]
        candidates = flat.candidates[key]
        wanted = (spots[candidates] @ self.query(hidden)[:, :, None])[:, :, 0]
        pointed = (
            wanted / POINTER**0.5 + (flat.shares[key] @ self.often(hidden)[:, :, None])[:, :, 0]
        )
        pointed = pointed.masked_fill(candidates == 0, -1e4)
        place = torch.cat([pointed, self.other(hidden)], dim=1)
        event, attempt, end = (
            leave(hidden).view(-1, *size)
            for leave, size in zip(self.cells, self.shape.cells, strict=True)
        )
        return Answers(event, place, attempt, end)


class Reading(nn.Module):
    """A net bound to its data, so that a batch is a set of rows."""

    def __init__(self, net: JourneyNet, flat: Flat) -> None:
        super().__init__()
        self.net, self.flat = net, flat

    def forward(self, rows: Tensor, wanted: Tensor | None = None) -> Answers:
        """Answer the steps of ``rows``, or those of ``wanted``, cut to the longest sequence."""
        longest = int((rows >= 0).sum(1).max())
        there = rows >= 0 if wanted is None else wanted
        answers: Answers = self.net(self.flat, rows[:, :longest], there[:, :longest])
        return answers
