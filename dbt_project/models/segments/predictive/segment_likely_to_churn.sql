{{ marts_scored_segment('churn_probability', 'Will stop buying', var('likely_to_churn_probability')) }}
