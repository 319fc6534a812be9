"""Everything pretend: a small shop's exports with their truth, and destination doubles that answer like the real ones.

Nothing here is used on real data, and nothing above imports it except the command line, for the demo.
"""
