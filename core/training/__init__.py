"""Training: data, losses and loops of the networks in a pack."""
