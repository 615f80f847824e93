from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .dist_backlog import FAILED, NOT_REFUSED, REFUSED, WAITING
from .dist_exception import CATEGORIES, UNSOLVED

# what was built in the shadow and never left is no delivery
MOVED = ["|", ("direction", "=", "in"), ("stage", "!=", "shadow")]


class DistDashboard(models.AbstractModel):
    """The records behind a figure."""

    _inherit = "dist.dashboard"

    @api.model
    def open_records(self, figure, period="day", record_id=None, start=None, end=None):
        """The list behind a figure, by the definition that the figure was counted with.

        :param figure: what was pressed, such as ``waiting``; names a method ``_open_...``
        :param record_id: id of the flow or endpoint, or the category, the figure is about
        :param start: beginning of the column of a chart (UTC text), with ``end``; None for the whole period
        :return: an action
        :raises UserError: there is no such figure, record, category or moment
        """
        self._check_access()
        method = getattr(self, f"_open_{figure}", None) if isinstance(figure, str) else None
        if method is None:
            raise UserError(_("There is no figure %s.", figure))
        since = self._to_moment(start) if start else self._get_start(period)[0]
        until = self._to_moment(end) if end else fields.Datetime.now() + timedelta(minutes=1)
        return method(since, until, record_id)

    @api.model
    def _to_moment(self, text):
        try:
            return fields.Datetime.to_datetime(text)
        except (TypeError, ValueError):
            raise UserError(_("%s is no moment, such as 2026-03-31 08:00:00.", text)) from None

    @api.model
    def _to_id(self, value):
        try:
            return int(value)
        except (TypeError, ValueError):
            raise UserError(_("%s is no number of a record.", value)) from None

    @api.model
    def _get_category_domain(self, category):
        if not category:
            return []
        if category not in [key for key, _label in CATEGORIES]:
            raise UserError(_("There is no category %s.", category))
        return [("category", "=", category)]

    @api.model
    def _get_flow_domain(self, flow_id):
        domain = self._get_company_domain()
        return [*domain, ("flow_id", "=", self._to_id(flow_id))] if flow_id else domain

    @api.model
    def _list_messages(self, name, domain):
        return {**self.env["dist.message"]._get_list_action(domain), "name": name, "context": {}}

    @api.model
    def _list_exceptions(self, name, domain):
        action = self.env["dist.exception"]._get_list_action(self._get_company_domain() + domain)
        return {**action, "name": name, "context": {}}

    @api.model
    def _list_attempts(self, name, since, until, flow_id, domain):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_base.action_dist_message_attempt"
        )
        of_flow = [("message_id.flow_id", "=", self._to_id(flow_id))] if flow_id else []
        companies = [("message_id.company_id", "in", self.env.companies.ids)]
        moments = [("started_at", ">=", since), ("started_at", "<", until)]
        return {**action, "name": name, "domain": moments + domain + of_flow + companies, "context": {}}

    @api.model
    def _open_messages(self, since, until, flow_id):
        moments = [("received_at", ">=", since), ("received_at", "<", until)]
        return self._list_messages(_("Messages"), moments + MOVED + self._get_flow_domain(flow_id))

    @api.model
    def _open_attempts(self, since, until, flow_id):
        return self._list_attempts(_("Tries"), since, until, flow_id, [])

    @api.model
    def _open_success(self, since, until, flow_id):
        return self._list_attempts(
            _("Tries that succeeded"), since, until, flow_id, [("outcome", "=", "success")]
        )

    @api.model
    def _open_failures(self, since, until, flow_id):
        return self._list_attempts(
            _("Tries that failed"), since, until, flow_id, [("outcome", "!=", "success")]
        )

    @api.model
    def _open_latency(self, since, until, flow_id):
        domain = [("done_at", ">=", since), ("done_at", "<", until), ("state", "=", "done")]
        if not flow_id:
            domain.append(("direction", "=", "out"))
        return self._list_messages(_("Delivered"), domain + MOVED + self._get_flow_domain(flow_id))

    @api.model
    def _open_waiting(self, _since, _until, flow_id):
        return self._list_messages(_("Waiting"), [("state", "in", WAITING), *self._get_flow_domain(flow_id)])

    @api.model
    def _open_failed(self, _since, _until, flow_id):
        return self._list_messages(
            _("Failed or waiting for a person"),
            [("state", "in", FAILED), *NOT_REFUSED, *self._get_flow_domain(flow_id)],
        )

    @api.model
    def _open_dead(self, _since, _until, flow_id):
        return self._list_messages(
            _("Failed"), [("state", "=", "dead"), *NOT_REFUSED, *self._get_flow_domain(flow_id)]
        )

    @api.model
    def _open_refused(self, since, until, flow_id):
        moments = [("received_at", ">=", since), ("received_at", "<", until)]
        return self._list_messages(
            _("Refused, their senders were told"), [*REFUSED, *moments, *self._get_flow_domain(flow_id)]
        )

    @api.model
    def _open_deferred(self, _since, _until, endpoint_id):
        return self._list_messages(
            _("Held back"),
            [
                (
                    "endpoint_id",
                    "in",
                    [self._to_id(endpoint_id)] if endpoint_id else self._get_held_endpoints(),
                ),
                ("state", "in", WAITING),
                *self._get_company_domain(),
            ],
        )

    @api.model
    def _get_held_endpoints(self):
        rows = self.env["dist.backlog"]._get_rows(self.env.companies.ids)
        return [item["endpoint"].id for item in self.env["dist.backlog"]._get_deferred(rows)]

    @api.model
    def _open_exceptions(self, _since, _until, category):
        return self._list_exceptions(
            _("Exceptions"), [("state", "in", UNSOLVED), *self._get_category_domain(category)]
        )

    @api.model
    def _open_overdue(self, _since, _until, category):
        return self._list_exceptions(
            _("Overdue exceptions"), [("is_overdue", "=", True), *self._get_category_domain(category)]
        )

    @api.model
    def _open_opened(self, since, until, category):
        moments = [("create_date", ">=", since), ("create_date", "<", until)]
        return self._list_exceptions(_("Exceptions opened"), moments + self._get_category_domain(category))

    @api.model
    def _open_flow_exceptions(self, _since, _until, flow_id):
        return self._list_exceptions(
            _("Exceptions"), [("state", "in", UNSOLVED), ("flow_id", "=", self._to_id(flow_id))]
        )

    @api.model
    def _open_flow(self, _since, _until, flow_id):
        return self._get_form("dist.flow", flow_id)

    @api.model
    def _open_endpoint(self, _since, _until, endpoint_id):
        return self._get_form("dist.endpoint", endpoint_id)

    @api.model
    def _get_form(self, model_name, record_id):
        return {
            "type": "ir.actions.act_window",
            "res_model": model_name,
            "res_id": self._to_id(record_id),
            "views": [(False, "form")],
        }

    @api.model
    def _open_history(self, _since, _until, _record_id):
        return self.env["ir.actions.act_window"]._for_xml_id("dist_integration_base.action_dist_traffic")
