with

tickets as (

    select * from {{ ref('stg_zendesk__tickets') }}

),

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

final as (

    select
        tickets.ticket_id,
        clusters.customer_id,
        tickets.created_at,
        tickets.updated_at,
        tickets.solved_at,
        tickets.subject,
        tickets.description,
        tickets.status,
        tickets.status in ('solved', 'closed') as is_solved,
        tickets.priority,
        tickets.ticket_type,
        tickets.channel,
        tickets.assignee,
        case
            when tickets.solved_at >= tickets.created_at
                then {{ dbt.datediff('tickets.created_at', 'tickets.solved_at', 'minute') }} / 60.0
        end as resolution_hours,
        tickets.satisfaction_score,
        case tickets.satisfaction_score when 'good' then true when 'bad' then false end as is_satisfied,
        tickets.satisfaction_comment,
        tickets.tags
    from tickets
    left join clusters on tickets.record_id = clusters.record_id

)

select * from final
