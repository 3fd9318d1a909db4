"""One file per capability: what may be asked, by whom, and which verb answers."""
