"""From sequences and their answers to the tensors that the net reads and is judged by."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import torch
from torch import Tensor

from lanecast.parcel.vocabulary import Vocabulary
from lanecast.tables.network import KINDS

from .inputs import NUMBERS, PLACES, VECTOR, Sequences
from .net import NEW, NONE, Flat
from .reach import KEYS, padded

Array = npt.NDArray[np.float64]
FAR = 5.0  # standardised numbers beyond say nothing more
SOON_H = 0.05  # three minutes: times shorter than that are alike
EVENTS = (
    *("picked_up", "arrived", "departed", "customs", "on_hold", "delayed", "damaged"),
    *("out_for_delivery", "ready_for_pickup", "delivery_failed", "delivered", "returning"),
    *("returned", "lost", "cancelled"),
)
ELSEWHERE = " elsewhere"  # of an event at another place than the last one
HEADS = {
    "event": (*EVENTS, *(event + ELSEWHERE for event in EVENTS)),
    "attempt": ("delivered", "delivery_failed"),
    "end": ("delivered", "returned", "lost", "cancelled"),
}


@dataclass(frozen=True)
class Scales:
    """Means and deviations by which numbers and traits are standardised."""

    numbers: Array  # (2, n_numbers)
    traits: Array  # (2, n): latitude, longitude, and numbers of a vector of the graph


def scales(x: Sequences) -> Scales:
    """Return the scales of ``x``."""

    def of(frame: pl.DataFrame, names: tuple[str, ...]) -> Array:
        raw = frame.select(names).cast(pl.Float64).fill_nan(None)
        mean = raw.mean().fill_null(0.0).to_numpy()[0]
        spread = raw.std().fill_null(1.0).to_numpy()[0]
        return np.stack([mean, np.where(spread > 1e-6, spread, 1.0)])

    return Scales(of(x.steps, NUMBERS), of(x.places, where(x.places)))


def where(places: pl.DataFrame) -> tuple[str, ...]:
    """Return the columns that say where a place is, on the map and in the graph."""
    return ("lat", "lon", *(name for name in places.columns if name.startswith(VECTOR)))


def flat(
    x: Sequences, texts: Vocabulary, places: tuple[str, ...], scale: Scales, regions: Vocabulary
) -> Flat:
    """Return the rows of ``x`` as tensors.

    Parameters
    ----------
    texts
        Columns to encode; ``places`` the places with an embedding, the first one has code 1.
    regions
        ``region`` of places, one-hot.
    """
    names = x.places["facility_id"]
    number = pl.DataFrame({"name": names, "code": np.arange(1, len(names) + 1)})
    spots = np.column_stack([_codes(x.steps[column], number) for column in PLACES])
    keys = x.steps.select(KEYS).unique(maintain_order=True)
    key = x.steps.select(KEYS).join(
        keys.with_row_index("key"),
        on=list(KEYS),
        how="left",
        maintain_order="left",
        nulls_equal=True,
    )["key"]
    candidates, shares = padded(x.reach, names, keys)
    known = pl.DataFrame({"name": pl.Series(places, dtype=pl.String),
                          "code": np.arange(1, len(places) + 1)})  # fmt: skip
    return Flat(
        texts=torch.from_numpy(texts.encode(x.steps)),
        places=torch.from_numpy(spots),
        numbers=_standard(x.steps.select(NUMBERS), scale.numbers),
        key=torch.from_numpy(key.to_numpy().astype(np.int64)),
        candidates=torch.from_numpy(candidates),
        shares=torch.from_numpy(shares),
        traits=_traits(x.places, scale.traits, regions),
        known=torch.from_numpy(np.append(0, _codes(names, known))),
    )


def sequence_rows(x: Sequences, longest: int) -> Tensor:
    """Return the rows of each parcel, shape (parcels, longest), -1 after the last.

    Of a longer one the first step is kept, and the last ones.
    """
    start, counts = _spans(x)
    place = np.arange(longest)
    skipped = np.maximum(counts - longest, 0)[:, None] * (place > 0)
    rows = start[:, None] + place + skipped
    kept = place < np.minimum(counts, longest)[:, None]
    return torch.from_numpy(np.where(kept, rows, -1))


def asked_rows(x: Sequences, longest: int) -> tuple[Tensor, Tensor]:
    """Return sequences as ``sequence_rows`` does, and which of their steps to answer.

    Each step that is asked about is answered once. One beyond the first ``longest`` is the last of
    its own sequence, so that nothing said of it depends on what came later.
    """
    start, counts = _spans(x)
    place, asked = np.arange(longest), x.steps["is_asked"].to_numpy()
    heads = np.where(place < counts[:, None], start[:, None] + place, -1)
    first = np.repeat(start, counts)
    row = np.arange(len(first))
    late = row[asked & (row - first >= longest)]
    tails = late[:, None] + place - (longest - 1)
    tails[:, 0] = first[late]
    answered = np.vstack([asked[heads] & (heads >= 0), tails == late[:, None]])
    return torch.from_numpy(np.vstack([heads, tails])), torch.from_numpy(answered)


def _spans(x: Sequences) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the first row of each parcel, and how many it has."""
    sizes = x.steps.group_by("parcel_id", maintain_order=True).len()["len"]
    counts = sizes.cast(pl.Int64).to_numpy()
    return np.cumsum(counts) - counts, counts


