"""Every screen of an addon, opened as the web client opens it, by people who have one group only."""

import datetime
import time
from itertools import takewhile
from types import SimpleNamespace

from dateutil.relativedelta import relativedelta
from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, RedirectWarning, UserError
from odoo.tests import new_test_user
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

GROUPS = {
    "user": "dist_integration_base.group_dist_user",
    "operator": "dist_integration_base.group_dist_operator",
    "manager": "dist_integration_base.group_dist_manager",
    "auditor": "dist_integration_base.group_dist_auditor",
    "approver": "dist_integration_base.group_dist_approver",
    "clear": "dist_integration_base.group_dist_clear",
    "internal": "base.group_user",
}
LISTS = ("tree", "list")
# records of one list whose form is opened, one of each state
SHOWN = 8
# read by components of their own
MAIL = ("activity_ids", "message_ids", "message_follower_ids")
NEVER = ("1", "True", "true")
# by what somebody types
SEARCHED = ("char", "text", "many2one", "one2many", "many2many")


class _Moment(datetime.datetime):
    """As the web client's own: domains of filters turn moments into UTC."""

    def to_utc(self):
        return self


_CLIENT = {
    "datetime": SimpleNamespace(
        datetime=_Moment, date=datetime.date, time=datetime.time, timedelta=datetime.timedelta
    ),
    "relativedelta": relativedelta,
    "time": SimpleNamespace(strftime=time.strftime),
    "context_today": datetime.date.today,
    "current_date": str(datetime.date.today()),
    "now": fields.Datetime.now,
}


class _Undo(Exception):
    """Takes back what a button did."""


