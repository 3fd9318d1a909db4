"""The part of the company that plans: what it sells from stock, and who works for that."""

from dataclasses import dataclass

from .appetite import Appetite, appetite
from .assortment import Assortment, assortment
from .chores import Chores, chores
from .crew import Crew, crew
from .labour import Labour, labour
from .people import Products
from .scene import Scene
from .shelves import Shelves, shelves
from .signals import Signals, signals
from .streams import Ints
from .tags import Tags, tags


@dataclass(frozen=True)
class Retail:
    """Everything that happens, as arrays; ``sites`` are facilities that sell from stock."""

    sites: Ints
    shop: Assortment
    tag: Tags
    signal: Signals
    want: Appetite
    stock: Shelves
    work: Chores
    team: Crew
    hours: Labour


def retail(goods: Products, products: int, scene: Scene) -> Retail:
    """Trade with the first ``products`` of ``goods`` in every warehouse.

    Whether anybody plans changes nothing elsewhere: all streams here are new ones.
    """
    sites = scene.net.warehouses
    shop = assortment(goods, products, scene.clock.days, scene.streams)
    tag, signal = tags(shop, scene), signals(sites, scene)
    want = appetite(shop, tag, signal, sites, scene)
    stock = shelves(shop, want, scene)
    work = chores(shop, stock, sites, scene)
    team = crew(work, sites, scene)
    return Retail(sites, shop, tag, signal, want, stock, work, team, labour(team, work, scene))
