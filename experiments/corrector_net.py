"""A small net that writes the name which a misspelt town may be, and how it is learnt.

Convolutions over the letters give three places of output for each letter of input, and a
connectionist temporal classification reads them (Graves and others, ICML 2006), so that letters may
be kept, changed, left out or added. `address_corrector.py` measures what it is worth.
"""

import hashlib
import random
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lanecast.address.fold import folded
from lanecast.address.made import Place
from lanecast.address.misspelt import delete, insert, keyboard, substitute, swap

Array = npt.NDArray[np.float32]
BATCH, RATE, WIDTH, DEPTH, KERNEL = 128, 3e-3, 128, 5, 5
VOWELS = "aeiou" + "".join(map(chr, (0x430, 0x435, 0x438, 0x43E, 0x443, 0x44B, 0x44D)))
SLIPS = (substitute, keyboard, insert, delete, swap)
CYRILLIC = (*range(0x430, 0x450), 0x451, 0x456, 0x457, 0x454, 0x491)
GREEK = (*range(0x3B1, 0x3C2), 0x3C3, 0x3C2, *range(0x3C4, 0x3CA))
LETTERS = " 0123456789abcdefghijklmnopqrstuvwxyz" + "".join(map(chr, (*CYRILLIC, *GREEK)))
PLACES, LONGEST = 3, 40  # of output for a letter; letters of a name
BEAM, LEAST = 12, 2e-3  # beginnings kept, and how likely a letter must be to be tried


@dataclass(frozen=True)
class Corrector:
    """Weights of the net, by name; ``countries`` are those that it knows."""

    weights: Mapping[str, Array]
    countries: tuple[str, ...]

    def propose(self, name: str, country: str, many: int = 6) -> list[tuple[str, float]]:
        """Return names that a folded ``name`` may be, and the logarithm of how likely each is.

        None where it holds a letter of another script than Latin, Cyrillic and Greek, or is longer
        than 40.
        """
        codes = [LETTERS.find(letter) + 1 for letter in name]
        if not codes or len(codes) > LONGEST or not all(codes):
            return []
        return decoded(self.chances(codes, country), many)

    def chances(self, codes: list[int], country: str) -> Array:
        """Return how likely each letter is at each place of output, shape (3 n, letters + 1)."""
        w = self.weights
        where = self.countries.index(country) + 1 if country in self.countries else 0
        x = w["letter"][codes] + w["country"][where]
        depth = sum(key.endswith(".kernel") for key in w)
        for i in range(depth):
            mean, spread = x.mean(1, keepdims=True), x.var(1, keepdims=True)
            y = (x - mean) / np.sqrt(spread + 1e-5) * w[f"{i}.scale"] + w[f"{i}.shift"]
            kernel = w[f"{i}.kernel"]  # (out, in, width)
            reach = kernel.shape[2] // 2
            padded = np.pad(y, ((reach, reach), (0, 0)))
            near = np.stack([padded[k : k + len(y)] for k in range(kernel.shape[2])], 2)
            y = near.reshape(len(y), -1) @ kernel.reshape(len(kernel), -1).T + w[f"{i}.bias"]
            x = x + np.maximum(y, 0.0)
        out = (x @ w["out"].T + w["out.bias"]).reshape(PLACES * len(codes), -1)
        out = np.exp(out - out.max(1, keepdims=True))
        return np.asarray(out / out.sum(1, keepdims=True), np.float32)


def decoded(chances: Array, many: int) -> list[tuple[str, float]]:
    """Return the likeliest texts, summed over all ways of writing each: a search by beginnings.

    Parameters
    ----------
    chances
        Of each letter at each place, (places, 1 + letters); the first column is no letter.
    """
    beam: dict[tuple[int, ...], tuple[float, float]] = {(): (1.0, 0.0)}  # ends in none, in a letter
    scale = 0.0
    for row in chances:
        some = [(int(c), float(row[c])) for c in np.flatnonzero(row[1:] > LEAST) + 1]
        none = float(row[0])
        longer: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for text, (blank, letter) in beam.items():
            longer[text][0] += (blank + letter) * none
            for c, p in some:
                if text and text[-1] == c:
                    longer[text][1] += letter * p
                    longer[(*text, c)][1] += blank * p
                else:
                    longer[(*text, c)][1] += (blank + letter) * p
        best = sorted(longer.items(), key=lambda each: -sum(each[1]))[:BEAM]
        most = max(sum(best[0][1]), 1e-30)
        scale += log(most)
        beam = {text: (a / most, b / most) for text, (a, b) in best}
    found = [("".join(LETTERS[c - 1] for c in text), sum(p)) for text, p in beam.items()]
    found = [(text, p) for text, p in found if p > exp(-30) and text]
    found.sort(key=lambda each: -each[1])
    return [(text, log(p) + scale) for text, p in found[:many]]


def back(name: str) -> bool:
    """Return whether a folded name is kept back: one in ten."""
    return hashlib.blake2b(name.encode(), digest_size=2).digest()[0] % 10 == 0


