{#- What happened to a customer rather than was done by them says nothing about habits. -#}
{%- set not_done_by_them = "('email_sent', 'email_bounce', 'support_solved', 'deal_opened', "
    ~ "'deal_won', 'deal_lost', 'ad_touch', 'consent_granted', 'consent_denied')" -%}

with

deeds as (

    select
        customer_id,
        channel,
        occurred_at,
        extract(hour from {{ utc_to_local('occurred_at', var('shop_time_zone')) }}) as local_hour,
        -- a date without a time of day says nothing about the hour
        occurred_at = cast(cast(occurred_at as date) as timestamp)
        or interaction in ('store_visit', 'loyalty_joined', 'review') as is_hour_unknown
    from {{ ref('customer_timeline') }}
    where
        interaction not in {{ not_done_by_them }}
        and occurred_at <= {{ as_of() }}

),

channels as (

    select
        customer_id,
        channel,
        row_number() over (
            partition by customer_id order by count(*) desc, max(occurred_at) desc, channel asc
        ) as channel_order
    from deeds
    group by customer_id, channel

),

hours as (

    select
        customer_id,
        cast(local_hour as integer) as local_hour,
        row_number() over (
            partition by customer_id order by count(*) desc, max(occurred_at) desc, local_hour asc
        ) as hour_order
    from deeds
    where not is_hour_unknown
    group by customer_id, local_hour

),

habits as (

    select
        channels.customer_id,
        channels.channel as preferred_channel,
        hours.local_hour as preferred_hour
    from channels
    left join hours on channels.customer_id = hours.customer_id and hours.hour_order = 1
    where channels.channel_order = 1

)

select * from habits
