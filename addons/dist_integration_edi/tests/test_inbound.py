import gzip
import json
from hashlib import sha256
from unittest import mock

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..lib import interchange as reading
from .common import EdiCase


@tagged("post_install", "-at_install")
class TestInbound(EdiCase):
    def test_an_850_becomes_an_order(self):
        """E3, E6: an order comes in and goes through the same checks as one over the API."""
        lines = ("PO1*1*10*EA*10**BP*B-CORN", "PO1*2*2*DZ***VN*TEST-GLOVES")
        interchange = self.take(self.x12(self.order_850("P1", *lines)))
        self.assertEqual((interchange.state, interchange.edi_partner_id), ("processed", self.profile))
        document = interchange.document_ids
        self.assertEqual(
            (document.state, document.code, document.business_key, document.document_name),
            ("accepted", "850", "P1", "purchase.order"),
        )
        self.assertEqual(document.message_id.state, "done", document.message_id.error)
        order = self.get_order("P1")
        self.assertEqual((order.state, order.partner_id), ("sale", self.customer))
        self.assertEqual(order.order_line.mapped("product_id"), self.corn + self.gloves)
        self.assertEqual(order.order_line.mapped("product_uom_qty"), [10.0, 2.0])
        self.assertEqual(order.order_line[1]._dist_get_unit(), self.dozen)
        self.assertEqual(str(order.commitment_date)[:10], "2031-05-14")
        self.assertEqual(order.create_uid, self.edi_client.user_id)
        # one trace from the file to the order
        self.assertEqual(document.message_id.trace_id, interchange.message_id.trace_id)
        self.assertEqual(document.message_id.parent_id, interchange.message_id)

    def test_what_many_faults_cost(self):
        """E1: a file is read as often for many documents that are refused, or not agreed, as for few."""

        def count(number, control, code="850"):
            raw = self.x12(
                *[self.order_850("P1", "PO1*1*10*EA*9x99**BP*B-CORN")] * number, control=control, code=code
            )
            with mock.patch.object(reading, "Tokenizer", wraps=reading.Tokenizer) as tokenizer:
                documents = self.take(raw).document_ids
            self.assertEqual(documents.mapped("state"), ["refused"] * number)
            self.assertNotIn("9x99", documents[0].problem)
            return tokenizer.call_count

        self.assertEqual(count(2, 1), count(6, 2))
        self.assertEqual(count(2, 3, "860"), count(6, 4, "860"))

    def test_an_address_within_the_country(self):
        """E3: without a country, as orders within one have it, or with its three letters; a name is no address."""
        self.customer.country_id = self.env.ref("base.us")
        for number, last in (("P1", "43219"), ("P2", "43219*USA"), ("P3", "43219*US")):
            place = ("N1*ST*Harbour DC*92*ST4401", "N3*4400 Distribution Dr", f"N4*Columbus*OH*{last}")
            payer = ("N1*BT*Harbour Payable", "N2*Second floor", "N4*Columbus")
            segments = self.order_850(number)
            document = self.take(
                self.x12([*segments[:3], *place, *payer, *segments[3:]], control=int(number[1]))
            )
            message = document.document_ids.message_id
            self.assertEqual(message.state, "done", message.error)
            order = self.get_order(number)
            ship = order.partner_shipping_id
            self.assertEqual((ship.name, ship.city, ship.state_id.code, ship.country_id.code),
                             ("Harbour DC", "Columbus", "OH", "US"))  # fmt: skip
            self.assertEqual(order.partner_invoice_id, self.customer)

    def test_an_address_where_the_customer_has_none(self):
        """E3: the country is that of the company; half a place to ship to is for a person."""
        self.customer.country_id = False
        self.company.country_id = self.env.ref("base.us")
        segments = self.order_850("P1")
        place = ["N1*ST*Harbour DC", "N3*4400 Distribution Dr", "N4*Columbus*OH*43219"]
        self.take(self.x12([*segments[:3], *place, *segments[3:]]))
        self.assertEqual(self.get_order("P1").partner_shipping_id.country_id.code, "US")
        segments = self.order_850("P2")
        interchange = self.take(self.x12([*segments[:3], place[0], place[2], *segments[3:]], control=8))
        self.assertEqual(interchange.document_ids.message_id.state, "dead")

    def test_no_order(self):
        """E3, pitfall 19: a request, or a confirmation or copy of an order that is not known, is no order."""
        purposes = (("06", "confirmation"), ("07", "duplicate"), ("13", "request"), ("11", "response"))
        for control, (code, word) in enumerate(purposes, 1):
            asked = [segment.replace("BEG*00", f"BEG*{code}") for segment in self.order_850("P1")]
            document = self.take(self.x12(asked, control=control)).document_ids
            self.assertEqual((document.state, document.message_id.id), ("refused", False))
            self.assertIn(word, document.problem)
            exception = self.env["dist.exception"].search(
                [("res_model", "=", document._name), ("res_id", "=", document.id)]
            )
            self.assertEqual((exception.code, exception.state), ("no_order", "open"))
        self.assertFalse(self.get_order("P1"))
        self.take(self.x12(self.order_850("P1"), control=11))
        copy = [segment.replace("BEG*00", "BEG*07") for segment in self.order_850("P1")]
        document = self.take(self.x12(copy, control=12)).document_ids
        self.assertEqual((document.state, document.message_id.state), ("accepted", "done"))
        self.assertEqual(len(self.get_order("P1")), 1)

    def test_releases_of_a_blanket_order(self):
        """E3: each is an order of its own, although all have the number of the blanket order."""
        for control, release in enumerate(("R1", "R2"), 1):
            segments = [one.replace("*P1**", f"*P1*{release}*") for one in self.order_850("P1")]
            document = self.take(self.x12(segments, control=control)).document_ids
            self.assertEqual((document.state, document.business_key), ("accepted", f"P1-{release}"))
        orders = self.get_order("P1-R1"), self.get_order("P1-R2")
        self.assertEqual([len(order) for order in orders], [1, 1])
        again = self.take(self.x12(segments, control=3)).document_ids
        self.assertEqual(again.message_id.res_id, orders[1].id)

    def test_a_blanket_order(self):
        """E3: it orders nothing by itself; a person is told."""
        segments = [one.replace("00*SA*", "00*BK*") for one in self.order_850("P1")]
        self.assertEqual(self.take(self.x12(segments)).document_ids.state, "refused")
        self.assertEqual(self.get_exceptions("blanket_order").state, "open")
        self.assertFalse(self.get_order("P1"))

    def test_days_of_lines(self):
        """E3: the first one is that of the order, which tells of the others."""
        lines = (
            "PO1*1*10*EA*10**BP*B-CORN",
            "DTM*002*20310601",
            "PO1*2*5*EA***VN*TEST-GLOVES",
            "DTM*002*20310520",
        )
        segments = [one for one in self.order_850("P1", *lines) if one != "DTM*002*20310514"]
        self.take(self.x12([*segments[:-1], "CTT*2"]))
        order = self.get_order("P1")
        self.assertEqual(str(order.commitment_date)[:10], "2031-05-20")
        self.assertIn("Line 1: on 2031-06-01", order.dist_note)

    def test_a_line_in_parts(self):
        """E3: quantities on several days (SCH) are told on the order; several places (SDQ) make no order of it."""
        parts = ("SCH*6*EA***002*20310520", "SCH*4*EA***002*20310601")
        segments = self.order_850("P1", "PO1*1*10*EA*10**BP*B-CORN", *parts, "PO1*2*5*EA***VN*TEST-GLOVES")
        self.take(self.x12([*segments[:-1], "CTT*2"]))
        order = self.get_order("P1")
        self.assertEqual((order.state, str(order.commitment_date)[:10]), ("sale", "2031-05-14"))
        for note in ("Line 1: 6 on 2031-05-20", "Line 1: 4 on 2031-06-01"):
            self.assertIn(note, order.dist_note)
        self.assertNotIn("Line 2", order.dist_note)
        store = self.env["res.partner"].create({"name": "Store 2", "parent_id": self.customer.id})
        self.env["dist.binding"]._bind(self.edi_system, store, "STORE2")
        stores = self.order_850("P2", "PO1*1*10*EA*10**BP*B-CORN", "SDQ*EA*92*STORE1*5*STORE2*4*STORE3*1")
        document = self.take(self.x12([*stores[:-1], "CTT*1"], control=8)).document_ids
        exception = self.get_exceptions("several_destinations")
        self.assertEqual((document.state, exception.state), ("refused", "open"))
        self.assertIn("(SDQ): STORE1, STORE2, STORE3. An order", exception.name)
        self.assertIn("No address is known here of STORE1, STORE3.", exception.name)
        self.assertFalse(self.get_order("P2"))
        content = "~\n".join([one for one in document._get_raw_text().split("~") if "SDQ" not in one])
        correction = document._resubmit(content.replace("SE*7", "SE*6").replace("SE*8", "SE*7"))
        self.assertEqual(correction.state, "accepted", correction.problem)

    def test_an_order_for_another_customer(self):
        """E3, E4: a partner does not order on the account of another customer."""
        other = self.env["res.partner"].create({"name": "Other farms", "is_company": True})
        self.env["dist.binding"]._bind(self.edi_system, other, "OTHER")
        segments = [one.replace("92*BUYER", "92*OTHER") for one in self.order_850("P1")]
        document = self.take(self.x12(segments)).document_ids
        self.assertEqual((document.state, document.message_id.id), ("refused", False))
        self.assertEqual(self.get_exceptions("other_customer").state, "open")
        self.assertFalse(self.get_order("P1"))

    def test_a_number_that_is_too_long(self):
        """E1, E3: it fails its own order; the other one of the file is taken."""
        number = "".join(sha256(bytes([part])).hexdigest() for part in range(150))
        long, other = self.order_850(number), self.order_850("P2")
        documents = self.take(self.x12(long, other)).document_ids.sorted("id")
        self.assertEqual(documents.mapped("message_id.state"), ["dead", "done"])
        self.assertTrue(self.get_order("P2"))

    def test_a_price_for_no_pieces(self):
        """E5: refused with its place."""
        system, client, key = self.make_edi_system("EUROPE")
        profile = self.make_profile(system, client, standard="EDIFACT", qualifier="14", own_qualifier="14")
        self.agree(profile, "in", "ORDERS")
        lines = ("LIN+1++B-CORN:IN", "QTY+21:10:PCE", "PRI+AAA:800:::0")
        raw = self.edifact(self.order_edifact("E1", lines))
        document = self.take(raw, key=key, media_type="application/edifact").document_ids
        self.assertEqual((document.state, document.problem), ("refused", '"0" is not above zero.'))

    def test_the_file_is_kept_as_it_came(self):
        """E9: what is stored are the bytes that came."""
        raw = self.x12(self.order_850("P1"))
        interchange = self.take(raw)
        self.assertEqual(interchange._get_raw(), raw.rstrip(b"\n"))
        self.assertTrue(interchange.document_ids._get_raw_text().startswith("ST*850*0001~"))
        self.assertTrue(interchange.document_ids._get_raw_text().endswith("SE*7*0001"))

    def test_an_orders_becomes_an_order(self):
        """E3: the same by EDIFACT."""
        system, client, key = self.make_edi_system("EUROPE")
        profile = self.make_profile(
            system, client, standard="EDIFACT", qualifier="14", own_qualifier="14", name="Europe"
        )
        self.agree(profile, "in", "ORDERS")
        interchange = self.take(
            self.edifact(self.order_edifact("E1")), key=key, media_type="application/edifact"
        )
        self.assertEqual(
            interchange.document_ids.message_id.state, "done", interchange.document_ids.message_id.error
        )
        order = self.get_order("E1")
        self.assertEqual((order.state, order.order_line.product_uom_qty), ("sale", 10.0))

    def test_several_interchanges_in_one_file(self):
        """E1: each is taken for itself, with its own bytes."""
        first, second = (
            self.x12(self.order_850("P1")),
            self.x12(self.order_850("P2"), self.order_850("P3"), control=8),
        )
        taken = self.take(first + second).sorted("control_number")
        self.assertEqual(taken.mapped("control_number"), ["000000007", "000000008"])
        self.assertEqual(taken.mapped("document_count"), [1, 2])
        self.assertEqual(taken[1]._get_raw().strip(), second.strip())
        self.assertEqual(taken.document_ids.sorted("id").mapped("business_key"), ["P1", "P2", "P3"])
        self.assertIn(
            "BEG*00*SA*P3*", taken.document_ids.filtered(lambda d: d.business_key == "P3")._get_raw_text()
        )
        for number in ("P1", "P2", "P3"):
            self.assertEqual(self.get_order(number).state, "sale")

    def test_an_interchange_of_somebody_unknown_in_the_file(self):
        """E1, E6, M5: it alone waits for the profile; what is known goes on, and nothing comes twice."""
        orders = [
            self.x12(self.order_850(f"P{control}"), control=control, sender=sender)
            for control, sender in ((1, "BUYER"), (2, "NEWCOMER"), (3, "BUYER"))
        ]
        answer = self.post(b"".join(orders))
        self.assertEqual(
            [(one["control_number"], one["state"], one["documents"]) for one in answer["interchanges"]],
            [("000000001", "processed", 1), ("000000002", "waiting", 1), ("000000003", "processed", 1)],
        )
        for _time in range(2):
            self._commit_events()
            self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        self.assertEqual(self.get_order("P1").state, "sale")
        self.assertEqual(self.get_order("P3").state, "sale")
        exception = self.get_exceptions("unknown_trading_partner")
        self.assertIn("ZZ:NEWCOMER", exception.detail)
        waiting = exception.affected_message_ids
        self.assertEqual((waiting.state, waiting.business_key), ("error", "000000002"))
        self.assertEqual(waiting._get_raw().strip(), orders[1].strip())
        self.assertEqual(waiting.parent_id.state, "done")
        newcomer = self.make_profile(
            self.edi_system, self.edi_client, name="Newcomer", identifier="NEWCOMER", own_qualifier="ZZ"
        )
        self.agree(newcomer, "in", "850")
        self.env.flush_all()
        exception.action_retry()
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        self.assertEqual((waiting.state, exception.state), ("done", "resolved"))
        self.assertEqual(self.get_order("P2").state, "sale")
        states = [one["state"] for one in self.post(b"".join(orders) + b"\n")["interchanges"]]
        self.assertEqual(states, ["duplicate"] * 3)
        self.assertEqual([len(self.get_order(f"P{control}")) for control in (1, 2, 3)], [1, 1, 1])

    def test_a_price_for_many(self):
        """E3: one that is for a hundred or a thousand is that of a piece, divided."""
        lines = (
            "PO1*1*10*EA*1000*HP*BP*B-CORN",
            "PO1*2*10*EA*10000*TP*BP*B-CORN",
            "PO1*3*10*EA*10*PE*BP*B-CORN",
        )
        self.take(self.x12(self.order_850("P1", *lines)))
        self.assertEqual(self.get_order("P1").order_line.mapped("price_unit"), [10, 10, 10])

    def test_an_item_by_several_numbers(self):
        """E3, pitfall 13: a line that names the GTIN beside other numbers is one item."""
        self.corn.barcode = "4006381333931"
        lines = (
            "PO1*1*10*EA*10**EN*4006381333931*VN*TEST-CORN",
            "PO1*2*1*EA*10**BP*B-CORN*UK*04006381333931",
        )
        self.take(self.x12(self.order_850("P1", *lines)))
        self.assertEqual(self.get_order("P1").order_line.product_id, self.corn)

    def test_from_a_folder(self):
        """E8: a file in a folder takes the same path."""
        endpoint, path = self.make_folder(purpose="receive", client_id=self.edi_client.id)
        flow = self.edi_system.flow_ids.filtered(lambda flow: flow.message_type_id.code == "edi.interchange")
        flow.endpoint_id = endpoint
        (path / "orders.x12").write_bytes(self.x12(self.order_850("P1")))
        self.env.flush_all()
        endpoint._job_poll()
        for _time in range(2):
            self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        self.assertEqual(self.get_order("P1").state, "sale")
        message = self.env["dist.message"].search([("source_name", "=", "orders.x12")])
        self.assertEqual((message.state, message.business_key), ("done", "000000007"))

    def test_a_fault_is_named_with_its_place(self):
        """E5, E9, X1: the document is refused, the exception says segment, element and byte; the others go on.

        It counts as an order; what a faulty document claims is worth nothing.
        """
        bad = [segment.replace("20260302", "20261302") for segment in self.order_850("P1")]
        raw = self.x12(bad, self.order_850("P2"))
        interchange = self.take(raw)
        self.assertEqual(interchange.refused_count, 1)
        document = interchange.document_ids.filtered(lambda document: document.state == "refused")
        self.assertIn('"20261302" is not a date', document.problem)
        exception = self.get_exceptions("invalid_date")
        offset = raw.index(b"20261302")
        self.assertIn(f"(BEG05), byte {offset}", exception.detail)
        self.assertEqual((exception.res_model, exception.res_id), (document._name, document.id))
        self.assertEqual((exception.impact_orders, exception.impact_lines), (1, 1))
        self.assertEqual((exception.impact_value, exception.impact_skus), (0, "B-CORN"))
        self.assertFalse(document.message_id)
        self.assertFalse(self.get_order("P1"))
        self.assertEqual(self.get_order("P2").state, "sale")

    def test_an_unreadable_file(self):
        """E1: truncated; nothing is applied, the file is there to be looked at and corrected."""
        raw = self.x12(self.order_850("P1"))
        cut = raw[: raw.index(b"GE*")]
        problem = self.post(cut, status=400)
        self.assertEqual(problem["code"], "unreadable_interchange")
        self.assertIn("truncated", problem["detail"])
        interchange = self.env["dist.edi.interchange"].search([("state", "=", "unreadable")])
        self.assertEqual(interchange._get_raw(), cut)
        message = interchange.message_id
        self.assertEqual((message.state, message.exception_id.category), ("dead", "decode"))
        wizard = self.env["dist.message.correct"].browse(message.action_correct()["res_id"])
        self.assertEqual(wizard.content, cut.decode())
        wizard.content = raw.decode()
        wizard.action_resubmit()
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        self.assertEqual(self.get_order("P1").state, "sale")
        self.assertEqual((message.state, interchange.state), ("cancelled", "corrected"))
        self.assertEqual(message.exception_id.state, "resolved")

    def test_the_place_is_named_once(self):
        """E1: of a second interchange that is cut off within a segment."""
        raw = self.x12(self.order_850("P1"))
        detail = self.post(raw + raw[: raw.index(b"*P1*")], status=400)["detail"]
        self.assertRegex(detail, r"^segment 15, byte \d+: The file ends within a segment")

    def test_a_packed_file(self):
        """E1, M5: a file that is sent packed is taken; one that cannot be unpacked is refused, once."""
        raw = self.x12(self.order_850("P1"))
        headers = {"Content-Type": "application/edi-x12", "Content-Encoding": "gzip"}
        packed = gzip.compress(raw)
        for content, status in ((packed[:-20], 400), (packed, 200)):
            response = self._call("POST", "/edi/interchanges", content, self.edi_key, **headers)
            self.assertEqual(response.status_code, status, response.text)
        self._commit_events()
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        self.assertEqual(self.get_order("P1").state, "sale")
        messages = self.env["dist.message"].search([("message_type_id.code", "=", "edi.interchange")])
        self.assertEqual(set(messages.mapped("state")), {"dead", "done"})

    def test_a_byte_of_zero(self):
        """E1: it is named with its place, wherever it stands; nothing is tried again and again."""
        raw = self.x12(self.order_850("P1"))
        for place in (raw.index(b"GS*") - 12, raw.index(b"ST*850") + 4, raw.index(b"*P1*") + 1):
            with self.subTest(place=place):
                problem = self.post(raw[:place] + b"\0" + raw[place + 1 :], status=400)
                self.assertEqual(problem["code"], "unreadable_interchange")
                self.assertIn("byte of zero", problem["detail"])
        messages = self.env["dist.message"].search([("message_type_id.code", "=", "edi.interchange")])
        self.assertEqual(messages.mapped("state"), ["dead"] * 3)

    def test_what_is_no_edi(self):
        """E1: any bytes get a clean answer."""
        for raw in (b"\x00\xff", b"{}", b"UNH+1+ORDERS'", b"ISA*"):
            self.assertEqual(self.post(raw, status=400)["code"], "unreadable_interchange")

    def test_unknown_sender_waits_for_his_profile(self):
        """E6: who is told by qualifier and identifier; the file waits until the profile is there."""
        self.profile.qualifier = "01"
        self.post(self.x12(self.order_850("P1")), status=202)
        exception = self.get_exceptions("unknown_trading_partner")
        self.assertIn("ZZ:BUYER", exception.detail)
        self.assertFalse(self.env["dist.edi.interchange"].search([("system_id", "=", self.edi_system.id)]))
        self.profile.qualifier = "ZZ"
        self.env.flush_all()
        exception.action_retry()
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        self.assertEqual(self.get_order("P1").state, "sale")
        self.assertEqual(exception.state, "resolved")

    def test_partner_of_another_system(self):
        """E6: nobody sends in the name of another system's partner."""
        _system, _client, key = self.make_edi_system("OTHER")
        self.post(self.x12(self.order_850("P1")), key=key, status=202)
        self.assertFalse(self.get_order("P1"))

    def test_a_document_that_was_not_agreed(self):
        """E6: it is refused and told to a person."""
        self.profile.agreement_ids.unlink()
        interchange = self.take(self.x12(self.order_850("P1")))
        self.assertEqual(interchange.document_ids.state, "refused")
        self.assertIn("not agreed", self.get_exceptions("unknown_document").detail)

    def test_the_same_interchange_again(self):
        """E6: known by its content, under whatever name and form it comes."""
        raw = self.x12(self.order_850("P1"))
        first = self.take(raw)
        second = self.take(raw + b"\n\n")
        self.assertEqual((second.state, second.original_id), ("duplicate", first))
        self.assertFalse(second.document_ids)
        self.assertEqual(len(self.get_order("P1")), 1)
        self.assertFalse(self.get_exceptions("control_number_reused"))

    def test_same_number_other_content_alerts(self):
        """E6: it is held, not dropped; a person decides."""
        first = self.take(self.x12(self.order_850("P1")))
        second = self.take(self.x12(self.order_850("P2")))
        self.assertEqual((second.state, second.original_id), ("held", first))
        self.assertIn("- <del>BEG*00*SA*P1**20260302</del>", second.comparison)
        self.assertIn("+ <ins class='text-bg-success'>BEG*00*SA*P2**20260302</ins>", second.comparison)
        self.assertIn("\n  DTM*002*20310514", second.comparison)
        self.assertFalse(first.comparison)
        self.assertFalse(self.get_order("P2"))
        exception = self.get_exceptions("control_number_reused")
        self.assertEqual((exception.state, exception.res_id), ("open", second.id))
        second.action_process_anyway()
        self.env.flush_all()
        self.env["dist.message"]._job_process_inbox("normal")
        self.env.invalidate_all()
        self.assertEqual(self.get_order("P2").state, "sale")
        self.assertEqual((second.state, exception.state), ("processed", "resolved"))
        with self.assertRaises(UserError):
            second.action_process_anyway()

    def test_what_differs_is_masked(self):
        """E6, G6: what is not for everybody is not shown, but that it differs."""
        self.take(self.x12(self.order_850("P1")))
        dearer = [segment.replace("*EA*10*", "*EA*11*") for segment in self.order_850("P1")]
        shown = self.take(self.x12(dearer)).comparison
        self.assertRegex(
            shown, r"- <del>PO1\*1\*10\*EA\*[^1]*</del>\n\+ <ins [^>]*>PO1\*1\*10\*EA\*[^1]*</ins>"
        )
        self.assertIn("\n  BEG*00*SA*P1**20260302", shown)

    def test_held_interchange_is_ignored(self):
        """E6: or the person leaves it aside."""
        self.take(self.x12(self.order_850("P1")))
        second = self.take(self.x12(self.order_850("P2")))
        second.action_ignore()
        self.assertEqual(second.state, "ignored")
        self.assertEqual(self.get_exceptions("control_number_reused").state, "resolved")
        self.assertFalse(self.get_order("P2"))

    def test_a_test_touches_nothing(self):
        """E6: a test interchange is read and acknowledged, never applied, not even for a live partner."""
        interchange = self.take(self.x12(self.order_850("P1"), test=True))
        self.assertTrue(interchange.is_test)
        self.assertEqual(interchange.document_ids.state, "test")
        self.assertFalse(interchange.document_ids.message_id)
        self.assertFalse(self.get_order("P1"))
        self.take(self.x12(self.order_850("P1")))
        self.assertEqual(self.get_order("P1").state, "sale")

    def test_information_only(self):
        """E6: what is marked as information (ISA15) is read and acknowledged, and nothing is done with it."""
        raw = self.x12(self.order_850("P1"))
        interchange = self.take(raw.replace(b"*P*", b"*I*", 1))
        self.assertTrue(interchange.is_test)
        self.assertEqual(interchange.document_ids.state, "test")
        self.assertIn("850", interchange.acknowledgement)
        self.assertFalse(self.get_order("P1"))

    def test_an_unknown_item_stops_its_order_alone(self):
        """E6, M8: fixed by a row of the code map, then replayed."""
        interchange = self.take(self.x12(self.order_850("P1", "PO1*1*1*EA***BP*NEW-1"), self.order_850("P2")))
        document = interchange.document_ids.filtered(lambda document: document.business_key == "P1")
        self.assertEqual((document.state, document.message_id.state), ("accepted", "error"))
        exception = document.message_id.exception_id
        self.assertEqual((exception.category, exception.external_code), ("mapping", "NEW-1"))
        self.assertEqual(self.get_order("P2").state, "sale")
        self.map_code("product", "NEW-1", self.gloves, system=self.edi_system)
        self.env.flush_all()
        exception.action_retry()
        self.env.invalidate_all()
        self.assertEqual(self.get_order("P1").order_line.product_id, self.gloves)

    def test_no_flow_for_what_a_document_becomes(self):
        """G2, X1: an accepted document is not lost because its flow is not active; what it is worth is at risk."""
        self.edi_system.flow_ids.filtered(
            lambda flow: flow.message_type_id.code == "order.submit"
        ).state = "deprecated"
        self.edi_system.flow_ids.filtered(
            lambda flow: flow.message_type_id.code == "order.submit"
        ).state = "retired"
        interchange = self.take(self.x12(self.order_850("P1")))
        self.assertEqual(interchange.document_ids.state, "refused")
        exception = self.get_exceptions("no_flow")
        self.assertIn("order.submit", exception.detail)
        self.assertEqual((exception.impact_orders, exception.impact_value), (1, 100))

    def test_prices_of_several_units_and_notes(self):
        """E3: a price for a hundred is told by the one."""
        canonical = {
            "number": "P9",
            "parties": {"ship_to": {"name": "Barn", "street": "Road 1", "city": "Salem", "country": "US"}},
            "notes": [{"text": "Ring"}],
            "lines": [
                {"item": {"gtin": "04006381333931"}, "quantity": "3", "unit": "EA", "unit_price": "250",
                 "price_quantity": "100"}
            ],
        }  # fmt: skip
        document = self.env["dist.edi.document"].new(
            {"interchange_id": self.env["dist.edi.interchange"].new({"edi_partner_id": self.profile.id})}
        )
        message = self.env["dist.edi.translator.purchase.order"]._to_message(document, canonical)
        self.assertEqual(message["lines"][0]["unit_price"], "2.5")
        self.assertEqual(message["lines"][0]["item"], {"gtin": "04006381333931"})
        self.assertEqual(message["note"], "Ring")
        self.assertEqual(message["delivery_address"]["street"], "Road 1")
        version = self.env["dist.message.type"]._get_by_code("order.submit")._get_default_version()
        self.assertEqual(version._get_validator().errors(json.loads(json.dumps(message))), [])
