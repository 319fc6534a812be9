{#- the sheet is kept by hand: real date cells arrive in ISO form, the rest as somebody typed them -#}
{%- set dates = ['%Y-%m-%d', '%Y-%m-%d %H:%M:%S', '%Y-%m-%dT%H:%M:%S', '%d %b %Y', '%d %B %Y'] -%}

with newest as (
    select * from {{ newest_version(source('raw', 'loyalty_members'), ['card_no'], deleted_from='loyalty_members') }}
),

named as (
    select
        *,
        trim({{ given_name_first('name') }}) as full_name,
        {{ parse_ambiguous_date('date_of_birth', dates) }} as born_date,
        {{ ambiguous_date_problem('date_of_birth', dates) }} as born_date_problem
    from newest
),

cleaned as (
    select
        card_no as loyalty_card_id,
        {{ record_id('loyalty_members', 'card_no') }} as record_id,
        title,
        name as name_raw,
        {{ given_name('full_name') }} as first_name,
        {{ family_name('full_name') }} as last_name,
        e_mail as email_raw,
        {{ clean_text('mobile') }} as phone_raw,
        date_of_birth as birth_date_raw,
        {{ plausible_birth_date('born_date') }} as birth_date,
        coalesce(born_date_problem, {{ birth_date_problem('date_of_birth', 'born_date') }}) as birth_date_problem,
        {{ clean_text('postcode') }} as postcode,
        {{ parse_ambiguous_date('joined', dates) }} as joined_date,
        tier,
        {{ parse_count('points') }} as points,
        {{ parse_ambiguous_date('last_visit', dates) }} as last_visit_date,
        staff_notes,
        {{ parse_flag('email_ok') }} as is_email_ok,
        _delivered_at as changed_at
    from named
),

standardised as (
    select
        *,
        {{ contact_columns('email_raw', 'phone_raw') }}
    from cleaned
)

select * from standardised
