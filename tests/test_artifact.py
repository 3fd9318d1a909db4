import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import lightgbm as lgb
import narwhals as nw
import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lanecast import artifact
from lanecast.artifact.parts import Writer
from lanecast.metrics.survival import Steps
from lanecast.tables.parcel import PARCELS, SCANS

FRAME = pl.DataFrame({"lane": ["a", "b"], "median_h": [1.5, None]})
STATED = "expected lanecast.artifact/1"
CONTEXT = {"lanes": nw.from_native(FRAME.lazy()), "hubs": nw.from_native(FRAME)}


@dataclass(frozen=True)
class Lanes:
    ratios: pl.DataFrame
    least: int = 5


@dataclass(frozen=True)
class Fitted:
    """One field of every kind that may be saved."""

    name: str = "lanes, 日本 \u2192"
    rounds: int = 100
    rate: float = 0.1
    edges: tuple[float, ...] = (float("-inf"), 0.1 + 0.2, float("inf"))
    nothing: None = None
    levels: tuple[tuple[float, ...], bool] = ((0.1, 0.9), True)
    names: list[str] = field(default_factory=lambda: ["a", "b"])
    until: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    day: date = date(2026, 3, 1)
    lanes: Lanes = field(default_factory=lambda: Lanes(FRAME))
    by_moment: dict[str, Lanes] = field(
        default_factory=lambda: {"../checkout": Lanes(FRAME.head(1)), "..checkout": Lanes(FRAME)}
    )
    curve: Any = field(default_factory=lambda: Steps(np.arange(3.0), np.ones(3)))
    grid: Any = field(default_factory=lambda: np.arange(6, dtype=np.int32).reshape(2, 3).T)
    arrays: dict[str, Any] = field(default_factory=lambda: {"a": np.array(2.5), "b": np.eye(2)})
    weights: dict[str, torch.Tensor] = field(default_factory=dict)
    trees: tuple[lgb.Booster, ...] = ()
    anything: Any = None
    twice: int = field(init=False, default=0)


def booster(seed=0):
    random = np.random.default_rng(seed)
    x = random.normal(size=(200, 3))
    data = lgb.Dataset(x, x.sum(axis=1))
    settings = {"objective": "regression", "num_leaves": 4, "num_threads": 1, "verbosity": -1}
    return lgb.train(settings, data, 10)


def full():
    layer = torch.nn.Linear(3, 2)
    weights = {"weight": layer.weight.t(), **layer.state_dict(prefix="layer.")}
    return Fitted(weights=weights, trees=(booster(0), booster(1)))


def same(a, b):
    if isinstance(a, Fitted | Lanes | Steps):
        return type(a) is type(b) and all(same(v, getattr(b, k)) for k, v in vars(a).items())
    if isinstance(a, pl.DataFrame):
        return a.equals(b) and a.schema == b.schema
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b) and a.dtype == b.dtype
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b) and a.dtype == b.dtype and a.shape == b.shape
    if isinstance(a, lgb.Booster):
        x = np.random.default_rng(5).normal(size=(50, 3))
        return np.array_equal(a.predict(x, num_threads=1), b.predict(x, num_threads=1))
    if isinstance(a, tuple | list):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and a == b


def test_what_comes_back_is_what_was_saved_to_the_bit(tmp_path):
    fitted = full()
    artifact.save(tmp_path / "deep" / "model", fitted, CONTEXT)
    loaded, context = artifact.load(tmp_path / "deep" / "model", Fitted)
    for name, value in vars(fitted).items():
        assert same(value, getattr(loaded, name)), name
    for rows in context.values():
        assert isinstance(rows, nw.DataFrame)
        assert_frame_equal(rows.to_native(), FRAME)
    assert sorted(context) == ["hubs", "lanes"]


def test_the_files_are_those_that_other_programs_read(tmp_path):
    artifact.save(tmp_path / "model", full(), CONTEXT)
    found = {file.suffix for file in (tmp_path / "model").iterdir()}
    assert found == {".json", ".parquet", ".txt", ".safetensors"}
    assert pl.read_parquet(tmp_path / "model" / "lanes-ratios.parquet").equals(FRAME)
    assert [file.name for file in tmp_path.iterdir()] == ["model"]


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@given(value=plain)
def test_plain_values_keep_type_and_bits(tmp_path_factory, value):
    folder = tmp_path_factory.mktemp("any") / "model"
    artifact.save(folder, Fitted(anything=value), {})
    assert same(artifact.load(folder, Fitted)[0].anything, value)