@dataclass(frozen=True)
class Known:
    """Per row and head: what came, its position on the time axis, and the weight of the row."""

    causes: dict[str, Tensor]
    positions: dict[str, Tensor]
    weights: dict[str, Tensor]

    def to(self, where: torch.device) -> "Known":
        """Return the same on another device."""
        parts = (self.causes, self.positions, self.weights)
        return Known(*({name: each.to(where) for name, each in part.items()} for part in parts))


@dataclass(frozen=True)
class Targets:
    """What is known of each row, and which candidate came next, -1 where that is not known."""

    known: Known
    place: Tensor

    def to(self, where: torch.device) -> "Targets":
        """Return the same on another device."""
        return Targets(self.known.to(where), self.place.to(where))


def known(rows: pl.DataFrame, start: Mapping[str, Array], edges: Mapping[str, Array]) -> Known:
    """Return what is known of ``rows`` of ``matched`` answers.

    Parameters
    ----------
    start, edges
        By head, where its log hours start, shape (n,), and the edges of its bins.
    """
    moves = (pl.col("place") != "") & (pl.col("place_after_h") == pl.col("event_after_h"))
    told = pl.concat_str("event", pl.when(moves).then(pl.lit(ELSEWHERE)).otherwise(pl.lit("")))
    rows = rows.with_columns(event=told)
    causes, positions, weights = {}, {}, {}
    for name, words in HEADS.items():
        code = rows[name].cast(pl.Enum(list(words)), strict=False).to_physical()
        after = rows[f"{name}_after_h"].to_numpy()
        other = rows[name].is_not_null() & code.is_null()  # a word that has no cell
        causes[name] = torch.from_numpy(code.cast(pl.Int64).fill_null(-1).to_numpy().copy())
        log = np.log(np.maximum(after, SOON_H)) - start[name]
        place = np.interp(log, edges[name], np.arange(len(edges[name])))
        bins = len(edges[name]) - 1
        positions[name] = _tensor(np.nan_to_num(place).clip(0, bins - 1e-3))
        weights[name] = _tensor((~np.isnan(after) & ~other.to_numpy()).astype(np.float64))
    return Known(causes, positions, weights)


def starts(steps: pl.DataFrame) -> dict[str, Array]:
    """Return from where each head counts its log hours: 0, or what it usually takes to the end."""
    usually = steps["usually_left"].to_numpy()
    return {"event": np.zeros(len(usually)), "attempt": usually, "end": usually}


