"""What the paper measures of a generator and its sub-generators, and its tables at toy size."""
