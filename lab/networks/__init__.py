"""The training of the networks besides the generator: attributes, finder, encoder. Start with
`attributes.py`."""
