from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import BusinessError, ExceptionSpec, HandlerResult

from ...lib import proof
from ...lib.confirmation import digest_of
from ..dist_shipment_milestone import FINAL, TROUBLE


class ShipmentMilestoneHandler(models.AbstractModel):
    """A carrier says where a shipment is. Whatever the order in which it comes, the newest moment counts."""

    _name = "dist.handler.shipment.milestone"
    _inherit = "dist.handler.carrier"
    _description = "Shipment milestone"

    def _get_external_id(self, payload):
        return payload.get("shipment") or payload.get("tracking_number")

    def _get_lock_keys(self, message, payload):
        keys = [f"dist.shipment.milestone/{message.system_id.id}/{self._get_number(payload)}"]
        return keys + [f"stock.picking/{picking.id}" for picking in self._find_carried(message, payload)]

    def _get_number(self, payload):
        return payload.get("event") or digest_of(payload)

    def _apply(self, message, payload):
        known = self.env["dist.shipment.milestone"]._find(message.system_id, self._get_number(payload))
        if known:
            self._check_same(known, payload)
            return HandlerResult(self._get_answer(known), record=known.picking_ids[:1] or None)
        pickings = self._find_carried(message, payload)
        if not pickings and payload.get("shipment"):
            raise self._prepare_not_found(payload)
        milestone = self._create_milestone(message, payload, pickings)
        if pickings:
            milestone._attach_to(pickings)
        return HandlerResult(
            self._get_answer(milestone),
            record=pickings[:1] or None,
            exceptions=self._prepare_trouble(milestone, pickings),
        )

    def _check_same(self, known, payload):
        if known.digest == digest_of(payload):
            return
        raise BusinessError(
            "milestone_differs",
            _(
                "Milestone %s was reported before, with other content. Nothing was changed.",
                known.external_id,
            ),
            "/event",
            status=409,
            record=known.picking_ids[:1] or None,
            suggestion=_("Ask the carrier which one counts; a correction has a number of its own."),
        )

    # which deliveries

    def _find_carried(self, message, payload):
        """:return: stock.picking a milestone is about: those with its tracking number, else those of its number"""
        found = self._find_pickings(message, payload)
        tracking = payload.get("tracking_number")
        if tracking:
            carried = self._find_by_tracking(message.system_id, message.company_id, tracking)
            if carried or not found:
                return carried
            # the warehouse has not told the number yet
            without = found.filtered(lambda picking: not picking.carrier_tracking_ref)
            return self._choose(without or found)
        return self._choose(found)

    def _find_by_tracking(self, system, company, number):
        pickings = self.env["stock.picking"]
        return pickings.search(
            [
                ("carrier_tracking_ref", "like", number),
                ("company_id", "=", company.id),
                *pickings._dist_get_transport_domain(system),
            ],
            order="id",
        ).filtered(lambda picking: number in picking._dist_get_tracking_numbers())

    def _choose(self, pickings):
        """Of the parts of a shipment: those that have left and did not arrive yet, else what is still to leave."""
        alive = pickings.filtered(lambda picking: picking.state != "cancel")
        left = alive.filtered(lambda picking: picking.state == "done")
        under_way = left.filtered(lambda picking: picking.dist_carrier_state not in FINAL)
        return under_way or left or alive[:1]

    # effect

    def _create_milestone(self, message, payload, pickings):
        documents = self._read_documents(payload)
        milestone = self.env["dist.shipment.milestone"].create(
            self._prepare_milestone(message, payload, pickings, documents)
        )
        for document in documents:
            self.env["ir.attachment"].create(
                {**document, "res_model": milestone._name, "res_id": milestone.id, "type": "binary"}
            )
        return milestone

    def _prepare_milestone(self, message, payload, pickings, documents):
        proven = payload.get("proof", {})
        return {
            "system_id": message.system_id.id,
            "company_id": message.company_id.id,
            "external_id": self._get_number(payload),
            "message_id": message.id,
            "digest": digest_of(payload),
            "tracking_number": payload.get("tracking_number"),
            "is_waiting": not pickings,
            "status": payload["status"],
            "occurred_at": self._read_past_moment(message, payload, "occurred_at"),
            "estimated_at": self._read_moment(payload, "estimated_delivery_at"),
            "location": payload.get("location"),
            "reason": payload.get("reason"),
            "note": payload.get("note"),
            "signed_by": proven.get("signed_by"),
            "has_proof": bool(documents),
        }

    def _read_documents(self, payload):
        """:return: list of values of ir.attachment
        :raises BusinessError: a file is too large, or not what it is said to be
        """
        documents = []
        for number, document in enumerate(payload.get("proof", {}).get("documents", []), start=1):
            pointer = f"/proof/documents/{number - 1}/content"
            try:
                data = proof.read_document(document["content"], document["media_type"])
            except proof.InvalidProof as error:
                raise BusinessError(
                    error.code, self._describe_proof(error.code, document["media_type"]), pointer
                ) from error
            documents.append(
                {
                    "name": proof.file_name(document.get("name"), document["media_type"], number),
                    "mimetype": document["media_type"],
                    "raw": data,
                }
            )
        return documents

    def _describe_proof(self, code, media_type):
        return {
            "not_base64": _("The file is not written in base64."),
            "too_large": _("A file has at most %s bytes.", proof.MAX_BYTES),
            "not_its_type": _("The file is not of the type %s.", media_type),
        }[code]

    # what is told

    def _prepare_trouble(self, milestone, pickings):
        """:return: list of ExceptionSpec, when the newest that is known of a delivery is bad news"""
        if milestone.status not in TROUBLE:
            return []
        return [
            self._prepare_spec(milestone, picking)
            for picking in pickings
            if picking.dist_shipment_milestone_ids._sorted_by_age()[-1:] == milestone
        ]

    def _prepare_spec(self, milestone, picking):
        label = dict(milestone._fields["status"]._description_selection(self.env))[milestone.status]
        suggestions = {
            "lost": _("Claim the goods from the carrier and send them again; a later milestone closes this."),
            "damaged": _("Claim the damage from the carrier, and agree with the customer on a replacement."),
            "returned": _("Expect the goods back: arrange a return, and ask the customer what is wrong."),
        }
        return ExceptionSpec(
            "business",
            f"shipment_{milestone.status}",
            _("%(shipment)s: %(state)s", shipment=picking.name, state=label),
            detail=" ".join(filter(None, [label, milestone.location, milestone.reason, milestone.note])),
            record=picking,
            severity="high",
            impact=picking._dist_get_shipment_impact(),
            suggestion=suggestions[milestone.status],
            fingerprint=f"stock.picking/{picking.id}",
        )

    def _get_answer(self, milestone):
        return {
            "status": "waiting" if milestone.is_waiting else "recorded",
            "shipments": [
                {
                    "shipment": picking.dist_release_ref or picking.name,
                    "state": picking.dist_carrier_state or None,
                }
                for picking in milestone.picking_ids.sorted("id")
            ],
        }
