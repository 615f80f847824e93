import dataclasses
import json

from odoo import _, fields, models

from odoo.addons.dist_integration_base.lib.handling import (
    BusinessError,
    ExceptionSpec,
    HandlerResult,
    MissingCodes,
)

from ...lib.submission import HOLD, REFUSE, Submission, format_decimal
from ..series import LINE_UNIT

# field of the order: its pointer in the message
POINTERS = {
    "partner_id": "/customer",
    "client_order_ref": "/reference",
    "commitment_date": "/requested_date",
    "partner_shipping_id": "/delivery_address",
    "carrier_id": "/shipping_method",
}
ADDRESS_KEYS = ("name", "street", "street2", "zip", "city", "phone", "email")


class OrderRefused(BusinessError):
    """Nothing of the order is kept; its value is what is at risk.

    :param fingerprint: as of `ExceptionSpec`
    :param told: what whoever decides is told instead of the sender's sentence, prices in clear
    """

    def __init__(self, *args, fingerprint=None, told="", **options):
        super().__init__(*args, **options)
        self.fingerprint = fingerprint
        self.told = told

    def get_exception(self):
        spec = super().get_exception()
        return spec and dataclasses.replace(
            spec,
            fingerprint=self.fingerprint,
            detail=self.told or spec.detail,
            clear_paths=("lines[].unit_price",) if self.told else (),
        )


