"""US strings that no tagger has learnt from: whole parses, beside usaddress."""

import random
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pycrfsuite
import usaddress
from address_labelled import american, fold_of, labelled, shuffled
from address_labelled import placed as labels_placed
from address_taught import OSM

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.noise import JUDGED, KINDS, Word, noisy, written
from lanecast.address.tokens import tokens
from lanecast.address.verify import _best
from lanecast.address.verify.models.attention import FittedAttention
from lanecast.address.verify.models.crf import FittedCrf

Tagger = FittedAttention | FittedCrf


def whole(
    read_: Callable[[str, list[Word]], list[str]], strings: list[list[Word]], kind: str, many: int
) -> float:
    """Return the share of strings [%] of which every word has its label, after ``many`` noises."""
    rng, right = random.Random(5), 0
    for words in strings:
        spoilt = words
        for _ in range(many):
            spoilt = KINDS[kind](spoilt, rng) or spoilt
        text, _, labels = labelled(spoilt)
        right += read_(text, spoilt) == labels
    return 100 * right / len(strings)


def ours(tagger: Tagger, known: Gazetteer | None, country: str | None) -> Callable[..., list[str]]:
    """Return labels of the words of a text by our tagger."""

    def reading(text: str, words: list[Word]) -> list[str]:
        _, held, _ = labelled(words)
        return tagger.labels(held, known, country)[0] if held else []

    return reading


def placed(tagger: Tagger, known: Gazetteer) -> Callable[..., list[str]]:
    """Return labels as `verify` takes them: of three readings the cheapest with its place."""

    def reading(text: str, words: list[Word]) -> list[str]:
        _, held, _ = labelled(words)
        if not held:
            return []
        found = _best(tagger.parse(text, held, known, "US"), known, known.numbers["US"])
        parts = found.parse.parts
        return [next(p.name for p in parts if p.start <= word.start < p.end) for word in held]

    return reading


def among(tagger: Tagger, known: Gazetteer) -> Callable[..., list[str]]:
    """Return the right labels where they are among the ten likeliest: no order could do better."""

    def reading(text: str, words: list[Word]) -> list[str]:
        _, held, labels = labelled(words)
        found = tagger.readings(held, known, "US", 10) if held else []
        return labels if labels in [tags for tags, _ in found] else []

    return reading


def theirs(tag: Callable[[str], list[tuple[str, str]]]) -> Callable[..., list[str]]:
    """Return labels of the same words by usaddress, under libpostal's names."""

    def reading(text: str, words: list[Word]) -> list[str]:
        pairs = tag(text)
        there = labels_placed(text, [word for word, _ in pairs], [label for _, label in pairs])
        _, spans = written(there)
        first = text.find(there[0].text) if there else 0
        labels = []
        for token in labelled(words)[1]:
            at = token.start - first
            labels.append(next((name for a, b, name in spans if a <= at < b), "other"))
        return labels

    return reading


def relearnt(train: list[list[Word]]) -> Callable[[str], list[tuple[str, str]]]:
    """Return usaddress's features and labels, learnt anew from ``train`` alone."""
    trainer = pycrfsuite.Trainer(verbose=False)
    trainer.set("max_iterations", 150)
    for words in train:
        text, _ = written(words)
        spans = usaddress.tokenize(text)
        wanted = [word.label for word in words]
        if len(spans) == len(wanted):
            trainer.append(pycrfsuite.ItemSequence(usaddress.tokens2features(spans)), wanted)
    with tempfile.NamedTemporaryFile(suffix=".crf") as file:
        trainer.train(file.name)
        peer = FittedCrf(Path(file.name).read_bytes())

    def tag(text: str) -> list[tuple[str, str]]:
        parts = usaddress.tokenize(text)
        return list(zip(parts, peer.tagger.tag(usaddress.tokens2features(parts)), strict=True))

    return tag


def measure_american(
    folder: Path,
    known: Gazetteer,
    taggers: Mapping[str, Tagger],
    train: list[list[Word]],
    synthetic: list[list[Word]],
    fold: int,
) -> None:
    """Print whole parses of US strings that were not learnt from; the first tagger is ours."""
    hand, osm = american(folder)
    mine, theirs_ = american(folder, own=True)
    test = [words for words in hand if fold_of(words) == fold]
    clean = [words for words in shuffled(osm, 2) if fold_of(words) == fold][:300]
    print(f"{len(train)} strings by hand learnt, {len(test)} measured.\n")
    kept = {text_of(words) for words in (*train, *synthetic[:OSM])}
    peer = relearnt([words for words in (*mine, *theirs_) if text_of(words) in kept])
    readers = {f"{name}, GeoNames, told US": ours(t, known, "US") for name, t in taggers.items()}
    first, tagger = next(iter(taggers.items()))
    peers = {
        "usaddress, learnt from the same strings": theirs(peer),
        "usaddress as it comes (has seen them)": theirs(usaddress.parse),
    }
    more = {f"{name}, as `verify` takes it": placed(t, known) for name, t in taggers.items()}
    more[f"{first}, no gazetteer"] = ours(tagger, None, "US")
    more[f"{first}, GeoNames, not told"] = ours(tagger, known, None)
    more[f"{first}, right among ten"] = among(tagger, known)
    print("| whole parse, % | by hand 0 | 1 | 2 | 3 slips | OSM 0 | 1 | 2 | 3 |")
    for name, reader in (readers | more | peers).items():
        cells = [whole(reader, s, "substitute", n) for s in (test, clean) for n in range(4)]
        print(f"| {name} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |", flush=True)
    some = readers | peers
    print("\n| one noise, by hand | " + " | ".join(some) + " |\n|---|" + "---|" * len(some))
    for kind in KINDS:
        cells = [whole(reader, test, kind, 1) for reader in some.values()]
        mark = " (not learnt)" if kind in JUDGED else ""
        print(f"| {kind}{mark} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |", flush=True)
    for name, each in taggers.items():
        print(f"\n{name}:")
        calibrated(each, test, known)
        timed(each, test, known)


def text_of(words: list[Word]) -> str:
    """Return the text that words were taken from."""
    return written(words)[0]


def calibrated(tagger: Tagger, test: list[list[Word]], known: Gazetteer) -> None:
    """Print how often a reading is right, by how likely it is said to be."""
    rng, said, right = random.Random(7), [], []
    for many in range(4):
        for words in test:
            _, held, labels = labelled(noisy(words, ["substitute"], many, rng))
            found, chance = tagger.labels(held, known, "US")
            said.append(chance)
            right.append(found == labels)
    chances, hits = np.array(said), np.array(right)
    print(
        "\n| said to be at least | share of strings | right above | right below |\n"
        "|---|---|---|---|"
    )
    for least in (0.5, 0.8, 0.9, 0.95, 0.99):
        above = chances >= least
        rights = f"{hits[above].mean():.3f} | {hits[~above].mean():.3f}"
        print(f"| {least} | {above.mean():.2f} | {rights} |")


def timed(tagger: Tagger, test: list[list[Word]], known: Gazetteer) -> None:
    """Print the time of the processor to read one string, features and tags."""
    spent = []
    for words in test:
        text, held, _ = labelled(words)
        before = time.process_time()
        held = tokens(text)
        tagger.labels(held, known, "US")
        spent.append(1000 * (time.process_time() - before))
    p50, p99 = np.quantile(spent, (0.5, 0.99))
    print(f"\nOne string: p50 {p50:.2f} ms, p99 {p99:.2f} ms of processor time.")
