"""Which country an address is of."""

from collections.abc import Collection, Mapping, Sequence

from .fold import folded
from .gazetteer.arrays import Gazetteer
from .postcodes import CUT_SHORT, begins, plain
from .postcodes import LONGEST as LONGEST_CODE
from .tokens import Token, dense

LONGEST = 3  # words of a town's name that are looked up
DENSEST = 5  # characters of one in a script without blanks
LAST = 24  # words from the end that are looked at: a country's marks stand there
FIRST = 48  # characters from the beginning, in a script without blanks: there they stand
EAST = frozenset(("CN", "HK", "JP", "MO", "SG", "TW"))  # write in such a script
KANA = "\u3041", "\u30ff"
Run = tuple[int, int]  # first word, and end
NAME, STATE, BOTH, TOWN = 4.0, 4.0, 3.0, 1.0
SCRIPT = 2.0  # letters that one country writes
CODE, NUMBER = 0.3, 0.05  # a postal code alone; one that may as well be a house number
FORMED = 2.0  # a code in the form of its country, with letters or in one word with them


def guessed(words: Sequence[Token], known: Gazetteer) -> dict[str, float]:
    """Return countries that the words of an address speak for, and how loudly, loudest first.

    The name of a country speaks loudest, and a town with its own state behind it; then a postal
    code together with its own town, or with its own state beside it; a town alone the more the
    larger it is, a postal code alone hardly, and less than any town if it may be a house number.
    Of a script without blanks the letters speak too, and of towns and codes those of countries that
    write it. Of equals the first by letters.
    """
    unspaced = dense(words)
    texts = [
        text for w in (words[:FIRST] if unspaced else words[-LAST:]) for text in _apart(w.text)
    ]
    runs, least = _runs(texts, unspaced), 1 if unspaced else 2
    spans = list(dict.fromkeys(runs.values()))
    codes = {s: plain(s) for s in spans if any(map(str.isdigit, s))}
    named = [s for s in spans if len(s) > 1 and s not in codes]  # no country has digits in its name
    votes = dict.fromkeys(called(named, known), NAME)
    if unspaced and any(KANA[0] <= text <= KANA[1] for text in texts):
        votes["JP"] = votes.get("JP", 0.0) + SCRIPT
    names = {s: folded(s) for s in spans}
    towns = known.towns.each(0, [names[s] for s in spans if len(s) > least and not s[0].isdigit()])
    codes = {s: code for s, code in codes.items() if len(code) <= LONGEST_CODE}
    in_towns: dict[int, float] = {}
    ends = known.towns.first
    for first, last in ((ends.item(n), ends.item(n + 1)) for n in towns.values()):
        sizes = known.sizes[first:last].tolist()
        for number, size in zip(known.towns.rows[first:last].tolist(), sizes, strict=True):
            in_towns[number] = max(in_towns.get(number, 0.0), size)
    loud = _codes(known, list(dict.fromkeys(codes.values())), texts)
    states = {run: names[s] for run, s in runs.items() if names[s] in known.state_names}
    behind = _behind({run: names[s] for run, s in runs.items() if names[s] in towns}, states)
    beside = _beside({run: codes[s] for run, s in runs.items() if s in codes}, states)
    for number in in_towns.keys() | loud.keys():
        country = known.countries[number]
        if unspaced and country not in EAST:
            continue
        heard, held = loud.get(number, (0.0, ()))
        both = _in_own_state(known, number, held, beside)
        if number in in_towns:
            both = both or _together(known, number, held, towns)
            heard += TOWN * in_towns[number] + STATE * _stated(known, number, behind)
        heard += BOTH * both
        votes[country] = votes.get(country, 0.0) + heard
    return dict(sorted(votes.items(), key=lambda each: (-each[1], each[0])))


def _runs(texts: Sequence[str], unspaced: bool) -> dict[Run, str]:
    """Return by first and last what neighbouring words say; characters are joined."""
    longest, between = (DENSEST, "") if unspaced else (LONGEST, " ")
    return {
        (i, j): between.join(texts[i:j])
        for i in range(len(texts))
        for j in range(i + 1, min(i + longest, len(texts)) + 1)
    }


def called(names: Collection[str], known: Gazetteer) -> list[str]:
    """Return the countries that are called one of ``names``, folded, in whatever language."""
    found = known.names.each(0, list(names)).values()
    codes = dict.fromkeys(c for n in found for c in known.names.leads(n).tolist())
    return [chr(c >> 8) + chr(c & 255) for c in codes]