class OrderSubmitHandler(models.AbstractModel):
    """Takes an order of a sales channel: checked, created and confirmed in one transaction."""

    _name = "dist.handler.order.submit"
    _inherit = "dist.handler"
    _description = "Order submission"

    def _get_external_id(self, payload):
        return payload.get("reference")

    def _get_payload_impact(self, message, payload):
        """One order, whatever can be read of it; worth the prices it names, else list prices.

        What does not fit its schema may claim any quantity and price: such an order counts, with the lines and items
        that it names, and is worth nothing.

        :return: as of `_dist_get_impact`, in the currency of the company
        """
        company = message.company_id
        impact = {
            **super()._get_payload_impact(message, payload),
            "orders": 1,
            "currency": company.currency_id,
        }
        lines = self._get_payload_lines(payload)
        if not lines:
            return impact
        items = [line.get("item") for line in lines]
        products = self._find_known_products(message, items)
        code = payload.get("channel")
        channels = self.env["dist.sales.channel"]._find_for(
            message.system_id, company, code if isinstance(code, str) else None
        )
        return {
            **impact,
            "lines": len(lines),
            "skus": self._name_items(items, products),
            "warehouses": channels.warehouse_id.mapped("name") if len(channels) == 1 else [],
            "value": 0.0
            if message._get_misfits(payload)
            else self._get_payload_value(message, payload, products),
        }

    def _get_payload_value(self, message, payload, products):
        """:return: float, what an order is worth in the currency of the company"""
        own = message.company_id.currency_id
        named = self.env["res.currency"].search([("name", "=", payload.get("currency"))], limit=1)
        values = [
            self._get_line_value(message, line, product, named or own)
            for line, product in zip(payload["lines"], products, strict=True)
        ]
        return own.round(sum(values))

    def _get_line_value(self, message, line, product, currency):
        """:return: float, what a line is worth in the currency of the company; 0 when nothing tells"""
        company = message.company_id
        quantity, price = float(line["quantity"]), float(line.get("unit_price") or 0)
        if price:
            today = fields.Date.context_today(self)
            return currency._convert(quantity * price, company.currency_id, company, today)
        if not product:
            return 0.0
        code, unit = line.get("unit"), None
        if code:
            unit = self.env["dist.code.map"]._find(message.system_id, "unit", code)
        is_unit = getattr(unit, "_name", None) == "uom.uom" and self._is_same_kind(unit, product.uom_id)
        return quantity * (
            product.uom_id._compute_price(product.lst_price, unit) if is_unit else product.lst_price
        )

    def _get_lock_keys(self, message, payload):
        """The order and its items; its customer too, where other orders change the answer.

        Whatever the policy, orders of one item meet on the same stock: one after another they reserve it without a
        conflict, and of two for the last piece the second sees what the first took.
        """
        system, customer = message.system_id, payload["customer"]
        channels = self.env["dist.sales.channel"]._find_for(
            system, message.company_id, payload.get("channel")
        )
        keys = [f"order/{system.id}/{payload['reference']}"]
        if customer.get("name"):
            keys += self.env["dist.handler.customer.upsert"]._get_identity_keys(system, customer)
        elif any(channels.mapped("credit_check")):
            keys.append(f"customer/{system.id}/{customer['external_id']}")
        return keys + self._get_stock_keys(message, payload)

    def _get_stock_keys(self, message, payload):
        ids = self._find_candidate_ids(message, [line["item"] for line in payload["lines"]])
        return self._get_share_keys(message.company_id, ids)

    def _apply(self, message, payload):
        return self._apply_batch([(message, payload)])[0]

    def _apply_batch(self, pairs):
        submissions = [Submission(message, payload) for message, payload in pairs]
        results = {}
        waiting = submissions
        while waiting:
            turn, waiting = self._split_repeats(waiting)
            known = self._find_known(turn)
            results.update(
                {
                    submission: self._repeat_answer(submission, known)
                    for submission in turn
                    if submission.reference in known
                }
            )
            fresh = [submission for submission in turn if submission not in results]
            self._take(fresh)
            results.update({submission: self._prepare_result(submission) for submission in fresh})
        return [results[submission] for submission in submissions]

    def _split_repeats(self, submissions):
        """A reference that comes twice in one batch waits for its first to be taken."""
        first, repeats, seen = [], [], set()
        for submission in submissions:
            key = (submission.message.system_id.id, submission.reference)
            (repeats if key in seen else first).append(submission)
            seen.add(key)
        return first, repeats

    # duplicates

    def _find_known(self, submissions):
        """:return: dict, reference to sale.order, of the orders that exist already"""
        references = [submission.reference for submission in submissions]
        bindings = (
            self.env["dist.binding"]
            .sudo()
            .search(
                [
                    ("system_id", "=", submissions[0].message.system_id.id),
                    ("res_model", "=", "sale.order"),
                    ("external_id", "in", references),
                ]
            )
        )
        orders = self.env["sale.order"].browse(bindings.mapped("res_id")).exists()
        orders = orders._dist_filter_of(submissions[0].message.system_id.company_id)
        bindings.filtered(lambda binding: binding.res_id not in orders.ids).unlink()
        return {binding.external_id: orders.browse(binding.res_id) for binding in bindings.exists()}

    def _repeat_answer(self, submission, known):
        order = known[submission.reference]
        if order.dist_digest == submission.digest:
            return HandlerResult(answer=self._read_answer(order), record=order)
        raise OrderRefused(
            "duplicate_order",
            _(
                "Order %(reference)s was submitted before, with other content, and is %(name)s here.",
                reference=submission.reference,
                name=order.name,
            ),
            "/reference",
            status=409,
            record=order,
            severity="low",
            fingerprint=f"duplicate_order/{submission.reference}",
            suggestion=_(
                "Ask the channel which of the two it means. Nothing was changed. Give another order a reference of its "
                "own and resubmit it, or ignore it with the reason."
            ),
        )

    def _read_answer(self, order):
        """:return: dict, what was answered
        :raises BusinessError: it is kept no longer
        """
        if order.dist_answer:
            return json.loads(order.dist_answer)
        raise BusinessError(
            "answer_purged",
            _(
                "%(reference)s is %(name)s here; its answer is no longer kept.",
                reference=order.dist_external_ref,
                name=order.name,
            ),
            status=410,
            open_exception=False,
        )

    # cut-over

    def _find_counterpart(self, message, payload):
        """The order that the old interface made under the same reference."""
        reference, company = payload["reference"], message.company_id
        domain = [
            ("client_order_ref", "=", reference),
            ("company_id", "=", company.id),
            ("state", "!=", "cancel"),
        ]
        customer = self._find_bound(message.system_id, "res.partner", payload["customer"]["external_id"])
        if customer:
            domain.append(("partner_id", "child_of", customer.commercial_partner_id.id))
        own = self._find_bound(message.system_id, "sale.order", reference)
        return self.env["sale.order"].search([*domain, ("id", "not in", own.ids)], order="id", limit=1)

    def _get_comparison_view(self, message, record):
        """What was ordered, without numbers and moments that each interface has of its own."""
        views = self.env["dist.order.view"]
        own = ("order", "ordered_at", "channel")
        head = {name: value for name, value in views._get_head(record).items() if name not in own}
        return {**head, "lines": [views._get_ordered_line(line) for line in views._get_lines(record)]}

    def _adopt(self, message, payload, record):
        """Take the order of the old interface for the one submitted, whatever it says: it was agreed."""
        submission = Submission(message, payload)
        submission.channel = self._get_channel(submission)
        submission.order, submission.partner = record, record.partner_id
        missing = MissingCodes()
        self._resolve_products([submission], missing)
        missing.check()
        free = self.env["dist.order.view"]._get_lines(record)
        for line in submission.lines:
            line.unit = line.product.uom_id
            line.record = free.filtered(lambda own, line=line: own.product_id == line.product)[:1] or None
            free -= line.record or free.browse()
        self._bind(message.system_id, record, submission.reference)
        record.write(
            {
                "dist_channel_id": submission.channel.id,
                "dist_external_ref": submission.reference,
                "dist_digest": submission.digest,
                **self._prepare_outcome(submission),
            }
        )
        return self._prepare_result(submission)

    # taking

    def _take(self, submissions):
        """Check, create and confirm; the outcome is on the submissions."""
        if not submissions:
            return
        checks = self.env["dist.order.checks"]
        before, after = self._get_checks()
        self._resolve(submissions)
        checks._run(before, submissions)
        self._refuse_if_needed(submissions)
        self._create_orders(submissions)
        checks._run(after, submissions)
        self._refuse_if_needed(submissions)
        self._drop_refused_lines(submissions)
        self._settle(submissions)

    def _get_checks(self):
        """:return: (names of the checks before there is an order, names of those after), of `dist.order.checks`"""
        checks = self.env["dist.order.checks"]
        return checks._get_checks_before(), checks._get_checks_after()

    def _resolve(self, submissions):
        """Turn the codes and ids of the messages into records."""
        codes, missing = {}, MissingCodes()
        self._resolve_products(submissions, missing)
        if missing.faults:
            # whoever is to say what these mean is asked for all others at once
            for submission in submissions:
                self._resolve_codes(submission, codes, missing)
        missing.check()
        for submission in submissions:
            submission.channel = self._get_channel(submission)
            submission.partner = self._get_customer(submission)
            self._refuse_if_needed([submission])
            submission.shipping_partner = self._get_address(submission, "delivery_address", "delivery")
            submission.invoice_partner = self._get_address(submission, "invoice_address", "invoice")
            self._set_currency(submission)
            self._resolve_codes(submission, codes, missing)
            missing.check()
            submission.carrier = submission.carrier or submission.channel.carrier_id
            self._refuse_repeated_lines(submission)

    def _get_channel(self, submission):
        message = submission.message
        return self.env["dist.sales.channel"]._choose(
            message.system_id, message.company_id, submission.payload.get("channel")
        )

    def _get_customer(self, submission):
        """The customer; a new one is made of the order where the channel allows it.

        :return: res.partner, empty after a reason was added
        """
        message, data = submission.message, submission.payload["customer"]
        partner = self._find_bound(message.system_id, "res.partner", data["external_id"])
        if partner:
            return partner
        if data.get("name") and submission.channel.customer_policy == "create":
            upsert = self.env["dist.handler.customer.upsert"]
            return upsert._upsert(message, data, "/customer")[0]
        submission.add(
            REFUSE,
            "unknown_customer",
            _("Customer %s is not known. Send it with PUT /customers first.", data["external_id"]),
            "/customer/external_id",
        )
        return partner

    def _get_address(self, submission, name, address_type):
        """Contact of an address in the order: known by its id, or found or made of its words.

        :return: res.partner, empty when the order names none
        """
        data = submission.payload.get(name)
        if not data:
            return self.env["res.partner"]
        if data.get("external_id"):
            return self._get_known_address(submission, name, data)
        upsert = self.env["dist.handler.customer.upsert"]
        values = {key: data.get(key) or False for key in ADDRESS_KEYS}
        values.update(upsert._prepare_address(data, f"/{name}"))
        parent = submission.partner.commercial_partner_id
        same = [(key, "=", value) for key, value in values.items()]
        contact = self.env["res.partner"].search(
            [("parent_id", "=", parent.id), ("type", "=", address_type), *same], limit=1
        )
        if contact:
            return contact
        if parent._dist_is_protected():
            return self._refuse_new_address(submission, name, contact)
        new = {**values, "type": address_type, "parent_id": parent.id}
        pointers = dict.fromkeys(new, f"/{name}")
        return upsert._create_address(submission.message, new, pointers)

    def _refuse_new_address(self, submission, name, contact):
        submission.add(
            REFUSE,
            "protected_contact",
            _(
                "Customer %s can log in, or belongs to the company itself: a person enters its addresses.",
                submission.payload["customer"]["external_id"],
            ),
            f"/{name}",
        )
        return contact

    def _get_known_address(self, submission, name, data):
        customer = submission.payload["customer"]["external_id"]
        external_id = f"{customer}/{data['external_id']}"
        contact = self._find_bound(submission.message.system_id, "res.partner", external_id)
        if not contact:
            submission.add(
                REFUSE,
                "unknown_address",
                _(
                    "Customer %(customer)s has no address %(address)s.",
                    customer=customer,
                    address=data["external_id"],
                ),
                f"/{name}/external_id",
            )
        return contact

    def _set_currency(self, submission):
        channel = submission.channel
        submission.pricelist = channel._get_pricelist(submission.partner)
        submission.currency = submission.pricelist.currency_id or channel.company_id.currency_id
        asked = submission.payload.get("currency")
        if asked and asked != submission.currency.name:
            submission.add(
                REFUSE,
                "currency_mismatch",
                _(
                    "Prices of this customer are in %(currency)s, not in %(asked)s.",
                    currency=submission.currency.name,
                    asked=asked,
                ),
                "/currency",
            )

    def _resolve_products(self, submissions, missing):
        lines = [line for submission in submissions for line in submission.lines]
        items = [(line.data["item"], f"{line.pointer}/item") for line in lines]
        products = self._look_up_products(submissions[0].message, items, missing)
        for line, product in zip(lines, products, strict=True):
            line.product = product

    def _resolve_codes(self, submission, codes, missing):
        """Shipping method and units; of an unknown item nobody can say which units it has by name.

        :param codes: dict, what was found of former ones
        :param missing: MissingCodes, takes those that mean nothing here yet
        """
        code = submission.payload.get("shipping_method")
        if code:
            with missing.gathered():
                submission.carrier = self._resolve_code(
                    submission.message, "carrier", code, "/shipping_method", model="delivery.carrier"
                )
        for line in submission.lines:
            if line.product:
                with missing.gathered():
                    line.unit = self._get_unit(submission, line, codes)

    def _refuse_repeated_lines(self, submission):
        seen = set()
        for line in submission.lines:
            if line.ref in seen:
                line.add(REFUSE, "repeated_line", _("Line %s comes twice in this order.", line.ref), "/line")
            seen.add(line.ref)

    def _get_unit(self, submission, line, codes):
        code = line.data.get("unit")
        if not code:
            return line.product.uom_id
        own = line.product.uom_id
        key = (submission.message.system_id.id, code, own.id)
        if key not in codes:
            codes[key] = self._find_unit(submission.message, code, f"{line.pointer}/unit", own)
        return codes[key]

    # refusal

    def _refuse_if_needed(self, submissions):
        for submission in submissions:
            if submission.refused:
                raise self._prepare_refusal(submission)

    def _prepare_refusal(self, submission):
        reasons = submission.get_reasons(REFUSE)
        first = reasons[0].detail
        return OrderRefused(
            "order_refused",
            " ".join(dict.fromkeys(reason.detail for reason in reasons)),
            reasons[0].pointer,
            summary=_(
                "Order %(reference)s refused: %(reason)s", reference=submission.reference, reason=first
            ),
            errors=[
                {"pointer": reason.pointer, "code": reason.code, "detail": reason.detail}
                for reason in reasons
            ],
            fingerprint=f"order_refused/{submission.reference}",
            suggestion=_("Solve the cause and use Retry, or correct and resubmit, or tell the channel."),
        )

    # the order

    def _create_orders(self, submissions):
        """One create for all.

        Chatter: no creation note and no service user among the followers; the timeline of messages says who
        brought the order. What happens to the order from then on is tracked as for any other.
        """
        quiet = {"tracking_disable": True, "mail_create_nolog": True, "mail_create_nosubscribe": True}
        values = [self._prepare_order(submission) for submission in submissions]
        for submission, vals in zip(submissions, values, strict=True):
            self._check_owner(submission, vals)
        orders = self.env["sale.order"].with_context(**quiet).create(values)
        orders = orders.with_context(**dict.fromkeys(quiet, False))
        for submission, order in zip(submissions, orders, strict=True):
            submission.order = order
            lines = {line.dist_line_ref: line for line in order.order_line}
            for line in submission.open_lines:
                line.record = lines[line.ref]
        self._bind_orders(submissions)

    def _check_owner(self, submission, vals):
        """An order is taken as a whole or not at all.

        :raises OwnershipConflict: orders, or some of their data, are made by another system
        """
        ownership, message = self.env["dist.ownership"], submission.message
        ownership._filter_inbound(message, self.env["sale.order"], vals, POINTERS, undivided=True)
        for line, (_command, _id, line_vals) in zip(submission.open_lines, vals["order_line"], strict=True):
            pointers = {"product_uom_qty": f"{line.pointer}/quantity"}
            ownership._filter_inbound(
                message, self.env["sale.order.line"], line_vals, pointers, undivided=True
            )

    def _bind_orders(self, submissions):
        self.env["dist.binding"].sudo().create(
            [
                {
                    "system_id": submission.message.system_id.id,
                    "company_id": submission.message.system_id.company_id.id,
                    "res_model": "sale.order",
                    "res_id": submission.order.id,
                    "external_id": submission.reference,
                }
                for submission in submissions
            ]
        )

    def _prepare_order(self, submission):
        channel, payload = submission.channel, submission.payload
        values = {
            "company_id": channel.company_id.id,
            "partner_id": submission.partner.id,
            "warehouse_id": channel.warehouse_id.id,
            "client_order_ref": submission.reference,
            "dist_channel_id": channel.id,
            "dist_external_ref": submission.reference,
            "dist_digest": submission.digest,
            "dist_note": payload.get("note") or False,
            "reference": payload.get("payment_reference") or False,
            "order_line": [(0, 0, self._prepare_line(submission, line)) for line in submission.open_lines],
        }
        optional = {
            "partner_shipping_id": submission.shipping_partner,
            "partner_invoice_id": submission.invoice_partner,
            "pricelist_id": channel.pricelist_id,
            "carrier_id": submission.carrier,
            "team_id": channel.team_id,
        }
        values.update({name: record.id for name, record in optional.items() if record})
        return {**values, **self._prepare_requested_date(submission)}

    def _prepare_requested_date(self, submission):
        """:return: values of an order for the day that was asked for; none when it has passed"""
        requested = fields.Date.to_date(submission.payload.get("requested_date"))
        if not requested or any(reason.code == "requested_date_past" for reason in submission.reasons):
            return {}
        return {"commitment_date": fields.Datetime.to_datetime(requested)}

    def _prepare_line(self, submission, line):
        return {
            "product_id": line.product.id,
            "product_uom_qty": float(line.accepted),
            LINE_UNIT: line.unit.id,
            "dist_line_ref": line.ref,
        }

    def _drop_refused_lines(self, submissions):
        for submission in submissions:
            for line in submission.lines:
                if line.refused and line.record:
                    line.record.unlink()
                    line.record = None

    def _settle(self, submissions):
        held = [submission for submission in submissions if submission.held]
        taken = [submission for submission in submissions if not submission.held]
        for submission in held:
            self._hold(submission)
        for follow in (False, True):
            chosen = [sub.order.id for sub in taken if bool(sub.channel.follow_orders) is follow]
            orders = self.env["sale.order"].browse(chosen)
            if orders:
                orders.with_context(**orders._dist_get_confirm_context()).action_confirm()
        for submission in submissions:
            submission.order.write(self._prepare_outcome(submission))

    def _hold(self, submission):
        reasons = [reason.detail for reason in submission.get_reasons(HOLD)]
        submission.order.message_post(body=_("Held: %s", " ".join(reasons)))
        submission.order._dist_emit("order.held")

    def _prepare_outcome(self, submission):
        reasons = [reason.detail for reason in submission.get_reasons(HOLD)]
        return {
            "dist_state": submission.status,
            "dist_hold_reason": "\n".join(reasons) or False,
            "dist_answer": json.dumps(self._prepare_answer(submission)),
        }

    # the answer

    def _prepare_result(self, submission):
        return HandlerResult(
            answer=json.loads(submission.order.dist_answer),
            record=submission.order,
            exceptions=[self._prepare_hold_exception(submission)] if submission.held else [],
        )

    def _prepare_hold_exception(self, submission):
        reasons = submission.get_reasons(HOLD)
        return ExceptionSpec(
            category="business",
            code=reasons[0].code,
            summary=_(
                "Order %(reference)s of %(customer)s held: %(reason)s",
                reference=submission.reference,
                customer=submission.partner.display_name,
                reason=reasons[0].detail,
            ),
            detail="\n".join(reason.detail for reason in reasons),
            record=submission.order,
            impact=submission.order._dist_get_impact(),
            suggestion=_("Release the order, or cancel it."),
            clear_paths=("lines[].unit_price", "totals"),
        )

    def _prepare_answer(self, submission):
        order = submission.order
        places = order.currency_id.decimal_places
        return {
            "status": submission.status,
            "reference": submission.reference,
            "order": order.name,
            "currency": order.currency_id.name,
            "amount_untaxed": format_decimal(order.amount_untaxed, places),
            "amount_tax": format_decimal(order.amount_tax, places),
            "amount_total": format_decimal(order.amount_total, places),
            "reasons": [reason.to_dict() for reason in submission.reasons],
            "lines": [self._prepare_answer_line(submission, line) for line in submission.lines],
        }

    def _prepare_answer_line(self, submission, line):
        record = line.record
        places = submission.order.currency_id.decimal_places
        return {
            "line": line.ref,
            "status": line.status,
            "sku": line.product.default_code or None,
            "quantity": format_decimal(line.quantity),
            "accepted_quantity": format_decimal(line.accepted),
            "backordered_quantity": format_decimal(line.backordered),
            "unit": line.data.get("unit") or line.unit.name,
            "unit_price": format_decimal(record.price_unit * (1 - (record.discount or 0) / 100))
            if record
            else None,
            "amount_untaxed": format_decimal(record.price_subtotal, places) if record else None,
            "reasons": [reason.to_dict() for reason in line.reasons],
        }
