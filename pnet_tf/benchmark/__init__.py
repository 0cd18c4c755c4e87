"""Measures a model file, on this machine and on a phone. No TensorFlow."""
