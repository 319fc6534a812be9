"""The first draft of a new segment: SQL, contract and unit test, written so that dbt reads them and an analyst goes on.

What the finished segment says is the analyst's; nothing is generated again later.
"""

from __future__ import annotations

import re
from pathlib import Path

from jinja2 import Environment, PackageLoader

from segments.contracts import PREFIX
from segments.errors import DraftRefused

_NAME = re.compile(r"[a-z][a-z0-9_]{2,59}")
_TEXTS = Environment(  # SQL and YAML, not HTML; other marks than dbt's own braces
    loader=PackageLoader("segments"),
    block_start_string="<%", block_end_string="%>", variable_start_string="<<", variable_end_string=">>",
    keep_trailing_newline=True, trim_blocks=True,
)  # fmt: skip


def write_draft(folder: Path, name: str, *, title: str, owner: str) -> list[Path]:
    """Write `segment_<name>.sql` and `_segment_<name>__models.yml` into a folder of models; returns both paths.

    Raises DraftRefused when the name is no name or taken; nothing is overwritten.
    """
    bare = name.removeprefix(PREFIX)
    if not _NAME.fullmatch(bare):
        raise DraftRefused(
            f"{bare!r} cannot be a segment's name: small letters, digits and underscores, a letter first, like `tea_lovers`."
        )
    paths = [folder / f"{PREFIX}{bare}.sql", folder / f"_{PREFIX}{bare}__models.yml"]
    taken = [path for path in paths if path.exists()]
    if taken:
        raise DraftRefused(f"{taken[0]} is there already. Choose another name, or change that file.")
    facts = {"name": bare, "title": title or bare.replace("_", " ").capitalize(), "owner": owner}
    for path, template in zip(paths, ("draft.sql", "draft.yml"), strict=True):
        path.write_text(_TEXTS.get_template(template).render(facts))
    return paths
