"""XML: records, views, and the expressions in their attributes."""

import re

from lxml import etree

from .names import ANCHORS, FIELDS, LINES, STRINGS, view_types
from .python import port as port_python
from .python import port_expression

ONLY_19 = re.compile(r"<!--\s*19-only:(.*?)-->", re.S)
KANBAN = {"kanban-box": "card", "kanban-menu": "menu"}


def port(text, static=False):
    """Return an XML file for 19.0, as bytes.

    :param static: a template of the web client; only the marks are carried out
    :raises ValueError: it is not well-formed
    """
    text = ONLY_19.sub(r"\1", text)
    try:
        root = etree.fromstring(text.encode())
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from error
    tree = root.getroottree()
    for mark in tree.xpath("//comment()[normalize-space()='17-only']"):
        _drop(mark.getnext())
        _drop(mark)
    for record in tree.iter("record") if not static else ():
        _port_record(record)
    return etree.tostring(tree, encoding="utf-8", xml_declaration=True) + b"\n"


def _drop(node):
    """Remove a node, but not the text behind it."""
    parent, previous = node.getparent(), node.getprevious()
    if node.tail and node.tail.strip():
        if previous is not None:
            previous.tail = (previous.tail or "") + node.tail
        else:
            parent.text = (parent.text or "") + node.tail
    parent.remove(node)


# ---- records


def _port_record(record):
    model = record.get("model")
    if record.get("id") == "base.default_user":
        _port_default_user(record)
    for field in record.findall("field"):
        _port_field(model, field)
    if model == "res.groups":
        for field in record.findall("field[@name='category_id']"):
            _port_category(record, field)
    if model == "ir.ui.view":
        for arch in record.findall("field[@name='arch']"):
            for node in list(arch.iter(etree.Element)):
                _port_node(node)


def _port_default_user(record):
    """New users' groups are those that one group implies."""
    record.attrib.update({"id": "base.default_user_group", "model": "res.groups"})
    for field in record.findall("field[@name='groups_id']"):
        field.set("name", "implied_ids")


def _port_field(model, field):
    name, value = field.get("name"), (field.text or "").strip()
    if field.get("eval"):
        field.set("eval", port_expression(field.get("eval"), LINES.get(name)))
    if (model, name) == ("ir.actions.server", "code"):
        field.text = port_python(field.text)
    _port_field_of(model, field, name, value)


def _port_field_of(model, field, name, value):
    if name == "model":
        field.text = STRINGS.get(value, field.text)
    elif name == "inherit_id" and field.get("ref") in STRINGS:
        field.set("ref", STRINGS[field.get("ref")])
    elif model == "ir.cron" and name in ("numbercall", "doall"):
        _drop(field)
    elif name == "groups_id":
        field.set("name", "group_ids")
    elif model == "res.groups" and name == "users":
        field.set("name", "user_ids")
    elif name == "target" and value == "inline":
        field.text = "current"
    elif name in ("view_mode", "binding_view_types") and value:
        field.text = view_types(value) or value
    elif name == "detailed_type":
        _port_product_type(field, value)
    elif name in FIELDS.get(model, ()):
        new = FIELDS[model][name]
        if new:
            field.set("name", new)
        else:
            _drop(field)


def _port_product_type(field, value):
    if value == "product":
        field.attrib.update({"name": "is_storable", "eval": "True"})
        field.text = None
    else:
        field.set("name", "type")


def _port_category(group, field):
    """A group has a privilege instead of a category; each category gets one."""
    category = field.get("ref")
    if category.startswith("base."):
        _drop(field)
        return
    privilege = "privilege_" + category.split(".")[-1]
    tree = group.getroottree()
    if not tree.xpath(f"//record[@id='{privilege}']"):
        group.addprevious(_new_privilege(tree, privilege, category))
    field.set("name", "privilege_id")
    field.set("ref", privilege)


def _new_privilege(tree, name, category):
    record = etree.Element("record", id=name, model="res.groups.privilege")
    label = tree.xpath(f"//record[@id='{category}']/field[@name='name']")
    etree.SubElement(record, "field", name="name").text = label[0].text if label else category
    etree.SubElement(record, "field", name="category_id", ref=category)
    record.tail = "\n"
    return record


# ---- views


def _port_node(node):
    """Port one element of a view."""
    if node.tag == "tree":
        node.tag = "list"
    if node.tag == "xpath":
        node.set("expr", re.sub(r"(^|/|\()tree\b", r"\1list", node.get("expr")))
    if node.tag == "div" and node.get("class") == "oe_chatter":
        _port_chatter(node)
    if node.tag == "group" and any(parent.tag == "search" for parent in node.iterancestors()):
        node.attrib.pop("expand", None)
        node.attrib.pop("string", None)
    _port_attributes(node)


def _port_chatter(node):
    for child in list(node):
        node.remove(child)
    node.tag, node.text = "chatter", None
    node.attrib.clear()


def _port_attributes(node):
    for old, new in ANCHORS.items():
        for name in ("expr", "name"):
            if old in node.get(name, ""):
                node.set(name, node.get(name).replace(old, new))
    if node.get("mode"):
        node.set("mode", view_types(node.get("mode")) or node.get("mode"))
    for name in ("context", "options"):
        if node.get(name):
            node.set(name, node.get(name).replace("tree_view_ref", "list_view_ref"))
    if node.get("t-name") in KANBAN:
        node.set("t-name", KANBAN[node.get("t-name")])
    for name in ("invisible", "readonly", "required"):
        if "detailed_type" in node.get(name, ""):
            node.set(name, _port_type_condition(node.get(name)))


def _port_type_condition(text):
    text = re.sub(r"detailed_type\s*==\s*'product'", "is_storable", text)
    text = re.sub(r"detailed_type\s*!=\s*'product'", "not is_storable", text)
    return text.replace("detailed_type", "type")
