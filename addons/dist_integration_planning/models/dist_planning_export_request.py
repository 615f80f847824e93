from odoo import api, fields, models


class DistPlanningExportRequest(models.Model):
    """A request for an export by its sender's key: the same one again gets the export that it got first."""

    _name = "dist.planning.export.request"
    _description = "Request for a planning export"
    _inherit = ["dist.company.mixin", "dist.kept.mixin"]
    _order = "id desc"
    _rec_name = "key"

    export_id = fields.Many2one(
        "dist.planning.export", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="export_id.company_id", store=True)
    client_id = fields.Many2one("dist.api.client", required=True, readonly=True, ondelete="cascade")
    key = fields.Char(required=True, readonly=True)
    request_hash = fields.Char(required=True, readonly=True)
    create_date = fields.Datetime(string="Received on", readonly=True)

    _sql_constraints = [("key_uniq", "unique(client_id, key)", "The client sent this key before.")]

    @api.model
    def _answer(self, source, kind, client, key, request_hash):
        """Answer requests for exports of a source one after another: those that come at once get the same export.

        It works in a transaction of its own, which sees what the request before it began.

        :param source: dist.planning.source
        :param client: dist.api.client
        :param key: of the request among the client's; None where it has none
        :return: (dict, the export as the API shows it; hash of the request that came before with this key or None)
        """

        def work(env):
            requests = env[self._name]
            known = key and requests.search([("client_id", "=", client.id), ("key", "=", key)])
            if known:
                return known.export_id._get_document(), known.request_hash
            found = source.with_env(env).with_company(source.company_id)
            export = found._request_export(kind)
            if key:
                requests.create(
                    {
                        "export_id": export.id,
                        "client_id": client.id,
                        "key": key,
                        "request_hash": request_hash,
                    }
                )
            return export._get_document(), None

        return self.env["dist.message"]._in_serial_transaction(f"{self._name}/{source.id}", work)
