"""A simulated e-commerce logistics company whose truth is known."""

from .company import TABLES, World, simulate

__all__ = ["TABLES", "World", "simulate"]
