import json

import psycopg2

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import EdiCase


@tagged("post_install", "-at_install")
class TestPartners(EdiCase):
    def test_defaults_of_a_standard(self):
        """E6: what is usual in the standard, unless it is said otherwise."""
        system, client, _key = self.make_edi_system("EUROPE")
        profile = self.make_profile(system, client, standard="EDIFACT", version="D01B")
        separators = profile._get_separators()
        self.assertEqual(
            (
                separators.element,
                separators.component,
                separators.terminator,
                separators.release,
                separators.una,
            ),
            ("+", ":", "'", "?", True),
        )
        self.assertEqual((profile.acknowledgement, profile.version), ("CONTRL", "D01B"))
        self.assertEqual(self.profile._get_separators().component, ">")

    def test_the_first_control_number(self):
        """E6: a manager says where the numbers of another program ended; once one is taken, nobody does."""
        manager = new_test_user(self.env, "edi-chief", groups="dist_integration_base.group_dist_manager")
        form = Form(self.profile.with_user(manager))
        for place in range(2):
            with form.counter_ids.edit(place) as row:
                row.last = 41
        form.save()
        told = self._assert_told(self.profile, "overridden", manager)
        self.assertEqual(
            [json.loads(entry.changes) for entry in told], 2 * [[{"field": "last", "old": 0, "new": 41}]]
        )
        counters = self.profile.counter_ids
        operator = new_test_user(self.env, "edi-operator", groups="dist_integration_base.group_dist_operator")
        for person, vals in ((operator, {"last": 50}), (manager, {"cycle": 2})):
            with self.assertRaises(AccessError):
                counters.with_user(person).write(vals)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            counters.with_user(manager).write({"last": -1})
        self.assertEqual(counters._allocate(self.profile, "interchange").number, 42)
        with self.assertRaises(UserError):
            counters.filtered(lambda one: one.kind == "interchange").with_user(manager).last = 41

    def test_separators(self):
        """E6: control characters by their code; what cannot separate is refused."""
        self.profile.write({"terminator": "0x1C", "line_breaks": False})
        self.assertEqual(self.profile._get_separators().terminator, "\x1c")
        self.assertEqual(self.profile._get_separators().suffix, "")
        for values in (
            {"terminator": "*"},
            {"element_separator": "A"},
            {"component_separator": "::"},
            {"terminator": "0xFFFF"},
        ):
            with self.subTest(values=values), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.profile.write(values)

    def test_what_does_not_fit_is_refused(self):
        """E6: named in the words of the person."""
        for values, words in (
            ({"acknowledgement": "CONTRL"}, "X12 has no CONTRL"),
            ({"identifier": "X" * 16}, "longer than the 15 characters"),
            ({"qualifier": "ABC"}, "longer than the 2 characters"),
            ({"version": "D96A"}, "no version of X12"),
        ):
            with self.subTest(words), self.assertRaisesRegex(ValidationError, words), self.env.cr.savepoint():
                self.profile.write(values)
        with self.assertRaisesRegex(ValidationError, "is not of the system"), self.env.cr.savepoint():
            self.profile.channel_id = self.channel

    def test_agreements(self):
        """E6: a document that is none, or that nothing works with, cannot be agreed on."""
        for direction, code, words in (
            ("in", "ORDERS", "no document of X12"),
            ("in", "999", "no document of X12"),
            ("in", "940", "Nothing in the installed addons works"),
            ("out", "832", "Nothing in the installed addons works"),
        ):
            with self.subTest(code), self.assertRaisesRegex(ValidationError, words), self.env.cr.savepoint():
                self.agree(self.profile, direction, code)

    def test_deviations_are_data(self):
        """E6: an overlay is checked when it is written, and used when a document is read."""
        agreement = self.profile.agreement_ids
        for overlay, words in (
            ("{", "not JSON"),
            ("[]", "no JSON object"),
            ('{"fields": {"number": {"as": "money"}}}', 'no "as": "money"'),
        ):
            with self.subTest(words), self.assertRaisesRegex(ValidationError, words), self.env.cr.savepoint():
                agreement.overlay = overlay
        overlay = {
            "fields": {"requested_date": {"from": "DTM02(01=010)"}},
            "item_numbers": {"buyer_sku": ["ZZ"]},
        }
        agreement.overlay = json.dumps(overlay)
        segments = self.order_850("P1", "PO1*1*10*EA***ZZ*B-CORN")
        self.take(self.x12([*segments[:2], "DTM*010*20310601", *segments[2:]]))
        order = self.get_order("P1")
        self.assertEqual(str(order.commitment_date)[:10], "2031-06-01")
        self.assertEqual(order.order_line.product_id, self.corn)

    def test_usual_units(self):
        """E6: explained in the code maps of the system, those that are there are kept."""
        system, client, _key = self._make_system("Fresh", kind="customer")
        profile = self.env["dist.edi.partner"].create(
            {
                "name": "Fresh",
                "system_id": system.id,
                "client_id": client.id,
                "own_identifier": "SELLER",
                "identifier": "FRESH",
            }
        )
        self.map_code("unit", "EA", self.dozen, system=system)
        profile.action_add_usual_units()
        maps = self.env["dist.code.map"]
        self.assertEqual(maps._find(system, "unit", "DZN"), self.dozen)
        self.assertEqual(maps._find(system, "unit", "EA"), self.dozen)
        self.assertEqual(maps._find(system, "unit", "KGM"), self.env.ref("uom.product_uom_kgm"))

    def test_what_is_missing(self):
        """E6: the profile says why documents do not move yet."""
        self.assertEqual(self.profile.missing, "an active flow edi.acknowledgement")
        self.make_receiver("edi.acknowledgement")
        self.profile.invalidate_recordset()
        self.assertFalse(self.profile.missing)

    @mute_logger("odoo.sql_db")
    def test_an_address_is_of_one_partner(self):
        """E6: whose an interchange is cannot be doubtful."""
        with self.assertRaises(psycopg2.IntegrityError), self.env.cr.savepoint():
            self.make_profile(self.edi_system, self.edi_client, name="Twin")

    def test_numbers_start_anew(self):
        """E6: nine digits, then 1 again; the entry tells the round."""
        counters = self.env["dist.edi.counter"]
        self.env.cr.execute(
            "UPDATE dist_edi_counter SET last = 999999998 WHERE edi_partner_id = %s", (self.profile.id,)
        )
        taken = [counters._allocate(self.profile, "interchange") for _time in range(3)]
        self.assertEqual([control.number for control in taken], [999_999_999, 1, 2])
        self.assertEqual([control.cycle for control in taken], [1, 2, 2])
        self.assertEqual(counters._allocate(self.profile, "group").number, 999_999_999)
