"""What an export can be: how numbers are stored and computed, and the type of both ends of the file."""

EXPORT_MODES = ("float32", "float16", "dynamic", "int8_ptq", "int8_qat")
IO_TYPES = ("uint8", "int8", "float32")
