"""What every decision returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Plan(Generic[T]):
    """A decision and what it claims.

    ``table`` holds what to do and ``skipped`` the rows without a decision, each with its reason;
    both are frames of one kind ``T``. ``objective`` is the expected cost of the plan, ``parts``
    what it is made of, ``bound`` the least that any plan could cost under the same predictions,
    all in [currency]; ``status`` says how it was found, for example ``"optimal"``. ``prices`` are
    shadow prices: what one more unit of a limit would save, by its name.
    """

    table: T
    objective: float
    parts: Mapping[str, float]
    bound: float
    status: str
    skipped: T
    prices: Mapping[str, float] = field(default_factory=dict)

    @property
    def gap(self) -> float:
        """Return how much worse than ``bound`` the plan may be, as a share of ``objective``."""
        if self.objective == self.bound:
            return 0.0
        if self.objective == 0:
            return float("inf") if self.bound < 0 else float("-inf")
        return (self.objective - self.bound) / abs(self.objective)
