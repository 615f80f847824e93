from odoo.tests import tagged

from .test_outbound import OutboundCase


class OrderChangeCase(OutboundCase):
    """A customer who drops orders and their changes into a folder."""

    def setUp(self):
        super().setUp()
        self.drop_off, self.path = self.make_folder(purpose="receive", client_id=self.edi_client.id)
        flow = self.edi_system.flow_ids.filtered(lambda flow: flow.message_type_id.code == "edi.interchange")
        flow.endpoint_id = self.drop_off

    def drop(self, raw):
        """Put a file into the folder, and do what the jobs do.

        :return: dist.edi.document of it
        """
        known = self.env["dist.edi.document"].search([])
        (self.path / f"{next(self.numbers)}.edi").write_bytes(raw)
        self.env.flush_all()
        self.drop_off._job_poll()
        for _time in range(2):
            self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        return self.env["dist.edi.document"].search([]) - known

    def accept(self, exception):
        exception.action_accept_variance()
        self.env.invalidate_all()

    def release(self, order):
        """Have a warehouse outside work on what is open of an order."""
        pickings = order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel"))
        pickings.write({"dist_release_state": "requested", "printed": True})
        return pickings


@tagged("post_install", "-at_install")
class TestOrderChanges(OrderChangeCase):
    """What a customer changes by X12."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agree(cls.profile, "in", "860")

    def order(self, *lines, reference="P1"):
        """:return: sale.order; of 10 pieces of corn and 5 of gloves when no lines are given"""
        lines = lines or ("PO1*1*10*EA*10**BP*B-CORN", "PO1*2*5*EA***VN*TEST-GLOVES")
        self.drop(self.x12(self.order_850(reference, *lines), control=next(self.numbers)))
        order = self.get_order(reference)
        self.assertEqual(order.state, "sale")
        return order

    def change(self, *lines, reference="P1", purpose="04", head=(), version="004010"):
        """:return: dist.message of an 860"""
        segments = [f"BCH*{purpose}*SA*{reference}**1*20260302*C-1****20260303", *head, *lines]
        raw = self.x12(
            [*segments, f"CTT*{len(lines)}"], code="860", control=next(self.numbers), version=version
        )
        document = self.drop(raw)
        self.assertEqual(document.state, "accepted", document.problem)
        self.assertEqual(document.document_name, "purchase.change")
        return document.message_id

    def changed(self, *lines, **options):
        message = self.change(*lines, **options)
        self.assertEqual(message.state, "done", message.error)
        return message

    def refused(self, code, *lines, **options):
        """:return: dist.exception that tells why a change was not made"""
        message = self.change(*lines, **options)
        self.assertEqual((message.state, message.error_code), ("dead", code), message.error)
        self.assertEqual((message.exception_id.code, message.exception_id.state), (code, "open"))
        return message.exception_id

    def quantities(self, order):
        return {line.dist_line_ref: line.product_uom_qty for line in order.order_line}

    # what is done

    def test_lines_and_date(self):
        """E3, C4: more of a line, one given up, one added, another day; 865 answers line by line."""
        self.connect("855", "865")
        order = self.order()
        self.get_sent("855")
        message = self.changed(
            "POC*1*QI*12*12*EA*10**BP*B-CORN",
            "POC*2*DI*0*0*EA***VN*TEST-GLOVES",
            "POC*3*AI*2*2*DZ***VN*TEST-GLOVES",
            head=("CUR*BY*USD", "DTM*002*20310602"),
        )
        self.assertEqual(message.message_type_id.code, "order.change")
        self.assertEqual((message.res_model, message.res_id), (order._name, order.id))
        self.assertEqual(self.quantities(order), {"1": 12, "2": 0, "3": 2})
        self.assertEqual(order.order_line[2]._dist_get_product_quantity(), 24)
        self.assertEqual(order.commitment_date.isoformat()[:10], "2031-06-02")
        ((answer, transaction),) = self.get_sent("865")
        self.assertEqual(
            (answer["order"], answer["change"], answer["status"], answer["purpose"]),
            ("P1", "C-1", "accepted", "replace"),
        )
        told = [
            (line["line"], line["change"], line["quantity"], line["answers"][0]["status"])
            for line in answer["lines"]
        ]
        self.assertEqual(
            told,
            [
                ("1", "quantity_increase", "12", "accepted"),
                ("2", "delete", "0", "cancelled"),
                ("3", "add", "2", "accepted"),
            ],
        )
        self.assertEqual(transaction.group.functional_code, "CA")

    def test_every_version(self):
        """E1, E3: by 5010 as by 4010, with what the partner does otherwise laid over it."""
        self.connect("865")
        order = self.order()
        self.changed("POC*1*QD*8*8*EA*10**BP*B-CORN", version="005010")
        self.assertEqual(self.quantities(order), {"1": 8, "2": 5})
        self.profile._get_agreed_document(
            "in", "860"
        ).overlay = '{"codes": {"line_change": {"quantity_decrease": ["ZZ"]}}}'
        self.changed("POC*1*ZZ*7*7*EA*10**BP*B-CORN")
        self.assertEqual(self.quantities(order), {"1": 7, "2": 5})

    def test_units_are_those_of_the_change(self):
        """E3, pitfall 14: a dozen stays a dozen, whatever the line is counted in."""
        order = self.order()
        self.changed("POC*1*QI*2*2*DZ*120**BP*B-CORN")
        self.assertEqual(self.quantities(order), {"1": 24, "2": 5})

    def test_what_is_repeated_is_no_change(self):
        """E3, pitfall 20: the same day and lines as ordered are taken also while the warehouse works on them."""
        order = self.order()
        self.release(order)
        self.changed(
            "POC*1*NC*10*10*EA*10**BP*B-CORN", "POC*2*CA*5*5*EA***VN*TEST-GLOVES", head=("DTM*002*20310514",)
        )
        self.assertEqual(self.quantities(order), {"1": 10, "2": 5})

    def test_a_replaced_order(self):
        """E3, pitfall 19: what a replacement does not name is given up; by 860 and by 850."""
        order = self.order()
        self.changed("POC*1*RZ*9*9*EA*10**BP*B-CORN", purpose="05")
        self.assertEqual(self.quantities(order), {"1": 9, "2": 0})
        again = [
            segment.replace("BEG*00", "BEG*05")
            for segment in self.order_850("P1", "PO1*2*3*EA***VN*TEST-GLOVES", "PO1*7*1*EA*10**BP*B-CORN")
        ]
        document = self.drop(self.x12(again, control=next(self.numbers)))
        self.assertEqual(document.message_id.state, "done", document.message_id.error)
        self.assertEqual(self.quantities(order), {"1": 0, "2": 3, "7": 1})

    def test_the_day_of_every_line(self):
        """E3: a day that every line has is that of the order; one of some lines is a person's to settle."""
        order = self.order()
        line = ("POC*1*RS*10*10*EA*10**BP*B-CORN", "DTM*002*20310602")
        exception = self.refused("order_change_refused", *line)
        self.assertIn("Line 1, [TEST-CORN]", exception.detail)
        self.assertIn("now 10 Units at 10 on 2031-06-02", exception.detail)
        self.assertEqual(order.commitment_date.isoformat()[:10], "2031-05-14")
        self.changed(*line, "POC*2*RS*5*5*EA***VN*TEST-GLOVES", "DTM*002*20310602")
        self.assertEqual(order.commitment_date.isoformat()[:10], "2031-06-02")

    # prices

    def test_the_contract_price_stays(self):
        """E3: where the contract decides, the answer says which price holds."""
        self.connect("855", "865")
        order = self.order()
        self.get_sent("855")
        self.changed("POC*1*PC*10*10*EA*9**BP*B-CORN")
        self.assertEqual(order.order_line[0].price_unit, 10)
        ((answer, _transaction),) = self.get_sent("865")
        self.assertEqual(answer["status"], "accepted_with_changes")
        self.assertEqual(answer["lines"][0]["unit_price"], "10")
        self.assertEqual(answer["lines"][0]["answers"][0]["status"], "price_changed")
        self.assertEqual(answer["lines"][1]["change"], "no_change")

    def test_another_price(self):
        """E3, X1: a person sees old and new price side by side, and takes it in one click."""
        order = self.order()
        self.profile.channel_id.price_policy = "hold"
        exception = self.refused("order_change_refused", "POC*1*PQ*8*8*EA*9**BP*B-CORN")
        self.assertIn("ordered 10 Units at 10, now 8 Units at 9", exception.detail)
        self.assertIn("Submitted price 9, contract price 10.", exception.detail)
        self.assertEqual((exception.res_model, exception.res_id), (order._name, order.id))
        self.accept(exception)
        self.assertEqual((order.order_line[0].product_uom_qty, order.order_line[0].price_unit), (8, 9))
        self.assertEqual(exception.state, "resolved")

    def test_a_price_that_is_taken(self):
        """E3: where the channel takes what is submitted, without a quantity as well."""
        order = self.order()
        self.profile.channel_id.price_policy = "accept"
        self.changed("POC*1*PC***EA*9**BP*B-CORN")
        self.assertEqual((order.order_line[0].product_uom_qty, order.order_line[0].price_unit), (10, 9))

    # what comes too late

    def test_released(self):
        """E3, C4, X1: what a warehouse has is not changed; each line has its reason, old and new; all or nothing.

        Set aside, the customer hears how the order stands.
        """
        self.connect("855", "865")
        order = self.order()
        self.get_sent("855")
        picking = self.release(order)
        exception = self.refused(
            "change_too_late",
            "POC*1*QD*4*4*EA*10**BP*B-CORN",
            "POC*2*DI*0*0*EA***VN*TEST-GLOVES",
            "POC*3*AI*1*1*EA*10**BP*B-CORN",
        )
        first, second = exception.detail.splitlines()
        self.assertIn("ordered 10 Units at 10, now 4 Units at 10. 10 of line 1 have shipped", first)
        self.assertIn("ordered 5 Units at 4, now 0 Units. 5 of line 2 have shipped", second)
        self.assertEqual(self.quantities(order), {"1": 10, "2": 5})
        self.assertEqual((order.state, picking.state), ("sale", "assigned"))
        self.assertEqual(self.get_sent("865"), [])
        exception._ignore("Agreed by phone")
        ((answer, _transaction),) = self.get_sent("865")
        self.assertEqual((answer["order"], answer["status"]), ("P1", "accepted_with_changes"))
        self.assertEqual(
            [(line["quantity"], line["answers"][0]["status"]) for line in answer["lines"]],
            [("10", "quantity_changed"), ("5", "quantity_changed"), ("1", "rejected")],
        )
        self.assertIn("10 of line 1 have shipped", answer["lines"][0]["notes"][0]["text"])

    def test_shipped(self):
        """E3, pitfall 20: what has shipped stays, what is left of it is given up; the same again changes nothing."""
        order = self.order()
        self.ship(order, quantity=4)
        self.refused("change_too_late", "POC*1*QD*3*3*EA*10**BP*B-CORN")
        for _time in range(2):
            self.changed("POC*1*QD*4*0*EA*10**BP*B-CORN", "POC*2*QD*4*0*EA***VN*TEST-GLOVES")
        self.assertEqual(self.quantities(order), {"1": 4, "2": 4})
        self.assertFalse(order.picking_ids.filtered(lambda picking: picking.state not in ("done", "cancel")))

    def test_an_older_change(self):
        """M5, X1: one that was prepared before another that was applied is told to a person."""
        order = self.order()
        self.changed("POC*1*QD*8*8*EA*10**BP*B-CORN")
        order.dist_changed_at = "2026-03-03 00:00:00"
        self.refused("change_outdated", "POC*1*QD*9*9*EA*10**BP*B-CORN")
        self.assertEqual(self.quantities(order), {"1": 8, "2": 5})

    # cancellation

    def test_cancelled(self):
        """E3, C4: an order is cancelled as a whole; the answer accepts it."""
        self.connect("855", "865")
        order = self.order()
        self.get_sent("855")
        message = self.changed(purpose="01")
        self.assertEqual((message.message_type_id.code, order.state), ("order.cancel", "cancel"))
        ((answer, _transaction),) = self.get_sent("865")
        self.assertEqual((answer["order"], answer["status"]), ("P1", "accepted"))
        self.assertEqual(
            [(line["change"], line["answers"][0]["status"]) for line in answer["lines"]],
            [("delete", "cancelled")] * 2,
        )

    def test_cancelled_by_an_order(self):
        """E3, pitfall 19: an order whose purpose is to cancel is no new one."""
        cancel = [segment.replace("BEG*00", "BEG*01") for segment in self.order_850("P1")]
        document = self.drop(self.x12(cancel, control=next(self.numbers)))
        self.assertEqual(
            (document.message_id.state, document.message_id.exception_id.code), ("dead", "unknown_order")
        )
        self.assertFalse(self.get_order("P1"))
        order = self.order()
        self.drop(self.x12(cancel, control=next(self.numbers)))
        self.assertEqual(order.state, "cancel")

    def test_cancelled_too_late(self):
        """E3, C4, W1, X1: with a warehouse it stays; set aside, the customer hears that it does."""
        self.connect("855", "865")
        order = self.order()
        self.get_sent("855")
        self.release(order)
        exception = self.refused("order_released", purpose="01")
        self.assertEqual(order.state, "sale")
        exception._ignore("Agreed by phone")
        ((answer, _transaction),) = self.get_sent("865")
        self.assertEqual(answer["status"], "accepted_with_changes")
        self.assertEqual([line["quantity"] for line in answer["lines"]], ["10", "5"])

    # what does not fit

    def test_what_does_not_fit(self):
        """E3, X1: an order, a line or an item that is not the customer's is told to a person; nothing is changed."""
        order = self.order()
        for code, line, options in (
            ("unknown_order", "POC*1*QD*1*1*EA*10**BP*B-CORN", {"reference": "P9"}),
            ("unknown_line", "POC*9*QI*99*9*EA*10**BP*B-CORN", {}),
            ("line_exists", "POC*2*QI*6*6*EA*10**BP*B-CORN", {}),
            ("currency_mismatch", "POC*1*QD*1*1*EA*10**BP*B-CORN", {"head": ("CUR*BY*SEK",)}),
            ("quantity_missing", "POC*9*AI***EA*10**BP*B-CORN", {}),
        ):
            with self.subTest(code):
                self.refused(code, line, **options)
        message = self.change()
        self.assertEqual((message.state, message.exception_id.category), ("dead", "validation"))
        self.assertEqual(self.quantities(order), {"1": 10, "2": 5})

    def test_another_partner_of_the_system(self):
        """E6: partners that share a system do not change each other's orders."""
        order = self.order()
        other = self.env["res.partner"].create({"name": "Other"})
        rival = self.make_profile(self.edi_system, self.edi_client, identifier="RIVAL", partner_id=other.id)
        self.agree(rival, "in", "860")
        segments = ["BCH*01*SA*P1**1*20260302", "CTT*0"]
        raw = self.x12(segments, code="860", control=next(self.numbers), sender="RIVAL")
        message = self.drop(raw).message_id
        self.assertEqual((message.state, message.exception_id.code), ("dead", "unknown_order"))
        self.assertEqual(order.state, "sale")


