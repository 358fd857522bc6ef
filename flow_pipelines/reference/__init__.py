"""Facts and rules as dated, versioned data: attributes, aliases, vocabularies, end-of-life dates.

Belongs here: data files, each with its origin and date, and their loaders. Does not: decisions made with them.
"""
