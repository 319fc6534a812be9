with newest as (
    select * from {{ newest_version(source('raw', 'grocer_households'), ['household_id']) }}
),

buyers as (
    select distinct household_id
    from {{ ref('stg_grocer__items') }}
    where household_id is not null
),

households as (
    -- few answered the questionnaire, and some who did have bought nothing yet
    select
        coalesce(newest.household_id, buyers.household_id) as household_id,
        newest.age as age_band,
        newest.income as income_band,
        newest.home_ownership,
        newest.marital_status,
        newest.household_size,
        newest.household_comp as household_composition,
        newest.kids_count
    from newest
    full outer join buyers on newest.household_id = buyers.household_id
)

select * from households
