"""From an API or a database to files in landing, on dlt: pages asked, cursors kept, finished packages moved.

Loading the files is the loader's work. dlt takes a second to import, so this package is imported when a pull needs it.
"""

from ingestion.connectors.pipelines import pull_source
from ingestion.connectors.transport import Patience

__all__ = ["Patience", "pull_source"]