def test_the_manifest_says_what_it_is_and_what_it_was_learnt_from(tmp_path):
    about = {"trained_until": "2026-03-01T00:00:00+00:00"}
    artifact.save(
        tmp_path / "m", Fitted(), CONTEXT, metrics={"mae_h": 3.2}, tables=[PARCELS], about=about
    )
    said = artifact.describe(tmp_path / "m")
    assert said["format"] == "lanecast.artifact/1"
    assert said["type"] == f"{__name__}.Fitted"
    assert said["metrics"] == {"mae_h": 3.2}
    assert said["about"] == about
    assert said["schemas"]["parcels"]["key"] == ["parcel_id"]
    assert datetime.fromisoformat(said["created_at"]).tzinfo is not None


def test_loading_takes_less_than_a_second(tmp_path):
    trees = tuple(booster(seed) for seed in range(15))
    artifact.save(tmp_path / "m", replace(full(), trees=trees), CONTEXT)
    start = time.perf_counter()
    artifact.load(tmp_path / "m", Fitted)
    assert time.perf_counter() - start < 1


def test_torch_is_imported_by_those_who_hold_tensors_only(tmp_path):
    artifact.save(tmp_path / "m", Steps(np.arange(3.0), np.ones(3)), CONTEXT)
    code = (
        "import sys; from pathlib import Path; from lanecast import artifact;"
        "from lanecast.metrics.survival import Steps;"
        f"artifact.load(Path({str(tmp_path / 'm')!r}), Steps);"
        "sys.exit('torch' in sys.modules or 'lightgbm' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def edit(folder, **changes):
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def drop(folder, key):
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text())
    file.write_text(json.dumps({name: manifest[name] for name in manifest if name != key}))


def swap(folder, name, value):
    edit(folder, fields={**artifact.describe(folder)["fields"], name: value})


def cut(folder):
    (folder / "lanes-ratios.parquet").write_bytes(b"PAR1")


def lose(folder):
    (folder / "lanes-ratios.parquet").unlink()
    (folder / "context-hubs.parquet").unlink()


def link(folder):
    (folder / "lanes-ratios.parquet").rename(folder.parent / "elsewhere")
    (folder / "lanes-ratios.parquet").symlink_to(folder.parent / "elsewhere")


def escape(folder):
    edit(folder, sha256={"../../secret.parquet": "0"})


def unlisted(folder):
    edit(folder, fields={**artifact.describe(folder)["fields"], "name": {"frame": "x.parquet"}})


def foreign_class(folder):
    smuggled = {"dataclass": {"type": "subprocess.Popen", "fields": {"args": "true"}}}
    edit(folder, fields={**artifact.describe(folder)["fields"], "name": smuggled})


def function(folder):
    smuggled = {"dataclass": {"type": "lanecast.artifact.load", "fields": {}}}
    edit(folder, fields={**artifact.describe(folder)["fields"], "name": smuggled})


def gone_class(folder):
    smuggled = {"dataclass": {"type": "lanecast.nowhere.Model", "fields": {}}}
    edit(folder, fields={**artifact.describe(folder)["fields"], "name": smuggled})


