"""A day of distribution, played through a running Odoo with a shop and a warehouse on the other side."""
