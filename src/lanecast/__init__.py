"""Lanecast: predictions and decisions for e-commerce logistics."""

__version__ = "0.1.0"
