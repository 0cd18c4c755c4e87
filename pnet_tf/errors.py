"""The one exception for what a user can put right."""


class InputError(ValueError):
    """Bad input from outside the program: a file, a flag or a configuration value.

    The message is one line that names the culprit and the remedy; the command
    lines print it as it is and exit with status 1.
    """
