"""Entities of Chinese addresses by nets: characters read both ways, spans chosen by their chance.

    python experiments/address_chinese_net.py DATA_FOLDER [--seeds 5] [--dev]

Learns from the strings of `address_chinese.py`. A character is itself, its pairs with the one
before and the one after, whether it is a number, and what lists say: those of the entities of
train, as there, and GeoNames' places in China. Chances of the nets of several seeds are averaged; a
span is worth its chance less half of F1, so what no name is likely for is left out. Without
``--dev`` nine tenths of train are learnt and the tenth is measured; with it all, and dev once.
"""

import argparse
import random
import time
from collections import ChainMap, Counter
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import torch
from address_chinese import String, entities, listed, parted
from address_spans import BATCH, Net, Row, batches, chosen
from address_tagger import _span
from torch import Tensor, nn

from lanecast.address.parts import parts_of
from lanecast.address.tokens import Token

EPOCHS, RATE = 8, 3e-3
WORTH = 0.45  # chance from which a span adds to F1: half of what F1 will be


def shape(text: str) -> str:
    """Return a character as itself, a number as its length."""
    return f"#{min(len(text), 6)}" if text.isdecimal() and text.isascii() else text


def seen(words: Sequence[Token]) -> list[tuple[str, ...]]:
    """Return of each character itself, its pairs, and whether it is a number or of letters."""
    texts = [word.text for word in words]
    kinds = ["<", *(shape(text) for text in texts), ">"]
    return [
        (text, kinds[i] + "_" + kinds[i + 1], kinds[i + 1] + "_" + kinds[i + 2], kinds[i + 1])
        for i, text in enumerate(texts)
    ]


class Words:
    """Numbers of what is seen at least twice; 1 stands for all else."""

    def __init__(self, train: Sequence[String]) -> None:
        counts = [Counter[str]() for _ in range(4)]
        for words, _ in train:
            for row in seen(words):
                for count, each in zip(counts, row, strict=True):
                    count[each] += 1
        self.known = [
            {each: k + 2 for k, each in enumerate(sorted(e for e, m in count.items() if m > 1))}
            for count in counts
        ]  # fmt: skip
        self.sizes = [len(known) + 2 for known in self.known]

    def of(self, words: Sequence[Token]) -> Tensor:
        """Return the numbers of what is seen, (n, 4)."""
        return torch.tensor(
            [[k.get(e, 1) for k, e in zip(self.known, row, strict=True)] for row in seen(words)]
        )


class Lists:
    """Entities of the training strings and places of GeoNames: what runs of characters are."""

    def __init__(self, train: Sequence[String], places: set[str]) -> None:
        self.counts = Counter(entity for each in train for entity in entities(each))
        self.names: dict[str, set[str]] = {text: {"place"} for text in places}
        for text, name in self.counts:
            self.names.setdefault(text, set()).add(name)
        names = sorted({"place", *(name for _, name in self.counts)})
        self.at = {f"in={n}{e}": i for i, (n, e) in enumerate((n, e) for n in names for e in "BIE")}

    def of(self, each: String, own: bool) -> Tensor:
        """Return what lists say (n, lists), ``own``: of a string that they were made from."""
        mine = entities(each) if own else set()
        once = {
            text: self.names[text] - {n for t, n in mine if t == text and self.counts[t, n] == 1}
            for text, _ in mine
        }
        said = listed(each[0], ChainMap(once, self.names))
        found = torch.zeros(len(said), len(self.at))
        for row, some in zip(found, said, strict=True):
            row[[self.at[sign] for sign in some if sign in self.at]] = 1.0
        return found


def places(folder: Path) -> set[str]:
    """Return names of places in China, in its script, of two characters and more."""
    towns = pl.read_parquet(
        folder / "geonames_cities.parquet", columns=["countrycode", "alternatenames"]
    )
    names = towns.filter(pl.col("countrycode") == "CN")["alternatenames"].str.json_decode(
        pl.List(pl.String)
    )
    every = names.explode().drop_nulls().unique()
    return set(every.filter(every.str.contains(r"^\p{Han}{2,8}$")))


