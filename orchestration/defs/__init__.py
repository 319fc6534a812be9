"""One file per kind of definition; Dagster finds them by walking this folder."""
