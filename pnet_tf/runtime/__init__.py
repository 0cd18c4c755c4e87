"""Runs a .tflite on pictures. NumPy, OpenCV and LiteRT alone: no TensorFlow, starts in under a second."""
