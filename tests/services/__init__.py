"""Real servers that tests start for themselves: private folders, free ports of the loopback interface."""
