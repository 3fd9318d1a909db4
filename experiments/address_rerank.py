"""US strings labelled by hand: do several taggers, or an order of their readings, read them better?

    python experiments/address_rerank.py DATA_FOLDER --lake LAKE [--keep FOLDER]

First the shipped CRF on the fold that it has not learnt from: its likeliest reading, the one of its
three likeliest that `verify` takes with the place that it fits, and what is among ten. With
``--keep`` a CRF is learnt without two folds of the strings. On the one to choose by, an order of
its ten likeliest readings is learnt: a conditional logit of what the CRF, the gazetteer and the
shape of a reading say of it (McFadden 1974). Measured is on the other fold, with the shipped CRF:
with that order, and with the readings of both CRFs by the product of their chances (Hinton 2002).
``Among ten`` is what the best of all orders would reach.
"""

import argparse
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from address_labelled import DEV, TEST, american, fold_of, labelled
from address_tagger import LEARNT, NOISES, known_places, learnt, whole
from scipy.optimize import minimize
from scipy.special import logsumexp

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.noise import KINDS, Word, noisy
from lanecast.address.parts import NAMES, parts_of
from lanecast.address.tokens import Token
from lanecast.address.verify import _best
from lanecast.address.verify.features import described
from lanecast.address.verify.models.crf import FittedCrf
from lanecast.address.verify.models.shipped import shipped
from lanecast.address.verify.places import hypotheses
from lanecast.tables.lake import Lake

MANY, COPIES, UNPLACED, RIDGE = 10, 6, 12.0, 1.0
Reading = tuple[list[str], float]


def described_reading(
    text: str, words: Sequence[Token], reading: Reading, best: float, known: Gazetteer
) -> list[float]:
    """Return what is known of one reading."""
    labels, chance = reading
    parts = parts_of(text, words, labels)
    count = Counter(part.name for part in parts)
    said = {
        n: " ".join(p.text for p in parts if p.name == n) for n in ("postcode", "city", "state")
    }
    found = hypotheses(known, known.numbers["US"], said["postcode"], said["city"], said["state"])
    cost = found[0].cost if found else UNPLACED * any(said.values())
    unknown = sum(m is not None and m.how == "unknown" for m in (found[0].postcode, found[0].city)
                  ) if found else 0  # fmt: skip
    words_of = Counter(labels)
    return [
        np.log(max(chance, 1e-12)) - np.log(max(best, 1e-12)),
        min(cost, 30.0) / 10,
        float(unknown),
        float(sum(n - 1 for n in count.values())),
        float(bool(count["house_number"]) and not count["road"]),
        float(bool(count["road"]) and not count["house_number"]),
        float(bool(count["po_box"]) and bool(count["road"])),
        *(float(bool(count[name])) for name in NAMES),
        *(words_of[name] / 4 for name in ("house", "road", "unit", "city")),
    ]


def read(
    words: list[Word], taggers: Sequence[FittedCrf], known: Gazetteer
) -> tuple[str, list[Token], list[str], list[Reading]]:
    """Return text, words, true labels, and readings by the product of the taggers' chances."""
    text, held, labels = labelled(words)
    features = described(held, known, "US")
    every = {tuple(t): t for tagger in taggers for t, _ in tagger.readings(features, MANY)}
    if len(taggers) == 1:
        return text, held, labels, taggers[0].readings(features, MANY)
    chances = []
    for tags in every.values():
        each = []
        for tagger in taggers:
            with tagger.lock:
                tagger.tagger.set(features)
                each.append(np.log(max(tagger.tagger.probability(tags), 1e-12)))
        chances.append((tags, float(np.exp(np.mean(each)))))
    return text, held, labels, sorted(chances, key=lambda one: -one[1])


def placed_reading(tagger: FittedCrf, known: Gazetteer) -> Callable[..., list[str]]:
    """Return what reads a string as `verify` does: the cheapest of reading and place together."""

    def reading(text: str, words: list[Word]) -> list[str]:
        _, held, _ = labelled(words)
        if not held:
            return []
        found = _best(tagger.parse(text, held, known, "US"), known, known.numbers["US"])
        parts = found.parse.parts
        return [next(p.name for p in parts if p.start <= word.start < p.end) for word in held]

    return reading


