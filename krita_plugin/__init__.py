"""The plugin: panel, its state, document access; and studio, the same panel in a plain window."""
