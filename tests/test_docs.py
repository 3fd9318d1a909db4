import os
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import typer

from lanecast import artifact
from lanecast.cli import app
from lanecast.cli.tables import reference
from lanecast.cli.training import LEARNT_FROM
from lanecast.nn.training import Training
from lanecast.parcel import eta, journey
from lanecast.service import figures
from lanecast.service.state import State
from lanecast.sources.world import simulate
from lanecast.tables.lake import Lake, collect

from .conftest import ROOT

PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"(<!-- run -->\n)?```(bash|python)\n(.*?)```", re.S)
HEREDOC = re.compile(r"<<'(\w+)'\n.*?\n\1\n", re.S)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]*`|^    .*$", re.S | re.M)
QUICK = eta.Blend(eta.Boosted(rounds=15), eta.Deep(Training(epochs=1)))
SMALL = journey.Journey(Training(epochs=1, batch=128), width=16, heads=2, depth=1, bins=8)
PACKAGE = ROOT / "src" / "lanecast"
RUN_PAGES = [
    "README.md",
    "docs/quickstart.md",
    "docs/operations.md",
    "docs/serving.md",
    "docs/graph.md",
    "docs/trajectory.md",
    "docs/journey.md",
    "docs/address.md",
]

page = pytest.mark.parametrize("page", PAGES, ids=lambda each: each.name)


def blocks(page, language):
    """Return the fenced blocks of a page: whether they are run, and their text."""
    found = FENCE.findall(page.read_text())
    return [(bool(mark), text) for mark, name, text in found if name == language]


def commands(page):
    """Return the commands of all shell blocks of a page as lists of words."""
    text = "\n".join(HEREDOC.sub("\n", text) for _, text in blocks(page, "bash"))
    lines = re.split(r"\n|&&", re.sub(r" > \S+", "", text.replace("\\\n", " ")))
    return [words for line in lines if (words := shlex.split(line, comments=True))]


@pytest.fixture(scope="module")
def after_demo(tmp_path_factory):
    """A folder in which a small demo has just ended."""
    folder = tmp_path_factory.mktemp("docs")
    lake = Lake(folder / "demo" / "lake")
    simulate(parcels=1500, days=110, seed=0).write(lake)
    lake = Lake(lake.path)
    now = datetime(2025, 4, 19, tzinfo=UTC)
    x = collect(eta.features(lake, datetime(2025, 3, 15, tzinfo=UTC), now).lazy())
    fitted = QUICK.fit(x, collect(eta.outcomes(lake, now)))
    about = {"problem": "eta", "trained_until": now.isoformat(), "seed": 0}
    kept = eta.context(lake, now)
    artifact.save(folder / "demo" / "model", fitted, kept, tables=LEARNT_FROM, about=about)
    State(folder / "demo" / "service" / "service.db").close()
    return folder


@page
def test_every_command_is_one_that_we_have(page):
    group = typer.main.get_command(app)
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M)
    for program, *words in commands(page):
        if program == "lanecast":
            name, command, rest = group.resolve_command(typer.Context(group), words)
            command.make_context(name, list(rest))
        elif program == "make":
            assert next(each for each in words if "=" not in each) in targets


@pytest.mark.parametrize("name", RUN_PAGES)
def test_what_a_page_marks_to_be_run_runs(name, after_demo, monkeypatch):
    monkeypatch.chdir(after_demo)
    monkeypatch.setattr(eta, "Blend", lambda: QUICK)
    monkeypatch.setattr(journey, "learnt", partial(journey.learnt, model=SMALL))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    marked = [found for found in FENCE.findall((ROOT / name).read_text()) if found[0]]
    assert marked
    for _, language, text in marked:
        if language == "python":
            exec(compile(text, name, "exec"), {})
        else:
            shell = ["bash", "-euo", "pipefail", "-c", text]
            done = subprocess.run(shell, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"


@page
def test_every_python_block_is_python(page):
    for _, text in blocks(page, "python"):
        compile(text, page.name, "exec")


@page
def test_every_link_leads_somewhere(page):
    for target in LINK.findall(CODE.sub("", page.read_text())):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        goal = (page.parent / path) if path else page
        assert goal.exists(), target
        assert ROOT in goal.resolve().parents, target
        if anchor:
            heads = re.findall(r"^#+ (.+)$", goal.read_text(), re.M)
            assert anchor in {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in heads}


@page
def test_every_file_that_is_named_is_there(page):
    files = [str(each) for each in (*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py"))]
    for folder in ("benchmarks", "experiments"):
        files += [str(each) for each in (ROOT / folder).glob("*.py")]
    for name in re.findall(r"`(?:python )?([\w/]+\.py)\b", page.read_text()):
        assert any(each.endswith(f"/{name}") for each in files), name


@page
def test_no_path_of_a_machine_is_told(page):
    text = page.read_text()
    assert not re.findall(r"(?<![\w.:/])/(?:work|home|tmp|root|Users|mnt|opt|var)\b\S*", text)
    assert "file:///" not in text


def test_every_alert_reads_a_figure_of_ours_and_leads_to_what_to_do():
    rules = (ROOT / "docs" / "operations" / "alerts.yml").read_text()
    named = {
        sample.name for metric in figures.REGISTRY.collect() for sample in (*metric.samples, metric)
    }
    named |= {f"{name}{end}" for name in named for end in ("_total", "_bucket")}
    read = set(re.findall(r"\blanecast_\w+", rules))
    assert len(read) > 5 and read <= named
    anchors = re.findall(r"runbook: docs/operations\.md#(\S+)", rules)
    assert len(anchors) == rules.count("- alert: ") == len(set(anchors))
    heads = re.findall(r"^### (.+)$", (ROOT / "docs" / "operations.md").read_text(), re.M)
    assert set(anchors) <= {head.lower().replace(" ", "-") for head in heads}


def test_no_figure_of_the_readme_is_still_to_be_filled_in():
    assert not re.findall(r"\{\{\w+\}\}", (ROOT / "README.md").read_text())


def test_the_reference_of_tables_is_up_to_date():
    assert (ROOT / "docs" / "tables.md").read_text() == reference()


def test_pictures_are_small_and_shown():
    shown = {
        (each.parent / at).resolve() for each in PAGES for at in LINK.findall(each.read_text())
    }
    for picture in (ROOT / "docs" / "images").iterdir():
        assert picture.stat().st_size <= 300_000, picture.name
        assert picture.resolve() in shown, f"{picture.name}: on no page"
