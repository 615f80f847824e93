from odoo import api, models

CODED_MODELS = [
    "delivery.carrier",
    "dist.stock.reason",
    "product.product",
    "res.company",
    "stock.lot",
    "stock.warehouse",
    "uom.uom",
]


class DistCodeMap(models.Model):
    _inherit = "dist.code.map"

    @api.model
    def _get_record_models(self):
        known = super()._get_record_models()
        names = {name for name, _label in known}
        return known + [
            (name, self.env["ir.model"]._get(name).name) for name in CODED_MODELS if name not in names
        ]

    @api.model
    def _dist_get_codes(self, system, records_by_domain):
        """Codes of many records, in one query.

        :param records_by_domain: dict, kind of code to records of one model
        :return: dict, (model name, id) to code
        """
        domains = {domain: records for domain, records in records_by_domain.items() if records}
        if not system or not domains:
            return {}
        self.flush_model()
        self.env.cr.execute(
            """
            SELECT res_model, res_id, MIN(external_code) FROM dist_code_map
            WHERE system_id = %s AND domain IN %s AND res_model IN %s AND res_id IN %s
            GROUP BY res_model, res_id
            """,
            (
                system.id,
                tuple(domains),
                tuple({records._name for records in domains.values()}),
                tuple({record_id for records in domains.values() for record_id in records.ids}),
            ),
        )
        return {(model, record_id): code for model, record_id, code in self.env.cr.fetchall()}
