from lxml import etree

from odoo.tests import Form, tagged

from odoo.addons.dist_integration_base.tests.common import DistCase

from .people import PeopleMixin

MODULE = "dist_integration_base"
SUPERVISION = {
    "menu_dist_reconciliation",
    "menu_dist_reconciliation_accuracy",
    "menu_dist_reconciliation_line",
    "menu_dist_milestone",
}
MENUS = {
    "user": {"menu_dist_exception", "menu_dist_message"} | SUPERVISION,
    "operator": {
        "menu_dist_alert",
        "menu_dist_binding",
        "menu_dist_change_request",
        "menu_dist_code_map",
        "menu_dist_dashboard",
        "menu_dist_exception",
        "menu_dist_message",
        "menu_dist_replay",
        "menu_dist_traffic",
    }
    | SUPERVISION,
}
ALL_MENUS = {
    "menu_dist_exception",
    "menu_dist_message",
    "menu_dist_system",
    "menu_dist_endpoint",
    "menu_dist_api_client",
    "menu_dist_credential",
    "menu_dist_flow",
    "menu_dist_code_map",
    "menu_dist_binding",
    "menu_dist_mapping",
    "menu_dist_message_type",
    "menu_dist_api_scope",
    "menu_dist_ownership",
    "menu_dist_ownership_domain",
    "menu_dist_cutover_comparison",
    "menu_dist_cutover_difference",
    "menu_dist_event",
    "menu_dist_change_request",
    "menu_dist_change_rule",
    "menu_dist_audit_entry",
    "menu_dist_audit_export",
    "menu_dist_reconciliation_profile",
    "menu_dist_process",
    "menu_dist_exception_team",
} | SUPERVISION


