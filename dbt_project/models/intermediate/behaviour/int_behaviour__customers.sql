with

customers as (

    {{ marts_behaviour_at("= (select as_of_at from " ~ ref('int_behaviour__dates') ~ " where is_now)") }}

)

select * from customers
