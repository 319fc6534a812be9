"""How `--help` lists the commands of a group: each with its whole first sentence.

What a command says of itself stands in its docstring.
"""

from __future__ import annotations

import click

_LONGEST = 300  # of a first sentence; click cuts at the width of a line


class Group(click.Group):
    """A group whose list of commands cuts no sentence off."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands in the order in which they are listed."""
        names = self.list_commands(ctx)
        commands = [(name, self.get_command(ctx, name)) for name in names]
        rows = [(name, command.get_short_help_str(_LONGEST)) for name, command in commands if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
