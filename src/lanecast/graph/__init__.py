"""The knowledge graph of a logistics network: built from the tables, asked, and changed."""

from .build import Graph, build, extend
from .store import load, save, stored

__all__ = ["Graph", "build", "extend", "load", "save", "stored"]
