"""The job that is the whole run, and the schedule that starts it every night."""

import dagster as dg

MAIN_JOB = "main"


@dg.definitions
def nightly() -> dg.Definitions:
    main = dg.define_asset_job(
        MAIN_JOB,
        selection=dg.AssetSelection.all(),
        description="Load what was delivered, clean it, resolve customers, build every table, sync to every tool.",
        # one process: the warehouse has one writer, and starting a process per step costs three times the run
        executor_def=dg.in_process_executor,
    )
    schedule = dg.ScheduleDefinition(
        name="nightly",
        job=main,
        cron_schedule="0 3 * * *",
        execution_timezone="Europe/London",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Every night at three.",
    )
    return dg.Definitions(jobs=[main], schedules=[schedule], executor=dg.in_process_executor)
