"""How far the labels of the Chinese set agree with themselves: what no tagger can pass by much.

    python experiments/address_chinese_labels.py DATA_FOLDER

Of train, without what dev holds: of the entities whose characters stand with the same neighbours in
another place too, how many have the same span and name there; of strings that are equal but for
their numbers, how many entities of one are those of most of the others. Digits count as one digit.
"""

import argparse
import re
from collections import Counter, defaultdict
from pathlib import Path

from address_chinese import String, parted

from lanecast.address.parts import parts_of

LONGEST, NEIGHBOURS = 14, (1, 2, 3)  # characters
Spans = dict[tuple[int, int], str]  # name by first and end


def masked(each: String) -> tuple[tuple[str, ...], Spans]:
    """Return characters, a number as one or two digits, and names of spans."""
    words, tags = each
    texts = tuple(re.sub(r"\d", "9", w.text[:2] if w.text.isdecimal() else w.text) for w in words)
    at = {word.start: i for i, word in enumerate(words)}
    ends = {word.end: i + 1 for i, word in enumerate(words)}
    parts = parts_of("".join(word.text for word in words), words, tags)
    return texts, {(at[part.start], ends[part.end]): part.name for part in parts}


def again(strings: list[tuple[tuple[str, ...], Spans]], many: int) -> tuple[int, float, float]:
    """Return entities that stand again among as many neighbours, and the shares that agree.

    With one of the other places, drawn by chance, and with most of them; where the same characters
    are no entity of their own, the place does not agree.
    """
    edge = ("",) * many
    wide = [((*edge, *texts, *edge), spans) for texts, spans in strings]
    known = {text[a : z + 2 * many] for text, spans in wide for a, z in spans}
    places: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for text, spans in wide:
        length = len(text) - 2 * many
        for a in range(length):
            for z in range(a + 1, min(length, a + LONGEST) + 1):
                run = text[a : z + 2 * many]
                if run in known:
                    places[run][spans.get((a, z), "")] += 1
    total, one, most = 0, 0.0, 0
    for names in places.values():
        all_ = names.total()
        for name, count in names.items() if all_ > 1 else ():
            if name:
                total, one = total + count, one + count * (count - 1) / (all_ - 1)
                most += count * (
                    count - 1 >= max([v for k, v in names.items() if k != name] or [0])
                )
    return total, one / total, most / total


def equal(strings: list[tuple[tuple[str, ...], Spans]]) -> tuple[int, float]:
    """Return strings that are equal but for numbers, and entities that most of the others have."""
    groups: dict[tuple[str, ...], list[Spans]] = defaultdict(list)
    for texts, spans in strings:
        groups[texts].append(spans)
    held = total = many = 0
    for group in groups.values():
        for i, spans in enumerate(group) if len(group) > 1 else ():
            others = Counter(tuple(e.items()) for j, e in enumerate(group) if j != i)
            usual = dict(others.most_common(1)[0][0])
            many, total = many + 1, total + len(spans)
            held += sum(usual.get(span) == name for span, name in spans.items())
    return many, held / total


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    train, _ = parted(parser.parse_args().folder, dev=True)
    strings = [masked(each) for each in train]
    print("| neighbours | entities that stand again | as one other | as most |\n|---|---|---|---|")
    for many in NEIGHBOURS:
        total, one, most = again(strings, many)
        print(f"| {many} | {total:,} | {one:.3f} | {most:.3f} |")
    many, share = equal(strings)
    print(f"\nEqual but for numbers: {many} strings, {share:.3f} of the entities as most others.")


if __name__ == "__main__":
    main()
