{{ marts_combined_segment(
    all_of=['leads_never_bought'], any_of=['active_visitors', 'engaged_subscribers', 'abandoned_cart'], none_of=['do_not_contact']
) }}
