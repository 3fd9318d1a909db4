"""Is a net that proposes names for towns which no gazetteer knows worth its weight?

    python experiments/address_corrector.py DATA_FOLDER --lake LAKE --seconds 300 --keep FILE
    python experiments/address_corrector.py DATA_FOLDER --lake LAKE --weights FILE

Learns from the names of GeoNames' places with made noise, a tenth of the names (by a hash) kept
back. Measures on made addresses of places that were kept back and on strings labelled by hand, with
noise on the whole: which share `verify` abstains from, and what of the towns that it does not know
the net proposes rightly and wrongly, where a proposal counts only if the gazetteer proves it by the
postal code or the state. Beside it two peers without a net, and whoever knows the name: the bound.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from address_labelled import TEST, american, fold_of
from address_taught import LEARNT, known_places
from corrector_net import Corrector, back, learnt, names, spoilt
from rapidfuzz import process
from rapidfuzz.distance import OSA
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from lanecast.address.fold import folded
from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.made import Place, addresses
from lanecast.address.noise import JUDGED, Word, noisy, written
from lanecast.address.verify import verify
from lanecast.address.verify.cost import slip
from lanecast.address.verify.levels import CONFIRMED
from lanecast.address.verify.places import Hypothesis, hypotheses
from lanecast.address.verify.reply import unsure
from lanecast.tables.lake import Lake

MEASURED = ("US", "DE", "GB", "CA", "AU", "ES", "IT", "NL", "SE", "TR")  # with postal codes
ALONE = 2.0  # nats by which a proved proposal must be likelier than the next


def restored(net: Corrector, some: dict[str, list[str]], many: int) -> None:
    """Print how often a spoilt name that was kept back is the first, or one of six proposals."""
    rng, first, any_, spent = random.Random(4), 0, 0, 0.0
    for _ in range(many):
        country = rng.choice(list(some))
        name = rng.choice(some[country])
        text = spoilt(name, rng.choice(some[country]), rng)
        before = time.process_time()
        said = [each for each, _ in net.propose(text, country)]
        spent += time.process_time() - before
        first, any_ = first + (said[:1] == [name]), any_ + (name in said)
    print(f"{many} spoilt names kept back: first {first / many:.3f}, among six {any_ / many:.3f}, "
          f"{1000 * spent / many:.2f} ms")  # fmt: skip


class Near:
    """The peer: the names within four letters, and minus what their slips cost."""

    def __init__(self, every: dict[str, list[str]]) -> None:
        self.every = every

    def propose(self, name: str, country: str) -> list[tuple[str, float]]:
        """Return the six nearest names of the country."""
        near = process.extract(
            name, self.every[country], scorer=OSA.distance, score_cutoff=4, limit=6
        )
        return [(each, -slip(each, name)) for each, _, _ in near]


class Pieces:
    """Another peer: runs of the words that were read as the town, or two of them joined."""

    def __init__(self, known: Gazetteer) -> None:
        self.known = known

    def propose(self, name: str, country: str) -> list[tuple[str, float]]:
        """Return names one letter or less from a run, dearer for what is left out and joined."""
        number, words, found = self.known.numbers[country], name.split(), dict[str, float]()
        for i, j in combinations(range(len(words) + 1), 2):
            run = words[i:j]
            joined = [
                " ".join([*run[: k - 1], run[k - 1] + run[k], *run[k + 1 :]])
                for k in range(1, len(run))
            ]
            for text in (" ".join(run), *joined):
                if len(text) > 3 and text != name:
                    for at, edits in self.known.cities.near(number, text, 1):
                        near = self.known.cities.names[at]
                        cost = 2.0 * (len(words) - len(run)) + (text in joined) + 3.0 * edits
                        found[near] = max(found.get(near, -99.0), -cost)
        return sorted(found.items(), key=lambda each: -each[1])[:8]


class Truth:
    """The bound: whoever knows the name."""

    name = ""

    def propose(self, name: str, country: str) -> list[tuple[str, float]]:
        """Return it."""
        return [(self.name, 0.0)]


def tail(
    proposers: dict[str, Any],
    known: Gazetteer,
    strings: list[tuple[str, list[Word]]],
    kinds: Sequence[str],
) -> None:
    """Print which share of addresses is abstained, and what becomes of those."""
    names = " | ".join(f"{name}: right, wrong, ms" for name in proposers)
    print(f"| noises | addresses | abstained | town unknown | {names} |")
    print("|---" * (4 + len(proposers)) + "|")
    for noises in (0, 1, 2, 3):
        rng, many = random.Random(9), Counter[str]()
        counts, spent = Counter[tuple[str, bool]](), Counter[str]()
        for country, words in strings:
            town = folded(" ".join(word.text for word in words if word.label == "city"))
            text, _ = written(noisy(words, kinds, noises, rng))
            reply = verify(text, known, country)
            part = reply.components.get("city")
            unknown = part is not None and part["confirmation"] != CONFIRMED
            tied = len(reply.candidates) > 1
            many["all"] += 1
            many["abstained"] += unknown or tied or reply.decided_by == "abstain"
            if part is None or not unknown or tied:
                continue
            many["unknown"] += 1
            parts = (reply.components.get(each, {}) for each in ("postcode", "state"))
            code, state = (str(each.get("text", "")) for each in parts)
            for name, proposer in proposers.items():
                if isinstance(proposer, Truth):
                    proposer.name = town
                before = time.process_time()
                said = proposer.propose(folded(str(part["text"])), country)
                found = proved(known, known.numbers[country], (code, state), said)
                spent[name] += time.process_time() - before
                if found:
                    counts[name, folded(found) == town] += 1
        cells = (
            f"{counts[name, True]}, {counts[name, False]}, "
            f"{1000 * spent[name] / max(many['unknown'], 1):.1f}"
            for name in proposers
        )
        share = f"{many['abstained']} ({100 * many['abstained'] / many['all']:.1f} %)"
        print(f"| {noises} | {many['all']} | {share} | {many['unknown']} | {' | '.join(cells)} |",
              flush=True)  # fmt: skip


def proved(
    known: Gazetteer,
    country: int,
    given: tuple[str, str],
    proposals: Sequence[tuple[str, float]],
) -> str:
    """Return the town of the one proposal that is proved; empty where none is, or two are.

    A proposal is proved where the gazetteer has a town of that very name, and it is the town of the
    postal code as given (or within reach of it), or lies in the state as given.

    Parameters
    ----------
    given
        Postal code and state; empty where there was none.
    proposals
        Folded names, and the logarithm of how likely each is.
    """
    postcode, state = given
    found: list[tuple[float, str]] = []
    for name, likely in proposals:
        places = hypotheses(known, country, postcode, name, state)
        if places and _agrees(places[0], postcode, state) and not unsure(places):
            city = places[0].city
            found.append((likely - places[0].cost, city.value if city is not None else ""))
    found.sort(reverse=True)
    if not found:
        return ""
    best, town = found[0]
    rival = next((score for score, other in found[1:] if other != town), None)
    return "" if rival is not None and best - rival < ALONE else town


def _agrees(place: Hypothesis, postcode: str, state: str) -> bool:
    if place.city is None or place.city.how not in ("exact", "alias"):
        return False
    code = place.postcode is not None and place.postcode.how in ("exact", "prefix")
    there = place.state is not None and place.state.how == "exact"
    return (bool(postcode) and code) or (bool(state) and there)


def measured(folder: Path, found: dict[str, list[Place]], many: int) -> dict[str, list]:
    """Return addresses with a town and a postal code or state, of places kept back, and real."""
    held = {c: [p for p in found[c] if back(folded(p.city)) and p.postcode] for c in MEASURED}
    made = islice(addresses(held, dict.fromkeys(MEASURED, 1.0), 17), 3 * many)
    hand = [("US", words) for words in american(folder)[0] if fold_of(words) == TEST]
    sets = {"made, places kept back": made, "by hand, real": iter(hand)}
    return {name: [e for e in each if _placed(e[1])][:many] for name, each in sets.items()}


def _placed(words: list[Word]) -> bool:
    labels = {word.label for word in words}
    return "city" in labels and bool({"postcode", "state"} & labels)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lake", type=Path, required=True, help="lake with GeoNames")
    parser.add_argument("--seconds", type=float, default=300.0, help="of the processor, to learn")
    parser.add_argument("--keep", type=Path, help="write the weights to this file")
    parser.add_argument("--weights", type=Path, help="measure these, and learn nothing")
    parser.add_argument("--measure", type=int, default=500, help="addresses")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    found = known_places(asked.folder)
    if asked.weights is None:
        net, countries = learnt(names(found, held=False), asked.seconds)
        arrays = net.arrays()
    else:
        arrays = load_file(asked.weights)
        with safe_open(asked.weights, "numpy") as file:
            countries = tuple(file.metadata()["countries"].split())
    if asked.keep:
        save_file(arrays, asked.keep, {"countries": " ".join(countries)})
    corrector = Corrector({k: v.astype(np.float32) for k, v in arrays.items()}, countries)
    restored(corrector, names(found, held=True), 1000)
    known = gazetteer(Lake(asked.lake))
    every = {c: sorted({folded(place.city) for place in found[c]}) for c in MEASURED}
    proposers = {
        "net": corrector,
        "within 4 letters": Near(every),
        "pieces": Pieces(known),
        "bound": Truth(),
    }
    for name, strings in measured(asked.folder, found, asked.measure).items():
        for kinds in (LEARNT, JUDGED):
            print(f"\n{name}; noise: {', '.join(kinds)}")
            tail(proposers, known, strings, kinds)


if __name__ == "__main__":
    main()
