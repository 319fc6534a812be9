with

judged as (

    select * from {{ ref('int_quality__judged_records') }}

),

-- one small row per source, field and judgement: all that follows is counted from these
states as (

    {%- for field in quality_fields() %}
    select
        source,
        '{{ field }}' as field,
        {{ field }}_quality as quality,
        count(*) as record_count
    from judged
    group by source, {{ field }}_quality
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

counted as (

    select
        source,
        field,
        sum(record_count) as record_count,
        coalesce(sum(record_count) filter (where quality is not null), 0) as filled_count,
        coalesce(sum(record_count) filter (where quality = 'valid'), 0) as valid_count,
        coalesce(sum(record_count) filter (where quality <> 'valid'), 0) as invalid_count
    from states
    group by source, field

),

problems as (

    select
        source,
        field,
        quality as problem,
        record_count as problem_count,
        row_number() over (partition by source, field order by record_count desc, quality asc) as commonness
    from states
    where quality <> 'valid'

),

-- a field that a source never fills is no field of that source; one that it stopped filling is
known as (

    select distinct
        source,
        field
    from {{ source('state', 'data_quality_history') }}

),

final as (

    select
        cast({{ as_of() }} as date) as as_of_date,
        counted.source,
        counted.field,
        cast(counted.record_count as bigint) as record_count,
        cast(counted.filled_count as bigint) as filled_count,
        cast(counted.valid_count as bigint) as valid_count,
        cast(counted.invalid_count as bigint) as invalid_count,
        problems.problem as commonest_problem,
        cast(coalesce(problems.problem_count, 0) as bigint) as commonest_problem_count,
        counted.filled_count / cast(counted.record_count as double) as filled_share,
        counted.valid_count / nullif(cast(counted.filled_count as double), 0) as valid_share,
        counted.valid_count / cast(counted.record_count as double) as score
    from counted
    left join problems
        on
            counted.source = problems.source
            and counted.field = problems.field
            and problems.commonness = 1
    left join known on counted.source = known.source and counted.field = known.field
    where counted.filled_count > 0 or known.field is not null

)

select * from final
