"""What a tagger sees of each word: its letters, its shape, its neighbours, what lists say of it."""

from collections.abc import Sequence
from functools import lru_cache

from ..gazetteer.arrays import Gazetteer
from ..tokens import Token
from .lists import dense, listed, marks

FAR = 4  # words beyond which a distance is far
ENDS = frozenset(
    "省市区縣县镇鎮乡鄉村里路街段巷弄道号號幢栋棟楼樓层層室座园苑城厦店町丁番地郡都府県"
)
REACH = 6  # characters within which the end of a part is looked for
LONG = 40  # letters of a word that are looked at


def described(
    words: Sequence[Token], known: Gazetteer | None = None, country: str | None = None
) -> list[list[str]]:
    """Return the features of each word, as text.

    Parameters
    ----------
    known, country
        Where given, whether words are a town there is a feature, and how postal codes look there;
        a tagger must do without too.
    """
    own = [_own(word.text[:LONG]) for word in words]
    lists = listed(words, known, country)
    steps = _steps(words)
    many = len(words)
    rows = []
    for i, word in enumerate(words):
        row = [*own[i], *lists[i], *steps[i], f"co={country}", f"{country}{_shape(word.text)}"]
        for step in (-2, -1, 1, 2):
            if not 0 <= i + step < many:
                row.append(f"{step}none")
                continue
            other = words[i + step].text[:LONG]
            row.append(f"{step}w={other}")
            row.append(f"{step}s={_shape(other)}")
            row += [f"{step}{each}" for each in lists[i + step]]
            if abs(step) == 1:
                row.append(f"{step}e={other[-3:]}")
        if i:
            row.append(f"{'|' if word.apart else '_'}{words[i - 1].text[-2:]}")
        if i + 1 < many:
            row.append(f"w+={word.text} {words[i + 1].text}")
            row.append(f"s+={_shape(word.text)} {_shape(words[i + 1].text)}")
        if dense(word):
            row += _around(words, i)
        rows.append(row)
    return rows


def _around(words: Sequence[Token], i: int) -> list[str]:
    """Return the characters around one of a script without blanks, by twos and threes."""
    near = [words[k].text if 0 <= k < len(words) else "" for k in range(i - 3, i + 4)]
    near = ["9" * min(len(each), 4) if each.isdigit() else each for each in near]
    ahead = next(
        ((k - i, words[k].text) for k in _near(words, i, 1) if words[k].text in ENDS), None
    )
    behind = next(
        ((i - k, words[k].text) for k in _near(words, i, -1) if words[k].text in ENDS), None
    )
    ends = [
        f"ahead={ahead}",
        f"behind={behind}",
        f"ends={behind and behind[1]}{ahead and ahead[1]}",
    ]
    spans = ((1, 3), (2, 4), (4, 6), (5, 7), (1, 4), (2, 5), (3, 6), (4, 7))
    return [f"{a}:{b}={''.join(near[a:b])}" for a, b in spans] + [
        f"0={near[0]}",
        f"6={near[6]}",
        *ends,
    ]


def _near(words: Sequence[Token], i: int, step: int) -> range:
    """Return the places of the words up to ``REACH`` behind ``i``, or before it."""
    return range(i + step, max(-1, min(len(words), i + step * (REACH + 1))), step)


def _steps(words: Sequence[Token]) -> list[list[str]]:
    """Return where each word stands: from both ends, from commas, from the last street word."""
    many = len(words)
    piece, pieces = 0, sum(word.apart for word in words)
    types = [i for i, word in enumerate(words) if "type" in marks(word.text)]
    numbers = [i for i, word in enumerate(words) if word.text[0].isdigit()]
    rows = []
    for i, word in enumerate(words):
        piece += word.apart
        before = next((i - t for t in reversed(types) if t < i), 0)
        after = next((t - i for t in types if t > i), 0)
        number = next((i - t for t in reversed(numbers) if t < i), 0)
        row = [
            f"at={min(i, FAR)}",
            f"left={min(many - 1 - i, FAR)}",
            f"piece={min(piece, 3)}",
            f"pieces={min(pieces - piece, 3)}",
            f"typed={min(before, FAR)}",
            f"types={min(after, FAR)}",
            f"numbered={min(number, FAR)}",
        ]
        row += ["apart"] * word.apart + ["glued"] * word.glued
        if i + 1 < many and words[i + 1].apart:
            row.append("ends")
        rows.append(row)
    return rows


@lru_cache(maxsize=1 << 14)
def _own(text: str) -> tuple[str, ...]:
    padded = f"<{text}>"
    features = [f"w={text}", f"s={_shape(text)}", "bias"]
    features += [f"p{k}={text[:k]}" for k in (1, 2, 3, 4) if len(text) > k]
    features += [f"e{k}={text[-k:]}" for k in (1, 2, 3, 4) if len(text) > k]
    features += dict.fromkeys(f"g={padded[k : k + 3]}" for k in range(len(padded) - 2))
    return tuple(features)


@lru_cache(maxsize=1 << 14)
def _shape(text: str) -> str:
    """Return letters as a, digits as 9 with their number, other signs as they are."""
    if text.isdigit():
        return f"9{min(len(text), 7)}"
    if text.isalpha():
        return "a" * min(len(text), 3)
    shape = "".join("9" if c.isdigit() else "a" if c.isalpha() else c for c in text)
    for run in ("aa", "99"):
        while run in shape:
            shape = shape.replace(run, run[0])
    return shape
