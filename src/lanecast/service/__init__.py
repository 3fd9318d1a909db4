"""What Lanecast can answer, behind one process: REST for machines, and the console's ground."""
