"""What is inside what: parcels in bags, bags in trucks."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Containment:
    """Who is inside whom at the moment, by EPC."""

    children: dict[str, dict[str, None]] = field(default_factory=dict)
    parent: dict[str, str] = field(default_factory=dict)

    def move(self, action: str, parent: str, listed: Iterable[str]) -> list[str]:
        """Put in (ADD), take out (DELETE) or see (OBSERVE), and return who was concerned.

        No list at all means everything that is inside. Whoever is put in leaves where it was; an
        EPC that would be inside itself stays outside.
        """
        held = self.children.get(parent, {})
        concerned = list(listed) or list(held)
        for each in concerned:
            if action == "ADD" and not self._holds(each, parent):
                self._leave(each)
                self.children.setdefault(parent, {})[each] = None
                self.parent[each] = parent
            elif action == "DELETE" and each in held:
                self._leave(each)
        return concerned

    def leaves(self, epcs: Iterable[str]) -> list[str]:
        """Return the EPCs that hold nothing, inside or among ``epcs``, each once."""
        found: dict[str, None] = {}
        waiting = list(epcs)[::-1]
        while waiting:
            each = waiting.pop()
            if inside := self.children.get(each):
                waiting.extend(reversed(inside))
            else:
                found[each] = None
        return list(found)

    def _holds(self, outer: str, inner: str) -> bool:
        above: str | None = inner
        while above is not None:
            if above == outer:
                return True
            above = self.parent.get(above)
        return False

    def _leave(self, each: str) -> None:
        before = self.parent.pop(each, None)
        if before is not None:
            del self.children[before][each]
            if not self.children[before]:
                del self.children[before]
