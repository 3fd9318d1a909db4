"""The journey of a parcel in one model: where next, when, and how it ends.

A causal transformer of less than a million weights reads the order and the scans so far, and
answers at every step: the next place among those that parcels go to from here, the next event and
when, whether the next attempt succeeds, and how and when it all ends. Open parcels are censored.

References
----------
.. [1] Wuyts et al. (2024). SuTraN: an encoder-decoder transformer for full-context-aware suffix
       prediction of business processes. *ICPM*.
.. [2] Vinyals, Fortunato & Jaitly (2015). Pointer networks. *NeurIPS* 28.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import polars as pl
import torch
from torch import Tensor
from torch.nn import functional as f

from lanecast.nn.risks import competing_loss
from lanecast.nn.training import Training, device, some_threads, train
from lanecast.parcel.vocabulary import Vocabulary, learn

from .answered import Answered
from .arrays import (
    HEADS,
    Array,
    Scales,
    Targets,
    asked_rows,
    cuts,
    flat,
    matched,
    scales,
    sequence_rows,
    starts,
    targets,
)
from .inputs import NUMBERS, TEXTS, Sequences
from .net import Answers, JourneyNet, Reading, Shape
from .recalibration import Calibration, calibration

WORDS = tuple(name for name in TEXTS if not name.endswith("facility_id"))
TASKS = ("event", "place", "attempt", "end")
LEAST = {"width": 1, "heads": 1, "depth": 1, "bins": 4, "longest": 2}
CHUNK = 2048  # sequences answered at once
ALONE = 64  # sequences up to which more than one thread gains nothing


@dataclass(frozen=True)
class Journey:
    """The model before it has seen data.

    Parameters
    ----------
    tasks
        What it learns; a single one gives its twin that learns nothing else.
    longest
        Steps that are read of a parcel: the first and the last ones so far.
    """

    training: Training = field(
        default_factory=lambda: Training(epochs=6, batch=128, rate=2e-3, threads=2)
    )
    width: int = 96
    heads: int = 4
    depth: int = 3
    bins: int = 32
    longest: int = 32
    tasks: tuple[str, ...] = TASKS

    def __post_init__(self) -> None:
        for name, low in LEAST.items():
            if getattr(self, name) < low:
                raise ValueError(f"{name}: expected at least {low}, got {getattr(self, name)}.")
        if self.width % self.heads:
            raise ValueError(
                f"width: expected a multiple of the {self.heads} heads, got {self.width}."
            )
        if not self.tasks or set(self.tasks) - set(TASKS):
            raise ValueError(f"tasks: expected some of {', '.join(TASKS)}, got {self.tasks}.")

    def fit(
        self, x: Sequences, y: pl.DataFrame, progress: Callable[[float], None] | None = None
    ) -> "FittedJourney":
        """Minimise the sum over ``tasks`` of the negative log-likelihood of ``answers``."""
        ended = y.drop_nulls("end")
        if x.steps.join(ended, on=["parcel_id", "asof_h"], how="semi").is_empty():
            raise ValueError(
                "y: no journey of x had ended; fit at a later moment, or on more parcels."
            )
        texts = learn(x.steps, WORDS)
        regions = learn(x.places, ("region",), at_least=1)
        places = tuple(x.places["facility_id"].to_list())
        scale, edges = scales(x), cuts(x, y, self.bins)
        data = flat(x, texts, places, scale, regions)
        truth = targets(matched(x.steps, y), x, data, edges)
        shape = Shape(
            texts=tuple(texts.sizes),
            places=len(places) + 1,
            traits=data.traits.shape[1],
            numbers=len(NUMBERS),
            width=self.width,
            heads=self.heads,
            depth=self.depth,
            longest=self.longest,
            cells=tuple((len(words), len(edges[name]) - 1) for name, words in HEADS.items()),
        )
        torch.manual_seed(self.training.seed)
        where = device()
        reading = Reading(JourneyNet(shape), data.to(where))
        rows = sequence_rows(x, self.longest)
        truth = truth.to(where)

        def loss(answers: Answers, rows: Tensor) -> Tensor:
            return _loss(answers, truth, rows[rows >= 0], self.tasks)

        weights = train(reading, loss, [rows], [rows], self.training, progress, (rows >= 0).sum(1))
        weights = {name.removeprefix("net."): value for name, value in weights.items()}
        seen_h = float((y["asof_h"] + y["end_after_h"]).max())  # type: ignore[arg-type]
        return FittedJourney(weights, shape, texts, regions, places, scale, edges, seen_h)


@dataclass(frozen=True)
class FittedJourney:
    """Weights of the net, and how its inputs and answers are coded."""

    weights: dict[str, Tensor]
    shape: Shape
    texts: Vocabulary
    regions: Vocabulary
    places: tuple[str, ...]
    scale: Scales
    edges: dict[str, Array]
    seen_h: float
    calibration: Calibration | None = None

    @cached_property
    def _net(self) -> JourneyNet:
        net = JourneyNet(self.shape)
        net.load_state_dict(self.weights)
        return net.eval()

    def answer(self, x: Sequences) -> Answered:
        """Answer the steps of ``x`` that are asked about, in their order."""
        if x.steps.is_empty():
            raise ValueError("x: no steps; ask about a time in which something was recorded.")
        where = device()
        x = x.mentioned()
        data = flat(x, self.texts, self.places, self.scale, self.regions).to(where)
        reading = Reading(self._net.to(where), data).eval()
        rows, asked = asked_rows(x, self.shape.longest)
        found: list[tuple[Tensor, Answers]] = []
        threads = torch.get_num_threads() if len(rows) > ALONE else 1  # others may need the rest
        with torch.inference_mode(), some_threads(threads):
            for part, wanted in zip(
                *(torch.split(each, CHUNK) for each in (rows, asked)), strict=True
            ):
                answers = reading(part.to(where), wanted.to(where))
                found.append((part[wanted], Answers(*(each.cpu() for each in answers))))
        index = torch.cat([at for at, _ in found])
        logits = Answers(*(torch.cat(each) for each in zip(*(a for _, a in found), strict=True)))
        order = index.argsort()
        index = index[order]
        chances = {name: _chances(getattr(logits, name)[order]) for name in HEADS}
        place = f.softmax(logits.place[order].float(), dim=1).numpy().astype(np.float64)
        candidates = data.candidates.cpu()[data.key.cpu()[index]].numpy()
        names = np.array(["", *x.places["facility_id"].to_list()])
        told = x.steps.select("parcel_id", "asof_h", "moment", "status", "usually_left")
        steps = told[index.numpy()]
        told = steps.drop("usually_left")
        said = Answered(told, chances, self.edges, starts(steps), names[candidates], place)
        return said if self.calibration is None else self.calibration.applied(said)

    def calibrated(self, x: Sequences, y: pl.DataFrame) -> "FittedJourney":
        """Return the same with chances put right on steps ``x`` that it has not learnt from.

        Raises
        ------
        ValueError
            When a step of ``x`` that is asked about is not later than what it has learnt from.
        """
        early = x.steps.filter("is_asked")["asof_h"].min()
        if isinstance(early, float) and early < self.seen_h:
            raise ValueError(
                f"x: expected steps from hour {self.seen_h:.1f} on, where what was learnt ends, "
                f"got {early:.1f}."
            )
        plain = replace(self, calibration=None)
        return replace(self, calibration=calibration(plain.answer(x), y))


def _chances(logits: Tensor) -> Array:
    chance = f.softmax(logits.float().flatten(1), dim=1).view_as(logits)
    return chance.numpy().astype(np.float64)


def _loss(answers: Answers, truth: Targets, at: Tensor, tasks: tuple[str, ...]) -> Tensor:
    parts, part = [], truth.known
    for task in tasks:
        if task == "place":
            parts.append(f.cross_entropy(answers.place.float(), truth.place[at], ignore_index=-1))
            continue
        known = part.positions[task][at], part.causes[task][at], part.weights[task][at]
        parts.append(competing_loss(getattr(answers, task), *known))
    return torch.stack(parts).sum()
