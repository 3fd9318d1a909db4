"""A slice holds all rows of what is looked for, in their order."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lanecast.parcel.journey.slices import FEW, near

words = st.text("abé從", max_size=2)


@given(st.lists(words, max_size=30), st.lists(st.none() | words, max_size=5))
def test_a_slice_holds_the_rows_of_a_filter_in_their_order(told, wanted):
    table = pl.DataFrame({"k": pl.Series(told, dtype=pl.String).sort()}).with_row_index()
    found = near(table, "k", pl.Series(wanted, dtype=pl.String))
    assert_frame_equal(found, table.filter(pl.col("k").is_in(wanted)))


def test_whoever_asks_for_many_reads_the_whole_table():
    table = pl.DataFrame({"k": [f"{i:03}" for i in range(FEW + 2)]})
    assert near(table, "k", table["k"][:FEW]).height == FEW
    assert near(table, "k", table["k"][: FEW + 1]).equals(table)