@tagged("post_install", "-at_install")
class TestOrderChangesByEdifact(OrderChangeCase):
    """The same by ORDCHG and ORDRSP."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.edi_system, cls.edi_client, cls.edi_key = cls.make_edi_system("EUROPE")
        cls.profile.active = False
        cls.profile = cls.make_profile(
            cls.edi_system, cls.edi_client, standard="EDIFACT", qualifier="14", own_qualifier="14"
        )
        for code in ("ORDERS", "ORDCHG"):
            cls.agree(cls.profile, "in", code)

    def take_edifact(self, code, segments, version):
        raw = self.edifact(segments, code=code, version=version, control=next(self.numbers))
        document = self.drop(raw)
        self.assertEqual(document.state, "accepted", document.problem)
        self.assertEqual(document.message_id.state, "done", document.message_id.error)
        return document

    def test_lines_and_cancellation(self):
        """E3: quantity, a line given up, one added, the day; then the whole order."""
        self.connect("ORDRSP")
        for version, number in (("D96A", "E1"), ("D01B", "E2")):
            lines = (
                ("LIN+1++B-CORN:IN", "QTY+21:10:PCE", "PRI+AAA:10"),
                ("LIN+2++TEST-GLOVES:SA", "QTY+21:5:PCE"),
            )
            self.take_edifact("ORDERS", self.order_edifact(number, *lines), version)
            order = self.get_order(number)
            self.get_sent("ORDRSP")
            head = ["DTM+137:20260303:102", f"RFF+ON:{number}"]
            change = [
                f"BGM+230+{number}-1+4", head[0], "DTM+2:20310602:102", head[1],
                "LIN+1+3+B-CORN:IN", "QTY+21:12:PCE", "PRI+AAA:10",
                "LIN+2+2+TEST-GLOVES:SA",
                "LIN+3+1+TEST-GLOVES:SA", "QTY+21:1:DZN",
                "UNS+S", "CNT+2:3",
            ]  # fmt: skip
            self.take_edifact("ORDCHG", change, version)
            self.assertEqual(order.order_line.mapped("product_uom_qty"), [12, 0, 1])
            self.assertEqual(order.commitment_date.isoformat()[:10], "2031-06-02")
            answer, _transaction = self.get_sent("ORDRSP")[-1]
            self.assertEqual((answer["order"], answer["status"]), (number, "accepted"))
            self.assertEqual(
                [line["answers"][0]["status"] for line in answer["lines"]],
                ["accepted", "cancelled", "accepted"],
            )
            cancel = [f"BGM+230+{number}-2+1", *head, "UNS+S"]
            self.take_edifact("ORDCHG", cancel, version)
            self.assertEqual(order.state, "cancel")
            answer, transaction = self.get_sent("ORDRSP")[-1]
            self.assertEqual((answer["status"], transaction.body[0].get(3)), ("accepted", "29"))
