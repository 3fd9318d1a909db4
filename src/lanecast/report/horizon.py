"""How far off: error against the days that were really left, and against the scans so far."""

import polars as pl

from .axes import Plot, frame, ticks
from .judged import FEW, NAMES, Judged
from .marks import legend, series
from .markup import Html, joined, tag
from .numbers import plain
from .picture import Size, picture

EDGES = (1, 2, 3, 4, 5, 7, 10, 14, 21, 30)
MOST_SCANS = 12
HEADS = {"what": "", "model": "Model", "n": "Parcels", "mae_days": "Mean error, days"}


def by_horizon(judged: Judged, moment: str) -> pl.DataFrame:
    """Return ``n`` and ``mae_days`` per model and ``bin`` of days really left."""
    bins = [f"{low}-{high}" for low, high in zip((0, *EDGES), EDGES, strict=False)]
    labels = [*bins, f"{EDGES[-1]}+"]
    bin_ = pl.sum_horizontal(pl.col("days") >= edge for edge in EDGES).cast(pl.Int64)
    order = pl.DataFrame({"what": labels, "place": range(len(labels))})
    rows = judged.of(moment).with_columns(place=bin_).join(order, on="place")
    return _averaged(judged, rows)


def by_scan(judged: Judged) -> pl.DataFrame:
    """Return ``n`` and ``mae_days`` per model and number of the scan."""
    rows = judged.rows.filter(pl.col("scan") <= MOST_SCANS)
    scan = pl.col("scan")
    return _averaged(judged, rows.with_columns(what=scan.cast(pl.String), place=scan - 1))


def pictures(judged: Judged) -> Html:
    """Return one picture per moment, drawn to the same scale, and one by scans."""
    found = {moment: by_horizon(judged, moment) for moment in judged.moments()}
    enough = [part.filter(pl.col("n") >= FEW)["mae_days"].max() for part in found.values()]
    top = max([float(str(most)) for most in enough if most is not None], default=1.0)
    drawn = [
        _picture(
            f"horizon-{moment}",
            NAMES[moment],
            "days that were really left",
            scores,
            judged,
            top,
        )
        for moment, scores in found.items()
    ]
    scans = by_scan(judged)
    if "in_transit" in found and scans["place"].n_unique() > 1:
        drawn.append(_picture("scans", "Scan by scan", "scans so far", scans, judged, None))
    grid = tag("div", *drawn, class_="grid4" if len(drawn) in (2, 4) else f"grid{len(drawn)}")
    return joined(legend(list(judged.looks.values())), grid)


def _averaged(judged: Judged, rows: pl.DataFrame) -> pl.DataFrame:
    rank = pl.DataFrame({"model": list(judged.looks), "rank": range(len(judged.looks))})
    scores = rows.group_by("model", "what", "place").agg(
        n=pl.len(), mae_days=pl.col("error_days").mean()
    )
    return scores.join(rank, on="model").sort("rank", "place").drop("rank")


def _picture(
    name: str, title: str, x_name: str, scores: pl.DataFrame, judged: Judged, top: float | None
) -> Html:
    fit = scores.filter(pl.col("n") >= FEW)
    own = fit.filter(model=judged.main)
    said = "; ".join(f"{what}: {mae:.2f}" for what, mae in own.select("what", "mae_days").rows())
    meaning = (
        f"Line chart. Mean error in days by {x_name}, one line per model. "
        f"{judged.main}: {said or 'too few parcels'}."
    )
    high = 1.05 * (top or float(str(fit["mae_days"].max() or 1.0)))
    first, last = int(str(fit["place"].min() or 0)), int(str(fit["place"].max() or 0))

    def draw(size: Size) -> Html:
        plot = Plot(size.width, size.height, (first - 0.4, last + 0.4), (0, high), left=30)
        labels = fit.select("place", "what").unique()
        every = 2 if not size.wide and last - first > 7 else 1
        x = [
            (float(at), _range(what))
            for at, what in labels.sort("place").rows()
            if (at - first) % every == 0
        ]
        y = [(value, plain(value, 1).removesuffix(".0")) for value in ticks(0, high)]
        lines = [
            series(
                plot,
                look,
                [
                    (at, mae, f"{model}, {_range(what)}: {mae:.2f} days off ({n:,} parcels)")
                    for what, n, mae, at in fit.filter(model=model)
                    .select("what", "n", "mae_days", "place")
                    .rows()
                ],
            )
            for model, look in reversed(list(judged.looks.items()))
        ]
        shares = _crowd(plot, own)
        return joined(frame(plot, x, y, x_name, "mean error, days", upright=False), shares, *lines)

    heads = HEADS | {"what": x_name.capitalize()}
    return picture(name, title, meaning, draw, scores, heads)


def _crowd(plot: Plot, own: pl.DataFrame) -> Html:
    """Draw how many parcels stand behind each point, as low bars along the floor."""
    most = own["n"].max()
    bars = []
    half = 0.36 * (plot.x(1) - plot.x(0))
    for at, n in own.select("place", "n").rows():
        tall = 0.22 * plot.tall * n / float(str(most))
        bars.append(
            tag(
                "rect", tag("title", f"{n:,} parcels"), class_="bars", x=plot.x(at) - half,
                y=plot.floor - tall, width=2 * half, height=tall,
            )
        )  # fmt: skip
    return joined(*bars)


def _range(what: str) -> str:
    return what.replace("-", "–")  # noqa: RUF001
