"""The room for what people read: published tables → values of metrics, and one HTML page with everything an owner asks.

Nothing is computed here that a model could compute; what a metric is, stands in `metric_definitions`.
"""
