{{ marts_combined_segment(
    all_of=['lapsed_buyers'], any_of=['engaged_subscribers', 'active_visitors'], none_of=['unhappy_customers', 'do_not_contact']
) }}
