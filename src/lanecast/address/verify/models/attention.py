"""A small transformer over the words of an address, which reads their bytes.

A word is its bytes through two convolutions and their maximum, plus vectors of what is said of it.
Attention over the words (Vaswani and others 2017, norms first) and a chain of labels on top (Lample
and others 2016) read the whole. Learnt with torch (`attention_net.py`), read by numpy, which is
faster at ten words. Weights are kept as int8 with one scale a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load, save
from scipy.special import erf

from ...gazetteer.arrays import Gazetteer
from ...parts import NAMES, Parse, parts_of
from ...tokens import Token
from .chain import READINGS, Array, readings
from .inputs import Seen, seen
from .one_thread import one_thread

HEADS = 4
LAYERS, SCALE = "words.layers.", ":scale"
ROOT_HALF = np.float32(0.5**0.5)


@dataclass(frozen=True)
class FittedAttention:
    """A learnt tagger.

    Attributes
    ----------
    weights
        By name, as `attention_net.Net` names them; matrices hold whole numbers of int8 times the
        scale of their row.
    """

    weights: Mapping[str, Array]

    def scores(self, words: Seen) -> Array:
        """Return the score of each label at each word, (n, labels)."""
        w = self.weights
        x = self._spelt(words.letters) + w["sign.weight"].take(words.signs, 0).sum(1)
        for layer in self._layers:
            x = _layer(x, layer)
        return np.asarray(x @ w["out.weight"].T + w["out.bias"])

    def labels(
        self, words: Sequence[Token], known: Gazetteer | None, country: str | None
    ) -> tuple[list[str], float]:
        """Return the most likely labels of the words, and how likely they are together."""
        return self.readings(words, known, country, 1)[0]

    def readings(
        self,
        words: Sequence[Token],
        known: Gazetteer | None,
        country: str | None,
        many: int = READINGS,
    ) -> list[tuple[list[str], float]]:
        """Return the likeliest labels first, then others that differ where words are in doubt."""
        what = seen(words, known, country)
        with one_thread():
            found = readings(self.scores(what), self.weights["next"], many)
        return [([NAMES[label] for label in chain], chance) for chain, chance in found]

    def parse(
        self, given: str, words: Sequence[Token], known: Gazetteer, country: str | None
    ) -> list[Parse]:
        """Return the likeliest readings, the best first; none of no words."""
        if not words:
            return []
        found = self.readings(words, known, country)
        return [Parse(parts_of(given, words, tags), chance) for tags, chance in found]

    def _spelt(self, letters: npt.NDArray[np.int64]) -> Array:
        """Return a vector of each word's bytes, (n, width)."""
        there = letters != 0
        many = np.add.reduce(there, 1)
        ends = many.cumsum()
        at = np.arange(ends[-1]) + np.arange(1, len(many) + 1).repeat(many)
        x = self.weights["byte.weight"].take(letters[there], 0)
        x = _convolved(x, at, self._turned["first"], self.weights["first.bias"])
        x = np.maximum(x, 0)
        x = _convolved(x, at, self._turned["then"], self.weights["then.bias"])
        return np.maximum.reduceat(x, ends - many)

    @cached_property
    def _turned(self) -> dict[str, Array]:
        """Return the convolutions as matrices, (3 * from, to)."""
        both = {name: self.weights[f"{name}.weight"] for name in ("first", "then")}
        return {
            name: np.ascontiguousarray(weight.transpose(2, 1, 0).reshape(-1, len(weight)))
            for name, weight in both.items()
        }

    @cached_property
    def _layers(self) -> list[dict[str, Array]]:
        """Return the weights of each layer, matrices turned to be multiplied from the right."""
        found: dict[str, dict[str, Array]] = {}
        for name, value in self.weights.items():
            if name.startswith(LAYERS):
                number, short = name.removeprefix(LAYERS).split(".", 1)
                found.setdefault(number, {})[short] = np.ascontiguousarray(value.T)
        for layer in found.values():
            _scaled(layer, "norm1", "self_attn.in_proj_weight", "self_attn.in_proj_bias")
            _scaled(layer, "norm2", "linear1.weight", "linear1.bias")
        return [found[number] for number in sorted(found, key=int)]


def _scaled(layer: dict[str, Array], norm: str, weight: str, bias: str) -> None:
    """Put scale and shift of a norm into the matrix behind it."""
    layer[bias] = layer[bias] + layer.pop(f"{norm}.bias") @ layer[weight]
    layer[weight] = layer.pop(f"{norm}.weight")[:, None] * layer[weight]


def _convolved(x: Array, at: npt.NDArray[np.int64], weight: Array, bias: Array) -> Array:
    """Return sums over each letter and its neighbours; x (letters, from).

    ``at`` is where the letters stand in a line of all words with a blank around each.
    """
    padded = np.zeros((at[-1] + 2, x.shape[1]), np.float32)
    padded[at] = x
    three = padded.take(at[:, None] + np.arange(-1, 2), 0)
    return np.asarray(three.reshape(len(x), -1) @ weight + bias)


def _layer(x: Array, w: Mapping[str, Array]) -> Array:
    """Return words after one layer: each has looked at all, then at itself."""
    n, width = x.shape
    mixed = _normed(x) @ w["self_attn.in_proj_weight"] + w["self_attn.in_proj_bias"]
    query, key, value = mixed.reshape(n, 3, HEADS, width // HEADS).transpose(1, 2, 0, 3)
    looks = query @ key.transpose(0, 2, 1) * np.float32((width // HEADS) ** -0.5)
    looks = np.exp(looks - np.maximum.reduce(looks, 2, keepdims=True))
    looks /= np.add.reduce(looks, 2, keepdims=True)
    met: Array = (looks @ value).transpose(1, 0, 2).reshape(n, width)
    x = x + met @ w["self_attn.out_proj.weight"] + w["self_attn.out_proj.bias"]
    y = _normed(x) @ w["linear1.weight"] + w["linear1.bias"]
    y = y * (0.5 + 0.5 * erf(y * ROOT_HALF))  # GELU
    return np.asarray(x + y @ w["linear2.weight"] + w["linear2.bias"])


def _normed(x: Array) -> Array:
    """Return vectors less their mean, over their spread."""
    share = np.float32(1 / x.shape[1])
    apart = x - np.add.reduce(x, 1, keepdims=True) * share
    squares = np.add.reduce(apart * apart, 1, keepdims=True)
    return np.asarray(apart / np.sqrt(squares * share + np.float32(1e-5)))


def packed(weights: Mapping[str, Array]) -> bytes:
    """Return weights as a file: matrices as int8, each row with its scale, vectors as they are."""
    tensors: dict[str, npt.NDArray[np.generic]] = {}
    for name, value in weights.items():
        if value.ndim == 1:
            tensors[name] = value.astype(np.float32)
            continue
        rows = value.reshape(len(value), -1)
        scale = np.maximum(np.abs(rows).max(1, keepdims=True), 1e-12) / 127
        tensors[name] = np.rint(rows / scale).astype(np.int8).reshape(value.shape)
        tensors[f"{name}{SCALE}"] = scale[:, 0].astype(np.float32)
    return bytes(save(tensors))


def unpacked(file: bytes) -> FittedAttention:
    """Return the tagger of a file that ``packed`` made."""
    tensors = load(file)
    weights = {}
    for name, value in tensors.items():
        if name.endswith(SCALE):
            continue
        scale = tensors.get(f"{name}{SCALE}")
        if scale is not None:
            value = value * scale.reshape(-1, *[1] * (value.ndim - 1))
        weights[name] = value.astype(np.float32)
    return FittedAttention(weights)
