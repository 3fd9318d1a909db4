"""Vectors of places, companies and lanes from what relates them; a new one gets one too.

Two models. The baseline is ComplEx [1]_ with N3 regularisation and reciprocal relations [2]_: a
free vector per entity. The propagated one starts from a vector per attribute beside the free one,
and averages over neighbours as LightGCN does [3]_; the free part is dropped at random, so that an
entity which was never seen is described by its attributes and neighbours alone.

References
----------
.. [1] Trouillon et al. (2016). Complex embeddings for simple link prediction. *ICML*.
.. [2] Lacroix, Usunier & Obozinski (2018). Canonical tensor decomposition for knowledge base
       completion. *ICML*.
.. [3] He et al. (2020). LightGCN: simplifying and powering graph convolution network for
       recommendation. *SIGIR*.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as f

from lanecast.nn.training import Training, some_threads, train

from .triples import Triples

Floats = npt.NDArray[np.float32]


def _training() -> Training:
    return Training(epochs=8, batch=512, rate=0.03, decay=0.0)


@dataclass(frozen=True)
class Embedding:
    """What to learn and for how long.

    ``layers`` 0 is ComplEx; from 1 vectors are propagated so often. ``width`` is the number of
    complex dimensions. ``against`` is the number of random entities that a truth is compared with,
    0 for all of them (up to some 20,000 entities). ``n3`` weighs the cubes of moduli.
    """

    layers: int = 0
    width: int = 48
    n3: float = 0.1
    forget: float = 0.3
    against: int = 0
    training: Training = field(default_factory=_training)

    def __post_init__(self) -> None:
        if min(self.layers, self.against) < 0 or self.width < 1:
            raise ValueError(f"Expected layers, against >= 0 and width >= 1, got {self}.")
        if self.n3 < 0 or not 0 <= self.forget < 1:
            raise ValueError(f"Expected n3 >= 0 and forget in [0, 1), got {self}.")

    def fit(self, past: Triples) -> "Embedded":
        """Return vectors learnt from ``past``; the same ``training.seed``, the same vectors.

        Raises
        ------
        ValueError
            When nothing is related in ``past``.
        """
        if not len(past.rows):
            raise ValueError("past: expected at least one relation, got none.")
        torch.manual_seed(self.training.seed)
        net = _Net(self, past)
        head, relation, tail = torch.from_numpy(past.rows).T.contiguous()
        back = relation + len(past.relations)
        ends = torch.cat([head, tail]), torch.cat([relation, back]), torch.cat([tail, head])
        net.load_state_dict(train(net, _loss, ends, [ends[2]], self.training))
        net.eval()
        own = dict(zip(past.entities, net.own.weight.detach().numpy(), strict=True))
        words = net.attribute.weight.detach().numpy()
        about = dict(zip(past.attributes, words, strict=True))
        return Embedded(self, past.relations, own, about, net.relation.weight.detach().numpy())


@dataclass(frozen=True)
class Embedded:
    """Learnt vectors: ``own`` by entity, ``about`` by attribute, ``relation`` with the way back."""

    how: Embedding
    relations: tuple[str, ...]
    own: dict[str, Floats]
    about: dict[str, Floats]
    relation: Floats

    def vectors(self, at: Triples) -> Floats:
        """Return a vector for each entity of ``at``, shape (entities, 2 * width).

        One that was not learnt from has a zero vector in ComplEx, and where vectors are propagated
        that of its attributes and neighbours in ``at``.
        """
        nothing = np.zeros(2 * self.how.width, dtype=np.float32)
        own = np.stack([self.own.get(name, nothing) for name in at.entities])
        if not self.how.layers:
            return own
        about = np.stack([self.about.get(name, nothing) for name in at.attributes])
        with some_threads(self.how.training.threads), torch.no_grad():
            mixed = _propagated(
                torch.from_numpy(own), torch.from_numpy(about), _links(at), self.how.layers
            )
        return mixed.numpy()


class _Net(nn.Module):
    def __init__(self, how: Embedding, past: Triples) -> None:
        super().__init__()
        width = 2 * how.width
        self.how = how
        self.own = nn.Embedding(len(past.entities), width)
        self.attribute = nn.Embedding(len(past.attributes), width)
        self.relation = nn.Embedding(2 * len(past.relations), width)
        for table in (self.own, self.attribute, self.relation):
            nn.init.normal_(table.weight, std=0.1)
        neighbours, about = _links(past)
        self.register_buffer("neighbours", neighbours, persistent=False)
        self.register_buffer("described", about, persistent=False)

    def forward(self, head: Tensor, relation: Tensor, tail: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores with the truth first, and the regulariser."""
        vectors = self.own.weight
        if self.how.layers:
            kept = torch.rand(len(vectors), 1, device=vectors.device) >= self.how.forget
            links = self.neighbours, self.described
            vectors = _propagated(vectors * kept, self.attribute.weight, links, self.how.layers)  # type: ignore[arg-type]
        asked, answer = turned(vectors[head], self.relation(relation)), vectors[tail]
        true = (asked * answer).sum(1, keepdim=True)
        if self.how.against:
            among = torch.randint(len(vectors), (self.how.against,), device=head.device)
        else:
            among = torch.arange(len(vectors), device=head.device)
        others = asked @ vectors[among].T
        others = others.masked_fill(among == tail[:, None], -torch.inf)
        parts = (vectors[head], self.relation(relation), answer)
        cubes = torch.stack([(_modulus(part) ** 3).sum() for part in parts]).sum() / len(head)
        return torch.cat([true, others], dim=1), self.how.n3 * cubes


