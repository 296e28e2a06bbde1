"""Every metric of the paper, for any generator and its sub-generators. Start with `every_metric.py`."""
