with

reviews as (

    select * from {{ ref('stg_reviews__product_reviews') }}

),

clusters as (

    select * from {{ source('identity', 'identity_clusters') }}

),

final as (

    select
        reviews.review_id,
        clusters.customer_id,
        reviews.product_id,
        reviews.rating,
        reviews.title,
        reviews.body,
        reviews.reviewed_at
    from reviews
    left join clusters on reviews.record_id = clusters.record_id

)

select * from final