class ScreensMixin:
    """Opens screens and presses their buttons; what goes wrong is collected and told at once."""

    @classmethod
    def _make_screen_users(cls, **more):
        """:param more: name to xml ids of groups, separated by commas

        :return: dict, name to a user who has these groups and what they imply
        """
        cls._more_groups = more
        return {
            name: new_test_user(cls.env, f"screens-{name}", groups=groups)
            for name, groups in {**GROUPS, **more}.items()
        }

    def _check_menus(self, module, users):
        """Open what every visible menu of an addon leads to.

        :param users: dict, name to res.users
        :return: set of models whose form was opened with a record
        """
        self._problems, self._opened = [], set()
        for name, user in users.items():
            for menu, action in self._get_menu_actions(module, user):
                self._where = f"{name}: {menu}"
                self._try(self._open_action, user, action, press=True)
        self.assertFalse(self._problems, "\n".join(["", *dict.fromkeys(self._problems)]))
        return self._opened

    def _check_all_opened(self, module, opened, but=()):
        """No screen goes untried: every model that a menu of the addon leads to was opened with a record."""
        data = self.env["ir.model.data"].search([("module", "=", module), ("model", "=", "ir.ui.menu")])
        actions = [menu.action for menu in self.env["ir.ui.menu"].browse(data.mapped("res_id"))]
        models = {
            action.res_model
            for action in actions
            if action and action._name == "ir.actions.act_window" and "form" in action.view_mode
        }
        self.assertFalse(models - opened - set(but))

    def _check_reachable(self, module, users):
        """Whoever a menu is meant for finds what it leads to: nothing above it is hidden from them."""
        data = self.env["ir.model.data"].search([("module", "=", module), ("model", "=", "ir.ui.menu")])
        menus = self.env["ir.ui.menu"].browse(data.mapped("res_id"))
        lost = []
        for group, user in self._get_named_groups(users):
            visible = set(self.env["ir.ui.menu"].with_user(user)._visible_menu_ids())
            reached = {menu.action for menu in menus if {menu.id, *_get_parents(menu)} <= visible}
            lost += [
                f"{group.full_name} does not find {menu.complete_name}"
                for menu in menus
                if menu.action and group in _get_meant(menu) and menu.action not in reached
            ]
        self.assertFalse(lost, "\n".join(["", *sorted(lost)]))

    def _get_named_groups(self, users):
        """:return: generator of (the group that a user was given last, user)"""
        for name, user in users.items():
            yield self.env.ref({**GROUPS, **self._more_groups}[name].split(",")[-1]), user

    def _check_form(self, record, users, buttons="dist"):
        """Open the form of a document and press its buttons.

        :param buttons: part of the names of the buttons that are pressed
        """
        self._problems, self._opened, self._buttons = [], set(), buttons
        for name, user in users.items():
            self._where = f"{name}: {record._name}"
            model = record.with_user(user).browse()
            self._try(self._open_form, model, [(False, "form")], record.ids, press=True)
        self.assertFalse(self._problems, "\n".join(["", *dict.fromkeys(self._problems)]))

    _buttons = ""

    def _get_menu_actions(self, module, user):
        menus = self.env["ir.ui.menu"].with_user(user)
        visible = set(menus._visible_menu_ids())
        own = self.env["ir.model.data"].search([("module", "=", module), ("model", "=", "ir.ui.menu")])
        for menu in menus.sudo().browse(visible & set(own.mapped("res_id"))).sorted("complete_name"):
            if menu.action and _get_parents(menu) <= visible:
                yield menu.complete_name, menu.action._get_action_dict()

    def _try(self, work, *arguments, **options):
        """Do something and take it back.

        :return: what it returns; None after a problem, which is noted
        """
        result = None
        self.env.flush_all()
        self.env.invalidate_all()
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                result = work(*arguments, **options)
                raise _Undo
        except _Undo:
            self.env.invalidate_all()
        except Exception as error:  # pylint: disable=broad-except
            self.env.invalidate_all()
            self._problems.append(
                f"{self._where}: {type(error).__name__}: {' '.join(str(error).split())[:400]}"
            )
        return result

    # actions

    def _open_action(self, user, action, press=False):
        """:param action: dict, as the web client gets it"""
        if action["type"] == "ir.actions.client":
            self._open_client_action(user, action)
        if action["type"] != "ir.actions.act_window":
            return
        names = {"uid": user.id, "active_id": False, "active_ids": [], "active_model": False, **_CLIENT}
        context = self._evaluate(action.get("context") or {}, names)
        domain = self._evaluate(action.get("domain") or [], {**names, "context": context})
        model = self.env[action["res_model"]].with_user(user).with_context(**context)
        kinds = [(view_id, "list" if kind in LISTS else kind) for view_id, kind in self._get_view_ids(action)]
        found = self._get_views(model, [*kinds, ((action.get("search_view_id") or [False])[0], "search")])
        if "form" in found:
            self._open_form(model, kinds, self._choose(model, domain, action), press)
        if press:
            domain = [*domain, *self._open_search(model, domain, found["search"], context)]
        for _view_id, kind in kinds:
            if kind in ("list", "kanban", "activity", "calendar"):
                records = model.search(domain, limit=SHOWN)
                values = records.web_read(_get_specification(found[kind], model))
                if press and kind == "list" and values:
                    self._press_buttons(found[kind], records[0], values[0], {})
            elif kind in ("pivot", "graph") and press:
                self._open_figures(model, domain, found[kind])

    def _open_client_action(self, user, action):
        """For addons' tests whose menus lead to pages of their own."""

    def _evaluate(self, text, names):
        return safe_eval(text, dict(names)) if isinstance(text, str) else text

    def _get_view_ids(self, action):
        views = action.get("views") or [(False, kind) for kind in action["view_mode"].split(",")]
        return [(view_id or False, kind) for view_id, kind in views]

    def _get_views(self, model, kinds):
        """:return: dict, kind of view to its root"""
        views = model.get_views([(view_id, self._get_kind(kind)) for view_id, kind in kinds])
        return {
            "list" if kind in LISTS else kind: etree.fromstring(view["arch"])
            for kind, view in views["views"].items()
        }

    def _get_kind(self, kind):
        known = self.env["ir.ui.view"]._fields["type"].get_values(self.env)
        return next(name for name in LISTS if name in known) if kind in LISTS else kind

    def _choose(self, model, domain, action):
        """:return: ids of records to look at, one of each state"""
        if action.get("res_id"):
            return [action["res_id"]]
        records = model.search(domain, limit=500)
        chosen = {}
        for record in records:
            key = tuple(record[name] for name in ("state", "res_model") if name in record)
            chosen.setdefault(key or record.id, record.id)
        return list(chosen.values())[:SHOWN]

    # views

    def _open_search(self, model, domain, root, context):
        """Use every filter and grouping by itself, and those together that are there from the start.

        :return: the domain that the list starts with
        """
        started = []
        for node in root.iter("field"):
            if node.get("invisible") in NEVER:
                continue
            if node.get("filter_domain"):
                model.search(
                    self._evaluate(node.get("filter_domain"), {"self": "xyz", "raw_value": 1, **_CLIENT}),
                    limit=1,
                )
            elif model._fields[node.get("name")].type in SEARCHED:
                self._where, where = f"{self._where} > {node.get('name')}", self._where
                self._try(model.search, [(node.get("name"), "ilike", "xyz")], limit=1)
                self._where = where
        for node in root.iter("filter"):
            narrowed = self._evaluate(node.get("domain") or "[]", {"uid": model.env.uid, **_CLIENT})
            model.search([*domain, *narrowed], limit=1)
            grouping = self._evaluate(node.get("context") or "{}", {}).get("group_by")
            if grouping:
                _group(model, [*domain, *narrowed], grouping)
            if context.get(f"search_default_{node.get('name')}"):
                started += narrowed
        return started

    def _open_figures(self, model, domain, root):
        for node in root.iter("field"):
            if node.get("type") != "measure" and node.get("invisible") not in NEVER:
                interval = node.get("interval")
                _group(model, domain, f"{node.get('name')}:{interval}" if interval else node.get("name"))

    def _open_form(self, model, kinds, ids, press):
        view_id = dict((kind, view_id) for view_id, kind in kinds).get("form", False)
        root = self._get_views(model, [(view_id, "form")])["form"]
        specification = _get_specification(root, model)
        rights = self.env["ir.model.access"].with_user(model.env.user)
        is_open = {
            mode: root.get(mode) not in ("0", "false", "False")
            and rights.check(model._name, "write" if mode == "edit" else mode, raise_exception=False)
            for mode in ("create", "edit")
        }
        if is_open["create"] and all(
            self._get_views(model, [(view, kind)])[kind].get("create") not in ("0", "false")
            for view, kind in kinds
            if kind in ("list", "kanban")
        ):
            model.onchange({}, [], specification)
        if any(is_open.values()):
            self._open_choices(model, root)
        for record in model.browse(ids):
            values = record.web_read(specification)[0]
            self._opened.add(model._name)
            if press:
                self._press_buttons(root, record, values, {})

    def _open_choices(self, model, root):
        """Open the list of a field in which a record is chosen."""
        for node in _get_fields(root):
            field = model._fields[node.get("name")]
            if field.type == "many2one" and not field.readonly and node.get("readonly") not in NEVER:
                if node.get("invisible") not in NEVER:
                    self._where, where = f"{self._where} > {node.get('name')}", self._where
                    self._try(model.env[field.comodel_name].name_search, "", limit=1)
                    self._where = where

    # buttons

    def _press_buttons(self, root, record, values, parent):
        names = {
            **{name: _flatten(value) for name, value in values.items()},
            "uid": record.env.uid,
            "id": record.id,
            "active_id": record.id,
            "context": dict(record.env.context),
            "parent": SimpleNamespace(**parent),
            **_CLIENT,
        }
        where = self._where
        # of documents of Odoo's own only what the suite put there
        part = self._buttons or ("" if record._name.startswith("dist.") else "dist")
        for node in _get_nodes(root, "button"):
            if part in node.get("name", "") and self._is_visible(node, root, names):
                self._where = f"{where} {record} [{node.get('name')}]"
                self._try(self._press, node, record, names)
                self._where = where
        for node in _get_fields(root):
            inner = _get_inner_list(node)
            lines = values.get(node.get("name"))
            if inner is not None and lines and self._is_visible(node, root, names):
                comodel = record.env[record._fields[node.get("name")].comodel_name]
                above = {name: value for name, value in names.items() if name in values or name == "id"}
                self._press_buttons(inner, comodel.browse(lines[0]["id"]), lines[0], above)

    def _is_visible(self, node, root, names):
        for step in takewhile(lambda step: step is not root, (node, *node.iterancestors())):
            hidden = step.get("invisible") or step.get("column_invisible") or ""
            if hidden in NEVER or (hidden and safe_eval(hidden, dict(names))):
                return False
        return True

    def _press(self, node, record, names):
        name, kind = node.get("name"), node.get("type")
        context = self._evaluate(node.get("context") or "{}", names)
        record = record.with_context(
            active_model=record._name, active_id=record.id, active_ids=record.ids, **context
        )
        answer = None
        if kind == "object":
            answer = self._press_object(record, name)
        elif kind == "action":
            # 19.0 keeps the name of an action of Odoo's own views
            action_id = int(name) if name.isdecimal() else self.env.ref(name).id
            action = self.env["ir.actions.actions"].sudo().browse(action_id)
            answer = self.env[action.type].sudo().browse(action.id)._get_action_dict()
        if isinstance(answer, dict):
            self.env.flush_all()
            self.env.invalidate_all()
            self._open_action(record.env.user, answer)

    def _press_object(self, record, name):
        try:
            return getattr(record, name)()
        except AccessError:
            raise
        except (UserError, RedirectWarning) as error:
            # a clear word to the person is an answer; it has to say something
            if not str(error.args[0]).strip():
                raise
            return None


