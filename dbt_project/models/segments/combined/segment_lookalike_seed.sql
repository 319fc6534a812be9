{{ marts_combined_segment(
    any_of=['champions', 'vip_customers', 'high_value_customers'], none_of=['unhappy_customers', 'do_not_contact']
) }}
