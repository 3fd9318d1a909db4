"""One compact net for all series and all steps: direct, scaled, with covariates and quantiles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lanecast.nn.training import Training, some_threads, train
from lanecast.planning.forecast import LEVEL, Forecast, answered
from lanecast.planning.panel import Floats, Panel
from lanecast.planning.weighing import Weighing

from .examples import origins_of
from .net import Net, pinball
from .seasonal import SeasonalNaive
from .windows import CONTEXT, Rows, Seen, Windows, words

HEAVIEST = 20.0  # times the mean weight
FEWEST = 200  # windows to learn from
BATCH = 4096


@dataclass(frozen=True)
class Deep:
    """A net that learns windows (series, origin) of all series together.

    Parameters
    ----------
    most
        Windows to learn from, spread evenly over origins.
    back
        Origins that are looked at, in periods before the last; None looks at all.
    context
        Periods of the past that it reads; None takes what is usual for the frequency.
    """

    most: int = 30_000
    back: int | None = None
    context: int | None = None
    width: int = 128
    training: Training = field(
        default_factory=lambda: Training(epochs=6, batch=256, rate=2e-3, decay=1e-2)
    )
    weighing: Weighing = field(default_factory=Weighing)

    def fit(self, past: Panel) -> "FittedDeep":
        """Learn from all origins that the panel knows the outcomes of."""
        usual = self.context or CONTEXT.get(past.frequency.name, 32)
        length = int(np.clip(past.length // 2, 1, usual))
        windows = Windows(past, length, words(past))
        found = _examples(windows, self)
        if found is None:
            return FittedDeep(length, self.width, past.horizon, {}, {})
        seen, y, weight = found
        torch.manual_seed(self.training.seed)
        net = Net(*_sizes(seen), _codes(windows.words), past.horizon, len(LEVEL), self.width)
        level = torch.tensor(LEVEL, dtype=torch.float32)
        inputs = _inputs(seen)
        targets = [torch.from_numpy(y), torch.from_numpy(weight)]
        state = train(net, pinball(level), inputs, targets, self.training)
        return FittedDeep(length, self.width, past.horizon, dict(windows.words), state)


@dataclass(frozen=True)
class FittedDeep:
    """The weights of the net and what it takes to build it again; no weights where none learnt."""

    length: int
    width: int
    horizon: int
    words: dict[str, tuple[str, ...]]
    state: dict[str, Tensor]

    def predict(self, of: Panel) -> Forecast:
        """Return quantiles of the horizon; without a net, the seasonal naive ones, and said."""
        plain = SeasonalNaive().fit(of).predict(of)
        if not self.state:
            named = np.where(plain.fallback == "", "seasonal_naive", plain.fallback)
            return Forecast(plain.quantiles, named)
        windows = Windows(of, self.length, self.words)
        quantiles = np.empty_like(plain.quantiles)
        net: Net | None = None
        for rows in np.array_split(np.arange(len(of.ids)), -(-len(of.ids) // BATCH)):
            seen = windows.at(of.length, rows)
            if net is None:
                codes = _codes(self.words)
                net = Net(*_sizes(seen), codes, self.horizon, len(LEVEL), self.width)
                net.load_state_dict(self.state)
                net.eval()
            with torch.no_grad(), some_threads():
                q = net(*_inputs(seen)).numpy().astype(float)
            quantiles[rows] = q * seen.scale[:, None, None] + seen.centre[:, None, None]
        unknown = plain.fallback != ""
        quantiles[unknown] = plain.quantiles[unknown]
        if not (of.y < 0).any():
            quantiles = np.maximum(quantiles, 0.0)
        return answered(quantiles, plain.fallback)


def _codes(words: Mapping[str, tuple[str, ...]]) -> tuple[int, ...]:
    return tuple(len(each) + 1 for each in words.values())


def _sizes(seen: Seen) -> tuple[int, int, int]:
    return seen.past.shape[1], seen.reference.shape[2], seen.ahead.shape[2]


def _inputs(seen: Seen) -> list[Tensor]:
    parts: list[Any] = [seen.past, seen.code, seen.reference, seen.ahead]
    return [torch.from_numpy(np.ascontiguousarray(part)) for part in parts]


def _examples(windows: Windows, how: Deep) -> tuple[Seen, Floats, Floats] | None:
    """Return windows, scaled outcomes and weights, (R, H); None where there are too few."""
    past, random = windows.of, np.random.default_rng(how.training.seed)
    horizon, count = past.horizon, len(past.ids)
    possible = origins_of(past, how.back)
    possible = possible[possible <= past.length - max(horizon // 2, 1)]
    if not len(possible):
        return None
    wanted = int(np.clip(2 * how.most // count, 1, len(possible)))
    origins = possible[np.unique(np.linspace(0, len(possible) - 1, wanted).astype(int))]
    each = int(np.clip(how.most // len(origins), 1, count))
    series, periods = how.weighing.series(past), how.weighing.periods(past)
    parts, ys, ws = [], [], []
    for origin in origins:
        begun = np.isfinite(past.y[:, :origin]).any(axis=1) & (series > 0)
        rows: Rows = np.sort(random.permutation(np.flatnonzero(begun))[:each])
        if not len(rows):
            continue
        seen = windows.at(int(origin), rows)
        y = np.full((len(rows), horizon), np.nan)
        came = past.y[rows, origin : origin + horizon]
        y[:, : came.shape[1]] = came
        scaled = (y - seen.centre[:, None]) / seen.scale[:, None]
        weight = np.zeros_like(y)
        weight[:] = (seen.scale * series[rows])[:, None]
        of_period = periods[origin : origin + horizon]
        weight[:, : len(of_period)] *= of_period
        weight = np.where(np.isfinite(y), weight, 0.0)
        parts.append(seen)
        ys.append(np.clip(np.nan_to_num(scaled), -20, 20).astype(np.float32))
        ws.append(weight.astype(np.float32))
    if sum(len(y) for y in ys) < FEWEST:
        return None
    names = ("past", "reference", "ahead", "code", "centre", "scale")
    whole = Seen(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))
    weight = np.concatenate(ws)
    mean = float(weight[weight > 0].mean()) if (weight > 0).any() else 1.0
    return whole, np.concatenate(ys), np.minimum(weight / mean, HEAVIEST)
