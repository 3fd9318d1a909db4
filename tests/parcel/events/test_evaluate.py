"""Scores against worked examples; the last word before a moment; a flat object for a back-test."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from lanecast.parcel import events

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NOW_H = NOW.timestamp() / 3600


def said(chances, event="late", moment="checkout", model="boosted", asof=NOW):
    return pl.DataFrame(
        {"parcel_id": [f"p{i}" for i in range(len(chances))], "chance": chances}
    ).with_columns(
        moment=pl.lit(moment),
        event=pl.lit(event),
        model=pl.lit(model),
        asof=pl.lit(asof, pl.Datetime("us", "UTC")),
    )


def became(hits, event="late", after_h=5.0):
    return pl.DataFrame(
        {
            "parcel_id": [f"p{i}" for i in range(len(hits))],
            "event": event,
            "happened": hits,
            "known_h": [None if hit is None else NOW_H + after_h for hit in hits],
        },
        schema_overrides={"happened": pl.Float64, "known_h": pl.Float64},
    )


def test_a_worked_example():
    scores = events.evaluate(said([0.9, 0.8, 0.7, 0.1]), became([1.0, 0.0, 1.0, None]))
    row = scores.row(0, named=True)
    assert (row["n"], row["n_open"], row["hits"]) == (3, 1, 2)
    assert row["roc_auc"] == pytest.approx(0.5)
    assert row["pr_auc"] == pytest.approx((1 + 2 / 3) / 2)
    assert row["brier"] == pytest.approx((0.01 + 0.64 + 0.09) / 3)


def test_what_was_known_when_it_was_asked_is_not_scored():
    known = became([1.0, 0.0], after_h=-1.0)
    assert events.evaluate(said([0.9, 0.1]), known).is_empty()


def test_without_a_hit_there_is_no_ranking():
    row = events.evaluate(said([0.9, 0.1]), became([0.0, 0.0])).row(0, named=True)
    assert row["roc_auc"] is None
    assert row["brier"] == pytest.approx((0.81 + 0.01) / 2)


def test_the_last_word_before_the_round_counts():
    hours = (30, 13, 11)
    rows = pl.concat([said([h / 100], asof=NOW - timedelta(hours=h)) for h in hours])
    at = pl.DataFrame({"parcel_id": ["p0"], "at": [NOW]})
    for lead, chance in ((0, 0.11), (12, 0.13), (24, 0.30)):
        assert events.ahead(rows, at, lead)["chance"].to_list() == [chance]
    assert events.ahead(rows, at, 48).is_empty()


def test_figures_of_a_back_test_are_flat():
    n = 400
    hits = [float(i % 10 == 0) for i in range(n)]
    good = said([0.5 * h + (i % 7) / 20 for i, h in enumerate(hits)])
    poor = said([(i % 7) / 20 for i in range(n)], model="plain")
    both = pl.concat([good, poor])
    result = events.headline(both, became(hits), draws=50)
    assert result["late_auc"] == 1.0 > result["late_auc_hi"] - 1e-9 >= 0.99
    assert result["late_auc_baseline_lo"] < 0.5 < result["late_auc_baseline_hi"]
    assert result["dnr_lift_2pct"] is None
    assert {f"{name}{end}" for name in ("late_auc", "ece_late", "undelivered_lift_2pct")
            for end in ("", "_lo", "_hi")} <= set(result)  # fmt: skip
