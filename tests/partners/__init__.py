"""Stand-ins for the partners of a distributor: a shop and a warehouse. For tests and the demonstration only.

They use the standard library alone and share no code with the addons, so that a mistake in an addon is not
repeated, and thereby hidden, on the other side of the wire.
"""