def rows_of(
    each: Sequence[String], words: Words, lists: Lists, names: Sequence[str], own: bool
) -> list[tuple[Row, int]]:
    """Return what is seen, what lists say and labels, with the place of the string."""
    found = []
    for at, (chars, tags) in enumerate(each):
        spans = parts_of("".join(c.text for c in chars), chars, tags)
        starts = {part.start for part in spans}
        labels = [
            names.index(tag[2:]) + len(names) * (char.start not in starts)
            if tag[2:] in names else 0
            for char, tag in zip(chars, tags, strict=True)
        ]  # fmt: skip
        found.append(((words.of(chars), lists.of((chars, tags), own), torch.tensor(labels)), at))
    return found


def learnt(rows: list[tuple[Row, int]], sizes: Sequence[int], names: int, seed: int) -> Net:
    """Return a net that has learnt."""
    torch.manual_seed(seed)
    rng, net = random.Random(seed), Net(sizes, names, rows[0][0][1].shape[1])
    pace = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.01, fused=True)
    for epoch in range(EPOCHS):
        some = list(batches(rows, rng))
        for k, (x, said, y, _) in enumerate(some):
            part = (epoch + k / len(some)) / EPOCHS
            for group in pace.param_groups:
                group["lr"] = RATE * min(1.0, part / 0.05) * (1 - part)
            loss = net.loss(net(x, said), y) / BATCH
            pace.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            pace.step()
    return net.eval()


@torch.no_grad()
def chances(net: Net, rows: list[tuple[Row, int]]) -> list[Tensor]:
    """Return the chances of spans of each string, (first, last, names)."""
    found: list[Tensor] = [torch.empty(0)] * len(rows)
    for x, said, _, places in batches(rows, random.Random(0)):
        every = net.spans(net(x, said))
        for k, at in enumerate(places.tolist()):
            found[at] = every[:, :, k]
    return found


def counted(each: Sequence[String], found: Sequence[Tensor], names: Sequence[str]) -> Tensor:
    """Return entities met by span and name, said and true of each string, (strings, 3)."""
    counts = []
    for (chars, tags), chance in zip(each, found, strict=True):
        right = set(map(_span, parts_of("".join(c.text for c in chars), chars, tags)))
        mine = {(names[k], chars[i].start, chars[j].end) for i, j, k in chosen(chance, WORTH)}
        counts.append((len(right & mine), len(mine), len(right)))
    return torch.tensor(counts)


def figures(counts: Tensor) -> str:
    """Return precision, recall, and F1 with its interval when strings are drawn again."""
    met, said, true = counts.sum(0).tolist()
    again = counts[torch.randint(len(counts), (1000, len(counts)))].sum(1)
    low, high = (2 * again[:, 0] / again[:, 1:].sum(1)).quantile(torch.tensor([0.025, 0.975]))
    f1 = 2 * met / (said + true)
    return f"{met / said:.4f}, {met / true:.4f}, {f1:.4f} ({low:.4f} to {high:.4f})"


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--dev", action="store_true", help="learn all of train, measure dev")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    mine, theirs = parted(asked.folder, asked.dev)
    names = sorted({tag[2:] for _, tags in mine for tag in tags})
    words, lists = Words(mine), Lists(mine, places(asked.folder))
    rows = rows_of(mine, words, lists, names, True)
    held = rows_of(theirs, words, lists, names, False)
    print(f"{len(rows):,} learnt, {len(held):,} measured, {len(names)} names")
    total: list[Tensor] = []
    for seed in range(asked.seeds):
        net = learnt(rows, words.sizes, len(names), seed)
        own = chances(net, held)
        total = [a + b for a, b in zip(total, own, strict=True)] if total else own
        print(f"seed {seed}: {figures(counted(theirs, own, names))}", flush=True)
    mean = [each / asked.seeds for each in total]
    print(f"{asked.seeds} nets: precision, recall, F1 {figures(counted(theirs, mean, names))}")
    print(f"{time.process_time():.0f} s of the processor")


if __name__ == "__main__":
    main()
