"""Looking up by an index is the left join, row by row."""

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lanecast.parcel.lookup import indexed, look_up

LETTER = st.sampled_from("abcd")
KEYS = st.tuples(LETTER, st.integers(0, 3))


def frame(keys, **more):
    schema = {"letter": pl.String, "number": pl.Int64}
    return pl.DataFrame(keys, schema=schema, orient="row").with_columns(**more)


def both(rows, *tables):
    """Return what joins say, and what indexes say."""
    rows = nw.from_native(rows, eager_only=True)
    frames = [(nw.from_native(table, eager_only=True), key) for table, key in tables]
    joined = look_up(rows, frames)
    found = look_up(rows, [(indexed(table, key), key) for table, key in frames])
    return joined.to_native(), found.to_native()


@given(st.lists(KEYS, unique=True, max_size=9), st.lists(KEYS, min_size=1, max_size=9))
def test_an_index_finds_what_a_left_join_finds(known, asked):
    table = frame(known).with_row_index("value").with_columns(word=pl.col("letter") + "!")
    rows = frame(asked).with_row_index("row")
    joined, found = both(rows, (table, ("letter", "number")))
    assert_frame_equal(joined.sort("row"), found, check_column_order=False)


def test_tables_follow_each_other_and_a_table_of_one_row_is_for_all():
    rows = frame([("a", 1), ("z", 2), ("b", 2)])
    letters = pl.DataFrame({"letter": ["a", "b"], "x": [1.0, None]})
    numbers = pl.DataFrame({"number": [2], "y": ["two"]})
    whole = pl.DataFrame({"all": [7]})
    joined, found = both(rows, (whole, ()), (letters, ("letter",)), (numbers, ("number",)))
    assert_frame_equal(joined, found)
    assert found.rows() == [
        ("a", 1, 7, 1.0, None),
        ("z", 2, 7, None, "two"),
        ("b", 2, 7, None, "two"),
    ]


def test_null_is_no_key():
    rows = frame([(None, 1)])
    table = frame([(None, 1), ("a", 1)], value=pl.lit(5))
    joined, found = both(rows, (table, ("letter", "number")))
    assert_frame_equal(joined, found)
    assert found["value"].to_list() == [None]


def test_two_rows_of_one_key_are_refused():
    table = nw.from_native(frame([("a", 1), ("a", 1)]), eager_only=True)
    with pytest.raises(ValueError, match="expected one row for each letter, number"):
        indexed(table, ("letter", "number"))
    with pytest.raises(ValueError, match="expected one row for each table"):
        indexed(table, ())
