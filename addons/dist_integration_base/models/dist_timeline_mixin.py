from odoo import _, fields, models

from .dist_exception import UNSOLVED


class DistTimelineMixin(models.AbstractModel):
    """The messages of a business document, on the document (M10).

    A model inherits it beside its own name, and says which documents belong together::

        class SaleOrder(models.Model):
            _name = "sale.order"
            _inherit = ["sale.order", "dist.timeline.mixin"]

            def _dist_get_timeline_documents(self):
                return {**super()._dist_get_timeline_documents(), "stock.picking": self.picking_ids.ids}

    Its form gets the button in its button box; it turns red while an exception waits::

        <div name="button_box" position="inside">
            <field name="dist_exception_count" invisible="1" groups="dist_integration_base.group_dist_user,
                dist_integration_base.group_dist_auditor" />
            <button name="action_view_dist_messages" type="object" class="oe_stat_button" icon="fa-exchange"
                invisible="dist_message_count == 0" groups="dist_integration_base.group_dist_user,
                dist_integration_base.group_dist_auditor">
                <div class="o_stat_info">
                    <field name="dist_message_count" class="o_stat_value"
                        decoration-danger="dist_exception_count" />
                    <span class="o_stat_text text-danger" invisible="not dist_exception_count">Problem</span>
                    <span class="o_stat_text" invisible="dist_exception_count">Messages</span>
                </div>
            </button>
        </div>
    """

    _name = "dist.timeline.mixin"
    _description = "Messages of a document"

    dist_message_count = fields.Integer(compute="_compute_dist_timeline", string="Integration messages")
    dist_milestone_strip = fields.Html(
        compute="_compute_dist_milestone_strip", string="Milestones", sanitize=False, compute_sudo=True
    )
    dist_exception_count = fields.Integer(compute="_compute_dist_timeline", string="Integration exceptions")

    def _compute_dist_timeline(self):
        # the figures tell a person that there is something to see; what it is, the lists' own rules decide
        messages, exceptions = self.env["dist.message"].sudo(), self.env["dist.exception"].sudo()
        for document in self:
            if not document.ids:
                document.dist_message_count = document.dist_exception_count = 0
                continue
            document.dist_message_count = messages.search_count(document._dist_get_timeline_domain())
            document.dist_exception_count = exceptions.search_count(
                ["&", ("state", "in", UNSOLVED), *document._dist_get_timeline_exception_domain()]
            )

    def _compute_dist_milestone_strip(self):
        """Where the documents stand in their processes (M12)."""
        for document in self:
            domain = _get_documents_domain(document._dist_get_milestone_documents())
            milestones = self.env["dist.milestone"].search(domain) if document.ids else None
            document.dist_milestone_strip = bool(milestones) and self.env["ir.qweb"]._render(
                "dist_integration_base.milestone_strip",
                {"milestones": milestones.sorted(lambda item: (item.process_id.id, item.sequence, item.id))},
            )

    def _dist_get_milestone_documents(self):
        """:return: dict, model name to list of ids, of the documents whose milestones are shown on this one"""
        return {self._name: self.ids}

    def _dist_get_timeline_documents(self):
        """Documents whose messages belong on the timeline of these ones.

        A model that is named here is complete: messages of its other records stay away even when they share a
        trace, such as the other orders of one bulk call.

        :return: dict, model name to list of ids
        """
        return {self._name: self.ids}

    def _dist_get_timeline_domain(self):
        """:return: domain of the messages of the documents and of whatever else their traces reached"""
        documents = self._dist_get_timeline_documents()
        own = _get_documents_domain(documents)
        traces = self.env["dist.message"].sudo().search(own).mapped("trace_id")
        return [
            "|",
            *own,
            "&",
            "&",
            ("trace_id", "in", sorted({trace for trace in traces if trace})),
            ("parent_id", "=", False),
            "|",
            ("res_model", "=", False),
            ("res_model", "not in", list(documents)),
        ]

    def _dist_get_timeline_exception_domain(self):
        """:return: domain of the exceptions of the documents and of their messages"""
        messages = self.env["dist.message"].sudo().search(self._dist_get_timeline_domain())
        documents = _get_documents_domain(self._dist_get_timeline_documents())
        return ["|", ("id", "in", messages._get_exceptions().ids), *documents]

    def action_view_dist_messages(self):
        """Open the timeline: every message, in the order things happened."""
        self.ensure_one()
        action = self.env["dist.message"]._get_timeline_action(self._dist_get_timeline_domain())
        return {**action, "name": _("Messages of %s", self.display_name)}

    def action_view_dist_exceptions(self):
        self.ensure_one()
        return self.env["dist.exception"]._get_list_action(self._dist_get_timeline_exception_domain())


def _get_documents_domain(documents):
    """:return: domain on `res_model` and `res_id`, a single term for whoever puts it behind an operator"""
    domain = ["|"] * (len(documents) - 1)
    for model_name, ids in documents.items():
        domain += ["&", ("res_model", "=", model_name), ("res_id", "in", ids)]
    return domain