def _loss(answer: tuple[Tensor, Tensor], tail: Tensor) -> Tensor:
    scores, penalty = answer
    first = torch.zeros(len(tail), dtype=torch.long, device=tail.device)
    return f.cross_entropy(scores.float(), first) + penalty


def turned(head: Tensor, relation: Tensor) -> Tensor:
    """Return complex products, real parts first; with a tail, ``Re <h, r, conj t>`` is a dot."""
    a, b = head.chunk(2, dim=1)
    c, d = relation.chunk(2, dim=1)
    return torch.cat([a * c - b * d, a * d + b * c], dim=1)


def _modulus(vectors: Tensor) -> Tensor:
    a, b = vectors.chunk(2, dim=1)
    return torch.sqrt(a * a + b * b + 1e-12)


def _propagated(own: Tensor, about: Tensor, links: tuple[Tensor, Tensor], layers: int) -> Tensor:
    """Return the mean of vectors after 0, 1, ... steps to the neighbours.

    In full precision, whatever is asked around it: sparse products know no bfloat16.
    """
    neighbours, described = links
    with torch.autocast(own.device.type, enabled=False):
        step = own.float() + described @ about.float()
        total = step
        for _ in range(layers):
            step = neighbours @ step
            total = total + step
        return total / (layers + 1)


def _links(at: Triples) -> tuple[Tensor, Tensor]:
    """Return how neighbours are weighed, 1 / sqrt(degrees) [3]_, and the mean over attributes."""
    size = len(at.entities)
    pairs = np.concatenate([at.rows[:, [0, 2]], at.rows[:, [2, 0]]])
    pairs = np.unique(pairs, axis=0)
    degree = np.bincount(pairs[:, 0], minlength=size)
    weight = 1 / np.sqrt(degree[pairs[:, 0]] * degree[pairs[:, 1]])
    many = np.bincount(at.about[:, 0], minlength=size)
    return (
        _sparse(pairs, weight, (size, size)),
        _sparse(at.about, 1 / many[at.about[:, 0]], (size, len(at.attributes))),
    )


def _sparse(at: npt.NDArray[np.int64], weight: npt.ArrayLike, size: tuple[int, int]) -> Tensor:
    values = torch.from_numpy(np.asarray(weight, dtype=np.float32))
    made = torch.sparse_coo_tensor(
        torch.from_numpy(at.T.copy()), values, size, check_invariants=False
    )
    return made.coalesce()
