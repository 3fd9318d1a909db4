"""What people, keyboards and scanners do to an address: seeded, one kind at a time.

Every kind takes labelled words and gives labelled words back, so that made errors train and judge a
tagger. Kinds that a model is judged by should be left out of what it is trained on.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from anyascii import anyascii

from .misspelt import delete, heard, insert, keyboard, scanned, substitute, swap
from .roads import SHORT

LONG = {short: long for long, short in SHORT.items() if short not in ("st", "c", "v", "r", "str")}
LONG |= {"st": "street", "ave": "avenue"}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a labelled address, and what stands between it and the next."""

    text: str
    label: str
    after: str = " "


Noise = Callable[[list[Word], random.Random], list[Word]]


def written(words: list[Word]) -> tuple[str, list[tuple[int, int, str]]]:
    """Return the text of labelled words, and each word's span with its label."""
    text, spans = "", []
    for word in words:
        spans.append((len(text), len(text) + len(word.text), word.label))
        text += word.text + word.after
    return text.rstrip(" \n,"), spans


def _in_word(change: Callable[[str, random.Random], str], digits: bool = False) -> Noise:
    """Return a noise that changes one word, of letters unless ``digits``."""

    def noise(words: list[Word], rng: random.Random) -> list[Word]:
        able = [
            i
            for i, word in enumerate(words)
            if len(word.text) > 2 and (digits or not any(c.isdigit() for c in word.text))
        ]
        if not able:
            return words
        i = rng.choice(able)
        word = words[i]
        return [*words[:i], Word(change(word.text, rng), word.label, word.after), *words[i + 1 :]]

    return noise


def unaccented(words: list[Word], rng: random.Random) -> list[Word]:
    """Return the words without accents and in ASCII, as old forms force."""
    return [Word(anyascii(word.text), word.label, word.after) for word in words]


def glued(words: list[Word], rng: random.Random) -> list[Word]:
    """Return the words with one blank forgotten, between two of the same part."""
    able = [
        i
        for i in range(len(words) - 1)
        if words[i].label == words[i + 1].label and words[i].after == " " and len(words[i].text) > 2
    ]
    if not able:
        return words
    i = rng.choice(able)
    both = Word(words[i].text + words[i + 1].text, words[i].label, words[i + 1].after)
    return [*words[:i], both, *words[i + 2 :]]


def split(words: list[Word], rng: random.Random) -> list[Word]:
    """Return the words with one cut in two."""
    able = [i for i, word in enumerate(words) if len(word.text) > 5 and word.text.isalpha()]
    if not able:
        return words
    i = rng.choice(able)
    at = rng.randrange(2, len(words[i].text) - 2)
    word = words[i]
    parts = [Word(word.text[:at], word.label), Word(word.text[at:], word.label, word.after)]
    return [*words[:i], *parts, *words[i + 1 :]]


def lowered(words: list[Word], rng: random.Random) -> list[Word]:
    """Return the words in lower case."""
    return [Word(word.text.lower(), word.label, word.after) for word in words]


def raised(words: list[Word], rng: random.Random) -> list[Word]:
    """Return the words in capitals."""
    return [Word(word.text.upper(), word.label, word.after) for word in words]


def moved(words: list[Word], rng: random.Random) -> list[Word]:
    """Return the words with two neighbouring parts exchanged."""
    starts = [i for i in range(len(words)) if i == 0 or words[i].label != words[i - 1].label]
    if len(starts) < 3:
        return words
    at = rng.randrange(len(starts) - 1)
    ends = [*starts[1:], len(words)]
    first, then = words[starts[at] : ends[at]], words[starts[at + 1] : ends[at + 1]]
    first = [*first[:-1], Word(first[-1].text, first[-1].label, then[-1].after or " ")]
    then = [*then[:-1], Word(then[-1].text, then[-1].label, ", ")]
    return [*words[: starts[at]], *then, *first, *words[ends[at + 1] :]]


def shortened(words: list[Word], rng: random.Random) -> list[Word]:
    """Return the words with street words in their short forms: Ave for Avenue."""
    return _exchanged(words, SHORT)


def lengthened(words: list[Word], rng: random.Random) -> list[Word]:
    """Return the words with short forms of street words written out."""
    return _exchanged(words, LONG)


def _exchanged(words: list[Word], forms: Mapping[str, str]) -> list[Word]:
    out = []
    for word in words:
        bare = word.text.rstrip(".,")
        new = forms.get(bare.lower()) if word.label == "road" else None
        text = word.text if new is None else new.capitalize() + word.text[len(bare) :]
        out.append(Word(text.upper() if word.text.isupper() else text, word.label, word.after))
    return out


def unpunctuated(words: list[Word], rng: random.Random) -> list[Word]:
    """Return the words with blanks for commas and lines."""
    return [Word(word.text.rstrip(".,"), word.label, " ") for word in words]


def without(words: list[Word], rng: random.Random) -> list[Word]:
    """Return the words without one part: no postal code, no state, no number."""
    labels = sorted({word.label for word in words})
    if len(labels) < 3:
        return words
    gone = rng.choice([label for label in labels if label != "road"])
    return [word for word in words if word.label != gone]


def noted(words: list[Word], rng: random.Random) -> list[Word]:
    """Return the words with a telephone number or a note for the courier behind."""
    notes = (
        "ring twice",
        "leave at door",
        "2nd door left",
        "tel 555 0134",
        "+49 30 901820",
        "call before",
        "please knock",
        "gate code 4411",
    )
    end = [*words[:-1], Word(words[-1].text, words[-1].label, ", ")] if words else words
    return [*end, *(Word(each, "other") for each in rng.choice(notes).split())]


JUDGED = ("scanned", "heard", "split")  # kinds that no shipped tagger has been trained on
KINDS: Mapping[str, Noise] = {
    "substitute": _in_word(substitute),
    "keyboard": _in_word(keyboard),
    "insert": _in_word(insert),
    "delete": _in_word(delete),
    "swap": _in_word(swap),
    "scanned": _in_word(scanned, digits=True),
    "heard": _in_word(heard),
    "unaccented": unaccented,
    "glued": glued,
    "split": split,
    "lowered": lowered,
    "raised": raised,
    "moved": moved,
    "shortened": shortened,
    "lengthened": lengthened,
    "unpunctuated": unpunctuated,
    "without": without,
    "noted": noted,
}


def noisy(words: list[Word], kinds: Sequence[str], many: int, rng: random.Random) -> list[Word]:
    """Return the words after ``many`` noises of the ``kinds``; what leaves no word is not done."""
    for _ in range(many):
        words = KINDS[rng.choice(kinds)](words, rng) or words
    return words
