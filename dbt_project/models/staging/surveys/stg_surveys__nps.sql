with newest as (
    select * from {{ newest_version(source('raw', 'surveys_nps'), ['response_id']) }}
),

cleaned as (
    select
        response_id,
        {{ record_id('surveys_respondents', 'lower(email)') }} as record_id,
        {{ parse_local_timestamp('submitted_at', ['%d/%m/%Y %H:%M']) }} as submitted_at,
        email as email_raw,
        {{ email_only_columns('email') }},
        name as respondent_name,
        {{ cast_or_null('score', 'integer') }} as score,
        comment,
        touchpoint,
        customer_id as shopify_customer_id
    from newest
)

select * from cleaned
