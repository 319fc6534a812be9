with vanished as (
    select
        newest.*,
        gone.delivered_at as vanished_at
    from {{ newest_version(source('raw', 'loyalty_members'), ['card_no']) }}
    inner join (
        select
            key_text,
            max(delivered_at) as delivered_at
        from {{ source('raw', 'deleted_rows') }}
        where source = 'loyalty' and table_name = 'members'
        group by key_text
    ) as gone on newest.card_no = gone.key_text
    where {{ is_deleted('newest', ['card_no'], 'loyalty_members') }}
),

standardised as (
    select
        card_no as loyalty_card_id,
        {{ record_id('loyalty_members', 'card_no') }} as record_id,
        e_mail as email_raw,
        {{ contact_email('e_mail', 'mobile') }} as email,
        {{ parse_flag('email_ok') }} as is_email_ok,
        vanished_at
    from vanished
)

select * from standardised
