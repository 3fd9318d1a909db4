"""Streets and houses of the company's buyers, and what people typed at checkout.

Every postal code has a dozen streets. The more faulty an address is (the trait that makes couriers
not find it), the more goes wrong when it is typed, so that text and failed deliveries have one
cause. A register lists every house and as many neighbours; it is the world's own gazetteer.
"""

from dataclasses import dataclass

import numpy as np

from .people import APARTMENT, AREAS, POINT, Addresses
from .scene import Scene
from .streams import Bools, Floats, Ints

ROADS = 12
NUMBERS = 120
NAMES = {
    "US": (
        *("Maple", "Oak", "Cedar", "Lincoln", "Franklin", "Harbor", "Mill", "Church", "Walnut"),
        *("Jefferson", "Spring", "Highland", "Prospect", "Orchard", "Summit", "Willow", "Madison"),
    ),
    "DE": (
        *("Linden", "Berg", "Garten", "Schiller", "Goethe", "Bahnhof", "Kirch", "Wald", "Mühlen"),
        *("Rosen", "Birken", "Schul", "Wiesen", "Kastanien", "Markt", "Brunnen", "Ring"),
    ),
    "MX": (
        *("Hidalgo", "Juárez", "Morelos", "Zaragoza", "Allende", "Reforma", "Madero", "Aldama"),
        *("Victoria", "Galeana", "Guerrero", "Iturbide", "Matamoros", "Ocampo", "Bravo", "Rayón"),
    ),
}
TYPES = {
    "US": ("{} St", "{} Ave", "{} Rd", "N {} St", "{} Ln", "W {} Blvd"),
    "DE": ("{}straße", "{}weg", "{}allee", "Alte {}straße", "{}platz", "{}gasse"),
    "MX": ("Calle {}", "Avenida {}", "Calzada {}", "Privada {}", "Callejón {}", "Paseo {}"),
}
KINDS = (
    "typo_road",
    "typo_city",
    "wrong_postcode",
    "wrong_number",
    "no_number",
    "no_unit",
    "no_postcode",
)
RATE = np.array([0.05, 0.03, 0.012, 0.018, 0.010, 0.10, 0.02])  # per unit of the trait
HARM = ("wrong_postcode", "wrong_number", "no_number", "no_unit")  # a courier cannot guess these
MOST = 8.0  # of the trait, that counts


@dataclass(frozen=True)
class Streets:
    """Where each address lies, and what was typed; ``roads`` are names by area and number.

    ``wrong`` [address, kind] says which of ``KINDS`` went wrong in the text.
    """

    roads: tuple[tuple[str, ...], ...]
    road: Ints
    number: Ints
    unit: Ints
    wrong: Bools
    text: tuple[str, ...]


def settle(homes: Addresses, scene: Scene) -> Streets:
    """Draw streets, houses and texts; all streams are new, so that nothing else moves."""
    rng, net = scene.streams.fixed("streets"), scene.net
    region = net.region[net.stations]
    country = np.array([net.countries[c] for c in net.country_of[region]])
    roads = tuple(_roads(rng, str(c)) for c in np.repeat(country, AREAS))
    size = len(homes.kind)
    road, number = rng.integers(0, ROADS, size), rng.integers(1, NUMBERS + 1, size)
    unit = np.where(homes.kind == APARTMENT, rng.integers(1, 41, size), 0)
    chance = -np.expm1(-RATE * np.minimum(homes.faulty, MOST)[:, None])
    wrong = rng.random((size, len(KINDS))) < chance
    wrong[:, KINDS.index("no_unit")] &= unit > 0
    wrong[homes.kind == POINT] = False
    cities = np.array(net.cities)[region][homes.area // AREAS]
    states = np.array([r[3:] for r in net.regions])[region][homes.area // AREAS]
    slips = rng.random((size, 3))
    text = tuple(
        _typed(
            str(country[a // AREAS]), roads[a][road[i]], int(number[i]), int(unit[i]),
            str(cities[i]), str(states[i]), str(10_000 + a), wrong[i], slips[i],
        )
        for i, a in enumerate(homes.area.tolist())
    )  # fmt: skip
    return Streets(roads, road, number, unit, wrong, text)


def _roads(rng: np.random.Generator, country: str) -> tuple[str, ...]:
    names = rng.choice(NAMES[country], ROADS, replace=False)
    return tuple(
        str(TYPES[country][k]).format(n)
        for k, n in zip(rng.integers(0, 6, ROADS), names, strict=True)
    )


def _typed(
    country: str, road: str, number: int, unit: int, city: str, state: str, code: str,
    wrong: Bools, slip: Floats,
) -> str:  # fmt: skip
    """Return the address as somebody writes it there, with what went wrong."""
    gone = dict(zip(KINDS, wrong.tolist(), strict=True))
    road = _slip(road, slip[0]) if gone["typo_road"] else road
    city = _slip(city, slip[1]) if gone["typo_city"] else city
    if gone["wrong_postcode"]:
        at = 1 + int(slip[2] * 4)
        code = code[:at] + str((int(code[at]) + 1 + int(slip[0] * 8)) % 10) + code[at + 1 :]
    if gone["wrong_number"]:
        number += NUMBERS + 1 + int(slip[1] * 60)
    house = "" if gone["no_number"] else str(number)
    door = "" if gone["no_unit"] or not unit else str(unit)
    code = "" if gone["no_postcode"] else code
    if country == "US":
        parts = (f"{house} {road}", f"Apt {door}" if door else "", city, f"{state} {code}")
    elif country == "DE":
        parts = (f"{road} {house}", f"Wohnung {door}" if door else "", f"{code} {city}", "")
    else:
        parts = (f"{road} {house}", f"Int {door}" if door else "", f"{code} {city}", state)
    return ", ".join(" ".join(part.split()) for part in parts if part.strip())


def _slip(word: str, where: float) -> str:
    """Return ``word`` with two neighbours exchanged, or one letter left out."""
    at = 1 + int(where * max(len(word) - 2, 1))
    if int(where * 1000) % 2:
        return word[:at] + word[at + 1 :]
    return word[: at - 1] + word[at : at + 1] + word[at - 1] + word[at + 1 :]
