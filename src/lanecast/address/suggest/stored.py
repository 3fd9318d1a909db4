"""The index beside the compiled gazetteer: made once per edition, then mapped, not read."""

from lanecast.tables.lake import Lake

from ..gazetteer.arrays import Gazetteer
from ..gazetteer.stored import kept, later, versions
from .documents import documents
from .index import Index, build

FOLDER, FORM = "_suggest", 6


def index(lake: Lake, known: Gazetteer) -> Index:
    """Return the index of the gazetteer ``known`` of ``lake``; it is made where it is not there.

    Of a lake as of a moment before its newest edition it is made anew, as the gazetteer is.
    """
    held = versions(lake)
    if not held or later(lake):
        return build(documents(known), known.streets)
    wanted = {"form": FORM, "tables": held}
    return kept(lake.path / FOLDER, wanted, Index, lambda: build(documents(known), known.streets))
