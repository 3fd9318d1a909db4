"""A small net that reads seller, lane, place and calendar, and answers with a distribution."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
import torch

from lanecast.nn.durations import DurationNet, quantiles, survival_loss
from lanecast.nn.training import Training, some_threads, train
from lanecast.parcel.vocabulary import Vocabulary, learn
from lanecast.tables.parcel import LEVELS

from .rows import Array, Durations, durations, number_columns, numbers, predictions, usual

TEXTS = (
    *("moment", "status", "merchant_id", "origin_region", "goal_region", "goal_area"),
    *("category", "payment", "carrier_id", "service", "facility_id"),
)
FAR = 4.0  # standardised numbers beyond say nothing more


@dataclass(frozen=True)
class Deep:
    """Embeddings and numbers into bins of log(hours / usual hours).

    ``half_life_d`` is the age at which a row counts half.
    """

    training: Training = field(default_factory=lambda: Training(epochs=4, rate=2e-3))
    bins: int = 40
    width: int = 128
    half_life_d: float = 90

    def __post_init__(self) -> None:
        if self.bins < 4 or self.width < 1 or self.half_life_d <= 0:
            raise ValueError(f"Expected bins >= 4, width >= 1 and half_life_d > 0, got {self}.")

    def fit(self, x: pl.DataFrame, y: pl.DataFrame) -> "FittedDeep":
        """Maximise the weighted censored likelihood of the bins."""
        return self.learn(durations(x, y).enough())

    def learn(self, known: Durations) -> "FittedDeep":
        """Return the net fitted to rows with their durations."""
        columns = number_columns(known.x)
        texts = learn(known.x, TEXTS)
        raw = numbers(known.x, columns)
        with np.errstate(all="ignore"):
            middle, scale = np.nanmean(raw, axis=0), np.nanstd(raw, axis=0)
        middle = np.nan_to_num(middle)
        scale = np.where(np.nan_to_num(scale) > 1e-6, scale, 1.0)
        ratio = np.log(known.hours / usual(known.x))
        edges = _edges(ratio[known.ended > 0], self.bins)
        bins = len(edges) - 1
        place = np.interp(ratio, edges, np.arange(bins + 1)).clip(0, bins - 1e-4)
        torch.manual_seed(self.training.seed)
        net = DurationNet(texts.sizes, len(columns), bins, self.width)
        codes = torch.from_numpy(texts.encode(known.x))
        targets = (place, known.ended, known.weight(self.half_life_d))
        weights = train(
            net,
            survival_loss,
            [codes, _standard(raw, middle, scale)],
            [torch.from_numpy(each.astype(np.float32)) for each in targets],
            self.training,
        )
        return FittedDeep(weights, columns, texts, middle, scale, edges, self.width, known.seen_h)


@dataclass(frozen=True)
class FittedDeep:
    """Weights of the net, and how its inputs and bins were made."""

    weights: dict[str, torch.Tensor]
    numbers: tuple[str, ...]
    texts: Vocabulary
    middle: Array
    scale: Array
    edges: Array
    width: int
    seen_h: float

    @cached_property
    def _net(self) -> DurationNet:
        net = DurationNet(self.texts.sizes, len(self.numbers), len(self.edges) - 1, self.width)
        net.load_state_dict(self.weights)
        return net.eval()

    def hours(self, x: pl.DataFrame) -> Array:
        """Return quantiles [h], shape (n, n_levels)."""
        inputs = _standard(numbers(x, self.numbers), self.middle, self.scale)
        with torch.inference_mode(), some_threads():
            chance = self._net(torch.from_numpy(self.texts.encode(x)), inputs).softmax(1)
        ratio = quantiles(chance.numpy().astype(np.float64), self.edges, np.array(LEVELS))
        return np.asarray(np.exp(ratio) * usual(x)[:, None])

    def predict(self, x: pl.DataFrame) -> pl.DataFrame:
        """Return rows of ``predictions``."""
        return predictions(x, self.hours(x), "deep", f"{self.seen_h:.0f}")


def _edges(ratio: Array, bins: int) -> Array:
    """Return edges with equally many deliveries between them, and room at both ends."""
    inner = np.unique(np.quantile(ratio, np.linspace(0, 1, bins + 1)[1:-1]))
    if len(inner) < 2:
        inner = np.array([inner[0] - 0.1, inner[0] + 0.1])
    return np.concatenate([[inner[0] - 0.6], inner, [inner[-1] + 0.9]])


def _standard(raw: Array, middle: Array, scale: Array) -> torch.Tensor:
    return torch.from_numpy(np.clip((raw - middle) / scale, -FAR, FAR).astype(np.float32))
