"""Values as SQL text, for statements that take no parameters (attach, export, import).

Everything else is bound as a parameter.
"""

from pathlib import Path


def path_literal(path: Path) -> str:
    """The path as an SQL string literal, quotes included."""
    return "'" + str(path).replace("'", "''") + "'"