def other_fields(folder):
    was = artifact.describe(folder)["fields"]
    edit(folder, fields={"old": 1, **{k: v for k, v in was.items() if k != "rate"}})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (cut, "lanes-ratios.parquet has changed since it was saved"),
        (lose, "not a complete saved model: context-hubs.parquet, lanes-ratios.parquet missing"),
        (lambda f: (f / "manifest.json").unlink(), "half-written, manifest.json is missing"),
        (lambda f: f.rename(f.parent / "other"), "not a complete saved model: no such folder"),
        (lambda f: (f / "manifest.json").write_text("{"), "manifest.json: is not JSON"),
        (lambda f: (f / "manifest.json").write_text("[" * 99999), "manifest.json: is not JSON"),
        (lambda f: (f / "manifest.json").write_bytes(b"\xff"), "manifest.json: is not JSON"),
        (lambda f: (f / "manifest.json").write_text("[]"), r"json: holds \[\]; expected an object"),
        (lambda f: edit(f, format="other/3"), 'format is "other/3"; expected lanecast.artifact/1'),
        *(
            (lambda f, bad=bad: edit(f, format=bad), f"manifest.json: format is .*; {STATED}")
            for bad in (
                "lanecast.artifact/0",
                "lanecast.artifact/-1",
                "lanecast.artifact/²",
                1,
                None,
                ["lanecast.artifact/1"],
                "lanecast.artifact/" + "9" * 5000,
            )
        ),
        *(
            (lambda f, key=key, bad=bad: edit(f, **{key: bad}), f"json: {key} is {said}; expected ")
            for key in ("fields", "context", "metrics", "about", "schemas", "sha256")
            for bad, said in ((3, "3"), (None, "null"), ([], r"\[\]"), ("x", '"x"'))
        ),
        (lambda f: edit(f, type=3), "manifest.json: type is 3; expected a class as text"),
        (lambda f: edit(f, lanecast=[1]), r"json: lanecast is \[1\]; expected a version such as"),
        (lambda f: edit(f, lanecast="new"), 'json: lanecast is "new"; expected a version such as'),
        (
            lambda f: edit(f, sha256={"lanes-ratios.parquet": 1}),
            "sha256.lanes-ratios.parquet is",
        ),
        (lambda f: edit(f, schemas={"parcels": {"sha256": ""}}), "schemas.parcels is .*the texts"),
        *(
            (lambda f, key=key: drop(f, key), f"manifest.json: has no {key}; expected type, fields")
            for key in ("type", "fields", "context", "metrics", "about", "schemas", "sha256")
        ),
        *(
            (
                lambda f, name=name, bad=bad: swap(f, name, bad),
                f"Fitted.{name} is .*; expected a va",
            )
            for name, bad in (
                ("name", 3),
                ("rounds", 0.5),
                ("rounds", True),
                ("rate", "fast"),
                ("nothing", 0),
                ("edges", {"tuple": [1, "a"]}),
                ("edges", {"list": [1.0]}),
                ("names", "a"),
                ("levels", {"tuple": [{"tuple": [0.1]}]}),
                ("names", {"list": [1]}),
                ("until", {"date": "2026-03-01"}),
                ("lanes", {"frame": "lanes-ratios.parquet"}),
                ("by_moment", {"dict": {"a": 1}}),
                ("weights", {"dict": {"a": 1}}),
            )
        ),
        (lambda f: swap(f, "until", {"datetime": 3}), "Fitted.until is .* cannot be read back"),
        (lambda f: swap(f, "until", {"datetime": "x"}), "Fitted.until is .* cannot be read back"),
        (lambda f: swap(f, "rate", {"float": "x"}), "Fitted.rate is .* cannot be read back"),
        (lambda f: edit(f, context={"a": 3}), "context.a is 3; expected a value of type DataFrame"),
        (lambda f: edit(f, format="lanecast.artifact/2"), "saved by Lanecast .* Update Lanecast"),
        (lambda f: edit(f, lanecast="99.0.0"), r"saved by Lanecast 99.0.0 .* this is \d"),
        (lambda f: edit(f, type="lanecast.Other"), r"holds a lanecast.Other, not a .*Fitted"),
        (lambda f: edit(f, context={"a": {"shell": "ls"}}), '"ls"}, which means nothing'),
        (lambda f: edit(f, context={"a": {"dataclass": 3}}), "cannot be read back"),
        (link, "'lanes-ratios.parquet' is not the name of a file inside the folder"),
        (escape, r"'../../secret.parquet' is not the name of a file inside the folder"),
        (unlisted, "'x.parquet' is not a file of this saved model"),
        (foreign_class, "subprocess.Popen is no class of Lanecast"),
        (function, "lanecast.artifact.load is no dataclass"),
        (gone_class, "lanecast.nowhere.Model does not exist any more"),
        (other_fields, "was saved with fields anything, .*; it now has .*rate.* Train again"),
    ],
)
def test_a_damaged_or_foreign_folder_is_refused_in_a_sentence(tmp_path, damage, message):
    artifact.save(tmp_path / "model", Fitted(), CONTEXT)
    damage(tmp_path / "model")
    with pytest.raises(ValueError, match=message):
        artifact.load(tmp_path / "model", Fitted)


def without(table, column):
    return replace(table, columns={k: v for k, v in table.columns.items() if k != column})


def retyped(table, column):
    changed = replace(table.columns[column], dtype=nw.Int64)
    return replace(table, columns={**table.columns, column: changed})


