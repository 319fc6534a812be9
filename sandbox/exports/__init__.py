"""The vendors' export formats, one module per group of files; each writes what the shop's tools would deliver.

Column names, date formats and quirks of files belong here; what is true and what goes wrong does not.
"""
