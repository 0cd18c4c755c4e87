"""How good an answer is. NumPy and OpenCV alone."""
