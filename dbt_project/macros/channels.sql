{#-
    The marketing channel of a visit or an order, from what its link says of itself (utm) and where it came from. The
    names follow Google Analytics' default channel grouping: https://support.google.com/analytics/answer/9756891
-#}
{% macro marketing_channel(utm_source, utm_medium, referrer) -%}
    case
        when lower({{ utm_medium }}) in ('email', 'e-mail', 'newsletter') then 'email'
        when lower({{ utm_medium }}) = 'sms' then 'sms'
        when lower({{ utm_medium }}) in ('cpc', 'ppc', 'paid', 'paidsearch', 'paid_search')
            and {{ is_social(utm_source) }} then 'paid social'
        when lower({{ utm_medium }}) in ('cpc', 'ppc', 'paid', 'paidsearch', 'paid_search') then 'paid search'
        when lower({{ utm_medium }}) in ('paid_social', 'paidsocial', 'paid-social') then 'paid social'
        when lower({{ utm_medium }}) in ('display', 'banner', 'cpm') then 'display'
        when lower({{ utm_medium }}) in ('affiliate', 'affiliates') then 'affiliates'
        when lower({{ utm_medium }}) in ('social', 'organic_social') then 'organic social'
        when lower({{ utm_medium }}) = 'organic' then 'organic search'
        when lower({{ utm_medium }}) = 'referral' then 'referral'
        when {{ utm_source }} is not null then 'other'
        when {{ referrer }} is null then 'direct'
        when {{ regex_matches('lower(' ~ referrer ~ ')', '^https?://([a-z0-9-]+[.])*(google|bing|duckduckgo|ecosia|yahoo|yandex|baidu|qwant|startpage)[.]') }}
            then 'organic search'
        when {{ regex_matches('lower(' ~ referrer ~ ')', '^https?://([a-z0-9-]+[.])*(facebook|instagram|t[.]co|twitter|x|linkedin|pinterest|tiktok|youtube|reddit)[.]') }}
            then 'organic social'
        else 'referral'
    end
{%- endmacro %}

{% macro is_social(utm_source) -%}
    coalesce(lower({{ utm_source }}) in (
        'facebook', 'fb', 'instagram', 'ig', 'meta', 'tiktok', 'linkedin', 'pinterest', 'snapchat', 'twitter', 'x', 'reddit', 'youtube'
    ), false)
{%- endmacro %}

{#- The channel that an ad platform's campaign buys. -#}
{% macro spend_channel(platform, campaign_type) -%}
    case
        when {{ platform }} = 'google_ads' and lower({{ campaign_type }}) like '%display%' then 'display'
        when {{ platform }} in ('google_ads', 'microsoft_ads') then 'paid search'
        else 'paid social'
    end
{%- endmacro %}

{#- The name of a campaign as its links and its platform both write it: `Brand search` is `brand_search`. -#}
{% macro campaign_key(name) -%}
    {{ regex_replace('lower(trim(' ~ name ~ '))', '[^a-z0-9]+', '_') }}
{%- endmacro %}
