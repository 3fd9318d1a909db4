"""Baseline tagger: what looks like a postal code is one, what the gazetteer calls a town is one."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...fold import folded
from ...gazetteer.arrays import Gazetteer
from ...parts import Parse, parts_of
from ...postcodes import form, plain
from ...tokens import Token

UNIT = re.compile(
    r"(apt|apartment|unit|suite|ste|flat|fl|floor|room|rm|#|apto|ap|bloco|piso|wohnung|appt|кв|号室)"
)
BOX = ("po box", "p o box", "postfach", "boite postale", "bp", "caixa postal", "apartado")
Find = Callable[[list[str]], dict[str, int]]
LONGEST = 5  # words of a town's name


@dataclass(frozen=True)
class Rules:
    """Labels from right to left: country, code, state, town; then number, unit and street."""

    def parse(
        self, given: str, words: Sequence[Token], known: Gazetteer, country: str | None
    ) -> list[Parse]:
        """Return the one reading that the rules give, with probability 1; none of no words."""
        if not words:
            return []
        labels = [""] * len(words)
        _country(words, labels, known)
        if country is not None:
            _postcode(given, words, labels, country)
            number = known.countries.index(country) if country in known.countries else -1
            if number >= 0:
                _span(
                    words, labels, lambda names: known.states.keys.each(number, names), "state", 3
                )
                _span(
                    words, labels, lambda names: known.cities.each(number, names), "city", LONGEST
                )
        _unit(words, labels)
        _street(words, labels)
        return [Parse(parts_of(given, words, labels), 1.0)]


def _country(words: Sequence[Token], labels: list[str], known: Gazetteer) -> None:
    for many in (3, 2, 1):
        last = words[-many:]
        name = folded(" ".join(word.text for word in last))
        if len(last) == many < len(words) and len(name) > 3 and known.names.each(0, [name]):
            labels[-many:] = ["country"] * many
            return


def _postcode(given: str, words: Sequence[Token], labels: list[str], country: str) -> None:
    pattern = form(country)
    if pattern is None:
        return
    for first in range(len(words) - 1, 0 if country in ("US", "CA", "GB", "AU") else -1, -1):
        for many in (3, 2, 1):
            if first + many <= len(words) and not any(labels[first : first + many]):
                text = given[words[first].start : words[first + many - 1].end]
                if pattern.fullmatch(text) or pattern.fullmatch(plain(text, country)):
                    labels[first : first + many] = ["postcode"] * many
                    return


def _span(words: Sequence[Token], labels: list[str], find: Find, name: str, longest: int) -> None:
    """Label the last, longest run of free words that ``find`` knows."""
    runs: dict[str, tuple[int, int]] = {}
    for end in range(len(words), 0, -1):
        for many in range(min(longest, end), 0, -1):
            run = words[end - many : end]
            free = not any(labels[end - many : end])
            if free and not any(word.apart for word in run[1:]) and not run[0].text[0].isdigit():
                runs.setdefault(folded(" ".join(w.text for w in run)), (end - many, end))
    met = [runs[key] for key in find(list(runs))]
    if met:
        first, end = max(met, key=lambda run: (run[1], run[1] - run[0]))
        labels[first:end] = [name] * (end - first)


def _unit(words: Sequence[Token], labels: list[str]) -> None:
    text = " ".join(word.text for word in words)
    for box in BOX:
        if f"{box} " in text:
            at = len(text[: text.index(f"{box} ")].split())
            many = len(box.split()) + 1
            labels[at : at + many] = ["po_box"] * len(labels[at : at + many])
            return
    for i, word in enumerate(words[:-1]):
        if not labels[i] and not labels[i + 1] and UNIT.fullmatch(word.text):
            labels[i : i + 2] = ["unit", "unit"]
            return


def _street(words: Sequence[Token], labels: list[str]) -> None:
    """Label the first free word with a digit as number, and what is left as street and suburb."""
    number = next((i for i, w in enumerate(words) if not labels[i] and w.text[0].isdigit()), None)
    if number is not None:
        labels[number] = "house_number"
    line = None
    for i, word in enumerate(words):
        if not labels[i]:
            begins = line is None or (word.apart and i != (number or -1) + 1)
            line = i if line is None else line
            labels[i] = "road" if not begins or line == i else "suburb"
    rest = [i for i, label in enumerate(labels) if label == "suburb"]
    if "city" not in labels and rest:  # a town that nobody knows, or a slip in its name
        last = max((i for i in rest if words[i].apart), default=rest[0])
        labels[last : rest[-1] + 1] = [
            "city" if label == "suburb" else label for label in labels[last : rest[-1] + 1]
        ]
