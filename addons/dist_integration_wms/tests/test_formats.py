from datetime import datetime

from odoo.tests import BaseCase, tagged

from ..lib import formats
from ..lib.confirmation import ConfirmationPlan, MovePlan, Portion, digest_of


@tagged("post_install", "-at_install")
class TestFormats(BaseCase):
    def test_quantities(self):
        """Decimals as texts: no exponent, no noise, no zeros at the end, no negative zero."""
        cases = {
            0: "0",
            -1e-9: "0",
            12.0: "12",
            0.1 + 0.2: "0.3",
            1e-9: "0",
            -2.5: "-2.5",
            123456789.125: "123456789.125",
            1e15: "1000000000000000",
        }
        for number, text in cases.items():
            self.assertEqual(formats.quantity_text(number), text)
        self.assertEqual(formats.quantity_text(-0.0), "0")

    def test_moments(self):
        """Moments come in any zone and are kept in UTC."""
        self.assertEqual(formats.read_moment("2026-03-02T01:05:00+02:00"), datetime(2026, 3, 1, 23, 5))
        self.assertEqual(formats.read_moment("2026-03-02T01:05:00.125Z"), datetime(2026, 3, 2, 1, 5))
        self.assertEqual(formats.moment_text(datetime(2026, 3, 2, 1, 5)), "2026-03-02T01:05:00Z")
        self.assertIsNone(formats.moment_text(None))
        self.assertEqual(formats.read_expiry("2027-01-31"), datetime(2027, 1, 31, 12))
        for reader, text in (
            (formats.read_moment, "2026-02-30T00:00:00Z"),
            (formats.read_expiry, "2026-13-01"),
        ):
            with self.assertRaises(ValueError):
                reader(text)

    def test_digest(self):
        """Content counts, not the order of keys."""
        self.assertEqual(digest_of({"a": 1, "b": [1, 2]}), digest_of({"b": [1, 2], "a": 1}))
        self.assertNotEqual(digest_of({"b": [1, 2]}), digest_of({"b": [2, 1]}))

    def test_plan(self):
        plan = ConfirmationPlan(None, {"confirmation": "C", "complete": False}, "")
        plan.moves = [MovePlan(None, 4.0, [Portion(1.0, ""), Portion(2.0, "")]), MovePlan(None, 2.0)]
        self.assertEqual([item.quantity for item in plan.moves], [3.0, 0])
        self.assertFalse(plan.is_empty)
        self.assertFalse(plan.is_final)
        self.assertEqual(len(plan.portions), 2)
