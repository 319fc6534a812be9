with

lines as (

    select * from {{ ref('int_behaviour__lines') }}
    where sku is not null and quantity > 0 and line_total_amount >= 0

),

usual_prices as (

    select
        as_of_at,
        sku,
        sum(line_total_amount) / sum(quantity) as usual_price_amount
    from lines
    group by as_of_at, sku

),

sensitivities as (

    select
        lines.as_of_at,
        lines.customer_id,
        sum(
            case
                when
                    lines.line_total_amount
                    < lines.quantity * usual_prices.usual_price_amount * {{ var('price_sensitive_below') }}
                    then lines.quantity
                else 0
            end
        ) / sum(lines.quantity) as price_sensitivity
    from lines
    inner join usual_prices on lines.as_of_at = usual_prices.as_of_at and lines.sku = usual_prices.sku
    group by lines.as_of_at, lines.customer_id

)

select * from sensitivities