def _get_parents(menu):
    """:return: set of ids: a menu is only reached through those above it"""
    return {menu.parent_id.id, *_get_parents(menu.parent_id)} if menu.parent_id else set()


def _get_meant(menu):
    """:return: res.groups a menu is meant for: its own, else those of the one above it"""
    groups = next(menu[name] for name, field in menu._fields.items() if field.comodel_name == "res.groups")
    return groups or (_get_meant(menu.parent_id) if menu.parent_id else groups)


def _group(model, domain, grouping):
    """Group records as the web client does."""
    if model._fields[grouping.partition(":")[0]].type == "properties":
        return []  # which ones there are is asked for first
    if ":" not in grouping and model._fields[grouping].type in ("date", "datetime"):
        grouping = f"{grouping}:month"
    if hasattr(model, "formatted_read_group"):  # from 19.0 on
        return model.formatted_read_group(domain, [grouping], ["__count"])
    return model.web_read_group(domain, [], [grouping])


def _get_fields(root):
    """:return: field nodes of a view, without those of views inside and of the chatter"""
    return [node for node in _get_nodes(root, "field") if node.get("name") not in MAIL]


def _get_nodes(root, tag):
    """:return: nodes of a view, without those of views inside"""
    return [
        node
        for node in root.iter(tag)
        if not any(up.tag == "field" for up in takewhile(lambda up: up is not root, node.iterancestors()))
    ]


def _get_inner_list(node):
    return next((node.find(kind) for kind in LISTS if node.find(kind) is not None), None)


def _get_specification(root, model):
    """:return: what the web client asks for to show a view"""
    specification = {}
    for node in _get_fields(root):
        field = model._fields[node.get("name")]
        wanted = {}
        if field.type in ("many2one", "reference"):
            wanted = {"fields": {"display_name": {}}}
        elif field.type in ("one2many", "many2many"):
            inner = _get_inner_list(node)
            comodel = model.env[field.comodel_name]
            wanted = {"fields": {"display_name": {}}, "limit": 40}
            if inner is not None:
                wanted["fields"] = _get_specification(inner, comodel) or wanted["fields"]
        if not specification.get(node.get("name")) or _get_inner_list(node) is not None:
            specification[node.get("name")] = wanted
    return specification


def _flatten(value):
    """:return: a value as expressions of a view see it"""
    if isinstance(value, dict):
        return value.get("id", False)
    if isinstance(value, list):
        return [item["id"] if isinstance(item, dict) else item for item in value]
    return value
