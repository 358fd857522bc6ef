"""Exports: what a programme knows, in the files that the next tool reads, and any table as a file.

Belongs here: one module per format, from frames to rows of text; what a tool refuses; how rows become a file. Does
not: the headers and closed lists themselves (`reference/export_formats.yaml`), reading the tables (`cli/exporting.py`),
files that belong to one phase (`plan/timeline/project_file.py`, `plan/target/terraform/`).
"""
