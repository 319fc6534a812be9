with newest as (
    select * from {{ newest_version(source('raw', 'surveys_csat'), ['response_id']) }}
),

cleaned as (
    select
        response_id,
        {{ record_id('surveys_respondents', 'lower(email)') }} as record_id,
        {{ parse_local_timestamp('submitted_at', ['%d/%m/%Y %H:%M']) }} as submitted_at,
        email as email_raw,
        {{ email_only_columns('email') }},
        {{ cast_or_null('rating', 'integer') }} as rating,
        comment,
        order_number as order_name
    from newest
)

select * from cleaned
