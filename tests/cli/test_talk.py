import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from lanecast.cli import talk
from lanecast.cli.failures import told
from lanecast.cli.talk import moment, show, span, whole, writable, write_json
from lanecast.tables.commits import LakeBusyError


@pytest.fixture
def narrow(monkeypatch):
    """A terminal of 60 columns; a console keeps the width that it was made with."""
    monkeypatch.setattr(talk, "console", Console(width=60))


def test_a_date_is_its_midnight_where_the_days_are_counted():
    assert moment("asof", "2018-03-01") == datetime(2018, 3, 1, tzinfo=UTC)
    there = moment("asof", "2018-03-01", "America/Sao_Paulo")
    assert there == datetime(2018, 3, 1, 3, tzinfo=UTC)


def test_an_instant_keeps_its_offset():
    assert moment("asof", "2018-03-01T12:00:00-03:00") == datetime(2018, 3, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hours"), [("7d", 168), ("12h", 12), ("2w", 336), ("366d", 366 * 24)]
)
def test_a_span_is_a_number_and_a_unit(text, hours):
    assert span("every", text) == timedelta(hours=hours)


def test_json_knows_no_nan(tmp_path):
    write_json(tmp_path / "x.json", {"a": float("nan"), "b": [{"c": float("-inf")}, 1.5]})
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": None, "b": [{"c": None}, 1.5]}
    assert [file.name for file in tmp_path.iterdir()] == ["x.json"]


def test_json_that_fails_says_what_was_done_before_it(tmp_path, monkeypatch):
    def full(self, text):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr("pathlib.Path.write_text", full)
    with pytest.raises(OSError, match="No space") as failed:
        write_json(tmp_path / "x.json", {}, "7 rows are stored in lake")
    sentence, code = told(failed.value)
    assert code == 4 and sentence.startswith(f"--json: {tmp_path / 'x.json'}: no space left on")
    assert "7 rows are stored in lake, and only this was not written" in sentence
    assert "free some" in sentence


def test_a_file_is_written_whole_or_stays_as_it_was(tmp_path):
    file = tmp_path / "x.json"
    file.write_text("before")
    with pytest.raises(RuntimeError), whole(file) as partial:
        partial.write_text("half")
        raise RuntimeError
    assert file.read_text() == "before"
    assert [each.name for each in tmp_path.iterdir()] == ["x.json"]


def test_a_device_is_written_to_and_not_replaced(tmp_path):
    link = tmp_path / "null"
    link.symlink_to("/dev/null")
    with whole(link) as partial:
        assert partial == link
    write_json(link, {"a": 1})
    assert link.is_symlink() and not link.is_file()


def test_asking_whether_a_file_can_be_written_leaves_nothing(tmp_path):
    writable(json=tmp_path / "x.json", out=None)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError, match="name too long"):
        writable(json=tmp_path / ("x" * 300))


def test_a_table_shows_text_as_it_is(capsys):
    show(pl.DataFrame({"id": ["[red]x[/red]", "[/]", "a\x1b[31mb"], "n": [1, None, 3]}), "[t]")
    shown = capsys.readouterr().out
    assert "[red]x[/red]" in shown and "[/]" in shown and "[t]" in shown
    assert "\x1b" not in shown


def test_an_instant_stays_on_its_line_in_80_columns_and_says_its_zone(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    at = datetime(2025, 4, 20, 10, 31, 17, 123456, tzinfo=UTC)
    row = {"asof": at, "promised_date": at.date()} | {f"text_{i}": "ab " * 9 for i in range(4)}
    show(pl.DataFrame([row]))
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert any("asof (UTC)" in line for line in lines)
    assert sum("2025-04-20 10:31 │ 2025-04-20 " in line for line in lines) == 1


WIDE = {"model": ["boosted"], "moment": ["in_transit"]} | {
    name: [0.5]
    for name in ("n_open", "mae_days", "bias_days", "coverage_80", "measured_coverage_95")
}


def test_a_wide_table_is_told_in_parts_that_name_their_rows(capsys, narrow):
    show(pl.DataFrame({name: 2 * values for name, values in WIDE.items()}), "Scores")
    lines = capsys.readouterr().out.splitlines()
    heads = [line for line in lines if line.startswith("┃")]
    assert len(heads) > 1 and all("model" in head and "moment" in head for head in heads)
    assert all(any(f" {name} " in head for head in heads) for name in WIDE)
    assert lines.count(lines[0]) == 1 and all(len(line) <= 60 for line in lines)


def test_one_wide_row_is_told_line_by_line(capsys, narrow):
    show(pl.DataFrame(WIDE))
    lines = capsys.readouterr().out.splitlines()
    assert any("measured_coverage_95" in line and "0.500" in line for line in lines)
    assert all(len(line) <= 60 for line in lines)


WORD = st.text("abcdefgh_", min_size=1, max_size=34)


@given(
    rows=st.integers(1, 3),
    columns=st.lists(
        st.tuples(WORD, st.booleans(), WORD), min_size=1, max_size=9, unique_by=lambda c: c[0]
    ),
)
def test_every_table_fits_80_columns_and_breaks_no_word(rows, columns):
    table = {name: [1.5 if number else f"{word} {word}"] * rows for name, number, word in columns}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        with talk.console.capture() as shown:
            show(pl.DataFrame(table))
    words = shown.get().split()
    assert all(len(line) <= 80 for line in shown.get().splitlines())
    assert {*table, *(word for _, number, word in columns if not number)} <= {*words}


def chained(error, cause):
    error.__cause__ = cause
    return error


FAILED = {
    "refused": (ValueError("x: expected y."), 2, "x: expected y."),
    "busy": (LakeBusyError("lake: busy"), 3, "lake: busy"),
    "full": (OSError(28, "No space left on device", "x"), 4, "free some"),
    "full below": (chained(ValueError("x"), OSError(28, "full")), 4, "free some"),
    "no rights": (PermissionError(13, "Permission denied", "lake/x"), 4, "lake/x: Permission"),
    "unreadable": (pl.exceptions.ComputeError("bad\nfooter"), 4, "--lake: here"),
    "memory": (MemoryError(), 4, "too little memory"),
    "fault": (KeyError("x"), 1, "a fault of Lanecast: KeyError"),
    "panic": (BaseException("index out of bounds"), 1, "a fault of Lanecast"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAILED)
def test_every_failure_has_a_sentence_and_a_code(case):
    error, code, part = FAILED[case]
    text, found = told(error, ["predict", "eta", "--lake", "here"])
    assert found == code
    assert part in text and "\n" not in text