@tagged("post_install", "-at_install")
class TestViews(PeopleMixin, DistCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.people = cls._make_people()
        cls.system, cls.client, _key = cls._make_system(message_types=["partner.submit"])
        cls.credential = cls.env["dist.credential"].create({"name": "Webhook", "system_id": cls.system.id})
        cls.credential._generate()
        cls.endpoint = cls._make_endpoint(cls.system, "http://127.0.0.1:9/hook")
        cls.message = cls._make_message(cls.system.flow_ids, business_key="A1", error="No")
        cls.exception = cls._open_exception(cls.message, cls.people["user"])
        cls.env["dist.code.map"].create(
            {"system_id": cls.system.id, "domain": "unit", "external_code": "EA", "value": "Units"}
        )
        partner = cls.env["res.partner"].create({"name": "Bound"})
        cls.env["dist.binding"]._bind(cls.system, partner, "B-1")
        cls.env["dist.mapping"].create(
            {
                "name": "Partners",
                "system_id": cls.system.id,
                "message_type_id": cls.system.flow_ids.message_type_id.id,
            }
        )

    def _get_menus(self, group):
        """:return: dict, xml id without module to ir.ui.menu, of what a group sees and that has an action"""
        visible = self.env["ir.ui.menu"].with_user(self.people[group])._visible_menu_ids()
        data = self.env["ir.model.data"].search(
            [("module", "=", MODULE), ("model", "=", "ir.ui.menu"), ("res_id", "in", list(visible))]
        )
        menus = {item.name: self.env["ir.ui.menu"].browse(item.res_id) for item in data}
        return {
            name: menu for name, menu in menus.items() if menu.action and _get_parents(menu) <= set(visible)
        }

    def test_menus(self):
        """Each group finds what it works with, and nothing else."""
        self.assertEqual(set(self._get_menus("user")), MENUS["user"])
        self.assertEqual(set(self._get_menus("operator")), MENUS["operator"])
        self.assertLessEqual(ALL_MENUS, set(self._get_menus("manager")))
        self.assertLessEqual(ALL_MENUS, set(self._get_menus("auditor")))
        self.assertFalse(self._get_menus("service"))
        self.assertIn("menu_dist_change_request", self._get_menus("approver"))
        self.assertNotIn("menu_dist_system", self._get_menus("approver"))

    def test_empty_lists_say_what_to_do(self):
        for menu in self._get_menus("manager").values():
            action = menu.action.sudo()
            if action._name == "ir.actions.act_window" and not self.env[action.res_model]._transient:
                self.assertTrue(action.help, action.name)

    def test_buttons_have_methods(self):
        """Buttons call public methods of the model their view is of."""
        views = self.env["ir.ui.view"].search([("model", "=like", "dist.%"), ("type", "!=", "search")])
        self.assertTrue(views)
        count = 0
        for view in views:
            for model_name, button in _get_buttons(etree.fromstring(view.arch), view.model, self.env):
                count += 1
                method = button.get("name")
                self.assertFalse(method.startswith("_"), f"{view.name}: {method}")
                self.assertTrue(
                    callable(getattr(self.env[model_name], method, None)), f"{view.name}: {method}"
                )
        self.assertGreater(count, 40)

    def test_buttons_that_write_name_their_group(self):
        """An auditor sees no button that changes anything."""
        reading = ("action_view_", "action_open_")
        for view in self.env["ir.ui.view"].search(
            [("model", "=like", "dist.%"), ("type", "in", ("form", "tree"))]
        ):
            if self.env[view.model]._transient:
                continue
            for _model_name, button in _get_buttons(etree.fromstring(view.arch), view.model, self.env):
                name = button.get("name")
                if not name.startswith(reading):
                    groups = button.get("groups", "")
                    self.assertRegex(
                        groups, "[.]group_(dist|stock|purchase|account)_", f"{view.name}: {name}"
                    )

    def test_every_model_has_its_views(self):
        """No screen of a model with a menu is made up by Odoo."""
        actions = {
            menu.action.res_model: menu.action.sudo().view_mode.split(",")
            for menu in self._get_menus("manager").values()
            if menu.action._name == "ir.actions.act_window"
        }
        for model_name, kinds in actions.items():
            for kind in (*kinds, "search"):
                if (model_name, kind) == ("dist.api.scope", "search") or self.env[model_name]._transient:
                    continue
                found = self.env["ir.ui.view"].search_count([("model", "=", model_name), ("type", "=", kind)])
                self.assertTrue(found, f"{model_name} {kind}")

    def test_new_client(self):
        """G8: name and system suffice; the service account is made by itself."""
        form = Form(self.env["dist.api.client"].with_user(self.people["manager"]))
        form.name, form.system_id = "Second", self.system
        client = form.save()
        self.assertTrue(client.user_id._is_dist_service())
        action = client.action_generate_key()
        self.assertEqual((action["target"], client.valid_key_count), ("new", 1))

    def test_new_code_map(self):
        """M8: a code is given its meaning by choosing the record."""
        codes = self.env["dist.code.map"].with_user(self.people["operator"])
        belgium = self.env.ref("base.be")
        values = {"system_id": self.system.id, "domain": "country", "external_code": "BEL"}
        code = codes.create({**values, "record_ref": f"res.country,{belgium.id}"})
        self.assertEqual((code.res_model, code.res_id, code.meaning), ("res.country", belgium.id, "Belgium"))
        code.write({"record_ref": False, "value": "Belgium, that is"})
        self.assertEqual((code.res_id, code.meaning), (0, "Belgium, that is"))
        code.write({"record_ref": f"res.country,{belgium.id}", "value": False})
        self.assertEqual(codes._find(self.system, "country", "BEL"), belgium)

    def test_new_endpoint_and_credential(self):
        with Form(self.env["dist.credential"].with_user(self.people["manager"])) as form:
            form.name, form.system_id = "Token", self.system
            form.kind, form.secret = "token", "a-token"
        credential = form.record
        self.assertTrue(credential.fingerprint)
        with Form(self.env["dist.endpoint"].with_user(self.people["manager"])) as form:
            form.name, form.system_id, form.url = "Hook", self.system, "https://partner.example/hook"
            form.auth_type, form.credential_id = "bearer", credential
        self.assertFalse(form.record.blocked_reason)
        self.system.action_suspend()
        form.record.invalidate_recordset()
        self.assertEqual(form.record.blocked_reason, "The system is not active.")


def _get_parents(menu):
    """:return: set of ids: a menu is only reached through those above it"""
    return {menu.parent_id.id, *_get_parents(menu.parent_id)} if menu.parent_id else set()


def _get_buttons(root, model_name, env):
    """:return: list of (model name, button) of a view and of the lists and forms inside it"""
    buttons = []
    for node in root:
        if not isinstance(node.tag, str):
            continue
        if node.tag == "button" and node.get("type") == "object":
            buttons.append((model_name, node))
        inner = model_name
        if node.tag == "field" and len(node):
            inner = env[model_name]._fields[node.get("name")].comodel_name
        buttons += _get_buttons(node, inner, env)
    return buttons
