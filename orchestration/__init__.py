"""The Dagster front door: one asset graph over every table, check and sync, one job, one schedule.

Wiring only: what a step does lives in ingestion/, identity/, reverse_etl/ and the dbt project.
"""
