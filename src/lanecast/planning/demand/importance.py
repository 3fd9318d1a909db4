"""What the trees would lose without an input: grouped permutation on origins they have not seen.

All features of an input (its value, its changes, its values at the same phase) are shuffled
together among rows, since one of them alone tells what the others tell too. The rise of the mean
error is taken origin by origin, and told apart from chance by its spread among origins [1]_. It
says what the model uses; what happens if an input is changed is asked in ``factors``.

References
----------
.. [1] Fisher, Rudin & Dominici (2019). All models are wrong, but many are useful: learning a
       variable's importance by studying an entire class of prediction models. *JMLR* 20(177).
"""

import numpy as np
import polars as pl
from scipy.stats import t

from lanecast.planning.panel import Floats, Panel

from .clustered import adjusted
from .explain import belongs
from .models.design import Design
from .models.pooled import Pooled

Parts = list[tuple[Floats, Floats, Floats]]  # of each origin: features, targets, units


def importance(
    model: Pooled, past: Panel, origins: int = 8, repeats: int = 3, rate: float = 0.05
) -> pl.DataFrame:
    """Return how much worse the median gets without each input, the most needed first.

    The model learns from what is before the last ``origins`` times the horizon, and is asked then.

    Returns
    -------
    ``input`` (a covariate, or baseline, seasonality, holiday), ``rise`` of the mean absolute error
    as a share of it, ``low, high`` (95 %), ``p`` of no rise, ``q`` (adjusted), ``found``.

    Raises
    ------
    ValueError
        When the history is too short for that.
    """
    first = past.length - origins * past.horizon
    if origins < 3 or repeats < 1 or first < 2:
        raise ValueError(
            f"origins: expected 3 or more of {past.horizon} periods within {past.length}, and "
            f"repeats from 1; got {origins} and {repeats}."
        )
    fitted = model.fit(past.before(first))
    if not fitted.heads:
        raise ValueError(f"past: the first {first} periods are too few to learn trees from.")
    parts = _asked(Design(past, model.centre), first, origins)
    middle = fitted.heads[len(fitted.heads) // 2]
    sizes = np.cumsum([len(y) for _, y, _ in parts])[:-1]
    x, y, unit = (np.concatenate(each) for each in zip(*parts, strict=True))

    def losses(rows: Floats) -> Floats:
        miss = np.abs(y - np.asarray(middle.predict(rows, num_threads=model.threads))) * unit
        return np.array([part.mean() for part in np.split(miss, sizes)])

    base, random = losses(x), np.random.default_rng(model.seed)
    owner = np.array([_input(name, past) for name in fitted.names])
    rises = {}
    for name in np.unique(owner):
        own = np.flatnonzero(owner == name)
        tries = []
        for _ in range(repeats):
            mixed = x.copy()
            mixed[:, own] = x[random.permutation(len(x))][:, own]
            tries.append(losses(mixed) - base)
        rises[str(name)] = np.mean(tries, axis=0) / base.mean()
    return _told(rises, origins, rate)


def _asked(design: Design, first: int, origins: int) -> Parts:
    """Return what is asked at each origin, and what came of it, in units of the series' scale."""
    past = design.of
    steps = np.arange(1, past.horizon + 1)
    out = []
    for origin in first + past.horizon * np.arange(origins):
        scale = design.scale(int(origin))
        target = past.y[:, origin + steps - 1] - design.base(int(origin), steps)
        unit = np.repeat(scale, len(steps))
        y = target.ravel() / unit
        seen = np.isfinite(y)
        x, _ = design.x(int(origin), steps)
        out.append((np.asarray(x[seen], float), y[seen], unit[seen]))
    return out


def _input(feature: str, of: Panel) -> str:
    """Return the covariate whose feature it is, or what else it tells of."""
    names = sorted(of.covariates, key=len, reverse=True)
    own = [name for name in names if feature == name or feature.startswith(f"{name}_")]
    return own[0] if own else belongs(feature, of, {})


def _told(rises: dict[str, Floats], origins: int, rate: float) -> pl.DataFrame:
    mean = np.array([each.mean() for each in rises.values()])
    error = np.array([each.std(ddof=1) / np.sqrt(origins) for each in rises.values()])
    p = np.asarray(t.sf(mean / np.maximum(error, 1e-12), origins - 1))
    q, wide = adjusted(p), float(t.ppf(0.975, origins - 1))
    told = {"input": list(rises), "rise": mean, "low": mean - wide * error}
    told |= {"high": mean + wide * error, "p": p, "q": q, "found": (q <= rate) & (mean > 0)}
    return pl.DataFrame(told).sort("rise", "input", descending=[True, False])
