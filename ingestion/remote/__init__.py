"""Files that wait in a bucket or on a server: listed, copied into landing when new or changed, never half there.

What is in them is found out by the loader; databases and APIs are asked by the connectors.
"""

from ingestion.remote.fetching import fetch

__all__ = ["fetch"]
