"""A tagger that reads bytes, beside the one that is shipped: does a small net beat the CRF?

    python experiments/address_bytes.py DATA_FOLDER [--lake LAKE] [--seconds 900] [--fold 0]

Learns from the strings that `address_tagger.py` learns from, for a set time of the processor, and
prints whole parses of the US strings that were not learnt from, as that script does for the CRF. A
word is the bytes of its letters (convolutions, then their maximum) and what lists say of it; a
transformer over the words and a chain of labels on top (Lample and others, NAACL 2016) read the
whole. Weights are rounded to int8 by row before anything is measured.
"""

import argparse
import random
import tempfile
import time
import zlib
from collections.abc import Sequence
from pathlib import Path

import torch
from address_labelled import TEST, american, fold_of, key, labelled, opencage, shuffled
from address_tagger import (
    COPIES,
    LEARNT,
    NOISES,
    OSM,
    US,
    WORLD,
    Labelled,
    back,
    imported,
    known_places,
    whole,
    world_rows,
)
from torch import Tensor, nn

from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer
from lanecast.address.noise import Word, noisy
from lanecast.address.parts import NAMES
from lanecast.address.tokens import Token
from lanecast.address.verify.lists import listed
from lanecast.tables.lake import Lake

LETTERS, SIGNS, BUCKETS = 20, 12, 2048  # bytes of a word, and what is said of it, hashed
Row = tuple[list[bytes], list[list[int]], list[int]]  # bytes, signs and labels of the words
BATCH, RATE = 64, 2e-3


def seen(words: Sequence[Token], known: Gazetteer | None, country: str | None) -> Row:
    """Return bytes and signs of words; no labels yet."""
    rows = []
    for i, (word, said) in enumerate(zip(words, listed(words, known, country), strict=True)):
        where = [f"at{min(i, 5)}", f"left{min(len(words) - 1 - i, 5)}", f"co{country}"]
        where += ["apart"] * word.apart + ["glued"] * word.glued + [f"w{word.text}"]
        signs = [*where, *said][:SIGNS]
        rows.append([1 + zlib.crc32(sign.encode()) % (BUCKETS - 1) for sign in signs])
    return [word.text.encode()[:LETTERS] for word in words], rows, []


def batched(rows: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor]:
    """Return bytes (b, n, letters), signs (b, n, signs) and labels (b, n), -1 where no word is."""
    longest = max(len(letters) for letters, _, _ in rows)
    letters = torch.zeros(len(rows), longest, LETTERS, dtype=torch.long)
    signs = torch.zeros(len(rows), longest, SIGNS, dtype=torch.long)
    labels = torch.full((len(rows), longest), -1)
    for i, (given, said, right) in enumerate(rows):
        for j, text in enumerate(given):
            letters[i, j, : len(text)] = torch.frombuffer(bytearray(text), dtype=torch.uint8)
            signs[i, j, : len(said[j])] = torch.tensor(said[j])
        labels[i, : len(given)] = torch.tensor(right) if right else 0
    return letters, signs, labels


