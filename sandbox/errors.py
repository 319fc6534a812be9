"""What can go wrong in the pretend world, as one tree: SandboxError → …

Errors of the generator belong here; the doubles answer with their vendors' own error bodies.
"""


class SandboxError(Exception):
    """Root of the sandbox's errors: what was wrong, where, and what to do next."""


class ShopTooSmall(SandboxError):
    """A shop was asked for with too few customers to look like one."""


class ShopMissing(SandboxError):
    """No generated shop was found where one was looked for."""
