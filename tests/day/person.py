"""A person's work on the exceptions of the day, through the buttons that the screens have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from partners.warehouse import SLIP
from rpc import Session

UNSOLVED = ("open", "in_progress")


class Person:
    """An operator who decides what machines cannot.

    :param odoo: her session
    :param renamed: what item numbers that Odoo does not know really mean
    """

    def __init__(self, odoo: Session, renamed: Mapping[str, str]) -> None:
        self.odoo = odoo
        self.renamed = renamed

    def work(self) -> Iterator[str]:
        """Work through the queue; yield a sentence on each thing done.

        Of the unknown item numbers and lots the first is said what it means; a surplus, and goods that came back
        unannounced, are accepted; orders of which the warehouse refuses a change are kept going. Of the orders
        over their credit limit the first is released and the second cancelled. What nobody can read is ignored.
        The rest stays for tomorrow.
        """
        for kind in ("product", "lot"):
            for exception in self.unsolved(("mapping_domain", "=", kind))[:1]:
                yield self.map_code(exception)
        for exception in self.unsolved(("code", "in", ("over_shipment", "unexpected_return"))):
            self.odoo.call("dist.exception", "action_accept_variance", [exception["id"]])
            yield f"accepts: {exception['name']}"
        for exception in self.unsolved(("code", "=", "cancel_refused")):
            self.odoo.call("dist.exception", "action_keep_going", [exception["id"]])
            yield f"keeps going: {exception['document_name']}"
        held = self.unsolved(("code", "=", "credit_limit"))
        for exception, button in zip(held, ("action_dist_release", "action_cancel")):
            self.odoo.call(exception["res_model"], button, [exception["res_id"]])
            yield f"{'releases' if 'release' in button else 'cancels'} {exception['document_name']}"
        for exception in self.unsolved(("category", "=", "decode")):
            yield self.ignore(exception, "Unreadable; the shop was told by its answer.")

    def unsolved(self, *domain: Any) -> list[dict[str, Any]]:
        """Return the open exceptions of a domain, oldest first."""
        fields = [
            "name",
            "code",
            "category",
            "mapping_domain",
            "external_code",
            "res_model",
            "res_id",
            "document_name",
        ]
        return self.odoo.search_read("dist.exception", [*domain, ("state", "in", UNSOLVED)], fields)

    def map_code(self, exception: Mapping[str, Any]) -> str:
        """Say what an unknown code means; everything that waits for it goes on."""
        code = exception["external_code"]
        if exception["mapping_domain"] == "product":
            model, name = "product.product", self.renamed[code]
            domain = [("default_code", "=", name)]
        else:
            # the warehouse slipped: the lot's number has a tail that it should not have
            model, name = "stock.lot", code.removesuffix(SLIP)
            sku, _slash, lot = name.partition("/")
            domain = [("product_id.default_code", "=", sku), ("name", "=", lot)]
        (record_id,) = self.odoo.search(model, domain)
        wizard = self.odoo.call("dist.exception", "action_fix_mapping", [exception["id"]])
        self.odoo.write(wizard["res_model"], [wizard["res_id"]], {"record_ref": f"{model},{record_id}"})
        self.odoo.call(wizard["res_model"], "action_fix", [wizard["res_id"]])
        return f"says that {exception['mapping_domain']} {code} is {name}"

    def ignore(self, exception: Mapping[str, Any], reason: str) -> str:
        """Close an exception that nobody can do anything about, and say why."""
        action = self.odoo.call("dist.exception", "action_ignore", [exception["id"]])
        context = action["context"]
        wizard = self.odoo.call(action["res_model"], "create", {"reason": reason}, context=context)
        self.odoo.call(action["res_model"], "action_ignore", [wizard], context=context)
        return f"ignores: {exception['name']}"