def _apart(text: str) -> list[str]:
    """Return a town and the code of its state that a hyphen joins (``Campinas-SP``) as two."""
    town, _, state = text.rpartition("-")
    joined = town and len(state) == 2 and state.isalpha() and not town[-1].isdigit()
    return [town, state] if joined else [text]


def _numbers(texts: Sequence[str]) -> set[str]:
    """Return words that may be house numbers: few digits, or digits at the very beginning."""
    short = {text for text in texts if text.isdigit() and len(text) < 4}
    return short | {text for text in texts[:1] if text.isdigit() and len(text) < 5}


def _codes(
    known: Gazetteer, codes: list[str], texts: Sequence[str]
) -> dict[int, tuple[float, set[str]]]:
    """Return by country how loudly postal codes alone speak for it, and which it has."""
    numbers = _numbers(texts)
    found: dict[int, tuple[float, set[str]]] = {}
    for code, n in known.codes.each(0, codes).items():
        for number in known.codes.leads(n).tolist():
            least, held = found.get(number, (0.0, set()))
            loud = NUMBER if code in numbers else CODE
            found[number] = max(least, loud), held | {code}
    for country in CUT_SHORT.keys() & known.numbers.keys():
        number = known.numbers[country]
        cut = {begin: code for code in codes if (begin := begins(code, country)) != code}
        for begin in known.postcodes.keys.each(number, list(cut)) if cut else ():
            least, held = found.get(number, (0.0, set()))
            formed = any(c.isalpha() for c in begin) or cut[begin] in texts
            loud = FORMED if formed else CODE
            found[number] = max(least, loud), held | {begin}
    return found


def _together(
    known: Gazetteer, country: int, codes: Collection[str], towns: Collection[str]
) -> bool:
    """Return whether one of the postal codes is one of these towns' own."""
    for number in known.postcodes.keys.each(country, list(codes)).values():
        rows = known.postcodes.keys.leads(number)[:50].tolist()
        if any(folded(known.postcodes.city[row]) in towns for row in rows):
            return True
    return False


def _behind(towns: Mapping[Run, str], states: Mapping[Run, str]) -> dict[str, set[str]]:
    """Return for each town the states that stand right behind it, all folded."""
    found: dict[str, set[str]] = {}
    for (start, _), state in states.items():
        for (_, end), town in towns.items():
            if end == start:
                found.setdefault(town, set()).add(state)
    return found


def _beside(codes: Mapping[Run, str], states: Mapping[Run, str]) -> dict[str, set[str]]:
    """Return for each postal code the states right before or behind it, folded."""
    found: dict[str, set[str]] = {}
    for (first, last), state in states.items():
        for (start, end), code in codes.items():
            if last == start or first == end:
                found.setdefault(code, set()).add(state)
    return found


def _in_own_state(
    known: Gazetteer,
    country: int,
    codes: Collection[str],
    beside: Mapping[str, Collection[str]],
) -> bool:
    """Return whether beside a postal code stands the state of that country in which it lies."""
    near = list({s for code in codes for s in beside.get(code, ())})
    states = known.states.keys.each(country, near) if near else {}
    if not states:
        return False
    rows_of = known.states.keys.leads
    named = {known.states.code[row] for n in states.values() for row in rows_of(n)} - {""}
    for number in known.postcodes.keys.each(country, list(codes)).values():
        rows = known.postcodes.keys.leads(number)[:50].tolist()
        if any(known.postcodes.state_code[row] in named for row in rows):
            return True
    return False


def _stated(known: Gazetteer, country: int, behind: Mapping[str, Collection[str]]) -> bool:
    """Return whether behind a town stands the state of that country in which it lies."""
    if not behind:
        return False
    keys, first = known.states.keys, len(known.postcodes.code)
    states = keys.each(country, list({s for some in behind.values() for s in some}))
    if not states:
        return False
    codes = {s: {known.states.code[row] for row in keys.leads(n)} for s, n in states.items()}
    for town, some in behind.items():
        wanted = set().union(*(codes.get(s, ()) for s in some)) - {""}
        number = known.cities.exact(country, town) if wanted else -1
        for row in known.cities.leads(number).tolist() if number >= 0 else ():
            listed = row < first
            held = known.postcodes if listed else known.places
            if held.state_code[row if listed else row - first] in wanted:
                return True
    return False
