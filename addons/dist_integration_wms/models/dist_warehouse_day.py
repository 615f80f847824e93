from datetime import datetime, time

import pytz

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.dist_integration_base.models.dist_exception import UNSOLVED

from .stock_picking import FINISHED, RELEASED

GROUPS = (
    "stock.group_stock_user",
    "dist_integration_base.group_dist_user",
    "dist_integration_base.group_dist_auditor",
)
UNSETTLED = ("open", "explained", "approved")
# codes of exceptions a person of the warehouse decides on, by what is decided; what is left is "other"
DECISIONS = {
    "adjustments": ("adjustment_approval", "adjustment_variance", "not_enough_stock"),
    "quantities": (
        "over_shipment",
        "over_receipt",
        "over_return",
        "substitution_not_approved",
        "shipment_cancelled",
        "shipment_finished",
        "receipt_cancelled",
        "receipt_finished",
        "return_cancelled",
        "return_finished",
    ),
    "returns": ("unexpected_return", "lot_not_shipped"),
    "rests": ("backorder_decision",),
    "refusals": (
        "shipment_refused",
        "hold_refused",
        "change_refused",
        "cancel_refused",
        "hold_overtaken",
        "change_overtaken",
        "cancel_overtaken",
    ),
}
DEAREST = 8


class DistWarehouseDay(models.AbstractModel):
    """A day of those who look after external warehouses, on one page: what is released, late, short, what waits for
    them, and what Odoo and a warehouse disagree about.

    Every figure is the number of records of a domain, which ``open_records`` opens.
    """

    _name = "dist.warehouse.day"
    _description = "Day of a warehouse"

    @api.model
    def get_figures(self, warehouse_id=None):
        """Everything the page shows.

        :param warehouse_id: id of an external warehouse; None for all
        :return: dict, ready to draw: texts in the user's language, values with their currency
        :raises AccessError: the user works neither in the warehouse nor on the integration
        """
        self._check_access()
        warehouses = self._get_warehouses()
        chosen = self._choose(warehouses, warehouse_id)
        return {
            "chosen": warehouse_id if warehouse_id in warehouses.ids else False,
            "warehouses": [{"id": warehouse.id, "name": warehouse.name} for warehouse in warehouses],
            "deliveries": self._get_deliveries(chosen),
            "incoming": self._get_incoming(chosen),
            "decisions": self._get_decisions(chosen),
            "variances": self._get_variances(chosen),
        }

    @api.model
    def _check_access(self):
        if not any(self.env.user.has_group(group) for group in GROUPS):
            raise AccessError(_("This page is for the warehouse."))

    @api.model
    def _get_warehouses(self):
        return (
            self.env["stock.warehouse"]
            .sudo()
            .search([("dist_system_id", "!=", False), ("company_id", "in", self.env.companies.ids)])
        )

    @api.model
    def _choose(self, warehouses, warehouse_id):
        """:return: the chosen one; all for None, and where it is none of them any more"""
        return warehouses.filtered(lambda warehouse: warehouse.id == warehouse_id) or warehouses

    # transfers

    @api.model
    def _get_today(self):
        """:return: datetime, UTC, when the user's day began"""
        zone = pytz.timezone(self.env.user.tz or "UTC")
        day = fields.Datetime.context_timestamp(self, fields.Datetime.now()).date()
        return zone.localize(datetime.combine(day, time.min)).astimezone(pytz.utc).replace(tzinfo=None)

    @api.model
    def _get_picking_domain(self, figure, warehouses):
        """:return: domain of stock.picking of a figure"""
        today = fields.Datetime.to_string(self._get_today())
        is_open, is_late = ("state", "not in", FINISHED), ("scheduled_date", "<", today)
        outside = [
            ("picking_type_id.warehouse_id", "in", warehouses.ids),
            ("picking_type_id.dist_system_id", "!=", False),
        ]
        out, into = ("picking_type_code", "=", "outgoing"), ("picking_type_code", "=", "incoming")
        released = ("dist_release_state", "in", RELEASED)
        waiting = [
            out,
            ("dist_release_state", "in", ("not_released", "refused")),
            ("state", "in", ("waiting", "confirmed", "assigned")),
        ]
        domains = {
            "waiting": waiting,
            "held_back": [*waiting, "|", ("dist_is_held_back", "=", True), ("dist_hold_reason", "!=", False)],
            "released": [out, released, is_open],
            "unanswered": [out, ("dist_release_state", "=", "requested"), is_open],
            "late": [out, is_late, ("state", "not in", ("draft", *FINISHED))],
            "late_released": [out, is_late, released, is_open],
            "short": [
                out,
                ("backorder_id.dist_release_state", "=", "done"),
                # the warehouse has not said that more of it follows
                "|",
                ("backorder_id.dist_confirmation_ids", "=", False),
                ("backorder_id.dist_confirmation_ids.is_final", "=", True),
                is_open,
            ],
            "shipped": [out, ("state", "=", "done"), ("date_done", ">=", today)],
            "receipts": [into, released, is_open, ("move_ids.origin_returned_move_id", "=", False)],
            "late_receipts": [
                into,
                released,
                is_open,
                is_late,
                ("move_ids.origin_returned_move_id", "=", False),
            ],
            "returns": [into, released, is_open, ("move_ids.origin_returned_move_id", "!=", False)],
            "received": [into, ("state", "=", "done"), ("date_done", ">=", today)],
        }
        return outside + domains[figure]

    @api.model
    def _count(self, figure, warehouses):
        return self.env["stock.picking"].search_count(self._get_picking_domain(figure, warehouses))

    @api.model
    def _get_deliveries(self, warehouses):
        """:return: dict, figure to its number"""
        names = (
            "waiting",
            "held_back",
            "released",
            "unanswered",
            "late",
            "late_released",
            "short",
            "shipped",
        )
        requests = self.env["dist.release.request"]
        asked = self._get_request_domain(warehouses)
        return {
            **{name: self._count(name, warehouses) for name in names},
            "requests": requests.search_count(asked),
            "cancellations": requests.search_count([*asked, ("kind", "=", "cancel")]),
        }

    @api.model
    def _get_request_domain(self, warehouses):
        return [("state", "=", "waiting"), ("picking_id.picking_type_id.warehouse_id", "in", warehouses.ids)]

    @api.model
    def _get_incoming(self, warehouses):
        return {
            name: self._count(name, warehouses)
            for name in ("receipts", "late_receipts", "returns", "received")
        }

    # what waits for a person

    @api.model
    def _get_decision_domain(self, kind, warehouses):
        """
        :param kind: key of DECISIONS, ``other``, or None for all
        :return: domain of dist.exception
        """
        domain = [
            ("state", "in", UNSOLVED),
            ("system_id", "in", warehouses.dist_system_id.ids),
            ("company_id", "in", self.env.companies.ids),
        ]
        # what is about other warehouses of the same systems alone
        others = (self._get_warehouses() - warehouses).filtered(
            lambda warehouse: warehouse.dist_system_id in warehouses.dist_system_id
        )
        elsewhere = self._get_texts_of_others(domain, warehouses, others) if others else []
        if elsewhere:
            domain.append(("impact_warehouses", "not in", elsewhere))
        if kind == "other":
            return [*domain, ("code", "not in", [code for codes in DECISIONS.values() for code in codes])]
        return [*domain, ("code", "in", DECISIONS[kind])] if kind else domain

    @api.model
    def _get_texts_of_others(self, domain, warehouses, others):
        """An exception has the names of its warehouses in one text; a name may have a comma itself.

        :param domain: of dist.exception
        :return: list of the texts that name some of the others, and none of the warehouses
        """
        groups = self.env["dist.exception"].sudo()._read_group(domain, ["impact_warehouses"])
        own = [set(name.split(", ")) for name in warehouses.mapped("name")]
        foreign = {part for name in others.mapped("name") for part in name.split(", ")}
        parts = {text: set(text.split(", ")) for (text,) in groups if text}
        return [
            text
            for text, named in parts.items()
            if named <= foreign and not any(name <= named for name in own)
        ]

    @api.model
    def _get_decisions(self, warehouses):
        """:return: list of dicts, one a kind of decision that somebody has to take"""
        exceptions = self.env["dist.exception"].sudo()
        labels = {
            "adjustments": _("Adjustments to approve"),
            "quantities": _("More, or other than asked for"),
            "returns": _("Returns nobody announced"),
            "rests": _("Keep the rest, or cancel it"),
            "refusals": _("Refused by the warehouse"),
            "other": _("Everything else"),
        }
        overdue = [("is_overdue", "=", True)]
        rows = []
        for kind, label in labels.items():
            domain = self._get_decision_domain(kind, warehouses)
            number = exceptions.search_count(domain)
            if number:
                late = exceptions.search_count(domain + overdue)
                rows.append({"kind": kind, "label": label, "number": number, "overdue": late})
        return rows

    # what both sides disagree about

    @api.model
    def _get_variance_domain(self, warehouses):
        return [
            ("warehouse_id", "in", warehouses.ids),
            ("state", "in", UNSETTLED),
            ("company_id", "in", self.env.companies.ids),
        ]

    @api.model
    def _get_variances(self, warehouses):
        """:return: dict with the number and value of all variances, those to be approved, and the dearest lines"""
        lines = self.env["dist.reconciliation.line"].sudo()
        domain = self._get_variance_domain(warehouses)
        groups = lines._read_group(domain, ["currency_id"], ["__count", "value_at_risk:sum"])
        dearest = lines.search(domain, order="value_at_risk desc, id", limit=DEAREST)
        return {
            **self._get_comparison(warehouses),
            "number": sum(count for _currency, count, _value in groups),
            "values": [currency.format(value) for currency, _count, value in groups if value],
            "explained": lines.search_count([*domain, ("state", "=", "explained")]),
            "lines": [self._prepare_variance(line) for line in dearest],
        }

    @api.model
    def _get_comparison(self, warehouses):
        """:return: dict: since when all are compared, and how much agrees; of each profile its last full list"""
        accuracies = self.env["dist.reconciliation.accuracy"].sudo()
        domain = [
            ("warehouse_id", "in", warehouses.ids),
            ("run_id.state", "=", "done"),
            ("run_id.coverage", "=", "full"),
            ("profile_id.active", "=", True),
        ]
        last = accuracies._read_group(domain, ["warehouse_id", "profile_id"], ["moment:max"])
        rows = accuracies.union(
            *(
                accuracies.search(
                    [
                        *domain,
                        ("warehouse_id", "=", warehouse.id),
                        ("profile_id", "=", profile.id),
                        ("moment", "=", moment),
                    ]
                )
                for warehouse, profile, moment in last
            )
        )
        moments = [moment for _warehouse, _profile, moment in last]
        return {
            "compared_at": fields.Datetime.to_string(min(moments)) if moments else False,
            "accuracy": 100 * sum(rows.mapped("within")) / sum(rows.mapped("counted")) if rows else None,
        }

    @api.model
    def _prepare_variance(self, line):
        return {
            "id": line.id,
            "item": line.product_id.display_name or line.name,
            "lot": line.lot_name or "",
            "theirs": line.theirs,
            "expected": line.expected,
            "variance": line.variance,
            "value": line.currency_id.format(line.value_at_risk),
            "state": dict(line._fields["state"]._description_selection(self.env))[line.state],
        }

    # the records behind a figure

    @api.model
    def open_records(self, figure, warehouse_id=None, key=None):
        """The records behind a figure, by the domain that it was counted with.

        :param figure: ``requests``, ``decisions``, ``variances``, or a figure of transfers
        :param key: kind of decision, or id of a variance; None for all
        :return: an action
        """
        self._check_access()
        warehouses = self._choose(self._get_warehouses(), warehouse_id)
        self._check_key(figure, key)
        if figure == "decisions":
            return self._open_decisions(key, warehouses)
        if figure == "variances":
            return self._open_variances(key, warehouses)
        if figure == "requests":
            return self._open_list("dist_release_request_action", self._get_request_domain(warehouses))
        try:
            domain = self._get_picking_domain(figure, warehouses)
        except KeyError as error:
            raise UserError(_("There is no figure %s.", figure)) from error
        return self._open_list("released_picking_action", domain)

    @api.model
    def _check_key(self, figure, key):
        """:raises UserError: there is no such kind of decision, or it is no id of a variance"""
        kinds = [*DECISIONS, "other"]
        is_known = key in kinds if figure == "decisions" else isinstance(key, int) or figure != "variances"
        if key and not is_known:
            raise UserError(_("There is no figure %(figure)s, %(key)s.", figure=figure, key=key))

    @api.model
    def _open_list(self, name, domain, module="dist_integration_wms"):
        action = self.env["ir.actions.act_window"]._for_xml_id(f"{module}.{name}")
        return {**action, "domain": domain, "context": {}}

    @api.model
    def _open_decisions(self, kind, warehouses):
        domain = self._get_decision_domain(kind, warehouses)
        if self._works_on_integration():
            return self._open_list("action_dist_exception", domain, "dist_integration_base")
        return self._open_list("dist_warehouse_decision_action", domain)

    @api.model
    def _open_variances(self, line_id, warehouses):
        domain = [("id", "=", line_id)] if line_id else self._get_variance_domain(warehouses)
        if self._works_on_integration():
            return self._open_list("action_dist_reconciliation_line", domain, "dist_integration_base")
        return self._open_list("dist_warehouse_variance_action", domain)

    @api.model
    def _works_on_integration(self):
        """:return: True for users whose own lists show these records, with what can be done about them"""
        return any(self.env.user.has_group(group) for group in GROUPS[1:])
