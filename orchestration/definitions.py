"""What Dagster loads: the definitions found in the `defs` folder, and nothing else."""

import dagster as dg

from warehouse.settings import PROJECT_DIR


@dg.definitions
def defs() -> dg.Definitions:
    return dg.load_from_defs_folder(project_root=PROJECT_DIR)
