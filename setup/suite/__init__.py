"""Sets up everything the suite runs on, with the standard library only."""
