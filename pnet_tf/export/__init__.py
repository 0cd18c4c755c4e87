"""Deployed graph → bytes of a .tflite file, and the proof that they keep the contract."""
