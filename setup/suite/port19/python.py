"""Python: edits at positions of the syntax tree, so that everything else stays."""

import ast
import re

from . import markers
from .names import FIELDS, LINES, METHODS, STRINGS, view_types

MODEL_CALL = re.compile(r"""env\[['"]([\w.]+)['"]\].*\.(?:create|write)$""", re.S)
GROUP = re.compile(r"""env\.ref\(['"][\w.]*group_\w+['"]\)$""")


def port(text):
    """Return a module's text for 19.0.

    :raises SyntaxError: it is not Python
    """
    text = markers.apply(text)
    edits = Edits(text)
    Port(edits).visit(ast.parse(text))
    return edits.result()


def port_expression(text, lines=None):
    """Return an expression (as in an `eval` attribute) for 19.0.

    :param lines: renamed keys of the dicts in it
    """
    text = text.strip()
    try:
        tree = ast.parse(text, mode="eval")
    except SyntaxError:
        return text
    edits = Edits(text)
    visitor = Port(edits)
    for node in ast.walk(tree) if lines else ():
        visitor.rename_keys(node, lines)
    visitor.visit(tree)
    return edits.result()


class Edits:
    """Replacements in a text, collected by syntax node and made at the end."""

    def __init__(self, text):
        self.raw = text.encode()
        self.edits = set()
        self.starts = [0]
        for line in self.raw.split(b"\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)

    def span(self, node):
        """Return a node's first byte and the one behind its last."""
        return (
            self.starts[node.lineno - 1] + node.col_offset,
            self.starts[node.end_lineno - 1] + node.end_col_offset,
        )

    def source(self, node):
        """Return a node's text."""
        start, end = self.span(node)
        return self.raw[start:end].decode()

    def replace(self, node, new):
        """Replace a whole node."""
        self.edits.add((*self.span(node), new))

    def replace_start(self, node, length, new):
        """Replace a node's first bytes."""
        start = self.span(node)[0]
        self.edits.add((start, start + length, new))

    def replace_end(self, node, length, new):
        """Replace a node's last bytes."""
        end = self.span(node)[1]
        self.edits.add((end - length, end, new))

    def drop_pair(self, key, value):
        """Drop a key and its value from a dict, with the comma behind them."""
        start, end = self.span(key)[0], self.span(value)[1]
        comma = re.match(rb"\s*,[ \t]*(?:\n[ \t]*)?", self.raw[end:])
        self.edits.add((start, end + (comma.end() if comma else 0), ""))

    def drop_behind(self, node, last):
        """Drop what stands behind a node up to the end of another."""
        self.edits.add((self.span(node)[1], self.span(last)[1], ""))

    def result(self):
        """Return the edited text."""
        raw = self.raw
        for start, end, new in sorted(self.edits, reverse=True):
            raw = raw[:start] + new.encode() + raw[end:]
        return raw.decode()


class Port(ast.NodeVisitor):
    """The rules, by kind of syntax."""

    def __init__(self, edits):
        self.edits = edits

    # ---- strings and names

    def visit_Constant(self, node):
        if not isinstance(node.value, str):
            return
        quote = self.edits.source(node)[:1]
        new = view_types(node.value) or STRINGS.get(node.value)
        if new and quote in ("'", '"'):
            self.edits.replace(node, quote + new + quote)

    def visit_JoinedStr(self, node):
        """Positions inside an f-string are not reliable before Python 3.12."""

    def visit_Attribute(self, node):
        new = self._attribute(node)
        if new:
            self.edits.replace_end(node, len(node.attr.encode()), new)
        elif node.attr == "leave_test_mode":
            self.edits.replace_end(node, len(".leave_test_mode"), "_leave_test_mode")
        self.generic_visit(node)

    def _attribute(self, node):
        """Return an attribute's new name, or None."""
        owner = self.edits.source(node.value)
        if node.attr in METHODS:
            return METHODS[node.attr]
        if node.attr == "groups_id":
            return "all_group_ids" if isinstance(node.ctx, ast.Load) else "group_ids"
        if node.attr == "trans_implied_ids":
            return "all_implied_ids"
        if node.attr == "users" and GROUP.search(owner):
            return "all_user_ids"
        return None

    # ---- imports

    def visit_ImportFrom(self, node):
        names = [alias.name for alias in node.names]
        if node.module == "odoo" and "registry" in names:
            kept = ", ".join(name for name in names if name != "registry")
            lines = [f"from odoo import {kept}"] if kept else []
            lines.append("from odoo.modules.registry import Registry")
            self.edits.replace(node, "\n".join(lines))
        elif node.module == "odoo.osv" and names == ["expression"]:
            self.edits.replace(node, "from odoo.fields import Domain")
        elif node.module == "odoo.tests.common":
            self.edits.replace(node, f"from odoo.tests import {', '.join(names)}")

    # ---- calls

    def visit_Call(self, node):
        function = self.edits.source(node.func)
        self._port_aggregator(node)
        if function == "registry":
            self.edits.replace(node.func, "Registry")
        elif function.startswith("expression."):
            self._port_domain(node, function)
        elif function.endswith(".user_has_groups"):
            self._replace_name(node.func, "user_has_groups", "env.user.has_groups")
        elif function.endswith(".check_access_rule"):
            self._replace_name(node.func, "check_access_rule", "check_access")
        elif function.endswith(".check_access_rights"):
            self._port_access_rights(node)
        elif function.endswith(".registry.enter_test_mode"):
            self._port_test_mode(node)
        elif function.endswith("route"):
            self._port_route(node)
        model = MODEL_CALL.search(function)
        if model and model[1] in FIELDS:
            self._port_values(node, FIELDS[model[1]])
        self.generic_visit(node)

    def _replace_name(self, node, old, new):
        self.edits.replace_end(node, len(old), new)

    def _port_domain(self, node, function):
        if function == "expression.normalize_domain":
            self.edits.replace(node.func, "(lambda d: list(Domain(d)))")
        else:
            self.edits.replace(node.func.value, "Domain")

    def _port_access_rights(self, node):
        """`check_access_rights` is about the model whatever the records: `check_access` of no record is that.

        With `raise_exception=False` it asks, it does not raise.
        """
        asked = [keyword for keyword in node.keywords if keyword.arg == "raise_exception"]
        new = "has_access" if asked else "check_access"
        self._replace_name(node.func, "check_access_rights", f"browse().{new}")
        for keyword in asked:
            self.edits.drop_behind(node.args[0], keyword)

    def _port_test_mode(self, node):
        """The test case, not the registry, makes new cursors share the test's own."""
        self._replace_name(node.func, ".enter_test_mode", "_enter_test_mode")
        self.edits.replace(node.args[0], f"cr={self.edits.source(node.args[0])}, register_cleanup=False")

    def _port_route(self, node):
        """JSON routes have a new type; without a user a route only reads unless told."""
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if getattr(given.get("type"), "value", None) == "json":
            self.edits.replace(given["type"], '"jsonrpc"')
        if getattr(given.get("auth"), "value", None) == "none" and "readonly" not in given:
            self.edits.replace(given["auth"], '"none", readonly=False')

    def _port_aggregator(self, node):
        """Fields take it, those of Odoo and classes made from them."""
        for keyword in node.keywords:
            if keyword.arg == "group_operator":
                self.edits.replace_start(keyword, len("group_operator"), "aggregator")

    def _port_values(self, node, table):
        for argument in node.args:
            items = argument.elts if isinstance(argument, ast.List) else [argument]
            for item in items:
                self.rename_keys(item, table)

    # ---- values

    def rename_keys(self, node, table):
        """Rename or drop a dict's keys."""
        if not isinstance(node, ast.Dict):
            return
        for key, value in zip(node.keys, node.values):
            if isinstance(key, ast.Constant) and key.value in table:
                if table[key.value]:
                    self.edits.replace(key, repr(table[key.value]))
                else:
                    self.edits.drop_pair(key, value)

    def visit_Dict(self, node):
        for key, value in zip(node.keys, node.values):
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                self._port_pair(key, value)
        self.generic_visit(node)

    def _port_pair(self, key, value):
        if key.value in LINES:
            for node in ast.walk(value):
                self.rename_keys(node, LINES[key.value])
        elif key.value == "groups_id":
            self.edits.replace(key, '"group_ids"')
        elif key.value in ("detailed_type", "type"):
            self._port_product_type(key, value)

    def _port_product_type(self, key, value):
        if isinstance(value, ast.Constant) and value.value == "product":
            self.edits.replace(key, '"is_storable"')
            self.edits.replace(value, "True")
        elif key.value == "detailed_type":
            self.edits.replace(key, '"type"')

    def visit_Tuple(self, node):
        """A domain's leaf on a user's groups means the implied ones as well."""
        first = node.elts[0] if len(node.elts) == 3 else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            path, _dot, name = first.value.rpartition(".")
            if name == "groups_id":
                self.edits.replace(first, repr(f"{path}{_dot}all_group_ids"))
        self.generic_visit(node)

    # ---- classes

    def visit_ClassDef(self, node):
        for statement in node.body:
            if (
                isinstance(statement, ast.Assign)
                and self.edits.source(statement.targets[0]) == "_sql_constraints"
            ):
                self._port_constraints(statement)
        self.generic_visit(node)

    def _port_constraints(self, statement):
        if not isinstance(statement.value, (ast.List, ast.Tuple)):
            raise ValueError(f"line {statement.lineno}: _sql_constraints is no literal list")
        lines = []
        for item in statement.value.elts:
            name, definition, message = item.elts
            definition, message = map(self.edits.source, (definition, message))
            lines.append(f"_{name.value} = models.Constraint({definition}, {message})")
        indent = "\n" + " " * statement.col_offset
        self.edits.replace(statement, indent.join(lines))
