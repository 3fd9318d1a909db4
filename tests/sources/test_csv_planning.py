"""Files of planning come in as files of parcels do."""

from lanecast.sources.ingest import ingest
from lanecast.sources.world import simulate
from lanecast.tables import planning
from lanecast.tables.lake import Lake, collect


def test_exported_tables_of_planning_come_back_whole(tmp_path):
    world = simulate(parcels=100, days=60, seed=2, products=10)
    world.export(tmp_path / "raw")
    lake = Lake(tmp_path / "lake")
    ingest(lake, "csv", tmp_path / "raw")
    for table in planning.RECORDS:
        assert collect(Lake(lake.path).versions(table)).height == world.tables[table.name].height
