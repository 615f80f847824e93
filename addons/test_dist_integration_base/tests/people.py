from odoo.exceptions import AccessError
from odoo.tests import new_test_user

from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec

GROUPS = ("user", "operator", "manager", "auditor", "approver", "clear", "service")


class PeopleMixin:
    """One person of each group, and messages to look at."""

    @classmethod
    def _make_people(cls):
        """:return: dict, group to res.users"""
        return {
            group: new_test_user(
                cls.env,
                login=f"dist-test-{group}",
                name=f"{group.capitalize()} of the tests",
                groups=f"dist_integration_base.group_dist_{group},base.group_allow_export",
            )
            for group in GROUPS
        }

    @classmethod
    def _make_message(cls, flow, **values):
        number = cls.env["dist.message"].search_count([]) + 1
        return cls.env["dist.message"].create(
            {
                "uuid": f"msg_people_{number}",
                "direction": flow.direction,
                "state": "dead",
                "flow_id": flow.id,
                "system_id": flow.system_id.id,
                "endpoint_id": flow.endpoint_id.id,
                "company_id": flow.company_id.id,
                "message_type_id": flow.message_type_id.id,
                "version_id": flow.message_type_id.version_ids[:1].id,
                "received_at": "2026-01-01 08:00:00",
                "trace_id": f"{number:032x}",
                **values,
            }
        )

    @staticmethod
    def _get_shown(dialog, values, names):
        """:return: text, what a form of a stored dialog shows once values are put into it; nothing from 19.0 on, where
        that takes the right to change the dialog
        """
        try:
            return str(dialog.onchange(values, list(values), {name: {} for name in names}))
        except AccessError:
            return ""

    @classmethod
    def _open_exception(cls, message, assignee=None, **values):
        spec = ExceptionSpec(**{"category": "business", "code": "x", "summary": "Something", **values})
        exception = cls.env["dist.exception"]._open(spec, message)
        exception.assignee_id = assignee
        return exception
