with

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

responses as (

    select
        'nps:' || response_id as response_id,
        'nps' as survey,
        record_id,
        submitted_at,
        score,
        case when score >= 9 then 'promoter' when score >= 7 then 'passive' else 'detractor' end as answer_group,
        comment,
        touchpoint,
        cast(null as varchar) as order_name
    from {{ ref('stg_surveys__nps') }}
    where score between 0 and 10
    union all
    select
        'csat:' || response_id as response_id,
        'csat' as survey,
        record_id,
        submitted_at,
        rating as score,
        case when rating >= 4 then 'satisfied' when rating = 3 then 'neutral' else 'dissatisfied' end as answer_group,
        comment,
        cast(null as varchar) as touchpoint,
        order_name
    from {{ ref('stg_surveys__csat') }}
    where rating between 1 and 5

),

final as (

    select
        responses.response_id,
        responses.survey,
        clusters.customer_id,
        responses.submitted_at,
        responses.score,
        responses.answer_group,
        responses.comment,
        responses.touchpoint,
        responses.order_name
    from responses
    left join clusters on responses.record_id = clusters.record_id

)

select * from final