@pytest.mark.parametrize(
    ("now", "message"),
    [
        (without(PARCELS, "pieces"), "another form of parcels: pieces is gone. Train again"),
        (retyped(PARCELS, "pieces"), "parcels: pieces was Int32 pieces, is Int64 pieces"),
        (replace(PARCELS, key=("order_id",)), r"parcels: key was \['parcel_id'\], is"),
        (replace(PARCELS, columns={**PARCELS.columns, "x": PARCELS.columns["pieces"]}), "x is new"),
        (
            replace(PARCELS, columns=dict(reversed(PARCELS.columns.items()))),
            "its columns stand in another order",
        ),
    ],
)
def test_a_model_of_tables_that_have_changed_is_refused(tmp_path, now, message):
    artifact.save(tmp_path / "m", Fitted(), {}, tables=[PARCELS])
    artifact.load(tmp_path / "m", Fitted, tables=[PARCELS, SCANS])
    with pytest.raises(ValueError, match=message):
        artifact.load(tmp_path / "m", Fitted, tables=[now])


@pytest.mark.parametrize(
    ("fitted", "message"),
    [
        (Fitted(name={1}), "name: cannot be saved, because it is a set"),
        (Fitted(name=FRAME.lazy()), "name: cannot be saved, because it is a LazyFrame"),
        (Fitted(name={1: "a"}), "name: cannot be saved, because it is a dict with keys"),
        (Fitted(name=("a", len)), "name-1: cannot be saved, because it is a builtin_function"),
        (Fitted(grid=np.array(["a"])), "grid: cannot save value, an array of <U1"),
        (Fitted(grid=np.array([None])), "grid: cannot save value, an array of object"),
        (Fitted, "fitted: expected a fitted dataclass"),
        ({"a": 1}, "fitted: expected a fitted dataclass"),
    ],
)
def test_what_would_need_pickle_is_refused_and_leaves_nothing(tmp_path, fitted, message):
    with pytest.raises(TypeError, match=message):
        artifact.save(tmp_path / "m", fitted, CONTEXT)
    assert list(tmp_path.iterdir()) == []


def test_metrics_are_finite_and_plain(tmp_path):
    for metrics in ({"mae": float("nan")}, {"mae": {1}}):
        with pytest.raises(TypeError, match="metrics: expected plain JSON with finite numbers"):
            artifact.save(tmp_path / "m", Fitted(), {}, metrics=metrics)
    assert list(tmp_path.iterdir()) == []


def test_a_saved_model_is_not_overwritten(tmp_path):
    artifact.save(tmp_path / "m", Fitted(), CONTEXT)
    with pytest.raises(FileExistsError, match="exists already; choose another name"):
        artifact.save(tmp_path / "m", Fitted(name="b"), CONTEXT)
    assert artifact.load(tmp_path / "m", Fitted)[0].name == Fitted().name


def test_of_two_saves_at_once_one_wins_and_the_other_says_so(tmp_path, monkeypatch):
    record = Writer.record

    def slow(self, where, value):
        if not (tmp_path / "m").exists() and not where:
            monkeypatch.setattr(Writer, "record", record)
            artifact.save(tmp_path / "m", Fitted(name="fast"), {})
        return record(self, where, value)

    monkeypatch.setattr(Writer, "record", slow)
    with pytest.raises(FileExistsError, match="another save was faster"):
        artifact.save(tmp_path / "m", Fitted(name="slow"), {})
    assert artifact.load(tmp_path / "m", Fitted)[0].name == "fast"
    assert [file.name for file in tmp_path.iterdir()] == ["m"]


def test_a_save_that_was_killed_leaves_no_model_and_does_not_block_the_next(tmp_path):
    code = (
        "import os, signal; from pathlib import Path; import numpy as np;"
        "from lanecast import artifact; from lanecast.metrics.survival import Steps;"
        "artifact._force = lambda path: os.kill(os.getpid(), signal.SIGKILL);"
        f"artifact.save(Path({str(tmp_path / 'm')!r}), Steps(np.ones(3), np.ones(3)), {{}})"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert not (tmp_path / "m").exists()
    (left,) = tmp_path.iterdir()
    assert left.suffix == ".partial"
    artifact.save(tmp_path / "m", Steps(np.ones(3), np.ones(3)), {})
    artifact.load(tmp_path / "m", Steps)
