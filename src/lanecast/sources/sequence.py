"""Orders of events that cannot have happened: told, and kept, for a scan is what somebody saw.

Only the scans of one ingest are compared, with the orders of the lake; four instants per parcel
are remembered, not the scans.
"""

from dataclasses import dataclass, field

import polars as pl

from .report import KEPT, Finding

NETWORK = ("picked_up", "arrived", "departed", "customs", "out_for_delivery")
FIRST = ("first_at", "picked_at", "delivered_at")
LAST = "moved_at"


@dataclass
class Sequences:
    """Remembers per parcel the first scan, pick-up, delivery, and the last network scan."""

    seen: list[pl.DataFrame] = field(default_factory=list)
    file: str = ""

    def add(self, file: str, scans: pl.DataFrame) -> None:
        """Remember the instants of a batch of scans."""
        at, status = pl.col("event_at"), pl.col("status")
        self.file = self.file or file
        self.seen.append(
            scans.group_by("parcel_id").agg(
                first_at=at.min(),
                picked_at=at.filter(status == "picked_up").min(),
                delivered_at=at.filter(status == "delivered").min(),
                moved_at=at.filter(status.is_in(NETWORK)).max(),
            )
        )
        if len(self.seen) > 4:
            self.seen = [self._each()]

    def findings(self, placed: pl.LazyFrame | None) -> list[Finding]:
        """Return what cannot have happened; ``placed`` has ``parcel_id, placed_at``."""
        if not self.seen:
            return []
        each = self._each()
        if placed is not None:
            each = placed.join(each.lazy(), on="parcel_id").collect()
        else:
            each = each.with_columns(placed_at=pl.lit(None, each.schema["first_at"]))
        picked, delivered = pl.col("picked_at"), pl.col("delivered_at")
        odd = {
            "scan_before_order": pl.col("first_at") < pl.col("placed_at"),
            "delivered_before_picked_up": delivered < picked,
            # a pick-up after the delivery has been told above, and is not told twice
            "scan_after_delivered": (pl.col(LAST) > delivered)
            & ((pl.col(LAST) != picked) | picked.is_null()),
        }
        found = []
        for code, broken in odd.items():
            rows = each.filter(broken)
            if rows.height:
                example = rows["parcel_id"].sort()[0]
                found.append(
                    Finding(
                        self.file, "scans", "event_at", code, "warning", rows.height, example, KEPT
                    )
                )
        return found

    def _each(self) -> pl.DataFrame:
        return (
            pl.concat(self.seen).group_by("parcel_id").agg(pl.col(*FIRST).min(), pl.col(LAST).max())
        )
