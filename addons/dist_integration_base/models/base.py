from collections import defaultdict

from odoo import _, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

VALUED_ONE_BY_ONE = 300


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

    def _dist_filter_of(self, company):
        """Those of these records that a system of a company may mean: its own, and those of all companies.

        :param company: res.company
        :return: recordset of the same model; users belong to every company they work in
        """
        name = "company_ids" if "company_ids" in self._fields else "company_id"
        if name not in self._fields:
            return self
        own = self.sudo().filtered(lambda record: not record[name] or company in record[name])
        return own.with_env(self.env)

    def _dist_get_name_for(self, company):
        """Name of this record where a binding or a code of a company refers to it.

        Whoever may see those may see it, whatever else they may read: as long as it is a record of that company, or
        of all. Of others only those know the name who may read the record.

        :param company: res.company
        :return: text
        """
        self.ensure_one()
        record = self.sudo()
        if "company_id" in self._fields and self._dist_filter_of(company):
            return record.display_name
        return record.display_name if self._dist_is_readable() else _("Not for you to read")

    def _dist_is_readable(self):
        """:return: whether the user, whatever the code may do in their name, may read this record"""
        own = self.with_env(self.env(su=False))
        try:
            self.env["ir.model.access"].with_env(own.env).check(own._name, "read")
            own.check_access_rule("read")
        except AccessError:
            return False
        return True

    def _dist_open(self):
        """:return: action that opens the form of this record

        :raises UserError: it was deleted, or is not for the user to read
        """
        if not self.exists():
            raise UserError(_("This record was deleted."))
        if not self._dist_is_readable():
            kind = self.env["ir.model"]._get(self._name).sudo().name
            raise UserError(_("You may not read this record (%s): ask somebody who works with it.", kind))
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
        }

    def _dist_get_process_documents(self, model_name):
        """Documents of which a process hears when something happens to these ones, such as the orders of transfers.

        :param model_name: model of the process's documents
        :return: recordset of that model
        """
        return self if self._name == model_name else self.env[model_name]

    def _dist_get_process_system(self, step):
        """:return: dist.system that is waited for in a step of a process; empty when it is nobody outside"""
        return self.env["dist.system"]

    def _dist_get_orders(self):
        """The orders that these documents belong to, for sums over very many in which each order counts once.

        Documents that follow from orders, such as transfers and invoices, answer by a query.

        :return: dict, id of a document to a set of (model name, id) of its orders; one that is missing stands for
            itself
        """
        return {}

    def _dist_sum_orders(self):
        """Number and value of these orders, of sales or purchases, by one query.

        :return: as of `_dist_get_value_at_risk`
        """
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                """
                SELECT count(*), COALESCE(sum(amount_total / COALESCE(NULLIF(currency_rate, 0), 1)), 0)
                FROM %s WHERE id = ANY(%s)
                """,
                SQL.identifier(self._table),
                self.ids,
            )
        )
        number, value = self.env.cr.fetchone()
        return number, float(value), True

    def _dist_read_orders(self, query):
        """:param query: SQL that gives (id of a document, model of an order, id of the order) of ``%(ids)s``

        :return: as of `_dist_get_orders`
        """
        self.env.cr.execute(query, {"ids": self.ids})
        orders = defaultdict(set)
        for document_id, model_name, order_id in self.env.cr.fetchall():
            orders[document_id].add((model_name, order_id))
        return orders

    def _dist_split_by_currency(self):
        """These documents, as far as they still exist, by the currency of their company, in which they are valued.

        :return: dict, res.currency to recordset; what belongs to no company counts in the currency of the user's
        """
        field = self._fields.get("company_id")
        if not field or not field.store:
            return {self.env.company.currency_id: self}
        split = defaultdict(self.browse)
        documents = self.sudo().with_context(active_test=False)
        for company, ids in documents._read_group([("id", "in", self.ids)], ["company_id"], ["id:array_agg"]):
            split[(company or self.env.company).currency_id] |= self.browse(ids)
        return split

    def _dist_get_value_at_risk(self):
        """How many orders are behind these documents and what they are worth, for sums over very many.

        Documents that can be many answer by a query; of others the first ones are added up.

        :return: (number of orders, value in the currency of their company, whether that is all of it)
        """
        documents = self[:VALUED_ONE_BY_ONE]
        impact = documents.exists()._dist_get_impact()
        return impact["orders"], impact["value"], len(self) == len(documents)

    def _dist_get_ownership_group(self, vals):
        """The field group that a record as a whole belongs to, whatever its fields say.

        :param vals: values about to be written, or of a record about to be created
        :return: code such as ``customer.addresses``; None when each field goes by its own group
        """
        return None
