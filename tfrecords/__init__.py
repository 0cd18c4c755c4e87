"""Data sets of photos and masks → TFRecords."""
