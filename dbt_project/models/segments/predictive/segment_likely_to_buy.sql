{{ marts_scored_segment('purchase_probability', 'Will buy soon', var('likely_to_buy_probability')) }}
