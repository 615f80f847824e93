"""Ways in which interchanges travel, beside those of the framework."""
