"""Node packs of other people: finding them, importing them, and the modules that they expect to find."""