def spoilt(name: str, other: str, rng: random.Random) -> str:
    """Return a name as somebody may have written it, ``other`` standing for what is near it."""
    words = name.split()
    kind = rng.random()
    if kind < 0.08 and len(words) > 1:  # a word is lost
        words.pop(rng.randrange(len(words)))
    elif kind < 0.2:  # a word of something else is taken for part of it
        extra = rng.choice(other.split())
        words = [extra, *words] if rng.random() < 0.5 else [*words, extra]
    elif kind < 0.4:  # a word is shortened: its end, or its vowels
        i = rng.randrange(len(words))
        word = words[i]
        if rng.random() < 0.5:
            words[i] = word[: rng.randrange(1, max(len(word) - 1, 2))]
        else:
            words[i] = word[0] + "".join(c for c in word[1:] if c not in VOWELS)
    text = " ".join(words)
    for _ in range(rng.choices((0, 1, 2, 3, 4), (0.15, 0.25, 0.3, 0.2, 0.1))[0]):
        if len(text) > 2:
            text = rng.choice(SLIPS)(text, rng)
    if rng.random() < 0.15 and len(text) > 4:  # a blank forgotten, or one too many
        at = rng.randrange(1, len(text) - 1)
        text = text.replace(" ", "", 1) if " " in text else f"{text[:at]} {text[at:]}"
    return " ".join(text.split())


def names(found: dict[str, list[Place]], held: bool) -> dict[str, list[str]]:
    """Return folded names by country, those kept back or the others."""
    out = {}
    for country, some in found.items():
        mine = sorted({folded(place.city) for place in some})
        mine = [n for n in mine if n and len(n) <= 30 and all(c in LETTERS for c in n)]
        kept = [n for n in mine if back(n) == held]
        if len(kept) > 20:
            out[country] = kept
    return out


class Net(nn.Module):
    """As `Corrector`, to learn with."""

    def __init__(self, countries: int) -> None:
        super().__init__()
        many = len(LETTERS) + 1
        self.letter = nn.Embedding(many, WIDTH, padding_idx=0)
        self.country = nn.Embedding(countries + 1, WIDTH)
        self.norm = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(DEPTH))
        self.conv = nn.ModuleList(
            nn.Conv1d(WIDTH, WIDTH, KERNEL, padding=KERNEL // 2) for _ in range(DEPTH)
        )
        self.out = nn.Linear(WIDTH, PLACES * many)

    def forward(self, letters: Tensor, country: Tensor) -> Tensor:
        """Return log chances, (b, 3 n, letters + 1), from letters (b, n), 0 behind the end."""
        there = (letters > 0)[..., None]
        x = self.letter(letters) + self.country(country)[:, None]
        for norm, conv in zip(self.norm, self.conv, strict=True):
            y = (norm(x) * there).transpose(1, 2)
            x = x + torch.relu(conv(y).transpose(1, 2))
        b, n, _ = x.shape
        return torch.log_softmax(self.out(x).view(b, n * PLACES, -1), 2)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the weights under the names of `Corrector`, half precision."""
        out = {"letter": self.letter.weight, "country": self.country.weight}
        out |= {"out": self.out.weight, "out.bias": self.out.bias}
        for i, (norm, conv) in enumerate(zip(self.norm, self.conv, strict=True)):
            out |= {f"{i}.scale": norm.weight, f"{i}.shift": norm.bias}
            out |= {f"{i}.kernel": conv.weight, f"{i}.bias": conv.bias}
        return {k: v.detach().numpy().astype(np.float16) for k, v in out.items()}


def coded(text: str) -> list[int]:
    """Return the numbers of letters, 0 for those that are not known."""
    return [LETTERS.find(c) + 1 for c in text]


def pooled(
    some: dict[str, list[str]], shares: list[float], rng: random.Random
) -> list[list[tuple[list[int], list[int], int]]]:
    """Return batches of names of like length, spoilt and right, with the number of the country."""
    countries, rows = list(some), []
    for country in rng.choices(range(len(countries)), shares, k=16 * BATCH):
        mine = some[countries[country]]
        name = rng.choice(mine)
        text = spoilt(name, rng.choice(mine), rng)[:LONGEST]
        if text and len(name) <= 2 * len(text):
            told = country + 1 if rng.random() < 0.9 else 0
            rows.append((coded(text), coded(name), told))
    rows.sort(key=lambda row: len(row[0]))
    batches = [rows[i : i + BATCH] for i in range(0, len(rows), BATCH)]
    rng.shuffle(batches)
    return batches


def learnt(some: dict[str, list[str]], seconds: float) -> tuple[Net, tuple[str, ...]]:
    """Return a net that has learnt for ``seconds`` of the processor, and its countries."""
    torch.manual_seed(0)
    rng, countries = random.Random(2), tuple(sorted(some))
    some = {country: some[country] for country in countries}
    shares = [len(some[c]) ** 0.5 for c in countries]
    net = Net(len(countries))
    pace = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.01)
    began, step, total = time.process_time(), 0, 0.0
    waiting: list[list[tuple[list[int], list[int], int]]] = []
    while (part := (time.process_time() - began) / seconds) < 1:
        waiting = waiting or pooled(some, shares, rng)
        batch = waiting.pop()
        given, wanted, where = ([each[i] for each in batch] for i in range(3))
        letters = torch.zeros(len(given), max(map(len, given)), dtype=torch.long)
        for i, each in enumerate(given):
            letters[i, : len(each)] = torch.tensor(each)
        for group in pace.param_groups:
            group["lr"] = RATE * min(1.0, part / 0.03) * (1 - part)
        said = net(letters, torch.tensor(where)).transpose(0, 1)
        lengths = torch.tensor([PLACES * len(each) for each in given])
        goals = torch.tensor([c for each in wanted for c in each])
        loss = nn.functional.ctc_loss(
            said, goals, lengths, torch.tensor([len(w) for w in wanted]), zero_infinity=True
        )
        pace.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        pace.step()
        total, step = total + float(loss.detach()), step + 1
        if step % 100 == 0:
            print(f"{step} steps, {part:.2f} of the time, loss {total / 100:.3f}", flush=True)
            total = 0.0
    return net, countries
