"""The training of the networks beside the generator: attributes, finder, encoder. Start with
`attributes.py`."""
