"""Readers: from the bytes of a file to rows of text cells under named columns.

Belongs here: encodings, dialects, workbooks, header rows, which rows are usable, folding of connections. Does not:
what a column means (`reference/`, `attribute_mapping`) and what a cell means (`data_cleansing`).
"""
