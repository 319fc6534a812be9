"""Pretend destinations: loopback servers that check requests as the vendors document them, keep state and misbehave on demand.

They know nothing of the software that calls them; its tests and the demo ask them afterwards what they hold.
"""

from sandbox.doubles.server import Doubles, last_port, serve

__all__ = ["Doubles", "last_port", "serve"]
