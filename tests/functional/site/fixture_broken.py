"""A module that fails while it is imported."""

view = 1 // 0
