from markupsafe import Markup

from odoo import _, fields, models
from odoo.exceptions import UserError

SCREEN_GROUPS = "dist_integration_base.group_dist_user,dist_integration_base.group_dist_auditor"


class DistOwnedMixin(models.AbstractModel):
    """A record whose field groups have owners (G1): says so on the record, and minds what people write.

    Its form gets the button in its button box::

        <button name="action_view_dist_ownership" type="object" class="oe_stat_button" icon="fa-shield"
            groups="dist_integration_base.group_dist_user,dist_integration_base.group_dist_auditor">
            <div class="o_stat_info">
                <field name="dist_owner_text" class="o_stat_value" />
                <span class="o_stat_text">Data owner</span>
            </div>
        </button>
    """

    _name = "dist.owned.mixin"
    _description = "Record with data owners"

    dist_owner_text = fields.Char(
        compute="_compute_dist_owner_text", string="Data owners", groups=SCREEN_GROUPS, compute_sudo=True
    )

    def _compute_dist_owner_text(self):
        for record in self:
            parts = record._dist_get_owned_parts()
            rules = {rule for part in parts for rule in part._dist_get_rules().values()}
            systems = (
                self.env["dist.system"].sudo().browse(sorted({rule.owner for rule in rules if rule.owner}))
            )
            names = systems.mapped("name") + ([_("Odoo")] if any(not rule.owner for rule in rules) else [])
            record.dist_owner_text = ", ".join(names) or _("Anybody")

    def _dist_get_owned_parts(self):
        """:return: list of recordsets whose owners the record tells: its own, and those of such as its lines"""
        return [self]

    def _dist_get_owned_document(self):
        """:return: record in whose chatter a change of this one is noted"""
        return self

    def _dist_get_rules(self, vals=None):
        """:return: dict, field name to OwnershipRule, of a record or of one that vals are about to make"""
        company = ("company_id" in self._fields and self[:1].company_id) or self.env.company
        return self.env["dist.ownership"]._get_rules_for(company, self[:1], vals or {})

    def write(self, vals):
        owned = self._dist_check_people_write(vals)
        result = super().write(vals)
        self._dist_note_people_write(owned)
        return result

    def _dist_is_written_by_person(self):
        """Handlers, their jobs and the code of Odoo itself write as superuser."""
        return not (self.env.su or self.env.user._is_dist_service())

    def _dist_check_people_write(self, vals):
        """What a person is about to change that an external system owns.

        :return: dict, record to a dict of OwnershipRule to names of fields, for the chatter
        :raises UserError: the owner of a field lets nobody change it here
        """
        if not self._dist_is_written_by_person():
            return {}
        owned = {}
        ownership = self.env["dist.ownership"]
        for record in self:
            rules = record._dist_get_rules(vals)
            for name in ownership._get_changed(record, vals, rules):
                rule = rules[name]
                if rule.owner and rule.people != "allow":
                    owned.setdefault(record, {}).setdefault(rule, []).append(name)
        for groups in owned.values():
            for rule, names in groups.items():
                if rule.people == "refuse":
                    raise UserError(self._dist_get_people_text(rule, names))
        return owned

    def _dist_get_people_text(self, rule, names):
        """:return: sentence for the person who changes the fields"""
        group, owner = self.env["dist.ownership"]._get_names(rule)
        labels = ", ".join(
            self._fields[name].get_description(self.env, ["string"])["string"] for name in names
        )
        if rule.people == "refuse":
            return _(
                "Fields of %(group)s, which %(owner)s owns: %(fields)s. Change it there.",
                fields=labels,
                group=group,
                owner=owner,
            )
        return _(
            "Fields of %(group)s, which %(owner)s owns: %(fields)s. Its next message may overwrite the change.",
            fields=labels,
            group=group,
            owner=owner,
        )

    def _dist_note_people_write(self, owned):
        notes = {}
        for record, groups in owned.items():
            texts = [record._dist_get_people_text(rule, names) for rule, names in groups.items()]
            notes.setdefault(record._dist_get_owned_document(), []).extend(texts)
        for document, texts in notes.items():
            if hasattr(document, "message_post"):
                body = Markup("<br/>").join(dict.fromkeys(texts))
                document._message_log(body=body)

    def _has_onchange(self, field, other_fields):
        """A field that may have an owner asks the server when it is changed on screen."""
        groups = self.env["dist.ownership.group"]._get_field_groups(self._name)
        return field.name in groups or super()._has_onchange(field, other_fields)

    def _apply_onchange_methods(self, field_name, result):
        warning = self._dist_get_onchange_warning(field_name)
        if warning:
            result["warnings"].add(warning)
        return super()._apply_onchange_methods(field_name, result)

    def _dist_get_onchange_warning(self, field_name):
        """:return: (title, text, type) for a person who changes what an external system owns; None otherwise"""
        record = self._origin
        rule = record and record._dist_get_rules().get(field_name)
        if not rule or not rule.owner or rule.people == "allow":
            return None
        return _("Owned elsewhere"), record._dist_get_people_text(rule, [field_name]), "dialog"

    def action_view_dist_ownership(self):
        """Who owns what of this record, and which message changed it last."""
        self.ensure_one()
        return self.env["dist.ownership.view"]._open(self)
