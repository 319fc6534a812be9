with

tickets as (

    select
        customer_id,
        created_at as occurred_at,
        'support' as channel,
        'support_ticket' as interaction,
        'Asked support' || coalesce(' by ' || channel, '') || ':' || {{ marts_quoted('subject') }}
        || case is_satisfied
            when true then ' and was happy with the answer'
            when false then ' and was unhappy with the answer'
            else ''
        end || '.' as sentence,
        'zendesk' as source,
        'support_tickets' as source_table,
        ticket_id as source_id
    from {{ ref('support_tickets') }}

),

solved_tickets as (

    select
        customer_id,
        solved_at as occurred_at,
        'support' as channel,
        'support_solved' as interaction,
        'Support solved' || coalesce(nullif({{ marts_quoted('subject') }}, ''), ' the question')
        || coalesce(' after ' || cast(cast(round(resolution_hours) as integer) as varchar) || ' hours', '') || '.'
            as sentence,
        'zendesk' as source,
        'support_tickets' as source_table,
        ticket_id as source_id
    from {{ ref('support_tickets') }}
    where solved_at is not null

),

answers as (

    select
        customer_id,
        submitted_at as occurred_at,
        'survey' as channel,
        survey || '_answer' as interaction,
        'Answered ' || cast(score as varchar)
        || case when survey = 'nps' then ' of 10 when asked to recommend the shop' else ' of 5 for an order' end
        || coalesce(':' || nullif({{ marts_quoted('comment') }}, ''), '') || '.' as sentence,
        'surveys' as source,
        'survey_responses' as source_table,
        response_id as source_id
    from {{ ref('survey_responses') }}

),

products as (

    select
        product_id,
        min(product_name) as product_name
    from {{ ref('products') }}
    group by product_id

),

reviewed as (

    select
        reviews.customer_id,
        reviews.reviewed_at as occurred_at,
        'review' as channel,
        'review' as interaction,
        'Gave ' || {{ marts_count_text('reviews.rating', 'star') }} || ' to '
        || coalesce(products.product_name, reviews.product_id, 'a product')
        || coalesce(':' || nullif({{ marts_quoted('reviews.title') }}, ''), '') || '.' as sentence,
        'reviews' as source,
        'reviews' as source_table,
        reviews.review_id as source_id
    from {{ ref('reviews') }} as reviews
    left join products on reviews.product_id = products.product_id

),

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

-- the address itself stays out of the sentence; one statement may stand at several records of a person
stated as (

    select
        clusters.customer_id,
        statements.stated_at as occurred_at,
        statements.channel,
        'consent_' || statements.status as interaction,
        case when statements.status = 'granted' then 'Agreed to ' else 'Objected to ' end
        || statements.purpose || ' by ' || statements.channel
        || ' (' || statements.source || ': ' || min(statements.proof) || ').' as sentence,
        statements.source,
        'consents' as source_table,
        statements.purpose || ':' || statements.channel || ':' || statements.source as source_id
    from {{ ref('int_consent__statements') }} as statements
    inner join clusters on statements.record_id = clusters.record_id
    where statements.stated_at is not null
    group by
        clusters.customer_id,
        statements.stated_at,
        statements.purpose,
        statements.channel,
        statements.status,
        statements.source

),

conversations as (

    select * from tickets
    union all
    select * from solved_tickets
    union all
    select * from answers
    union all
    select * from reviewed
    union all
    select * from stated

),

final as (

    select
        customer_id,
        occurred_at,
        channel,
        interaction,
        sentence,
        cast(null as decimal(18, 2)) as amount,
        cast(null as varchar) as currency,
        source,
        source_table,
        source_id
    from conversations

)

select * from final
