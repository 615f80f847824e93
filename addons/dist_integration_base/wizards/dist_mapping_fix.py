from odoo import _, api, fields, models
from odoo.exceptions import UserError


class DistMappingFix(models.TransientModel):
    """What does this code mean? One answer, and everything that waits for it goes on."""

    _name = "dist.mapping.fix"
    _description = "Fix mapping and replay"
    _inherit = ["dist.wizard.mixin"]

    exception_id = fields.Many2one("dist.exception", required=True, readonly=True)
    system_id = fields.Many2one(related="exception_id.system_id")
    mapping_domain = fields.Char(related="exception_id.mapping_domain")
    external_code = fields.Char(related="exception_id.external_code")
    mapping_model = fields.Char(related="exception_id.mapping_model")
    message_count = fields.Integer(related="exception_id.message_count")
    record_ref = fields.Reference(selection="_get_record_models", string="It means")
    value = fields.Char(string="It means the value")
    known_meaning = fields.Char(compute="_compute_known_meaning", string="It means already")

    @api.model
    def _get_record_models(self):
        return self.env["dist.code.map"]._get_record_models()

    @api.depends("exception_id")
    def _compute_known_meaning(self):
        for wizard in self:
            code = wizard.exception_id.sudo()._find_working_code() if wizard.exception_id else None
            wizard.known_meaning = code.sudo(False).meaning if code else False

    @api.model
    def _open(self, exception):
        wizard = self.create(self._prepare(exception))
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": wizard.id,
            "views": [(False, "form")],
            "target": "new",
            "name": _("What does %s mean?", exception.external_code),
        }

    @api.model
    def _prepare(self, exception):
        suggestion = self._get_suggestion(exception)
        if suggestion and exception._get_misfit(suggestion):
            suggestion = None
        return {
            "exception_id": exception.id,
            "record_ref": f"{suggestion._name},{suggestion.id}" if suggestion else False,
        }

    @api.model
    def _get_suggestion(self, exception):
        """:return: the record the code most likely means; empty when there is no guess"""
        if exception.mapping_model not in dict(self._get_record_models()):
            return None
        if not self.env["ir.model.access"].check(exception.mapping_model, "read", raise_exception=False):
            return None
        found = self.env[exception.mapping_model].name_search(exception.external_code, limit=2)
        return self.env[exception.mapping_model].browse(found[0][0]) if len(found) == 1 else None

    def _get_meaning(self):
        """:return: sentence of what the code means"""
        meaning = self.record_ref.display_name if self.record_ref else self.value
        return _("%(code)s means %(meaning)s", code=self.external_code, meaning=self.known_meaning or meaning)

    def action_fix(self):
        """Save the meaning, in a transaction of its own, then replay; where the code has one that works, only replay.

        :raises UserError: nothing fitting is chosen
        """
        self.ensure_one()
        exception = self.exception_id
        exception._check_may_act()
        exception._check_open()
        if not self.known_meaning:
            if bool(self.record_ref) == bool(self.value):
                raise UserError(_("Choose what %s means.", self.external_code))
            exception._save_mapping(self.record_ref or None, self.value or None)
        self.env["dist.audit.entry"]._add("mapped", exception, reason=self._get_meaning())
        exception._note_action("mapped")
        exception._retry_stuck()
        return {"type": "ir.actions.act_window_close"}
