"""Is a net that says which street was meant better than the nearest one, both proved by the house?

    python experiments/address_streets.py DATA_FOLDER --lake LAKE --learn FILE
    python experiments/address_streets.py DATA_FOLDER --lake LAKE [--many 300] [--weights FILE]

`--learn` learns the net (`street_speller.py`) from made streets, named after GeoNames' places, none
of them a street of Alexandria; `--weights` measures it too. Measuring spoils streets of
Alexandria's houses, keeps those that `verify` does not find with their house, and asks searches by
letters, and the net, which of the streets of that postal code or town that have the number was
meant. How alike or likely the first must be, and how far ahead of the next, is chosen for each by
the houses of one half of the streets: most repaired where at most 1 % is wrong, at most 1 % of
streets of other towns (fakes) is taken for one here, and at most 2 % where the spoilt street is
struck out of the register (gaps). Then it is measured on the other half, and on both what is
shipped (`verify/corrector.py`), within `verify`.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from time import process_time

import numpy as np
from address_repair import _known
from address_taught import known_places
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, JaroWinkler
from street_cases import HALVES, SPOILT, Case, fakes, houses, spoilt
from street_names import pairs, streets, usual
from street_speller import FittedSpeller, restored, stored
from street_transducer_net import Transducer

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.roads import road_key
from lanecast.address.verify import verify
from lanecast.address.verify.corrector import Corrector
from lanecast.address.verify.cost import slip

Scorer = Callable[[str, Sequence[str]], list[float]]
MADE = 150_000  # streets to learn from
NEAR = 20  # streets by letters that are weighed by their slips
GIVEN_UP = -99.0
MOST = (0.01, 0.01, 0.02)  # repaired wrong, of fakes, of gaps


def slips(given: str, names: Sequence[str]) -> list[float]:
    """Return minus what the slips of `verify` cost, of the nearest streets."""
    near = process.extract(given, list(names), scorer=OSA.distance, limit=NEAR)
    cost = {name: -slip(name, given) / len(name) for name, _, _ in near}
    return [cost.get(name, -9.0) for name in names]


PEERS: dict[str, Scorer] = {
    "OSA, by length": lambda g, names: [OSA.normalized_similarity(g, n) for n in names],
    "indel ratio": lambda g, names: [fuzz.ratio(g, n) / 100 for n in names],
    "token set ratio": lambda g, names: [fuzz.token_set_ratio(g, n) / 100 for n in names],
    "token sort ratio": lambda g, names: [fuzz.token_sort_ratio(g, n) / 100 for n in names],
    "Jaro-Winkler": lambda g, names: [JaroWinkler.similarity(g, n) for n in names],
    "slips of verify, by length": slips,
}


def of_net(net: FittedSpeller) -> Scorer:
    """Return the nats of the net."""

    def scored(given: str, names: Sequence[str]) -> list[float]:
        likely = net.likely(given, names)
        return [likely.get(name, GIVEN_UP) for name in names]

    return scored


class Answers:
    """What a scorer says of cases: right (n,), score, and lead before rivals and others (n,)."""

    def __init__(self, cases: Sequence[Case], scores: Sequence[list[float]], gap: bool) -> None:
        rows = [self._row(*each, gap) for each in zip(cases, scores, strict=True)]
        self.right, self.score, self.rival, self.other = np.array(rows, float).T

    @staticmethod
    def _row(case: Case, scores: list[float], gap: bool) -> tuple[float, float, float, float]:
        along = set(case.along)
        some = [
            (s, n in along, n == case.true)
            for s, n in zip(scores, case.names, strict=True)
            if not (gap and n == case.true)
        ]
        proved = sorted((each for each in some if each[1]), reverse=True)
        if not proved:
            return 0.0, -np.inf, -np.inf, -np.inf
        best = proved[0]
        rival = proved[1][0] if len(proved) > 1 else -np.inf
        other = max((s for s, here, _ in some if not here), default=-np.inf)
        return float(best[2]), best[0], best[0] - rival, best[0] - other

    def asked(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return what the bounds of `told` are on."""
        return self.score, self.rival, self.other

    def told(self, least: "Bounds") -> np.ndarray:
        """Return which are answered."""
        return np.all([a >= b for a, b in zip(self.asked(), least, strict=True)], 0)


Sets = tuple[Answers, Answers, Answers]  # spoilt, fakes, gaps
Halves = dict[str, tuple[list[Case], list[Case]]]  # spoilt, and fakes
Bounds = tuple[float, float, float]  # least score, lead before rivals, lead before others


def answers(scorer: Scorer, cases: Sequence[Case], false: Sequence[Case]) -> Sets:
    """Return what it says."""
    said = [scorer(case.given, case.names) for case in cases]
    fake = [scorer(case.given, case.names) for case in false]
    return Answers(cases, said, False), Answers(false, fake, False), Answers(cases, said, True)


