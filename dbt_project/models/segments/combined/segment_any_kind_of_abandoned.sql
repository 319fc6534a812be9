{{ marts_combined_segment(any_of=['abandoned_cart', 'abandoned_browse'], none_of=['do_not_contact']) }}
