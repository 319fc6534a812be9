{#-
    What a touch weighs against the other touches of its order, per attribution model; weights need not add up to 1.
    position: 40 % first, 40 % last, the rest shared. time_decay: half as much for every attribution_half_life_days.
    shapley: every channel of a path has an equal part in it (the Shapley value where a path's worth is reached by the
    set of its channels: Zhao, Mahboobi-Ardakani, Bagheri 2018, https://arxiv.org/abs/1804.05327), shared among its touches.
    markov: by the channel's removal effect, among the channels of the order: papers share out all conversions at once by
    the same effects, which would give an order's revenue to channels that its buyer never met.
-#}
{% macro attribution_weights() -%}
    {{ return({
        'first_touch': 'case when place = 1 then 1 else 0 end',
        'last_touch': 'case when place = touch_count then 1 else 0 end',
        'last_non_direct': 'case when place = coalesce(last_non_direct_place, touch_count) then 1 else 0 end',
        'linear': '1',
        'position': 'case when touch_count <= 2 then 1 when place in (1, touch_count) then 0.4 else 0.2 / (touch_count - 2) end',
        'time_decay': 'power(0.5, days_before / ' ~ var('attribution_half_life_days') ~ ')',
        'shapley': '1.0 / channel_touch_count',
        'markov': 'removal_effect / channel_touch_count'
    }) }}
{%- endmacro %}
