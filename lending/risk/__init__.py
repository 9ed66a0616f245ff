"""Risk: our own decision on each application, with every input and version that it was made of."""
