"""What is wrong with a file of data, and how it is said."""


class DataError(ValueError):
    """A file does not hold what it should: the message names the file, the place in it, and what was expected."""
