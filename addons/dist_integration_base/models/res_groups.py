from contextlib import contextmanager

from odoo import api, models

from ..compat import get_group_users

GROUPS = ("user", "operator", "manager", "auditor", "approver", "clear", "service")


class ResGroups(models.Model):
    _inherit = "res.groups"

    @api.model_create_multi
    def create(self, vals_list):
        with audited_membership(self.env):
            return super().create(vals_list)

    def write(self, vals):
        with audited_membership(self.env, any("user" in name or "implied" in name for name in vals)):
            return super().write(vals)


@contextmanager
def audited_membership(env, concerned=True):
    """Tell the audit trail who got into a group of the framework, or out of one, in what happens inside.

    :param concerned: False when it cannot change who belongs to a group
    """
    before = _get_members(env) if concerned else None
    yield
    if concerned:
        _audit_difference(env, before, _get_members(env))


def _get_members(env):
    """:return: dict, name of a group to set of ids of users"""
    members = {}
    for name in GROUPS:
        group = env.ref(f"dist_integration_base.group_dist_{name}", raise_if_not_found=False)
        if group:
            members[group.sudo().full_name] = set(
                get_group_users(group.sudo().with_context(active_test=False)).ids
            )
    return members


def _audit_difference(env, before, after):
    entries = env["dist.audit.entry"]
    for name, users in after.items():
        known = before.get(name, set())
        for action, ids in (("granted", users - known), ("revoked", known - users)):
            people = env["res.users"].sudo().browse(ids).exists()
            old, new = (name, None) if action == "revoked" else (None, name)
            entries._add_each(action, people, changes=[{"field": "group", "old": old, "new": new}])
