"""How a fault is put into words, for logs and for the text columns that keep it."""


def cause_of(error: BaseException) -> str:
    """Type and message, fit for a text column."""
    return printable(f"{type(error).__name__}: {error}")


def printable(text: str) -> str:
    """Without what PostgreSQL refuses in a text: NUL, and half of a surrogate pair.

    A message may carry what a stranger wrote; a letter that cannot be stored would end its
    reader, again and again.
    """
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()
