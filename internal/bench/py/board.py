"""The page that subscribers share with the one who measures them: package board has its layout."""

import mmap

WORDS_PER_SLOT = 8


def open_board(name):
    """Return the words of the board."""
    with open(name, "r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), 0)).cast("Q")
