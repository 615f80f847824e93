from datetime import timedelta

from odoo.tests import tagged

from .common import EdiCase


@tagged("post_install", "-at_install")
class TestAcknowledgements(EdiCase):
    def test_a_997_with_the_exact_error(self):
        """E5: sent back with segment, element and code; one accepted, one refused."""
        receiver, endpoint = self.make_receiver("edi.acknowledgement")
        bad = [segment.replace("20260302", "20261302") for segment in self.order_850("P2")]
        self.take(self.x12(self.order_850("P1"), bad))
        self.deliver(endpoint)
        (sent,) = self.sent(receiver)
        self.assertEqual((sent.sender, sent.receiver), ("SELLER", "BUYER"))
        segments = [segment.parts for segment in sent.transactions[0].body]
        self.assertEqual(
            segments,
            [
                ["AK1", "PO", "7"],
                ["AK2", "850", "0001"],
                ["AK5", "A"],
                ["AK2", "850", "0002"],
                ["AK3", "BEG", "2", "", "8"],
                ["AK4", "5", "", "8", "20261302"],
                ["AK5", "R", "5"],
                ["AK9", "P", "2", "2", "1"],
            ],
        )
        self.assertEqual(receiver.calls[0][0]["Content-Type"], "application/EDI-X12")
        self.assertFalse(
            self.env["dist.edi.expectation"].search([]), "an acknowledgement is not acknowledged"
        )

    def test_a_group_of_another_document(self):
        """E5, X1: a group that does not belong to its document is refused with the codes there are for it."""
        receiver, endpoint = self.make_receiver("edi.acknowledgement")
        cases = (("004010", "997", ["AK5", "R", "6"]), ("005010", "999", ["IK5", "R", "18"]))
        for control, (version, code, verdict) in enumerate(cases, 1):
            with self.subTest(code):
                self.profile.acknowledgement = code
                raw = self.x12(self.order_850("P1"), control=control, version=version)
                document = self.take(raw.replace(b"GS*PO*", b"GS*IN*")).document_ids
                self.assertEqual((document.state, document.message_id.id), ("refused", False))
                exception = self.exceptions_of(document)
                self.assertEqual((exception.code, exception.state), ("wrong_group", "open"))
                self.assertIn('850 belongs to a group PO, GS01 says "IN"', exception.name)
                self.deliver(endpoint)
                segments = [segment.parts for segment in self.sent(receiver)[-1].transactions[0].body]
                self.assertEqual(segments[0][:3], ["AK1", "IN", str(control)])
                self.assertEqual(segments[1:], [["AK2", "850", "0001"], verdict, ["AK9", "R", "1", "1", "0"]])
        self.assertFalse(self.get_order("P1"))

    def test_a_wrong_interchange(self):
        """E5: what is refused here is never acknowledged as accepted; TA1 says why."""
        receiver, endpoint = self.make_receiver("edi.acknowledgement")
        cases = ((b"IEA*1*000000001", b"IEA*1*000000009", "001"), (b"IEA*1*", b"IEA*3*", "021"))
        for control, (old, new, note) in enumerate(cases, 1):
            with self.subTest(note):
                raw = self.x12(self.order_850("P1"), control=control).replace(old, new)
                document = self.take(raw).document_ids
                self.assertEqual((document.state, document.message_id.id), ("refused", False))
                self.deliver(endpoint)
                sent = self.sent(receiver)[-1]
                self.assertEqual(sent.beside[0].parts, ["TA1", f"{control:09}", "260302", "1405", "R", note])
                segments = [segment.parts for segment in sent.transactions[0].body]
                self.assertEqual(
                    segments[1:], [["AK2", "850", "0001"], ["AK5", "R"], ["AK9", "R", "1", "1", "0"]]
                )
        self.assertFalse(self.get_order("P1"))

    def test_an_order_outside_of_a_group(self):
        """E5, E6: no 997 can name it; TA1 refuses it, in an interchange without group."""
        receiver, endpoint = self.make_receiver("edi.acknowledgement")
        raw = self.x12(self.order_850("P1"))
        raw = raw.replace(raw[raw.index(b"GS*") : raw.index(b"ST*")], b"")
        raw = raw.replace(raw[raw.index(b"GE*") : raw.index(b"IEA*1")], b"").replace(b"IEA*1", b"IEA*0")
        self.assertEqual(self.take(raw).document_ids.state, "refused")
        self.deliver(endpoint)
        (sent,) = self.sent(receiver)
        self.assertEqual((sent.beside[0].parts[-2:], sent.groups), (["R", "022"], []))
        controls = self.env["dist.edi.control"].search([("edi_partner_id", "=", self.profile.id)])
        self.assertEqual(
            controls.mapped(lambda one: (one.kind, one.number, one.state)), [("interchange", 1, "sent")]
        )

    def test_an_interchange_is_acknowledged_on_request(self):
        """E5: ISA14 asks for a TA1; the order is taken."""
        receiver, endpoint = self.make_receiver("edi.acknowledgement")
        self.take(self.x12(self.order_850("P1")).replace(b"*0*P*", b"*1*P*"))
        self.deliver(endpoint)
        (sent,) = self.sent(receiver)
        self.assertEqual(sent.beside[0].parts[-2:], ["A", "000"])
        self.assertEqual(sent.transactions[0].body[-1].get(1), "A")
        self.assertTrue(self.get_order("P1"))

    def test_an_interchange_that_the_partner_rejects(self):
        """E5: what TA1 says of an interchange of ours is told to a person; that it was taken, to nobody."""
        receiver, endpoint = self.make_receiver("edi.acknowledgement")
        self.take(self.x12(self.order_850("P1")))
        self.deliver(endpoint)
        sent = self.env["dist.edi.interchange"].search([("direction", "=", "out")])
        raw = self.x12(["AK1*IN*99", "AK9*A*1*1*1"], code="997", control=8)
        before, _groups, after = raw.partition(b"GS*FA")
        end = after[after.index(b"IEA*1") :].replace(b"IEA*1", b"IEA*0")
        for control, verdict in (("8", b"A*000"), ("9", b"R*024")):
            told = before + b"TA1*" + sent.control_number.encode() + b"*260302*1405*" + verdict + b"~" + end
            self.take(told.replace(b"000000008", b"00000000" + control.encode()))
        exception = self.get_exceptions("interchange_rejected")
        self.assertEqual((exception.res_id, exception.state), (sent.id, "open"))
        self.assertIn("024", exception.detail)

    def test_an_acknowledgement_in_another_group(self):
        """E5: it settles nothing, and a person is told."""
        raw = self.x12(["AK1*IN*99", "AK9*A*1*1*1"], code="997")
        self.take(raw.replace(b"GS*FA*", b"GS*PO*"))
        self.assertIn("belongs to a group FA", self.get_exceptions("bad_acknowledgement").detail)

    def test_a_contrl(self):
        """E5: EDIFACT."""
        system, client, key = self.make_edi_system("EUROPE")
        profile = self.make_profile(system, client, standard="EDIFACT", qualifier="14", own_qualifier="14")
        self.agree(profile, "in", "ORDERS")
        receiver, endpoint = self.make_receiver("edi.acknowledgement", system=system)
        self.take(self.edifact(self.order_edifact("E1")), key=key, media_type="application/edifact")
        self.deliver(endpoint)
        (sent,) = self.sent(receiver)
        self.assertEqual(sent.transactions[0].code, "CONTRL")
        self.assertEqual(sent.transactions[0].body[0].parts[:2], ["UCI", "7"])
        self.assertEqual(sent.transactions[0].body[0].get(4), "7")

    def test_a_contrl_without_reference(self):
        """E5: what does not say which message it is about settles nothing, and a person is told."""
        system, client, key = self.make_edi_system("EUROPE")
        self.make_profile(system, client, standard="EDIFACT", qualifier="14", own_qualifier="14")
        raw = self.edifact(["UCI+1+SELLER+BUYER+7", "UCM++ORDERS:D:96A:UN+4"], code="CONTRL", version="D3")
        document = self.take(raw, key=key, media_type="application/edifact").document_ids
        self.assertIn("UCM", document.problem)
        self.assertEqual(self.get_exceptions("bad_acknowledgement").state, "open")

    def test_none_is_agreed(self):
        """E6: a partner that wants none gets none."""
        self.profile.acknowledgement = "none"
        receiver, endpoint = self.make_receiver("edi.acknowledgement")
        self.take(self.x12(self.order_850("P1")))
        self.deliver(endpoint)
        self.assertFalse(receiver.calls)

    def test_no_way_to_acknowledge_is_told(self):
        """E5: an acknowledgement that cannot leave is no silent loss."""
        self.take(self.x12(self.order_850("P1")))
        self.assertEqual(self.get_exceptions("acknowledgement_without_flow").state, "open")
        self.assertEqual(self.get_order("P1").state, "sale")

    def test_one_of_nothing(self):
        """E5: an acknowledgement of what was never sent is told to a person, and not acknowledged itself."""
        receiver, endpoint = self.make_receiver("edi.acknowledgement")
        self.take(self.x12(["AK1*IN*99", "AK9*A*1*1*1"], code="997"))
        self.assertEqual(self.get_exceptions("unmatched_acknowledgement").state, "open")
        self.take(self.x12(["AK9*A*1*1*1"], code="997", control=8))
        self.assertIn("AK1", self.get_exceptions("bad_acknowledgement").detail)
        self.deliver(endpoint)
        self.assertFalse(receiver.calls)

    def test_control_numbers_of_a_killed_worker(self):
        """E6: killed after the number was taken: the same bytes leave later, no number is lost or used twice."""
        receiver, endpoint = self.make_receiver("edi.acknowledgement")
        self.take(self.x12(self.order_850("P1")))
        self._commit_events()
        self.prepare_only(endpoint)
        prepared = self.env["dist.edi.interchange"].search([("direction", "=", "out")])
        self.assertEqual(prepared.control_number, "000000001")
        controls = self.env["dist.edi.control"].search([("edi_partner_id", "=", self.profile.id)])
        self.assertEqual(set(controls.mapped("state")), {"waiting"})
        self.prepare_only(endpoint)
        self.deliver(endpoint)
        self.assertEqual([body for _headers, body in receiver.calls], [prepared._get_raw()])
        controls.invalidate_recordset()
        self.assertEqual(sorted(controls.mapped(lambda c: (c.kind, c.number, c.state))),
                         [("group", 1, "sent"), ("interchange", 1, "sent")])  # fmt: skip
        self.take(self.x12(self.order_850("P2"), control=8))
        self.deliver(endpoint)
        self.assertEqual(self.sent(receiver)[-1].control_number, "000000002")

    def test_a_retry_keeps_its_number(self):
        """E6: what the partner did not take is sent again byte for byte."""
        receiver, endpoint = self.make_receiver("edi.acknowledgement")
        endpoint.retry_schedule = "1s, 1s"
        receiver.answers = [503]
        self.take(self.x12(self.order_850("P1")))
        self.deliver(endpoint)
        message = self.env["dist.edi.interchange"].search([("direction", "=", "out")]).message_id
        self.assertEqual(message.state, "retry")
        message.sudo().next_attempt_at -= timedelta(minutes=1)
        self._drain(endpoint)
        first, second = receiver.calls
        self.assertEqual(first[1], second[1])

    def test_a_number_that_was_not_used_is_explained(self):
        """E6: cancelled by a person; the entry says by whom and why."""
        _receiver, endpoint = self.make_receiver("edi.acknowledgement")
        self.take(self.x12(self.order_850("P1")))
        self._commit_events()
        self.prepare_only(endpoint)
        interchange = self.env["dist.edi.interchange"].search([("direction", "=", "out")])
        interchange.message_id.action_cancel("Partner is closed")
        controls = self.env["dist.edi.control"].search([("interchange_id", "=", interchange.id)])
        self.assertEqual(set(controls.mapped("state")), {"unused"})
        self.assertIn("Partner is closed", controls[0].explanation)
        self.assertIn(self.env.user.name, controls[0].explanation)
