"""Which of many names was meant by what was written, by a net that would write it out.

Two transducers: one was told how names were written, one only which names there are. What the
first finds likelier than the second speaks for a name; how usual it is says nothing where a list is
there. Names are walked as a tree by their beginnings, so that only names of the list are written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load, save
from street_transducer import END, LETTERS, LONGEST, SEEN, FittedTransducer, coded

from lanecast.address.verify.models.attention import Array, packed, unpacked
from lanecast.address.verify.models.one_thread import one_thread

BEAM = 64  # beginnings that are followed
NEVER = -70.0  # log chance
NUMBERS = np.array([0, *(LETTERS.find(chr(sign)) + 1 or END for sign in range(1, 128))])
TOLD, USUAL = "told:", "usual:"


@dataclass(frozen=True)
class FittedSpeller:
    """A learnt one.

    Attributes
    ----------
    told
        Learnt from names as they were written and as they were meant.
    usual
        Learnt from names alone.
    """

    told: FittedTransducer
    usual: FittedTransducer

    def likely(self, given: str, names: Sequence[str]) -> dict[str, float]:
        """Return names, and how many nats likelier each is since ``given`` was written.

        Names and ``given`` are folded. Returned are those whose beginnings were followed to the
        end; none where ``given`` is empty or has letters that the model does not know, and never
        names that have.
        """
        able = [n for n in dict.fromkeys(names) if 0 < len(n) <= LONGEST and "\0" not in n]
        if not coded(given) or not able:
            return {}
        with one_thread():
            scores = self._scores(given, _matrix(able))
        return {able[i]: float(scores[i]) for i in np.flatnonzero(np.isfinite(scores)).tolist()}

    def _scores(self, given: str, names: npt.NDArray[np.int64]) -> Array:
        """Return the nats of each row of ``names`` (n, letters); -inf where it was given up."""
        out = np.full(len(names), -np.inf)
        read, none = self.told.read(given), self.usual.read("")
        alive, node = np.arange(len(names)), np.zeros(len(names), np.int64)
        before = np.full((1, SEEN), END)
        written = np.full((1, len(read)), NEVER)  # log chance that it was just written at t
        written[0, 0], usual = 0.0, np.zeros(1)
        for letter in names.T:
            said, alone = self.told.next(read, before), self.usual.next(none, before)[:, 0]
            past = np.cumsum(said[:, :, 0], 1) - said[:, :, 0]
            reach = past + np.logaddexp.accumulate(written - past, 1)
            done = letter[alive] == 0
            end, at = alive[done], node[done]
            out[end] = reach[at, -1] + said[at, -1, 0] - usual[at] - alone[at, 0]
            some = ~done & (letter[alive] != END)
            alive, node = alive[some], node[some]
            if not len(alive):
                break
            each, at = np.unique(node * END + letter[alive], return_inverse=True)
            node, sign = each // END, each % END
            written, usual = reach[node] + said[node, :, sign], usual[node] + alone[node, sign]
            best = np.argsort(usual - np.logaddexp.reduce(written, 1), kind="stable")[:BEAM]
            place = np.full(len(each), -1)
            place[best] = np.arange(len(best))
            alive, at = alive[place[at] >= 0], at[place[at] >= 0]
            before = np.concatenate([before[node[best], 1:], sign[best, None]], 1)
            written, usual, node = written[best], usual[best], place[at]
        return out


def stored(speller: FittedSpeller) -> bytes:
    """Return a speller as a file."""
    parts = ((TOLD, speller.told), (USUAL, speller.usual))
    return bytes(save({f"{part}{name}": value for part, fitted in parts
                       for name, value in load(packed(fitted.weights)).items()}))  # fmt: skip


def restored(file: bytes) -> FittedSpeller:
    """Return the speller of a file that ``stored`` made."""
    tensors = load(file)
    told, usual = (_part(tensors, part) for part in (TOLD, USUAL))
    return FittedSpeller(told, usual)


def _part(tensors: Mapping[str, npt.NDArray[np.generic]], part: str) -> FittedTransducer:
    mine = {n.removeprefix(part): value for n, value in tensors.items() if n.startswith(part)}
    return FittedTransducer(unpacked(save(mine)).weights)


def _matrix(names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return names as rows of numbers, 0 behind the end of each, `END` for what is not known."""
    wide = np.array(names, f"U{max(map(len, names)) + 1}")
    signs = wide.view(np.uint32).reshape(len(names), -1)
    return NUMBERS[np.minimum(signs, len(NUMBERS) - 1)]
