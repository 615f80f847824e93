import base64
import io
import re

from PIL import Image
from reportlab.graphics.barcode import code128

from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.dist_integration_base.lib import gs1

from .test_outbound import OutboundCase

LABEL, LABELS = "dist_integration_edi.report_sscc_label", "dist_integration_edi.report_sscc_label_picking"
FUNCTION_1, START_C = 102, 105
WIDTHS = {pattern: number for number, pattern in code128._patterns.items() if isinstance(number, int)}


def read_symbol(png):
    """What the bars of a picture say.

    :return: list of the numbers of a Code 128 symbol, without check character and stop
    """
    picture = Image.open(io.BytesIO(png)).convert("L")
    row = [picture.getpixel((x, picture.height // 2)) < 128 for x in range(picture.width)]
    first, last = row.index(True), len(row) - row[::-1].index(True)
    bars = "".join("#" if bar else " " for bar in row[first:last])
    runs = [len(run.group()) for run in re.finditer(r"(.)\1*", bars)]
    # six bars and spaces in 11 modules each, the last one seven in 13
    module = sum(runs) / (11 * (len(runs) - 7) / 6 + 13)
    text = "".join(str(round(run / module)) for run in runs)
    assert text.endswith("2331112"), text
    numbers = [WIDTHS[_pattern(text[start : start + 6])] for start in range(0, len(text) - 7, 6)]
    check = (numbers[0] + sum(place * number for place, number in enumerate(numbers[1:-1], 1))) % 103
    assert check == numbers[-1]
    return numbers[:-1]


def _pattern(widths):
    """:return: widths of bars and spaces as reportlab writes them: capitals are bars"""
    return "".join(chr(ord("aA"[place % 2 == 0]) + int(width) - 1) for place, width in enumerate(widths))


@tagged("post_install", "-at_install")
class TestSsccLabel(OutboundCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.dist_gs1_prefix = "4012345"
        cls.corn.barcode = "4006381333931"

    def pack(self, reference="P1", quantity=10):
        """:return: stock.picking whose goods are in one package"""
        self.take(self.x12(self.order_850(reference)))
        picking = self.get_order(reference).picking_ids
        picking.move_ids.quantity = quantity
        picking.move_ids.picked = True
        picking.move_line_ids.result_package_id = self.env["stock.quant.package"].create({})
        return picking

    def print_label(self, report, records):
        """:return: (text of the labels, list of what their symbols say)"""
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(report, records.ids)
        text = html.decode()
        pictures = re.findall(r"data:image/png;base64,([^\"]+)", text)
        return text, [read_symbol(base64.b64decode(picture)) for picture in pictures]

    def test_from_label_to_ship_notice(self):
        """E3: what is printed on the box is what the ship notice announces, and it is an SSCC."""
        self.connect("856")
        picking = self.pack()
        package = picking.move_line_ids.result_package_id
        text, (content, own) = self.print_label(LABELS, picking)
        sscc = package.name
        self.assertTrue(gs1.is_valid(sscc))
        self.assertEqual((len(sscc), sscc[:8]), (18, "04012345"))
        self.assertEqual(own, [START_C, FUNCTION_1, *_pairs("00" + sscc)])
        self.assertEqual(content, [START_C, FUNCTION_1, *_pairs("02040063813339313710")])
        for words in (f"(00) {sscc}", "(02) 04006381333931 (37) 10", "P1", picking.name):
            self.assertIn(words, text)
        picking._action_done()
        ((notice, _transaction),) = self.get_sent("856")
        self.assertEqual(notice["packages"][0]["sscc"], sscc)
        self.assertEqual(notice["lines"][0]["package"], sscc)

    def test_a_number_is_given_once(self):
        """E3: a label printed again says the same; no two packages share a number."""
        picking = self.pack()
        package = picking.move_line_ids.result_package_id
        self.print_label(LABEL, package)
        first = package.name
        self.print_label(LABEL, package)
        self.assertEqual(package.name, first)
        others = self.env["stock.quant.package"].create([{}, {}])
        self.print_label(LABEL, others)
        self.assertEqual(len({first, *others.mapped("name")}), 3)

    def test_a_suppliers_package(self):
        """E3: a package that has an SSCC keeps it."""
        package = self.env["stock.quant.package"].create({"name": "106141411234567897"})
        _text, (own,) = self.print_label(LABEL, package)
        self.assertEqual((package.name, own[2:]), ("106141411234567897", _pairs("00106141411234567897")))

    def test_as_a_warehouse_user(self):
        """E3, G8: who packs prints; the PDF is one."""
        picking = self.pack()
        packer = new_test_user(self.env, "packer", groups="stock.group_stock_user")
        reports = self.env["ir.actions.report"].with_user(packer).with_context(force_report_rendering=True)
        pdf, kind = reports._render_qweb_pdf(LABELS, picking.ids)
        self.assertEqual((pdf[:4], kind), (b"%PDF", "pdf"))
        self.assertTrue(gs1.is_valid(picking.move_line_ids.result_package_id.name))

    def test_what_cannot_be_labelled(self):
        """X1: without a prefix, and before anything is packed, the user hears what is missing."""
        picking = self.pack()
        self.company.dist_gs1_prefix = False
        with self.assertRaisesRegex(UserError, "no GS1 company prefix"):
            self.print_label(LABELS, picking)
        picking.move_line_ids.result_package_id = False
        with self.assertRaisesRegex(UserError, "Nothing is packed yet"):
            self.print_label(LABELS, picking)
        for wrong in ("401", "4012345678901", "40123x5"):
            with self.assertRaises(ValidationError):
                self.company.dist_gs1_prefix = wrong

    def test_mixed_content(self):
        """E3: several items in a package have no element string; the SSCC stands alone."""
        picking = self.pack()
        package = picking.move_line_ids.result_package_id
        self.corn.barcode = False
        _text, symbols = self.print_label(LABEL, package)
        self.assertEqual(len(symbols), 1)


def _pairs(digits):
    return [int(digits[start : start + 2]) for start in range(0, len(digits), 2)]
