"""Run the command line: ``python -m lanecast``."""

from lanecast.cli import main

if __name__ == "__main__":
    main()
