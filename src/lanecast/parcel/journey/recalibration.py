"""Chances put right on later data: how far to believe what was said, and by how much it drifted.

Of each head ``log P(what)`` is stretched and shifted per what, and ``log P(when | what)`` stretched
and tilted towards sooner or later (Platt scaling, for several classes and with time). A handful of
numbers, learnt with the likelihood that the net learnt with, so that open parcels count too.

References
----------
.. [1] Guo et al. (2017). On calibration of modern neural networks. *ICML*.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import torch
from torch import Tensor
from torch.nn import functional as f

from lanecast.nn.risks import competing_loss

from .answered import Answered
from .arrays import HEADS, Array, known, matched, pointed

WORTH = 20.0  # steps that no change is worth, per number squared
LEAST = 1e-9
CELLS = 2**23  # read at most to put a head right: a handful of numbers needs no more
Logs = tuple[Tensor, Tensor, Tensor]


@dataclass(frozen=True)
class Calibration:
    """By head: ``slope`` and ``shift`` (whats,) of what, ``when`` (2,) is stretch and tilt.

    ``place`` (3,) holds the stretch of the log chances of places, and the shifts of somewhere new
    and of no other place.
    """

    slope: dict[str, float]
    shift: dict[str, Array]
    when: dict[str, Array]
    place: Array

    def applied(self, said: Answered) -> Answered:
        """Return ``said`` with chances put right."""
        chances = {}
        for name in HEADS:
            what = torch.from_numpy(np.append(self.slope[name], self.shift[name]))
            logits = _moved(what, torch.from_numpy(self.when[name]), *_logs(said, name))
            chances[name] = logits.exp().numpy()
        place = _pointing(torch.from_numpy(self.place), _log(said.place)).exp().numpy()
        return replace(said, chances=chances, place=place)


def calibration(said: Answered, y: pl.DataFrame) -> Calibration:
    """Return what puts ``said`` right, by rows of ``answers`` that it was not learnt from."""
    rows = matched(said.steps, y)
    truth = known(rows, said.starts, said.edges)
    slope, shift, when = {}, {}, {}
    for name, words in HEADS.items():
        some = slice(None, None, 1 + said.chances[name].size // CELLS)  # steps from all the time
        log_what, log_when, middle = _logs(said, name)
        logs = log_what[some], log_when[some], middle
        told = truth.positions[name][some], truth.causes[name][some], truth.weights[name][some]
        many = float(told[2].sum())

        def loss(
            what: Tensor, time: Tensor, logs: Logs = logs, told: Logs = told, many: float = many
        ) -> Tensor:
            pull = (what[0] - 1) ** 2 + (what[1:] ** 2).sum() + (time[0] - 1) ** 2 + time[1] ** 2
            return many * competing_loss(_moved(what, time, *logs), *told) + WORTH / 2 * pull

        what, time = _least(loss, [1.0, *[0.0] * len(words)], [1.0, 0.0])
        slope[name], shift[name], when[name] = float(what[0]), what[1:], time
    same = said.candidates == rows["place"].fill_null("").to_numpy()[:, None].astype(np.str_)
    at = torch.from_numpy(pointed(rows["place"], same & (said.candidates != "")))
    log_place = _log(said.place)

    def loss_of_place(numbers: Tensor) -> Tensor:
        pull = (numbers[0] - 1) ** 2 + (numbers[1:] ** 2).sum()
        each: Tensor = f.cross_entropy(
            _pointing(numbers, log_place), at, ignore_index=-1, reduction="sum"
        )
        return each + WORTH / 2 * pull

    return Calibration(slope, shift, when, _least(loss_of_place, [1.0, 0.0, 0.0])[0])


def _log(chance: Array) -> Tensor:
    return torch.from_numpy(np.log(np.maximum(chance, LEAST)))


def _logs(said: Answered, name: str) -> Logs:
    """Return logs of what (n, whats) and of when given what (n, whats, bins), and middles."""
    joint, edges = _log(said.chances[name]), torch.from_numpy(said.edges[name])
    total = joint.logsumexp(2)
    return total, joint - total[:, :, None], (edges[1:] + edges[:-1]) / 2


def _moved(what: Tensor, time: Tensor, log_what: Tensor, log_when: Tensor, at: Tensor) -> Tensor:
    """Return log chances of the cells, shape (n, whats, bins)."""
    first = f.log_softmax(what[0] * log_what + what[1:], dim=1)
    return first[:, :, None] + f.log_softmax(time[0] * log_when + time[1] * at, dim=2)


def _pointing(numbers: Tensor, log_place: Tensor) -> Tensor:
    shifted = torch.cat([torch.zeros(log_place.shape[1] - 2), numbers[1:]])
    return f.log_softmax(numbers[0] * log_place + shifted, dim=1)


def _least(loss: Callable[..., Tensor], *start: list[float]) -> list[Array]:
    """Return the numbers at which ``loss`` is least, by a quasi-Newton method."""
    numbers = [torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in start]
    search = torch.optim.LBFGS(numbers, max_iter=60, line_search_fn="strong_wolfe")

    def again() -> Tensor:
        search.zero_grad()
        value = loss(*numbers)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    search.step(again)  # type: ignore[no-untyped-call]
    return [each.detach().numpy() for each in numbers]