def order(groups: list[tuple[np.ndarray, int]]) -> np.ndarray:
    """Return weights of a conditional logit: rows of a group, and which is right."""

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = RIDGE * float(w @ w) / 2, RIDGE * w
        for x, right in groups:
            z = x @ w
            whole = logsumexp(z)
            value += whole - z[right]
            slope = slope + np.exp(z - whole) @ x - x[right]
        return value, slope

    start = np.zeros(groups[0][0].shape[1])
    start[0] = 1.0
    return minimize(loss, start, jac=True, method="L-BFGS-B").x


def grouped(
    strings: list[list[Word]], tagger: FittedCrf, known: Gazetteer
) -> list[tuple[np.ndarray, int]]:
    """Return readings of strings with noise, where the right one is among them."""
    rng, found = random.Random(17), []
    for words in strings:
        for copy in range(COPIES):
            spoilt = noisy(words, LEARNT, NOISES[copy % len(NOISES)], rng)
            text, held, labels, readings = read(spoilt, [tagger], known)
            right = next((i for i, (tags, _) in enumerate(readings) if tags == labels), None)
            if right is not None and len(readings) > 1:
                rows = [described_reading(text, held, r, readings[0][1], known) for r in readings]
                found.append((np.array(rows), right))
    return found


def measured(
    name: str,
    strings: list[list[Word]],
    taggers: Sequence[FittedCrf],
    known: Gazetteer,
    weights: np.ndarray | None,
) -> None:
    """Print whole parses [%] at 0 to 3 letters exchanged, as `address_tagger.py` counts them."""
    cells = []
    for many in range(4):
        rng, right, among = random.Random(5), 0, 0
        for words in strings:
            spoilt = words
            for _ in range(many):
                spoilt = KINDS["substitute"](spoilt, rng) or spoilt
            text, held, labels, readings = read(spoilt, taggers, known)
            among += any(tags == labels for tags, _ in readings[:MANY])
            if weights is not None:
                rows = [described_reading(text, held, r, readings[0][1], known) for r in readings]
                readings = [readings[int((np.array(rows) @ weights).argmax())]]
            right += readings[0][0] == labels
        cells.append((100 * right / len(strings), 100 * among / len(strings)))
    told = " | ".join(f"{one:.1f}" for one, _ in cells)
    best = " | ".join(f"{other:.1f}" for _, other in cells)
    print(f"| {name} | {told} | {best} |", flush=True)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--keep", type=Path, help="learn a CRF too, and keep it here")
    asked = parser.parse_args()
    known = gazetteer(Lake(asked.lake))
    own = shipped().spaced
    if own is None:
        raise SystemExit("The package has no weights.")
    hand, _ = american(asked.folder)
    dev, test = ([w for w in hand if fold_of(w) == fold] for fold in (DEV, TEST))
    print("| whole parse, % | 0 | 1 | 2 | 3 slips | among ten: 0 | 1 | 2 | 3 |")
    measured("fold measured, shipped", test, [own], known, None)
    cells = [whole(placed_reading(own, known), test, "substitute", many) for many in range(4)]
    print("| the same, as `verify` takes it | " + " | ".join(f"{c:.1f}" for c in cells) + " |")
    if asked.keep is None:
        return
    asked.keep.mkdir(parents=True, exist_ok=True)
    file = asked.keep / "without_two_folds.crf"
    if not file.is_file():
        file.write_bytes(learnt(asked.folder, known, known_places(asked.folder), DEV)[0].weights)
    other = FittedCrf(file.read_bytes())
    measured("fold to choose by, CRF without two folds", dev, [other], known, None)
    half = len(dev) // 2
    for name, first, last in (("first", dev[:half], dev[half:]), ("other", dev[half:], dev[:half])):
        weights = order(grouped(first, other, known))
        measured(f"the same, {name} half learnt: order", last, [other], known, weights)
        measured("the same strings, no order", last, [other], known, None)
    weights = order(grouped(dev, other, known))
    print("weights: " + " ".join(f"{w:.2f}" for w in weights))
    measured("the same, order", test, [own], known, weights)
    measured("the same, both CRFs", test, [own, other], known, None)
    measured("the same, both CRFs and order", test, [own, other], known, weights)


if __name__ == "__main__":
    main()
