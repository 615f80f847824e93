from odoo import _, models
from odoo.tools import float_compare

from odoo.addons.dist_integration_base.lib.handling import BusinessError, HandlerResult

from ...lib.confirmation import digest_of
from ..stock_picking import FINISHED

IN_PART = "accepted_in_part"


class ShipmentRequestAnsweredHandler(models.AbstractModel):
    """The warehouse accepts or refuses what it was asked about a shipment: to hold, change or cancel it."""

    _name = "dist.handler.shipment.request.answered"
    _inherit = "dist.handler.warehouse"
    _description = "Request about a shipment answered"

    def _get_kind(self):
        return "shipment"

    def _get_external_id(self, payload):
        return payload.get("request")

    def _get_lock_keys(self, message, payload):
        request = self._find_request(message, payload)
        if not request:
            return []
        pickings = request._get_open_picking() | request.picking_id
        keys = [f"stock.picking/{picking.id}" for picking in pickings]
        return keys + self._get_stock_lock_keys(pickings.move_ids.product_id.ids)

    def _find_request(self, message, payload):
        return self.env["dist.release.request"].search(
            [
                ("name", "=", payload["request"]),
                ("system_id", "=", message.system_id.id),
                ("company_id", "=", message.company_id.id),
            ]
        )

    def _apply(self, message, payload):
        request = self._get_request(message, payload)
        digest = digest_of(payload)
        if request.answer_digest or request.state in ("accepted", IN_PART, "refused"):
            self._check_same(request, payload, digest)
            return HandlerResult(self._get_answer(request), record=request.picking_id)
        picking = request._get_open_picking() or request.picking_id
        exceptions = getattr(self, f"_apply_{payload['status']}")(message, payload, request, picking, digest)
        picking.message_post(body=self._describe(request, payload))
        return HandlerResult(self._get_answer(request), record=picking, exceptions=exceptions)

    def _get_request(self, message, payload):
        request = self._find_request(message, payload)
        if not request:
            raise BusinessError(
                "unknown_request",
                _("No request %s was sent to this warehouse.", payload["request"]),
                "/request",
                status=404,
                suggestion=_("Compare the number with the requests that were sent to this system."),
            )
        shipment = payload.get("shipment")
        if shipment and shipment != request.release_ref:
            raise BusinessError(
                "request_mismatch",
                _(
                    "Request %(request)s is about %(ours)s, not about %(theirs)s.",
                    request=request.name,
                    ours=request.release_ref,
                    theirs=shipment,
                ),
                "/shipment",
                record=request.picking_id,
            )
        return request

    def _check_same(self, request, payload, digest):
        """What was answered is answered; an answer that says something else is a matter for persons."""
        if request.answer_digest == digest or request.state == payload["status"] == "refused":
            return
        raise BusinessError(
            "request_answered",
            _(
                "Request %(request)s was answered before, with other content. Nothing was changed.",
                request=request.name,
            ),
            "/status",
            status=409,
            record=request.picking_id,
            suggestion=_("Ask the warehouse which answer counts."),
        )

    # answers

    def _apply_accepted(self, message, payload, request, picking, digest):
        if payload.get("lines"):
            raise BusinessError(
                "lines_of_accepted",
                _("Lines are only named when a request is accepted in part."),
                "/lines",
                record=picking,
            )
        return self._accept(message, payload, request, picking, digest, {})

    def _apply_accepted_in_part(self, message, payload, request, picking, digest):
        if request.kind == "hold":
            raise BusinessError(
                "hold_in_part",
                _("A shipment is held or not; there is no part of it."),
                "/status",
                record=picking,
            )
        remaining = self._read_remaining(message, payload, request, picking)
        return self._accept(message, payload, request, picking, digest, remaining)

    def _accept(self, message, payload, request, picking, digest, remaining):
        if request.state == "withdrawn" or (picking.state in FINISHED and request.is_applied):
            state = request.state if request.state == "withdrawn" else payload["status"]
            request._note_answer(message, payload, digest, state=state)
            return []
        if picking.state == "done":
            raise self._prepare_shipped(request, picking)
        request._note_answer(message, payload, digest, state=payload["status"])
        if picking.state != "cancel":
            getattr(request, f"_apply_{request.kind}_accepted")(picking, remaining)
        return request._prepare_overtaken() if request.kind == "change" else []

    def _prepare_shipped(self, request, picking):
        return BusinessError(
            "shipment_finished",
            _(
                "The warehouse agrees to change %(shipment)s, but it confirmed before that all of it was shipped.",
                shipment=request.release_ref,
            ),
            "/status",
            status=409,
            severity="high",
            record=picking,
            suggestion=_("Find out whether the goods have left, and correct the stock or arrange a return."),
        )

    def _apply_refused(self, message, payload, request, picking, digest):
        withdrawn = request.state == "withdrawn" or picking.state == "cancel"
        was_told = request.state == "overtaken"
        request._note_answer(
            message, payload, digest, state="withdrawn" if request.state == "withdrawn" else "refused"
        )
        return [] if withdrawn or was_told else [request._prepare_refused(picking)]

    # lines

    def _read_remaining(self, message, payload, request, picking):
        """:return: dict, stock.move to the quantity the warehouse still ships of it, in the product's unit
        :raises BusinessError: a line is not open, or more remains than was asked for
        """
        remaining = {}
        for index, line in enumerate(payload.get("lines", [])):
            pointer = f"/lines/{index}"
            moves = picking._dist_get_open_moves().filtered(
                lambda move, ref=line["line"]: move._dist_get_line_ref() == ref
            )
            if not moves or moves[0] in remaining:
                raise BusinessError(
                    "unknown_line",
                    _("%(picking)s has no open line %(line)s.", picking=picking.name, line=line["line"]),
                    f"{pointer}/line",
                    record=picking,
                )
            quantity = self._read_quantity(message, line, pointer, moves[0])
            self._check_remaining(request, picking, moves, quantity, f"{pointer}/remaining")
            remaining.update(moves._dist_spread(quantity))
        if not remaining:
            raise BusinessError(
                "lines_missing",
                _("What is accepted in part names the lines of which something remains."),
                "/lines",
                record=picking,
            )
        return remaining

    def _read_quantity(self, message, line, pointer, move):
        unit = move.product_uom
        if line.get("unit"):
            unit = self._find_unit(
                message, line["unit"], f"{pointer}/unit", move.product_uom | move.product_id.uom_id
            )
        return self._convert_quantity(line["remaining"], unit, move.product_id, f"{pointer}/remaining")

    def _check_remaining(self, request, picking, moves, quantity, pointer):
        asked = sum(move.product_qty for move in moves)
        if request.kind == "change":
            ref = moves[0]._dist_get_line_ref()
            known = [told for line, told in request._get_open_lines().items() if line.line_ref == ref]
            asked = max([asked, *(quantity for told in known for quantity in told)])
        if float_compare(quantity, asked, precision_rounding=moves[0].product_id.uom_id.rounding) > 0:
            raise BusinessError(
                "remaining_too_much",
                _(
                    "More of %(product)s remains than was ever asked for on %(picking)s.",
                    product=moves[0].product_id.display_name,
                    picking=picking.name,
                ),
                pointer,
                record=picking,
            )

    # what is told

    def _describe(self, request, payload):
        labels = dict(request._fields["kind"]._description_selection(self.env))
        states = dict(request._fields["state"]._description_selection(self.env))
        return _(
            "The warehouse answered to %(request)s (%(kind)s): %(state)s. %(reason)s",
            request=request.name,
            kind=labels[request.kind],
            state=states[request.state],
            reason=" ".join(filter(None, [payload.get("reason"), payload.get("note")])),
        )

    def _get_answer(self, request):
        picking = request.picking_id
        return {
            "status": "recorded",
            "request": request.name,
            "shipment": request.release_ref,
            "state": request.state,
            "shipment_state": picking.dist_release_state,
            "on_hold": picking.dist_is_on_hold,
        }
