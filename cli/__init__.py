"""The `cdp` command: what people type, and what they read back.

Wiring and words only; every command calls a room and prints what came of it.
"""
