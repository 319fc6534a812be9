"""The room that tells other tools who is in which segment, and never what it must not: plan → gates → send → acknowledge.

What a segment is belongs to the models; pretend destinations for trying it out stand in `sandbox/`.
"""
