"""Forecasting and inventory rules in pure Python: no Odoo, numpy where it is installed.

Quantities are floats in the item's unit, one per bucket (a week, a month), the oldest first.
"""
