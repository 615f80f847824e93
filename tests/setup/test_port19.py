"""The mechanical port of the addons to Odoo 19.0."""

import textwrap

import pytest
from suite.port19 import javascript, port, port_version, python, xml


def code(text):
    """Return an indented text as it stands in a file."""
    return textwrap.dedent(text).lstrip("\n")


@pytest.mark.parametrize(
    "old, new",
    [
        ('view_mode = "tree,form"', 'view_mode = "list,form"'),
        ('a = "a tree"', 'a = "a tree"'),
        ("self._cr = cr", "self._cr = cr"),
        ('env["stock.quant.package"]', 'env["stock.package"]'),
        ("user.groups_id", "user.all_group_ids"),
        ("user.groups_id = x", "user.group_ids = x"),
        ('[("user_id.groups_id", "in", ids)]', "[('user_id.all_group_ids', 'in', ids)]"),
        ('fields.Float(group_operator="avg")', 'fields.Float(aggregator="avg")'),
        ('RoundedFloat(group_operator="avg")', 'RoundedFloat(aggregator="avg")'),
        ('@http.route("/x", type="json")\ndef f(): ...', '@http.route("/x", type="jsonrpc")\ndef f(): ...'),
        ('http.route("/x", auth="none")', 'http.route("/x", auth="none", readonly=False)'),
        ('http.route("/x", auth="none", readonly=True)', 'http.route("/x", auth="none", readonly=True)'),
        ("expression.AND([a, b])", "Domain.AND([a, b])"),
        ("self.check_access_rule('read')", "self.check_access('read')"),
        ("self.check_access_rights('read')", "self.browse().check_access('read')"),
        (
            "env['stock.quant.package'].check_access_rights('read')",
            "env['stock.package'].browse().check_access('read')",
        ),
        (
            "ok = self.check_access_rights('read', raise_exception=False)",
            "ok = self.browse().has_access('read')",
        ),
        ('{"detailed_type": "product", "name": "x"}', '{"is_storable": True, "name": "x"}'),
        ('{"detailed_type": "service"}', '{"type": "service"}'),
        (
            'env["sale.order.line"].create({"product_uom": 1, "tax_id": 2})',
            "env[\"sale.order.line\"].create({'product_uom_id': 1, 'tax_ids': 2})",
        ),
        ('env["stock.move"].create({"name": "x", "a": 1})', 'env["stock.move"].create({"a": 1})'),
        (
            '{"order_line": [Command.create({"product_uom": u})]}',
            "{\"order_line\": [Command.create({'product_uom_id': u})]}",
        ),
        (
            "self.registry.enter_test_mode(self.cr)",
            "self.registry_enter_test_mode(cr=self.cr, register_cleanup=False)",
        ),
        (
            "self.addCleanup(self.registry.leave_test_mode)",
            "self.addCleanup(self.registry_leave_test_mode)",
        ),
        ("from odoo.osv import expression", "from odoo.fields import Domain"),
        ("x = 1  # 17-only\ny = 2", "y = 2"),
        ("# 19-only: x = 3", "x = 3"),
        ('name = "old"  # 19: s/old/new/', 'name = "new"'),
    ],
)
def test_python(old, new):
    assert python.port(old).replace('"', "'") == new.replace('"', "'")


def test_python_keeps_what_it_does_not_know():
    text = code(
        '''
        # über alles
        class A(models.Model):
            """Docstring with tree,form in it."""

            name = fields.Char("Größe")  # a comment
        '''
    )
    assert python.port(text) == text


def test_constraints_become_attributes():
    text = code(
        """
        class A(models.Model):
            _name = "a"
            _sql_constraints = [
                ("one", "unique(name)", "Once."),
                ("two", "check(b > 0)", "More."),
            ]
        """
    )
    assert python.port(text) == code(
        """
        class A(models.Model):
            _name = "a"
            _one = models.Constraint("unique(name)", "Once.")
            _two = models.Constraint("check(b > 0)", "More.")
        """
    )


def test_constraints_that_are_computed_are_refused():
    with pytest.raises(ValueError, match="_sql_constraints"):
        python.port("class A(models.Model):\n    _sql_constraints = make()")


@pytest.mark.parametrize(
    "old, new",
    [
        ("<tree><field name='a'/></tree>", '<list><field name="a"/></list>'),
        ("<xpath expr='//tree/field' position='after'/>", '<xpath expr="//list/field" position="after"/>'),
        ("<div class='oe_chatter'><field name='message_ids'/></div>", "<chatter/>"),
        ("<search><group expand='0' string='G'/></search>", "<search><group/></search>"),
        ("<t t-name='kanban-box'/>", '<t t-name="card"/>'),
        ("<field name='a' invisible=\"detailed_type != 'product'\"/>", "not is_storable"),
    ],
)
def test_views(old, new):
    record = f"<odoo><record id='v' model='ir.ui.view'><field name='arch'>{old}</field></record></odoo>"
    assert new in xml.port(record).decode()


