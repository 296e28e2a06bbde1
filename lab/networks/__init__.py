"""The training of the networks beside the generator: encoder, attributes, finder."""
