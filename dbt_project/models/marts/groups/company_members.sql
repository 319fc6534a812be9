with

customers as (

    select
        customer_id,
        company,
        lower(split_part(email, '@', 2)) as email_domain,
        -- "Cobalt Cafe Ltd." and "Cobalt Café Limited" are one company
        trim({{ regex_replace(
            regex_replace(fold_accents('company'), '[^\\p{L}\\p{N}]+', ' '),
            ' +(?:ltd|limited|llc|llp|plc|inc|corp|corporation|co|company|gmbh|ag|kg|ohg|ug|sarl|sas|sa|srl|spa|bv|nv|ab|as|oy|sl)( |$)'
        ) }}) as company_key
    from {{ ref('customers') }}

),

domain_users as (

    select
        email_domain,
        company_key,
        count(*) as user_count,
        sum(count(*)) over (partition by email_domain) as all_users
    from customers
    where email_domain is not null
    group by email_domain, company_key

),

-- a mailbox at a domain says something about work where most who use the domain name the same company
company_domains as (

    select
        email_domain,
        company_key
    from domain_users
    where company_key <> '' and user_count >= 2 and user_count >= {{ var('company_domain_share') }} * all_users

),

stated as (

    select
        customer_id,
        company_key,
        'company name' as reason
    from customers
    where company_key <> ''

),

by_domain as (

    select
        customers.customer_id,
        company_domains.company_key,
        'email domain' as reason
    from customers
    inner join company_domains on customers.email_domain = company_domains.email_domain
    where customers.company_key is null or customers.company_key = ''

),

members as (

    select * from stated
    union all
    select * from by_domain

),

final as (

    select
        'b_' || substring(md5(company_key), 1, 16) as company_id,
        customer_id,
        reason
    from members

)

select * from final
