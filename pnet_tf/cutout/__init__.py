"""From a foreground probability to a picture. NumPy and OpenCV alone."""
