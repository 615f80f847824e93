from odoo import _, models

from odoo.addons.dist_integration_base.lib.handling import ApplyError, ExceptionSpec, HandlerResult

UNKNOWN = "stock_unknown_items"
TOLD_ITEMS = 50


class SupplierStockHandler(models.AbstractModel):
    """A supplier tells what it has: buyers see it where they buy."""

    _name = "dist.handler.supplier.stock"
    _inherit = "dist.handler.purchase"
    _description = "Supplier's stock"

    def _get_lock_keys(self, message, payload):
        return [f"supplier.stock/{message.system_id.id}"]

    def _apply(self, message, payload):
        sender = self._get_sender(message)
        figures, unknown = self._read_figures(message, sender, payload)
        taken = self.env["dist.supplier.stock"]._take(
            sender, message, payload["number"], self._read_moment(payload, "reported_at"), figures
        )
        if not unknown:
            self.env["dist.exception"]._close_for_record(sender, [UNKNOWN])
        answer = {
            "status": "applied",
            "number": payload["number"],
            "items": len(taken),
            "unknown": len(unknown),
        }
        specs = [self._prepare_unknown(sender, payload, unknown)] if unknown else []
        return HandlerResult(answer, record=sender, exceptions=specs)

    def _read_figures(self, message, sender, payload):
        """:return: (dict, product to its figures in the unit in which we buy it, list of what is wrong with others)"""
        figures, unknown = {}, []
        items = [line["item"] for line in payload["lines"]]
        products = self._match_products(message, sender.partner_id, items)
        for place, (line, product) in enumerate(zip(payload["lines"], products, strict=True)):
            try:
                figure = self._read_figure(message, line, product, f"/lines/{place}")
            except ApplyError as error:
                unknown.append(error.detail)
                continue
            known = figures.setdefault(product, {"available": 0.0, "coming": 0.0, "coming_on": False})
            known["available"] += figure["available"]
            known["coming"] += figure["coming"]
            known["coming_on"] = known["coming_on"] or figure["coming_on"]
        return figures, unknown

    def _read_figure(self, message, line, product, pointer):
        self._require_product(product, line["item"], f"{pointer}/item")
        unit = product._dist_get_purchase_unit()
        told = self._read_unit(message, line.get("unit"), unit, f"{pointer}/unit")
        return {
            "available": told._compute_quantity(float(line["available"]), unit, round=False),
            "coming": told._compute_quantity(float(line.get("coming", 0)), unit, round=False),
            "coming_on": line.get("coming_on"),
        }

    def _prepare_unknown(self, sender, payload, unknown):
        told = unknown[:TOLD_ITEMS]
        if len(unknown) > TOLD_ITEMS:
            told.append(_("and %s more", len(unknown) - TOLD_ITEMS))
        return ExceptionSpec(
            category="mapping",
            code=UNKNOWN,
            summary=_("%(supplier)s reports stock of items that are not known", supplier=sender.name),
            detail="\n".join(told),
            record=sender,
            severity="low",
            suggestion=_(
                "Add the supplier's numbers to the code maps: the next report has them. What you do not buy can stay "
                "unknown: settle this by hand."
            ),
            fingerprint=f"{UNKNOWN}/{sender.id}",
        )

    def _get_payload_impact(self, message, payload):
        return {
            **self.env["base"]._dist_get_impact(),
            "lines": len(self._get_payload_lines(payload)),
        }
