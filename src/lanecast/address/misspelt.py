"""One slip in one word: of the finger, the ear, the scanner."""

import random

from .verify.cost import KEYBOARD

AROUND = {
    key: [
        KEYBOARD[r + dr][c + dc]
        for dr in (-1, 0, 1)
        for dc in (-1, 0, 1)
        if (dr or dc) and 0 <= r + dr < len(KEYBOARD) and 0 <= c + dc < len(KEYBOARD[r + dr])
    ]
    for r, keys in enumerate(KEYBOARD)
    for c, key in enumerate(keys)
}
LOOKALIKE = {
    "o": "0",
    "0": "o",
    "l": "1",
    "1": "l",
    "i": "l",
    "s": "5",
    "5": "s",
    "b": "8",
    "8": "b",
    "m": "rn",
    "g": "q",
    "z": "2",
    "2": "z",
    "e": "c",
    "u": "v",
    "h": "b",
    "n": "ri",
}
SOUND = {
    "ph": "f",
    "f": "ph",
    "ck": "k",
    "c": "k",
    "k": "c",
    "ie": "ei",
    "ei": "ie",
    "z": "s",
    "y": "i",
    "ee": "ea",
}
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _cased(new: str, old: str) -> str:
    return new.upper() if old.isupper() else new


def substitute(text: str, rng: random.Random) -> str:
    """Return ``text`` with one letter replaced by any other."""
    i = rng.randrange(len(text))
    return text[:i] + _cased(rng.choice(LETTERS), text[i]) + text[i + 1 :]


def keyboard(text: str, rng: random.Random) -> str:
    """Return ``text`` with one letter replaced by a neighbour on the keyboard."""
    i = rng.randrange(len(text))
    near = AROUND.get(text[i].lower(), LETTERS)
    return text[:i] + _cased(rng.choice(near), text[i]) + text[i + 1 :]


def insert(text: str, rng: random.Random) -> str:
    """Return ``text`` with one letter more."""
    i = rng.randrange(len(text) + 1)
    return text[:i] + rng.choice(LETTERS) + text[i:]


def delete(text: str, rng: random.Random) -> str:
    """Return ``text`` with one letter less."""
    i = rng.randrange(len(text))
    return text[:i] + text[i + 1 :]


def swap(text: str, rng: random.Random) -> str:
    """Return ``text`` with two neighbours exchanged."""
    i = rng.randrange(len(text) - 1)
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]


def scanned(text: str, rng: random.Random) -> str:
    """Return ``text`` with one letter read as one that looks like it."""
    able = [i for i, c in enumerate(text) if c.lower() in LOOKALIKE]
    if not able:
        return text
    i = rng.choice(able)
    return text[:i] + LOOKALIKE[text[i].lower()] + text[i + 1 :]


def heard(text: str, rng: random.Random) -> str:
    """Return ``text`` with one sound spelt another way."""
    able = [sound for sound in SOUND if sound in text.lower()]
    if not able:
        return text
    sound = rng.choice(able)
    i = text.lower().index(sound)
    return text[:i] + SOUND[sound] + text[i + len(sound) :]
