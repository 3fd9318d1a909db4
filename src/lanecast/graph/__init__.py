"""The knowledge graph of a logistics network: built from the tables, asked, and changed."""
