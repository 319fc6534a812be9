"""One dlt pipeline per table: what an earlier pull left is finished first, then what is new is fetched and moved.

Everything dlt writes stays in the pull's own folder: state, packages on their way, nothing else. No telemetry is sent.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dlt
import sqlalchemy as sa
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers.dictionary import DictionaryProvider
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext
from dlt.extract import DltResource

from ingestion.connectors.apis import api_resource
from ingestion.connectors.databases import create_engine, database_resource
from ingestion.connectors.landing_sink import landing_destination
from ingestion.connectors.pages import Pages
from ingestion.connectors.placeholders import fill, hiding
from ingestion.connectors.remains import clear_up, forget, tidy
from ingestion.connectors.transport import Patience, Session
from ingestion.declarations import Source, Table
from ingestion.errors import CursorExpired, IngestionError, PagesMoved, PullFailed, RequestRefused
from ingestion.pulled import PulledFile

FILE_ROWS = 250_000
_SETTINGS: dict[str, Any] = {
    "runtime": {"dlthub_telemetry": False, "log_level": "CRITICAL"},
    "data_writer": {"file_max_items": FILE_ROWS},
    # loaded rows would otherwise stay in the pull's folder for good
    "load": {"delete_completed_jobs": True, "workers": 1, "raise_on_max_retries": 1},
    "normalize": {"workers": 1},
    "restore_from_destination": False,
}
# what another folder would not cure
_MACHINE_TROUBLE = (
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.EIO,
    errno.EMFILE,
)
Create = Callable[[Table], tuple[DltResource, Pages | None]]


@dataclass(frozen=True)
class Workplace:
    """Where a pull of one source works and delivers, and what it tells on the way."""

    source: Source
    landing_dir: Path
    work_dir: Path
    arrived: Callable[[PulledFile], None]

    @property
    def folder(self) -> Path:
        return self.work_dir / self.source.name


def pull_source(
    source: Source,
    landing_dir: Path,
    work_dir: Path,
    *,
    environ: Mapping[str, str],
    now: datetime,
    patience: Patience,
    arrived: Callable[[PulledFile], None],
) -> None:
    """Fetch what is new in every table of an API or a database into landing. `now` is naive UTC.

    A table that fails does not stop the others. Raises PullFailed with a sentence per failed table.
    """
    place = Workplace(source, landing_dir, work_dir, arrived)
    hide = hiding(_secrets(source, environ))
    failures = []
    _use_own_context(work_dir)
    create, close = _creator(source, environ, now, patience)
    try:
        for table in source.tables:
            try:
                while _pull_part(place, table, create):
                    pass
            # whatever it is: the other tables are not to suffer, and no secret may get out
            except Exception as error:
                failures.append(f"{table.name}: {hide(_sentence(error))}")
    finally:
        close()
    if failures:
        raise PullFailed(" ".join(failures))


class _OwnContext(RunContext):
    """dlt's surroundings, reduced to one folder and the settings above: no files of its own elsewhere, no environment."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self._global_dir = str(folder)

    @property
    def run_dir(self) -> str:
        return self._init_run_dir

    @property
    def local_dir(self) -> str:
        return self._init_run_dir

    @property
    def data_dir(self) -> str:
        return self._init_run_dir

    def initial_providers(self) -> list[ConfigProvider]:
        provider = DictionaryProvider()
        provider._config_doc = _SETTINGS
        return [provider]


def _use_own_context(work_dir: Path) -> None:
    """Put our context in place of dlt's default, which would start telemetry when first looked at."""
    container = Container()
    if PluggableRunContext in container:
        container[PluggableRunContext].reload(_OwnContext(work_dir))
    else:
        container[PluggableRunContext] = PluggableRunContext(_OwnContext(work_dir))


def _creator(
    source: Source, environ: Mapping[str, str], now: datetime, patience: Patience
) -> tuple[Create, Callable[[], None]]:
    """What makes the source's resources, over one session or engine, and what closes that."""
    if source.api is not None:
        api = source.api
        session = Session(api, environ, _secrets(source, environ), patience)
        return (lambda table: api_resource(api, table, session, environ, now)), session.close
    assert source.database is not None
    database = source.database
    engine = create_engine(environ[database.url])
    return (lambda table: (database_resource(database, table, engine, now), None)), engine.dispose


def _pull_part(place: Workplace, table: Table, create: Create) -> bool:
    """Fetch one table, or a part of it that can be continued: True when more is left.

    A position that is no longer known is given up, first that of the page, then the kept one.
    """
    for attempt in (1, 2, 3):
        pipeline = _open_pipeline(place, table)
        resource, pages = create(table)
        try:
            pipeline.run(resource)
            return bool(pages and pages.paused)
        except Exception as error:
            cause = _cause(error)
            if attempt == 3 or not isinstance(cause, CursorExpired | PagesMoved):
                raise
            if isinstance(cause, CursorExpired) and (attempt == 2 or (pages and pages.is_first_page)):
                forget(place.folder / table.name)
        finally:
            tidy(place.folder / table.name)
    return False


def _open_pipeline(place: Workplace, table: Table) -> dlt.Pipeline:
    """The table's pipeline, with everything delivered that an interrupted pull had fetched.

    A folder that dlt cannot go on with is given up: all is fetched again, which changes nothing in tables with keys.
    """
    folder = place.folder / table.name
    clear_up(folder)
    try:
        return _finish_pending(place, table)
    except Exception as error:
        cause = _cause(error)
        if isinstance(cause, OSError) and cause.errno in _MACHINE_TROUBLE:
            raise
        forget(folder)
    return _finish_pending(place, table)


def _finish_pending(place: Workplace, table: Table) -> dlt.Pipeline:
    pipeline = dlt.pipeline(
        table.name,
        pipelines_dir=str(place.folder),
        destination=landing_destination(place.landing_dir, place.source, table, place.arrived),
        dataset_name=place.source.name,
    )
    if pipeline.has_pending_data:
        pipeline.normalize()
        pipeline.load()
    return pipeline


def _cause(error: BaseException) -> BaseException:
    """In what dlt wrapped, the first error of this house or of a database, else the innermost of all."""
    chain = [error]
    while (below := chain[-1].__cause__ or chain[-1].__context__) and below not in chain:
        chain.append(below)
    telling = [link for link in chain if isinstance(link, IngestionError | sa.exc.DBAPIError)]
    return telling[0] if telling else chain[-1]


def _sentence(error: BaseException) -> str:
    cause = _cause(error)
    if isinstance(cause, IngestionError):
        return str(cause)
    if isinstance(cause, sa.exc.DBAPIError):
        return f"The database says: {_first_line(cause.orig)}. Check the address, the table and the user's rights."
    return f"{type(cause).__name__}: {_first_line(cause)}. Run again; if it stays, remove the pull's folder and run again."


def _first_line(error: BaseException | None) -> str:
    return next(iter(str(error).splitlines()), "")


def _secrets(source: Source, environ: Mapping[str, str]) -> list[str]:
    """Every value from the environment that must not be seen: of sign-in and headers, or a database's address."""
    if source.api:
        headers = {name: text for name, text in source.api.headers.items() if "{" in text}
        auth = source.api.auth
        names = [auth.user, auth.secret, auth.client_secret]
        return [environ[name] for name in names if name] + list(fill(headers, environ).values())
    assert source.database is not None
    address = environ[source.database.url]
    try:
        password = sa.make_url(address).password
    except sa.exc.ArgumentError:
        raise RequestRefused(
            f"The address in {source.database.url} is not one of a database. "
            f"Write it as postgresql://user:password@host/name."
        ) from None
    return [address, *([password] if password else [])]
