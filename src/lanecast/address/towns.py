"""Names of towns as people shorten them and write them out, so that both are found."""

LONG = {
    "st": "saint",
    "ste": "sainte",
    "ft": "fort",
    "mt": "mount",
    "pt": "point",
    "n": "north",
    "s": "south",
    "e": "east",
    "w": "west",
    "twp": "township",
    "hts": "heights",
    "spgs": "springs",
}
SHORT = {long: short for short, long in LONG.items()}


def spellings(name: str) -> list[str]:
    """Return a folded name in all its usual spellings: as it is, short, written out, Mc joined."""
    words = name.split()
    found = dict.fromkeys((name,))
    found[" ".join(SHORT.get(word, word) for word in words)] = None
    found[" ".join(LONG.get(word, word) for word in words)] = None
    if words and words[0] == "mc":
        found["".join(words[:2]) + " ".join(["", *words[2:]])] = None
    if words and words[0].startswith("mc") and len(words[0]) > 3:
        found[" ".join(["mc", words[0][2:], *words[1:]])] = None
    return list(found)
