"""The endurance test: named runs that repeat with another seed until their time is over."""
