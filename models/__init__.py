"""The networks and the packs: everything that has weights."""
