"""Entities of Chinese addresses: with lists of those of the training strings, and more steps.

    python experiments/address_chinese.py DATA_FOLDER [--steps 60 200] [--without-lists] [--dev]

As `measure_chinese` of `address_tagger.py`, of the same strings. A character is told under which
names runs of two to eight characters around it stand among the entities of the training strings; of
a training string those that another one has too, so that lists are as good there as elsewhere.
Steps are chosen on a tenth of the training strings. With ``--dev`` all are then learnt with the
best, and dev is measured once.
"""

import argparse
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from address_tagger import _chars, _span, _tags

from lanecast.address.parts import parts_of
from lanecast.address.tokens import Token
from lanecast.address.verify.features import described
from lanecast.address.verify.models.crf import Crf, FittedCrf

SHORTEST, LONGEST, APART = 2, 8, 10
String = tuple[list[Token], list[str]]  # characters and their tags


def parted(folder: Path, dev: bool) -> tuple[list[String], list[String]]:
    """Return what is learnt and what is measured: train and dev, or nine tenths and a tenth."""
    train, test = (pl.read_parquet(folder / f"naacl19_{name}.parquet") for name in ("train", "dev"))
    train = train.filter(~pl.col("text").is_in(test["text"].implode()))
    if not dev:
        kept = pl.Series([zlib.crc32(text.encode()) % APART == 0 for text in train["text"]])
        train, test = train.filter(~kept), train.filter(kept)
    return strings(train), strings(test)


def strings(rows: pl.DataFrame) -> list[String]:
    """Return characters and tags."""
    return [(_chars(parts), _tags(bio)) for parts, bio in rows.select("tokens", "bio").iter_rows()]


def entities(each: String) -> set[tuple[str, str]]:
    """Return text and name of the entities of a string."""
    words, tags = each
    text = "".join(word.text for word in words)
    return {(part.text, part.name) for part in parts_of(text, words, tags)}


def listed(words: Sequence[Token], names: dict[str, set[str]]) -> list[list[str]]:
    """Return under which names runs around each character stand, longest first, each once."""
    texts, out = [word.text for word in words], [[] for _ in words]
    held: dict[str, set[int]] = {}
    for size in range(LONGEST, SHORTEST - 1, -1):
        for i in range(len(texts) - size + 1):
            for name in sorted(names.get("".join(texts[i : i + size]), ())):
                run = set(range(i, i + size))
                if run.isdisjoint(held.setdefault(name, set())):
                    held[name] |= run
                    for k in run:
                        end = "B" if k == i else "E" if k == i + size - 1 else "I"
                        out[k] += [f"in={name}{end}", f"in={name}{end}{size}"]
    return out


def features(words: Sequence[Token], names: dict[str, set[str]] | None) -> list[list[str]]:
    """Return features of each character, with what lists say of it and its neighbours."""
    rows = described(words)
    if names is None:
        return rows
    said = listed(words, names)
    for i, row in enumerate(rows):
        row += said[i]
        for step in (-1, 1):
            if 0 <= i + step < len(rows):
                row += [f"{step}{each}" for each in said[i + step] if each[-1].isalpha()]
    return rows


def named(counts: Counter[tuple[str, str]], least: int, own: set) -> dict[str, set[str]]:
    """Return names by text of entities that at least so many strings have."""
    found: dict[str, set[str]] = {}
    for (text, name), many in counts.items():
        if many - ((text, name) in own) >= least:
            found.setdefault(text, set()).add(name)
    return found


def learnt(train: list[String], steps: int, lists: bool) -> tuple[FittedCrf, dict | None]:
    """Return a tagger and the lists that it asks."""
    counts = Counter(entity for each in train for entity in entities(each))
    every = named(counts, 1, set()) if lists else None
    rows = []
    for words, tags in train:
        own = None
        if every is not None:
            mine = {text for text, name in entities((words, tags)) if counts[text, name] == 1}
            once = {t: every[t] - {n for n in every[t] if counts[t, n] == 1} for t in mine}
            own = every | once
        rows.append((features(words, own), tags, 1.0))
    return Crf(l1=0.05, l2=0.02, rarest=2, rounds=steps).fit(rows), every


def scored(tagger: FittedCrf, names: dict | None, each: list[String]) -> tuple[float, ...]:
    """Return precision, recall and F1 of entities by span and name."""
    met = said = true = 0
    for words, tags in each:
        text = "".join(word.text for word in words)
        found, _ = tagger.tagged(features(words, names))
        a, b = (set(map(_span, parts_of(text, words, some))) for some in (tags, found))
        met, said, true = met + len(a & b), said + len(b), true + len(a)
    return met / said, met / true, 2 * met / (said + true)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, nargs="+", default=[60, 200])
    parser.add_argument("--without-lists", action="store_true")
    parser.add_argument("--dev", action="store_true", help="learn all of train, measure dev")
    asked = parser.parse_args()
    lists, found = not asked.without_lists, []
    learn, test = parted(asked.folder, dev=False)
    for steps in asked.steps if len(asked.steps) > 1 or not asked.dev else ():
        figures = scored(*learnt(learn, steps, lists), test)
        found.append((figures[2], steps))
        show("a tenth of train", steps, figures)
    if asked.dev:
        steps = max(found)[1] if found else asked.steps[0]
        learn, test = parted(asked.folder, dev=True)
        show("dev", steps, scored(*learnt(learn, steps, lists), test))


def show(what: str, steps: int, figures: Sequence[float]) -> None:
    """Print what was found."""
    print(
        f"{what}, {steps} steps: precision, recall, F1 "
        + ", ".join(f"{f:.4f}" for f in figures)
        + f"; {time.process_time():.0f} s of the processor",
        flush=True,
    )


if __name__ == "__main__":
    main()
