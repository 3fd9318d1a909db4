import hashlib
import json
import re
import shutil

import pytest

from lanecast import artifact

from .conftest import tree


def predict(lanecast, lake, model):
    before = tree(lake)
    said = lanecast("predict", "eta", "--lake", lake, "--model", model)
    assert tree(lake) == before
    assert said.out == ""
    assert said.err.startswith("lanecast: ") and said.err.count("\n") == 1
    return said


def test_a_model_that_lacks_a_file_or_the_end_of_one_is_refused(lanecast, lake, broken):
    for name in sorted(artifact.describe(broken)["sha256"])[::4]:
        whole = (broken / name).read_bytes()
        (broken / name).unlink()
        said = predict(lanecast, lake, broken)
        assert said.code == 2 and f"{name} missing" in said.err
        (broken / name).write_bytes(whole[: len(whole) // 2])
        said = predict(lanecast, lake, broken)
        assert said.code == 2 and f"{name} has changed" in said.err
        (broken / name).write_bytes(whole)


def put(*path):
    *way, last, value = path

    def edit(manifest):
        part = manifest
        for name in way:
            part = part[name]
        part[last] = value
        return manifest

    return edit


EDITS = {
    "other version": (put("format", "lanecast.artifact/99"), "lanecast.artifact/99"),
    "newer Lanecast": (put("lanecast", "99.0.0"), "99.0.0"),
    "other type": (put("type", "lanecast.parcel.eta.models.lane.FittedLanes"), "FittedLanes"),
    "way out": (put("sha256", "../../etc/passwd", "0"), "'../../etc/passwd'"),
    "absolute way out": (put("sha256", "/etc/passwd", "0"), "'/etc/passwd'"),
    "frame elsewhere": (put("fields", "measured", {"frame": "../x.parquet"}), "'../x.parquet'"),
    "foreign class": (
        put("fields", "measured", {"dataclass": {"type": "os.system", "fields": {}}}),
        "os.system",
    ),
    "no fields": (lambda manifest: {**manifest, "fields": None}, "json: fields is null; expected"),
    "format 0": (put("format", "lanecast.artifact/0"), "expected lanecast.artifact/1"),
    "text for a share": (put("fields", "share", "half"), 'FittedBlend.share is "half"; expected'),
    "number for about": (put("about", 3), "manifest.json: about is 3; expected an object"),
    "no instant": (
        put("about", "trained_until", "soon"),
        'trained_until is "soon"; expected',
    ),
    "no offset": (put("about", "trained_until", "2025-03-01"), "expected an instant with offset"),
    "number for an instant": (put("about", "trained_until", 3), "trained_until is 3; expected an"),
    "field lost": (lambda manifest: {**manifest, "fields": {}}, "Train again"),
    "no object": (lambda manifest: [manifest], "expected an object with format"),
    "number for a list": (put("sha256", 3), "manifest.json: sha256 is 3; expected an object"),
    "no schemas": (put("schemas", None), "manifest.json: schemas is null; expected an"),
    "context lost": (put("context", {}), "no field and no key of context uses context-"),
    "other table": (
        put("schemas", "parcels", {"sha256": "0", "columns": {}, "key": ["parcel_id"]}),
        "another form of parcels",
    ),
}


@pytest.mark.parametrize("case", EDITS)
def test_an_edited_manifest_is_refused(lanecast, lake, broken, case):
    edit, told = EDITS[case]
    file = broken / "manifest.json"
    file.write_text(json.dumps(edit(json.loads(file.read_text()))))
    said = predict(lanecast, lake, broken)
    assert said.code == 2
    assert "--model" in said.err and told in said.err


def test_a_frame_that_is_lost_with_its_digest_is_refused_by_its_key(lanecast, lake, broken):
    file = broken / "manifest.json"
    manifest = json.loads(file.read_text())
    del manifest["sha256"][manifest["context"].pop("place")["frame"]]
    file.write_text(json.dumps(manifest))
    said = predict(lanecast, lake, broken)
    assert said.code == 2
    assert f"{file}: context has no key place" in said.err and "train again" in said.err


def test_a_forged_tree_is_refused_and_ends_no_process(lanecast, lake, broken):
    file = broken / "manifest.json"
    manifest = json.loads(file.read_text())
    trees = next(broken.glob("*.txt"))
    trees.write_text(re.sub(r"(?m)^left_child=\S+", "left_child=999", trees.read_text()))
    manifest["sha256"][trees.name] = hashlib.sha256(trees.read_bytes()).hexdigest()
    file.write_text(json.dumps(manifest))
    said = predict(lanecast, lake, broken)
    assert said.code == 2 and "tree 0 lacks a part, or points to what is not there" in said.err


def test_a_model_without_a_manifest_is_half_written(lanecast, lake, broken):
    (broken / "manifest.json").unlink()
    said = predict(lanecast, lake, broken)
    assert said.code == 2 and "half-written" in said.err


def newest(lake):
    return max((lake / "_commits").glob("*.json"))


def log_of_scans(lake):
    shutil.rmtree(lake / "scans" / "_delta_log")


def text_in_the_log(lake):
    max((lake / "scans" / "_delta_log").glob("*.json")).write_text("garbage")


def no_table(lake):
    shutil.rmtree(lake / "orders")


def no_rows(lake):
    for file in (lake / "parcels").glob("*.parquet"):
        file.unlink()


def text_for_rows(lake):
    for file in (lake / "parcels").glob("*.parquet"):
        file.write_text("garbage")


def wrong_version(lake):
    commit = json.loads(newest(lake).read_text())
    commit["versions"]["scans"] = 99
    newest(lake).write_text(json.dumps(commit))


def text_for_a_commit(lake):
    newest(lake).write_text("garbage")


def number_for_the_versions(lake):
    commit = json.loads(newest(lake).read_text())
    newest(lake).write_text(json.dumps(commit | {"versions": 3}))


def text_for_a_version(lake):
    commit = json.loads(newest(lake).read_text())
    commit["versions"]["scans"] = "4"
    newest(lake).write_text(json.dumps(commit))


def list_for_a_commit(lake):
    newest(lake).write_text("[1]")


def no_commits(lake):
    shutil.rmtree(lake / "_commits")


def folder_for_a_lock(lake):
    (lake / ".lock").unlink()
    (lake / ".lock").mkdir()


DAMAGED = {
    log_of_scans: 4,
    text_in_the_log: 4,
    no_table: 4,
    no_rows: 4,
    text_for_rows: 4,
    wrong_version: 4,
    text_for_a_commit: 2,
    number_for_the_versions: 2,
    text_for_a_version: 2,
    list_for_a_commit: 2,
    no_commits: 2,
    folder_for_a_lock: 4,
}


@pytest.mark.parametrize("damage", DAMAGED, ids=lambda each: each.__name__)
def test_a_damaged_lake_is_named_and_left_as_it_is(lanecast, lake, model, damage):
    damage(lake)
    said = predict(lanecast, lake, model)
    assert said.code == DAMAGED[damage]
    assert lake.name in said.err


def test_without_its_newest_commit_a_lake_is_as_it_was_before(lanecast, lake, model):
    words = ("predict", "eta", "--lake", lake, "--model", model, "--json", "-")
    first = lanecast(*words)
    newest(lake).unlink()
    assert lanecast(*words).json == first.json


def test_a_stranger_among_the_commits_does_not_matter(lanecast, lake, model):
    (lake / "_commits" / "notes.json").write_text("garbage")
    assert lanecast("predict", "eta", "--lake", lake, "--model", model).code == 0
