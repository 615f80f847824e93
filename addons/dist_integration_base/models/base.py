from odoo import models


class Base(models.AbstractModel):
    _inherit = "base"

    def _dist_emit(self, code):
        """Record a business event for each record of this recordset, in this transaction.

        Several calls for the same record and type make one event; its payload is built once, from the final
        state, right before the commit. Costs nearly nothing while nobody is subscribed to the type.

        :param code: code of an outbound message type, such as ``order.confirmed``
        """
        self.env["dist.event"]._collect(code, self)

    def _dist_get_impact(self):
        """What is at risk while the messages of these documents are stuck.

        :return: dict with ``orders`` and ``lines`` (numbers), ``skus`` and ``warehouses`` (lists of names),
            ``value`` (float) in ``currency`` (res.currency, may be empty)
        """
        return {
            "orders": 0,
            "lines": 0,
            "skus": [],
            "warehouses": [],
            "value": 0.0,
            "currency": self.env["res.currency"],
        }

    def _dist_get_ownership_group(self, vals):
        """The field group that a record as a whole belongs to, whatever its fields say.

        :param vals: values about to be written, or of a record about to be created
        :return: code such as ``customer.addresses``; None when each field goes by its own group
        """
        return None
