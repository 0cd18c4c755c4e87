"""Command lines: flags → settings → one library call → write or print."""
