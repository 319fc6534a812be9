"""A staging model as text: newest version of each row, one line per column, contact details a step later.

The text is a beginning that builds and passes its tests; what the business means by a column, a person adds.
"""

from __future__ import annotations

import re

from ingestion.naming import literal
from ingestion.scaffolding.people import record_id_sql
from ingestion.scaffolding.plans import Plan, Staged
from ingestion.scaffolding.words import in_sql

# the house's line is 120; what is longer by then is folded, between arguments only
_LINE = 108
_CALL = re.compile(r"\{\{ (\w+)\((.*)\) \}\}(.*)")
_BETWEEN_ARGUMENTS = re.compile(r"(?<=,) (?=['\"\[a-z])")


def model_sql(plan: Plan) -> str:
    """The whole model; the last line selects the last step."""
    steps = [("newest" if plan.table.keys else "delivered", _rows(plan))]
    if "full_name" in plan.parts:
        full_name = f"trim({{{{ given_name_first('{in_sql(plan.parts['full_name'])}') }}}}) as full_name"
        steps.append(("named", _select(["*", full_name], steps[-1][0])))
    steps.append(("cleaned", _select(_cleaned(plan), steps[-1][0]) + _left_out(plan)))
    if plan.late:
        steps.append(("standardised", _select(["*", *plan.late], "cleaned")))
    body = ",\n\n".join(f"{name} as (\n{text}\n)" for name, text in steps)
    return f"with {body}\n\nselect * from {steps[-1][0]}\n"


def _rows(plan: Plan) -> str:
    relation = f"source('raw', '{plan.raw_table}')"
    if not plan.table.keys:
        return f"    select * from {{{{ {relation} }}}}"
    keys = ", ".join(f"'{in_sql(key)}'" for key in plan.table.raw_keys)
    if plan.table.lines:  # the lines of one thing have no key of their own: all of its newest delivery count
        return f"    select * from {{{{ newest_load({relation}, [{keys}]) }}}}"
    arguments = [relation, f"[{keys}]", *_which_version(plan)]
    text = f"    select * from {{{{ newest_version({', '.join(arguments)}) }}}}"
    if len(text) > _LINE:
        folded = ",\n        ".join(arguments)
        text = f"    select * from {{{{ newest_version(\n        {folded}\n    ) }}}}"
    return text


def _which_version(plan: Plan) -> list[str]:
    """What decides between versions besides the delivery: the source's own word, and keys that vanished."""
    arguments = []
    if plan.table.cursor is not None:
        staged = next(c for c in plan.staged if c.name == plan.named(plan.table.raw_name(plan.table.cursor)))
        call = _CALL.search(staged.sql)
        cursor = f"{call[1]}({call[2]})" if call else f"'{staged.sql}'"
        arguments.append(f"cursor={cursor}")
    if plan.table.load == "replace":
        arguments.append(f"deleted_from='{plan.raw_table}'")
    return arguments


def _cleaned(plan: Plan) -> list[str]:
    columns = [_column(column) for column in plan.staged if column.sql]
    if plan.names_people:
        columns.insert(len(plan.keys), f"{record_id_sql(plan)} as record_id")
    return columns


def _column(column: Staged) -> str:
    return column.sql if column.sql == column.name else f"{column.sql} as {column.name}"


def _folded(column: str) -> str:
    """A long macro call over several lines."""
    call = _CALL.fullmatch(column)
    if len(column) <= _LINE or call is None:
        return column
    name, arguments, rest = call.groups()
    lines, line = [], ""
    for argument in _BETWEEN_ARGUMENTS.split(arguments):
        if line and len(line) + len(argument) > _LINE:
            lines.append(line)
            line = argument
        else:
            line = f"{line} {argument}".strip()
    body = "".join(f"            {text}\n" for text in [*lines, line])
    return f"{{{{ {name}(\n{body}        ) }}}}{rest}"


def _select(columns: list[str], relation: str) -> str:
    if len(columns) == 1:
        return f"    select {columns[0]}\n    from {relation}"
    lines = ",\n".join(f"        {_folded(column)}" for column in columns)
    return f"    select\n{lines}\n    from {relation}"


def _left_out(plan: Plan) -> str:
    """Sums below the data are no records."""
    lines = [
        f"coalesce({in_sql(plan.table.raw_name(name))}, '') not in ({', '.join(map(literal, values))})"
        for name, values in plan.table.leave_out.items()
    ]
    return f"\n    where {' and '.join(lines)}" if lines else ""
