"""Files of others: read whole, or refused in a sentence that quotes none of their fields."""

import gzip
from pathlib import Path

import pytest

from lanecast.sources.files import first_line
from lanecast.sources.report import RefusedError
from lanecast.sources.tabular import scan, tabbed

SECRET = "107 Harvard St"


def made(folder: Path, text: str, name: str = "typed.csv") -> Path:
    file = folder / name
    file.write_bytes(text.encode())
    return file


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"id,text\n1,{SECRET}, Alexandria\n", "line 2 has 3 fields, the header 2"),
        (f"text\na\n{SECRET}, Alexandria\n", "line 3 has 2 fields, the header 1"),
        (f'id,text\n1,"{SECRET}\n2,"b"\n3,"c"\n', "line 2: a quotation mark is not closed"),
        (f'text,n\n"a\nb",1\n"{SECRET},2\nc,3\n', "line 4: a quotation mark is not closed"),
        (f'text\n{SECRET} 5" x\nb\n', "line 2: a quotation mark is not closed"),
        (f'text,n\na,1\n{SECRET} 5" x,2\nb,3\n', "line 3: a quotation mark is not closed"),
        (f"id;text\n1;{SECRET}, Alexandria\n", "is separated by semicolons; expected commas"),
        ("id,text\n", "has a header and no rows"),
    ],
)
def test_what_would_lose_a_field_is_refused_and_not_quoted(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(RefusedError, match=message) as refused:
        scan(made(tmp_path, text))
    assert SECRET not in str(refused.value) and refused.value.__cause__ is None


def test_a_packed_file_is_checked_too(tmp_path: Path) -> None:
    file = tmp_path / "typed.csv.gz"
    file.write_bytes(gzip.compress(f"id,text\n1,{SECRET}, Alexandria\n".encode()))
    with pytest.raises(RefusedError, match="line 2 has 3 fields"):
        scan(file)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("id,text\n1,a,\n2,b, \n", [("1", "a"), ("2", "b")]),  # a comma at the end of a row
        ("id,text\n1\n2,b\n", [("1", None), ("2", "b")]),
        ('\ufefftext,n\r\n"a, 5"" b\nc",1\r\n', [('a, 5" b\nc', "1")]),
    ],
)
def test_what_loses_nothing_is_read(tmp_path: Path, text: str, rows: list[object]) -> None:
    assert scan(made(tmp_path, text)).collect().rows() == rows


def test_a_header_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    file = tmp_path / "typed.csv"
    file.write_bytes("text,n\na,1\n".encode("utf-16"))
    with pytest.raises(RefusedError, match="header is not UTF-8"):
        scan(file)


def test_a_line_with_more_tabs_than_the_first_is_refused(tmp_path: Path) -> None:
    file = made(tmp_path, "US\t22314\tAlexandria\nUS\t22315\tAlex\tandria\n", "geonames.txt")
    with pytest.raises(RefusedError, match="line 2 has 4 columns; expected 3"):
        tabbed(file)


def test_an_error_of_polars_is_told_without_the_field() -> None:
    error = ValueError(f'could not parse `"{SECRET}` as dtype `str` at column 2')
    assert SECRET not in first_line(error)
