with

records as (

    select * from {{ ref('int_customer__ranked_records') }}

),

addressed as (

    select
        customer_id,
        last_name,
        postcode,
        -- house number and street without blanks, dots and dashes, so that "12 High St." and "12 High St" are one door
        {{ regex_replace('lower(street)', '[^\\p{L}\\p{N}]+') }} as door,
        row_number() over (partition by customer_id order by precedence, record_id) as choice
    from records
    where last_name is not null and postcode is not null and street is not null

),

doors as (

    select
        customer_id,
        postcode || '|' || door || '|' || last_name as door_key
    from addressed
    where choice = 1 and door <> ''

),

shared as (

    select
        door_key,
        count(*) as member_count
    from doors
    group by door_key
    having count(*) between 2 and {{ var('household_largest') }}

),

final as (

    select
        'h_' || substring(md5(doors.door_key), 1, 16) as household_id,
        doors.customer_id,
        shared.member_count
    from doors
    inner join shared on doors.door_key = shared.door_key

)

select * from final