class Net(nn.Module):
    """Bytes to words, words to labels, labels in a chain."""

    def __init__(self, width: int = 192, depth: int = 4, heads: int = 4) -> None:
        super().__init__()
        self.byte = nn.Embedding(256, 48, padding_idx=0)
        self.first = nn.Conv1d(48, 128, 3, padding=1)
        self.then = nn.Conv1d(128, width, 3, padding=1)
        self.sign = nn.EmbeddingBag(BUCKETS, width, mode="sum", padding_idx=0)
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, 0.1, "gelu", batch_first=True, norm_first=True
        )
        self.words = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.out = nn.Linear(width, len(NAMES))
        self.next = nn.Parameter(torch.zeros(len(NAMES), len(NAMES)))

    def forward(self, letters: Tensor, signs: Tensor, there: Tensor) -> Tensor:
        """Return the score of each label at each word, (b, n, labels)."""
        b, n, _ = letters.shape
        x = self.byte(letters.view(b * n, LETTERS)).transpose(1, 2)
        x = self.then(torch.relu(self.first(x))).amax(2)
        x = (x + self.sign(signs.view(b * n, SIGNS))).view(b, n, -1)
        return self.out(self.words(x, src_key_padding_mask=~there))

    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Return minus the log-likelihood of the labels, per string."""
        there = labels >= 0
        gold = labels.clamp(0)
        own = (scores.gather(2, gold[..., None])[..., 0] * there).sum(1)
        own = own + (self.next[gold[:, :-1], gold[:, 1:]] * there[:, 1:]).sum(1)
        every = scores[:, 0]
        for i in range(1, scores.shape[1]):
            longer = torch.logsumexp(every[:, :, None] + self.next, 1) + scores[:, i]
            every = torch.where(there[:, i, None], longer, every)
        return (torch.logsumexp(every, 1) - own).mean()

    def best(self, scores: Tensor) -> list[int]:
        """Return the likeliest labels of one string, from scores (n, labels)."""
        total, back = scores[0], []
        for each in scores[1:]:
            highest, where = (total[:, None] + self.next).max(0)
            total = highest + each
            back.append(where)
        found = [int(total.argmax())]
        for where in reversed(back):
            found.append(int(where[found[-1]]))
        return found[::-1]


class Reader:
    """A net as a tagger of words."""

    def __init__(self, net: Net) -> None:
        self.net = net.eval()

    @torch.no_grad()
    def read(self, words: Sequence[Token], known: Gazetteer | None, country: str | None) -> list:
        """Return the labels of the words."""
        letters, signs, labels = batched([seen(words, known, country)])
        scores = self.net(letters, signs, labels >= 0)[0]
        return [NAMES[each] for each in self.net.best(scores)]


def strings(folder: Path, found: dict, fold: int) -> list[tuple[Labelled, tuple[int, ...], int]]:
    """Return addresses, how many noises each gets, and how often: as the CRF has them."""
    hand, osm = american(folder)
    left = {fold, TEST}
    held = {key(words) for words in hand if fold_of(words) in left}
    train = [("US", words) for words in hand if fold_of(words) not in left]
    made_of = [w for w in shuffled(osm, 1) if fold_of(w) not in left and key(w) not in held][:OSM]
    cases = [case for case in opencage(folder) if not back(case[0])]
    world = world_rows(found, 3, US, WORLD) + cases * 4
    return [
        *((each, (0,), 3) for each in train),
        *((each, NOISES, COPIES) for each in train),
        *((("US", words), NOISES, 1) for words in made_of),
        *((each, NOISES, 1) for each in world),
    ]


def epoch(data: list, known: Gazetteer, rng: random.Random) -> list[list[Row]]:
    """Return batches of strings with new noise, of like length each."""
    rows = []
    for (country, words), many, times in data:
        for _ in range(times):
            _, held, labels = labelled(noisy(words, LEARNT, rng.choice(many), rng))
            if held and len(held) <= 40:
                told = country if rng.random() < 0.7 else None
                letters, signs, _ = seen(held, known if rng.random() < 0.7 else None, told)
                rows.append((letters, signs, [NAMES.index(label) for label in labels]))
    rows.sort(key=lambda row: len(row[0]) + rng.random())
    batches = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]
    rng.shuffle(batches)
    return batches


def learnt(data: list, known: Gazetteer, seconds: float, width: int, depth: int) -> Net:
    """Return a net that has learnt for ``seconds`` of the processor."""
    torch.manual_seed(0)
    rng, net = random.Random(1), Net(width, depth)
    pace = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.01)
    began, rounds = time.process_time(), 0
    while True:
        total = 0.0
        batches = epoch(data, known, rng)
        for batch in batches:
            part = (time.process_time() - began) / seconds
            if part >= 1:
                return net
            for group in pace.param_groups:
                group["lr"] = RATE * min(1.0, part / 0.03) * (1 - part)
            letters, signs, labels = batched(batch)
            loss = net.loss(net(letters, signs, labels >= 0), labels)
            pace.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            pace.step()
            total += float(loss.detach())
        rounds += 1
        print(
            f"{rounds} rounds, {part:.2f} of the time, loss {total / len(batches):.3f}", flush=True
        )


def rounded(net: Net) -> int:
    """Round weights to int8 by row, in place; return their bytes with a scale per row."""
    size = 0
    with torch.no_grad():
        for weight in net.parameters():
            flat = weight.view(weight.shape[0], -1)
            scale = flat.abs().amax(1, keepdim=True).clamp(1e-12) / 127
            if weight.dim() > 1:
                flat.copy_((flat / scale).round() * scale)
            size += weight.numel() + 4 * weight.shape[0] if weight.dim() > 1 else 4 * weight.numel()
    return size


class Tagger:
    """A reader in the place of the package's taggers, for `f1`."""

    def __init__(self, reader: Reader, known: Gazetteer | None) -> None:
        self.reader, self.known = reader, known


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lake", type=Path, help="lake with GeoNames, else one is made")
    parser.add_argument("--seconds", type=float, default=900.0, help="of the processor, to learn")
    parser.add_argument("--fold", type=int, default=TEST)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--keep", type=Path, help="keep the weights in this file")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        lake = Lake(asked.lake) if asked.lake else imported(asked.folder, Path(scratch))
        known, found = gazetteer(lake), known_places(asked.folder)
        net = learnt(strings(asked.folder, found, asked.fold), known, asked.seconds, asked.width,
                     asked.depth)  # fmt: skip
        if asked.keep:
            torch.save(net.state_dict(), asked.keep)
        measured(asked.folder, known, net, asked.fold)


def measured(folder: Path, known: Gazetteer, net: Net, fold: int) -> None:
    """Print size, time and whole parses of strings that were not learnt from."""
    size = rounded(net)
    print(f"{sum(p.numel() for p in net.parameters()):,} weights, {size / 1e6:.2f} MB in int8")
    hand, osm = american(folder)
    test = [words for words in hand if fold_of(words) == fold]
    clean = [words for words in shuffled(osm, 2) if fold_of(words) == fold][:300]
    reader = Reader(net)
    ways = {"GeoNames, told US": (known, "US"), "no gazetteer": (None, "US"),
            "GeoNames, not told": (known, None)}  # fmt: skip
    print("| whole parse, % | by hand 0 | 1 | 2 | 3 slips | OSM 0 | 1 | 2 | 3 |")
    for name, way in ways.items():

        def reading(text: str, words: list[Word], way: tuple = way) -> list[str]:
            _, held, _ = labelled(words)
            return reader.read(held, *way) if held else []

        cells = [whole(reading, s, "substitute", n) for s in (test, clean) for n in range(4)]
        print(f"| {name} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |", flush=True)
    before = time.process_time()
    for words in test:
        _, held, _ = labelled(words)
        if held:
            reader.read(held, known, "US")
    spent = 1000 * (time.process_time() - before) / len(test)
    print(f"{spent:.2f} ms of the processor per string")


if __name__ == "__main__":
    main()