def shares(sets: Sets, least: Bounds) -> tuple[float, float, float, float]:
    """Return what is repaired right, repaired wrong, of fakes, and of gaps."""
    some, fake, gap = (each.told(least) for each in sets)
    right = float((some * sets[0].right).mean())
    return right, float(some.mean()) - right, float(fake.mean()), float(gap.mean())


def chosen(sets: Sets) -> Bounds:
    """Return the bounds under which most is repaired right, and little wrong."""
    grid = []
    for values, top, many in zip(sets[0].asked(), (0.95, 0.8, 0.5), (40, 25, 12), strict=True):
        finite = values[np.isfinite(values)]
        grid.append(np.quantile(finite, np.linspace(0, top, many)).tolist())
    best, found = -1.0, (np.inf, np.inf, np.inf)
    for least in product(*grid):
        right, *wrong = shares(sets, least)
        if right > best and all(a <= b for a, b in zip(wrong, MOST, strict=True)):
            best, found = right, least
    return found


def measured(known: Gazetteer, data: Path, many: int, net: FittedSpeller | None) -> None:
    """Print the bound, and what each scorer repairs."""
    found: Halves = {}
    for which in HALVES:
        cases: list[Case] = []
        print(f"\n{which}\n| spoilt | right | wrong | not found | bound |\n|---|---|---|---|---|")
        for kind in SPOILT:
            said = list(spoilt(known, data, which, kind, many))
            some = [each for each in said if isinstance(each, Case)]
            bound = sum(case.true in case.along for case in some)
            cells = (said.count("right"), said.count("wrong"), len(some), bound)
            print(f"| {kind} | {' | '.join(map(str, cells))} |", flush=True)
            cases += some
        false = [each for each in fakes(known, data, which, 5 * many) if isinstance(each, Case)]
        found[which] = cases, false
    shipped(known, found)
    compared(found, net)


def shipped(known: Gazetteer, found: Halves) -> None:
    """Print what `verify` repairs with its corrector, and of how many streets of other towns."""
    for which, sets in found.items():
        for what, some in zip(("spoilt", "fakes"), sets, strict=True):
            corrector, counts = Corrector(), Counter[str]()
            for case in some:
                reply = verify(case.text, known, "US", corrector=corrector)
                if reply.decided_by == "corrector_and_gazetteer":
                    road = road_key(str(reply.components["road"]["normalized"]))
                    counts["right" if road == case.true else "wrong"] += 1
            print(f"shipped, {which}: {what} {len(some)}, {dict(counts)}", flush=True)


def compared(found: Halves, net: FittedSpeller | None) -> None:
    """Print what each scorer repairs of both halves, and by kind of the second."""
    scorers = PEERS if net is None else {**PEERS, "net": of_net(net)}
    for name, scorer in scorers.items():
        began = process_time()
        sets = {which: answers(scorer, *some) for which, some in found.items()}
        spent = (process_time() - began) / sum(len(a) + len(b) for a, b in found.values())
        least = chosen(sets[HALVES[0]])
        bounds = ", ".join(f"{each:.3f}" for each in least)
        for which in HALVES:
            cells = " | ".join(f"{100 * each:.2f} %" for each in shares(sets[which], least))
            print(f"| {name} ({bounds}) | {which} | {cells} | {1000 * spent:.2f} ms |", flush=True)
        _by_kind(found[HALVES[1]][0], sets[HALVES[1]][0], least)


def _by_kind(cases: Sequence[Case], said: Answers, least: Bounds) -> None:
    counts = Counter[tuple[str, str]]()
    for case, told, right in zip(cases, said.told(least), said.right, strict=True):
        counts[case.kind, "none" if not told else "right" if right else "wrong"] += 1
    for kind in SPOILT:
        right, wrong, none = (counts[kind, each] for each in ("right", "wrong", "none"))
        print(f"    {kind}: {right} right, {wrong} wrong of {right + wrong + none}")


def learnt(data: Path) -> FittedSpeller:
    """Return a speller that has learnt from made streets, none of them one of Alexandria."""
    began = process_time()

    def told(step: int, loss: float) -> None:
        print(f"{step} steps, loss {loss:.3f}, {process_time() - began:.0f} s", flush=True)

    there = frozenset(road_key(road) for road in houses(data))
    names = streets(known_places(data), MADE, there)
    return FittedSpeller(
        Transducer().fit(pairs(names, 2), told),
        Transducer(width=8, depth=0).fit(usual(names, 5), told),
    )


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--lake", type=Path, required=True, help="of address_repair.py, or new")
    parser.add_argument("--learn", type=Path, help="learn, and write the weights to this file")
    parser.add_argument("--weights", type=Path, help="measure the net of this file too")
    parser.add_argument("--many", type=int, default=300, help="houses of each kind and half")
    asked = parser.parse_args()
    if asked.learn:
        asked.learn.write_bytes(stored(learnt(asked.data)))
        return
    net = restored(asked.weights.read_bytes()) if asked.weights else None
    measured(_known(asked.data, asked.lake), asked.data, asked.many, net)


if __name__ == "__main__":
    main()
