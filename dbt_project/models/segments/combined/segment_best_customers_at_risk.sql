{{ marts_combined_segment(all_of=['at_risk'], any_of=['vip_customers', 'high_value_customers', 'champions']) }}