def cuts(x: Sequences, y: pl.DataFrame, bins: int) -> dict[str, Array]:
    """Return edges of log hours from ``starts``, with equally many answers between them.

    Where a head has no answer at all, how long it has been open stands in.
    """
    rows = matched(x.steps, y)
    out = {}
    for name, start in starts(x.steps).items():
        after = rows[f"{name}_after_h"].to_numpy()
        known = rows[name].is_not_null().to_numpy()
        known = known if known.any() else ~np.isnan(after)
        log = np.log(np.maximum(after[known], SOON_H)) - start[known]
        inner = np.unique(np.quantile(log, np.linspace(0, 1, bins + 1)[1:-1]))
        out[name] = np.concatenate([[min(log.min(), inner[0]) - 0.1], inner, [inner[-1] + 1.2]])
    return out


def matched(steps: pl.DataFrame, y: pl.DataFrame) -> pl.DataFrame:
    """Return the row of ``y`` of each step; of two of one instant the later stands for both."""
    keys = ["parcel_id", "asof_h"]
    last = y.unique(keys, keep="last", maintain_order=True)
    return steps.select(keys).join(last, on=keys, how="left", maintain_order="left")


def pointed(place: pl.Series, same: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return which candidate each place is, where ``same`` (n, m) says so, -1 where none is known.

    m + ``NEW`` is another place, m + ``NONE`` no other place.
    """
    index = np.where(same.any(1), same.argmax(1), same.shape[1] + NEW)
    index[(place == "").fill_null(False).to_numpy()] = same.shape[1] + NONE
    index[place.is_null().to_numpy()] = -1
    return np.asarray(index)


def targets(rows: pl.DataFrame, x: Sequences, flat: Flat, edges: Mapping[str, Array]) -> Targets:
    """Return what is known of ``rows`` of ``matched`` answers, for each step of ``x``."""
    names = x.places["facility_id"]
    number = pl.DataFrame({"name": names, "code": np.arange(1, len(names) + 1)})
    code = torch.from_numpy(_codes(rows["place"], number))
    same = (flat.candidates[flat.key] == code[:, None]) & (code > 0)[:, None]
    place = torch.from_numpy(pointed(rows["place"], same.numpy()))
    return Targets(known(rows, starts(x.steps), edges), place)


def _codes(names: pl.Series, number: pl.DataFrame) -> npt.NDArray[np.int64]:
    found = pl.DataFrame({"name": names.cast(pl.String)}).join(
        number, on="name", how="left", maintain_order="left"
    )
    return found["code"].fill_null(0).to_numpy().astype(np.int64)


def _tensor(values: Array) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))


def _standard(frame: pl.DataFrame, scale: Array) -> Tensor:
    raw = frame.cast(pl.Float64).to_numpy()
    missing = np.isnan(raw)
    even = np.clip((raw - scale[0]) / scale[1], -FAR, FAR)
    return _tensor(np.concatenate([np.where(missing, 0.0, even), missing], axis=1))


def _traits(places: pl.DataFrame, scale: Array, regions: Vocabulary) -> Tensor:
    """Return traits of places, shape (n_places + 1, n_traits), the first row being of none."""
    columns = where(places)
    if len(columns) != scale.shape[1]:
        raise ValueError(
            f"places: expected vectors of {scale.shape[1] - 2} numbers as in training, "
            f"got {len(columns) - 2}; pass the same vectors to context."
        )
    spot = _standard(places.select(columns), scale).numpy()
    kind = places["kind"].cast(pl.Enum(list(KINDS)), strict=False).to_physical()
    kinds = np.eye(len(KINDS) + 1)[kind.cast(pl.Int64).fill_null(len(KINDS)).to_numpy()]
    region = np.eye(regions.sizes[0])[regions.encode(places)[:, 0]]
    each = np.concatenate([spot, kinds, region], axis=1)
    return _tensor(np.concatenate([np.zeros((1, each.shape[1])), each]))
