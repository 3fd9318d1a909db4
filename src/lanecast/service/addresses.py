"""The gazetteer of a company: read once, aside, and exchanged when a newer edition is there."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from lanecast.address.country_names import country_of
from lanecast.address.gazetteer.arrays import Gazetteer
from lanecast.address.gazetteer.stored import gazetteer, versions
from lanecast.address.suggest import Session
from lanecast.address.suggest.documents import documents
from lanecast.address.suggest.index import Index, build
from lanecast.address.suggest.rank import Order
from lanecast.address.suggest.stored import index
from lanecast.address.verify import verify
from lanecast.address.verify.record import place_of
from lanecast.tables.lake import Lake

from .aside import Aside, begin
from .problems import Refused

LOOK_S = 10.0  # between two looks for a newer edition


@dataclass(frozen=True)
class Register:
    """A gazetteer; ``edition`` names the tables that it was made from.

    ``make`` gives the index for suggestions, which is made once something is to be suggested.
    """

    known: Gazetteer
    edition: dict[str, int]
    make: Callable[[], Index]
    aside: Aside = field(default_factory=Aside)

    def verified(self, text: str, country: str | None, model: Any) -> dict[str, Any]:
        """Return what is known of one address, with ``p_deliverable`` by ``model`` if not None."""
        reply = verify(text, self.known, country)
        if model is not None:
            place = place_of(reply.country, reply.components)
            reply = replace(reply, p_deliverable=round(float(model.found(reply, place)), 4))
        return reply.row()

    def index(self) -> Index:
        """Return the index.

        Raises
        ------
        Refused
            While it is being made: 503, with the time to come again.
        """
        held: Index = self.aside.get("index", self.make, "index of addresses")
        return held

    def suggested(
        self,
        text: str,
        limit: int,
        country: str | None,
        near: tuple[float, float] | None,
        earlier: Sequence[str],
        learnt: Order | None = None,
    ) -> list[dict[str, Any]]:
        """Return the addresses that may be meant, the likeliest first.

        Raises
        ------
        Refused
            When there is no such country.
        """
        if country_of(country)[1]:
            detail = f"country: {country!r} is no country; expected ISO 3166-1 alpha-2, e.g. DE."
            raise Refused(422, "not_valid", detail, "country")
        session = Session(self.known, self.index(), country, near, earlier, learnt)
        return [each.row() for each in session.suggest(text, limit)]


@dataclass
class Addresses:
    """The register of one company, now and at moments of the past.

    Parameters
    ----------
    lake
        Gives the lake at its newest commit.
    """

    lake: Callable[[], Lake]
    clock: Callable[[], float] = time.monotonic
    _held: Register | None = None
    _looked: float = 0.0
    _made: Aside = field(default_factory=lambda: Aside(most=3))

    def get(self, asof: datetime | None = None) -> Register:
        """Return the register as it is now, or as it was at ``asof``.

        Raises
        ------
        Refused
            While it is being read: 503, with the time to come again.
        """
        if asof is not None:
            past: Register = self._made.get(asof, lambda: self._past(asof), "gazetteer of then")
            return past
        if self._held is None:
            self._held = self._made.get("now", self._newest, "gazetteer")
            self._looked = self.clock()
        elif self.clock() - self._looked > LOOK_S:
            self._looked = self.clock()
            begin(self._look)
        return self._held

    def _newest(self) -> Register:
        lake = self.lake()
        known = gazetteer(lake)
        return Register(known, versions(lake), partial(index, lake, known))

    def _past(self, asof: datetime) -> Register:
        lake = self.lake().asof(asof)
        known = gazetteer(lake)
        return Register(known, versions(lake), lambda: build(documents(known), known.streets))

    def _look(self) -> None:
        try:
            if self._held is None or versions(self.lake()) != self._held.edition:
                self._held = self._newest()
        except Exception as error:  # the old one stays
            structlog.get_logger().error("gazetteer", error=type(error).__name__)