@pytest.mark.parametrize(
    "model, old, new",
    [
        ("ir.cron", "<field name='numbercall'>-1</field>", None),
        ("ir.actions.act_window", "<field name='view_mode'>tree,form</field>", ">list,form<"),
        ("ir.actions.act_window", "<field name='target'>inline</field>", ">current<"),
        ("res.users", "<field name='groups_id' eval='[]'/>", 'name="group_ids"'),
        ("res.groups", "<field name='users' eval='[]'/>", 'name="user_ids"'),
        ("stock.move", "<field name='name'>x</field>", None),
        ("ir.ui.view", "<field name='model'>stock.quant.package</field>", ">stock.package<"),
        (
            "ir.ui.view",
            "<field name='inherit_id' ref='stock.view_quant_package_form'/>",
            'ref="stock.stock_package_view_form"',
        ),
        ("product.product", "<field name='detailed_type'>product</field>", 'name="is_storable" eval="True"'),
        (
            "ir.actions.server",
            "<field name='code'>x = {&quot;detailed_type&quot;: &quot;product&quot;}</field>",
            '{"is_storable": True}',
        ),
        ("sale.order", "<field name='order_line' eval=\"[(0, 0, {'product_uom': 1})]\"/>", "product_uom_id"),
    ],
)
def test_records(model, old, new):
    ported = xml.port(f"<odoo><record id='r' model='{model}'>{old}</record></odoo>").decode()
    assert new in ported if new else "<field" not in ported


def test_groups_get_one_privilege_for_each_category():
    ported = xml.port(
        """<odoo>
        <record id="c" model="ir.module.category"><field name="name">Words</field></record>
        <record id="a" model="res.groups"><field name="category_id" ref="c"/></record>
        <record id="b" model="res.groups"><field name="category_id" ref="c"/></record>
        </odoo>"""
    ).decode()
    assert ported.count('model="res.groups.privilege"') == 1
    assert ported.count('<field name="privilege_id" ref="privilege_c"/>') == 2
    assert ported.index("privilege_c") < ported.index('id="a"')


def test_xml_marks():
    ported = xml.port("<odoo><!-- 17-only --><a/><!-- 19-only: <b/> --><c/></odoo>").decode()
    assert "<a/>" not in ported
    assert "<b/>" in ported and "<c/>" in ported


def test_javascript():
    ported = javascript.port('import { x } from "y";\nconst a = useService("rpc");\n')
    assert ported == (
        'import { rpc } from "@web/core/network/rpc";\nimport { x } from "y";\nconst a = rpc;\n'
    )


def test_versions():
    assert port_version("'version': '17.0.1.2.0'") == "'version': '19.0.1.2.0'"
    assert port_version('"odoo-addon-a==17.0.*"') == '"odoo-addon-a==19.0.*"'
    assert port_version("117.0.1 and 1.17.0.1") == "117.0.1 and 1.17.0.1"


def test_whole_addon(tmp_path):
    addon = tmp_path / "source" / "an_addon"
    for folder in ("models", "migrations/17.0.1.1.0", "_19/models", "__pycache__"):
        (addon / folder).mkdir(parents=True)
    (addon / "__manifest__.py").write_text("{'version': '17.0.1.1.0'}\n")
    (addon / "models" / "a.py").write_text("x = 'tree'\n")
    (addon / "models" / "b.py").write_text("old\n")
    (addon / "_19" / "models" / "b.py").write_text("new\n")
    (addon / "__pycache__" / "a.pyc").write_text("")
    target = tmp_path / "target"
    port(tmp_path / "source", target)
    ported = target / "an_addon"
    assert (ported / "__manifest__.py").read_text() == "{'version': '19.0.1.1.0'}\n"
    assert (ported / "models" / "a.py").read_text() == "x = 'list'\n"
    assert (ported / "models" / "b.py").read_text() == "new\n"
    assert (ported / "migrations" / "19.0.1.1.0").is_dir()
    assert not (ported / "_19").exists() and not (ported / "__pycache__").exists()


def test_errors_name_the_file(tmp_path):
    addon = tmp_path / "source" / "an_addon"
    addon.mkdir(parents=True)
    (addon / "a.py").write_text("def (:\n")
    with pytest.raises(ValueError, match="a.py"):
        port(tmp_path / "source", tmp_path / "target")
