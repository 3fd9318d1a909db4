import json
from dataclasses import replace

import pytest

from lanecast.tables import commits
from lanecast.tables.commits import Commit, load, publish

GOOD = Commit(1, {"scans": 4}, "csv", "2026-03-01T12:00:00+00:00", {"scans": 1200})


@pytest.fixture
def file(tmp_path):
    publish(tmp_path, GOOD)
    return tmp_path / commits.FOLDER / "00000001.json"


def test_a_commit_is_read_as_it_was_published(tmp_path, file):
    assert load(tmp_path) == load(tmp_path, 1) == GOOD
    assert load(tmp_path, 0) == Commit()


@pytest.mark.parametrize("text", ["", "{", "garbage", "[" * 99999, "{'number': 1}"])
def test_a_commit_that_is_no_json_is_refused(tmp_path, file, text):
    file.write_text(text)
    with pytest.raises(ValueError, match=r"00000001.json: is not JSON: .* Restore the file"):
        load(tmp_path)


@pytest.mark.parametrize("said", [[], None, 3, "x", {}, {"surprise": 1}])
def test_a_commit_that_is_something_else_is_refused(tmp_path, file, said):
    file.write_text(json.dumps(said))
    with pytest.raises(ValueError, match=r"00000001.json: is not a commit; expected number, ver"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["number", "versions", "source", "at", "rows"])
def test_a_commit_has_every_key_and_no_other(tmp_path, file, name):
    said = json.loads(file.read_text())
    file.write_text(json.dumps({key: said[key] for key in said if key != name}))
    with pytest.raises(ValueError, match="is not a commit; expected number, versions, source, at"):
        load(tmp_path)
    file.write_text(json.dumps(said | {"surprise": 1}))
    with pytest.raises(ValueError, match="got number, versions, source, at, rows, surprise"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("name", "bad", "valid"),
    [
        *(("number", bad, "expected 1") for bad in ("1", 2, 1.0, True, None, [1])),
        *(
            ("versions", bad, 'expected an object of table and version, such as {"scans": 4}')
            for bad in (3, None, [], "scans", {"scans": "4"}, {"scans": -1}, {"scans": 4.0},
                        {"scans": True}, {"scans": None})
        ),
        *(("source", bad, "expected text") for bad in (3, None, {})),
        *(("at", bad, "expected text") for bad in (3, None, {})),
        *(
            ("rows", bad, "expected an object of table and number of rows")
            for bad in (3, None, [], {"scans": "many"}, {"scans": -1})
        ),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_by_key_value_and_what_is_valid(
    tmp_path, file, name, bad, valid
):
    file.write_text(json.dumps(json.loads(file.read_text()) | {name: bad}))
    with pytest.raises(ValueError, match="Restore the file from a copy of the lake") as refused:
        load(tmp_path)
    assert f"{file}: {name} is {json.dumps(bad)}; {valid}" in str(refused.value)


@pytest.mark.parametrize("hint", [None, "", "garbage", "0", "1", "2", "3", "9"])
def test_the_newest_commit_is_found_whatever_the_hint_says(tmp_path, hint):
    for number in (1, 2, 3):
        publish(tmp_path, replace(GOOD, number=number))
    told = tmp_path / commits.FOLDER / commits.HINT
    assert told.read_text() == "3"
    told.unlink()
    if hint is not None:
        told.write_text(hint)
    assert load(tmp_path).number == 3
    (tmp_path / commits.FOLDER / "00000003.json").unlink()  # as when the newest is taken back
    assert load(tmp_path).number == 2


def test_a_commit_is_made_also_where_the_hint_cannot_be(tmp_path):
    (tmp_path / commits.FOLDER / commits.HINT / "in the way").mkdir(parents=True)
    publish(tmp_path, GOOD)
    assert load(tmp_path) == GOOD
