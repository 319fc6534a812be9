"""What can go wrong with the stores, as one tree: CdpError → WarehouseError → …

Each room draws its own branch from CdpError; the front doors print any CdpError as a sentence, never as a traceback.
"""


class CdpError(Exception):
    """Root of every error that is explained to a person: what was wrong, where, and what to do next."""


class WarehouseError(CdpError):
    """A store could not be opened, read, written or published."""


class SettingsError(WarehouseError):
    """A setting (environment variable) is missing or not understood."""


class StoreLocked(WarehouseError):
    """Another process holds the database file, and still did when the waiting time was over."""


class StoreDamaged(WarehouseError):
    """The database file could not be read: torn, rotten, or made by a newer version."""


class StateTooNew(WarehouseError):
    """The state file was written by a newer version of this software."""


class StateMissing(WarehouseError):
    """The state file is gone although there are backups of it."""


class RunUnderWay(WarehouseError):
    """Another run is working in the same data folder."""
