with newest as (
    select * from {{ newest_version(source('raw', 'reviews_product_reviews'), ['id']) }}
),

cleaned as (
    select
        id as review_id,
        {{ record_id(
            'reviews_reviewers', "nullif(coalesce(lower(reviewer_email), '') || '|' || coalesce(lower(reviewer_name), ''), '|')"
        ) }} as record_id,
        product_handle as product_id,
        {{ cast_or_null('rating', 'integer') }} as rating,
        title,
        body,
        {{ parse_timestamp('review_date', ['%Y-%m-%d %H:%M:%S UTC', '%Y-%m-%d %H:%M:%S']) }} as reviewed_at,
        reviewer_name,
        reviewer_email as reviewer_email_raw,
        {{ standardise_email('reviewer_email') }} as reviewer_email,
        {{ email_problem('reviewer_email') }} as reviewer_email_problem,
        location as reviewer_location,
        source as review_source,
        reply,
        {{ parse_timestamp('reply_date', ['%Y-%m-%d %H:%M:%S UTC', '%Y-%m-%d %H:%M:%S']) }} as replied_at
    from newest
)

select * from cleaned
