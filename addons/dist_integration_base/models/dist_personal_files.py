from odoo import api, models

from .dist_personal_data import FILES


class DistPersonalData(models.AbstractModel):
    """Files attached to records: those in which a person stands are removed, for nobody takes them apart (G6)."""

    _inherit = "dist.personal.data"

    @api.model
    def _find(self, model_name, kinds, identifiers):
        found = super()._find(model_name, kinds, identifiers)
        files = self._find_own_files(model_name, kinds)
        return found | set(files.filtered(lambda file: file._dist_holds(identifiers)).mapped("res_id"))

    @api.model
    def _find_own_files(self, model_name, kinds):
        """:return: ir.attachment, files of the records of a model in the companies the user works in, or in none"""
        files = self._find_files(model_name, kinds)
        records = self.env[model_name].sudo().browse(set(files.mapped("res_id"))).exists()
        if "company_id" in records._fields:
            records = records.filtered(lambda record: record.company_id <= self.env.companies)
        return files.filtered(lambda file: file.res_id in records._ids)

    @api.model
    def _find_files(self, model_name, kinds, ids=None):
        """
        :param kinds: dict, field to how it is erased
        :param ids: of the records, None: of all
        :return: ir.attachment as superuser, what is attached to the records and to their fields that hold files
        """
        files = self.env["ir.attachment"].sudo()
        names = [name for name, kind in kinds.items() if kind == FILES]
        if not names:
            return files
        of_records = [] if ids is None else [("res_id", "in", sorted(ids))]
        places = ["|", ("res_field", "=", False), ("res_field", "in", names)]
        return files.search([("res_model", "=", model_name), *of_records, *places])

    @api.model
    def _erase_files(self, model_name, kinds, ids, named, values):
        """Remove the files of records which name the person themselves, and the others' in which the person stands.

        :param ids: set of ids
        :param named: those of them that name the person
        """
        files = self._find_files(model_name, kinds, ids)
        self._remove_files(files.filtered(lambda file: file.res_id in named or file._dist_holds(values)))

    @api.model
    def _remove_files(self, files):
        """Hook: remove files in which a person stands.

        :param files: ir.attachment as superuser
        """
        files.unlink()

    @api.model
    def _get_searched_files(self):
        files = super()._get_searched_files()
        for model_name, kinds in self._get_erased_places().items():
            files |= self._find_files(model_name, kinds)
        return files
