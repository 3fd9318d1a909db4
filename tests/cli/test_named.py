"""Fields become options, and nothing else changes."""

import pytest

from lanecast.cli.named import as_options


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("service: expected a chance, got 2.", "--service: expected a chance, got 2."),
        ("late: expected a cost >= 0.", "--late-work: expected a cost >= 0."),
        ("per_move: expected more.", "--per-move: expected more."),
        ("service, late: expected both.", "--service, --late-work: expected both."),
        ("service, other: expected both.", "service, other: expected both."),
        ("other: expected a number.", "other: expected a number."),
        ("lake: of service: is missing", "lake: of service: is missing"),
        ("service is full", "service is full"),
        ("service:none", "service:none"),
    ],
)
def test_a_refused_field_is_told_as_its_option(said, told):
    with (
        pytest.raises(ValueError) as found,
        as_options("service", "per_move", late="late-work"),
    ):
        raise ValueError(said)
    assert str(found.value) == told


def test_other_failures_and_results_pass():
    with pytest.raises(KeyError, match="service: x"), as_options("service"):
        raise KeyError("service: x")
    with as_options("service"):
        pass
