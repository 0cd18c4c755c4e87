"""Quantisation-aware training as a transform of a finished network."""
