import ast

from odoo import _, api, models
from odoo.exceptions import AccessError, ValidationError

# whose records are readable as those they hang on are, which no right to the model tells
RECORDWISE = {"ir.attachment", "mail.activity", "mail.message"}
NESTED = ("any", "not any")


class DistDomainMixin(models.AbstractModel):
    """Records with a domain that a person writes and the system asks, which may read everything.

    What it finds tells of the values it asks for. So a person only writes domains on what they may read themselves.
    """

    _name = "dist.domain.mixin"
    _description = "Domain written by a person"

    @api.model
    def _get_condition_fields(self):
        """:return: set of names of the fields that say what is asked for, and of which records"""
        return set()

    def _check_conditions_readable(self):
        """Check this record's domains.

        :raises AccessError: they ask for what the user may not read
        """

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        records._check_conditions_of_person()
        return records

    def write(self, vals):
        result = super().write(vals)
        if not self._get_condition_fields().isdisjoint(vals):
            self._check_conditions_of_person()
        return result

    def _check_conditions_of_person(self):
        # no constraint: from 19.0 on those run as superuser
        if not self.env.su:
            for record in self:
                record._check_conditions_readable()

    @api.model
    def _check_domain_readable(self, model_name, domain):
        """
        :raises AccessError: a domain asks for what the user may not read; what runs as superuser is not asked
        """
        if not self.env.su:
            self._check_model_readable(model_name)
            for path in self._get_domain_paths(domain):
                self._check_path_readable(model_name, path)

    @api.model
    def _check_model_readable(self, model_name):
        """:raises AccessError: the user may not read records of a model"""
        readable = self.env["ir.model.access"].check(model_name, "read", raise_exception=False)
        if not self.env.su and (not readable or model_name in RECORDWISE):
            raise AccessError(
                _(
                    "You may not read %s: ask somebody who may to write this condition.",
                    self.env["ir.model"]._get(model_name).name,
                )
            )

    @api.model
    def _check_path_readable(self, model_name, path):
        """
        :param path: names of fields, with points between them
        :raises AccessError: the user may not read one of the fields, or the model it leads to
        """
        if self.env.su:
            return
        model = self.env[model_name]
        for name in path.split("."):
            field = model._fields.get(name)
            if not field:
                # part of a field's value, such as the month of a date; its model refuses what is none
                return
            if name not in model.fields_get([name], ["type"]):
                raise AccessError(
                    _(
                        "You may not read %(field)s of %(model)s: it cannot stand in a condition that you write.",
                        field=name,
                        model=self.env["ir.model"]._get(model._name).name,
                    )
                )
            if not field.relational:
                return
            self._check_model_readable(field.comodel_name)
            model = self.env[field.comodel_name]

    @api.model
    def _get_domain_paths(self, domain, prefix=""):
        """:return: list of the paths of fields that a domain asks for, those of domains within it as well"""
        paths = []
        for leaf in domain:
            if not isinstance(leaf, (list, tuple)) or len(leaf) != 3 or not isinstance(leaf[0], str):
                continue
            path = prefix + leaf[0]
            paths.append(path)
            if leaf[1] in NESTED and isinstance(leaf[2], (list, tuple)):
                paths += self._get_domain_paths(leaf[2], f"{path}.")
        return paths

    @api.model
    def _check_domain_of_documents(self, domain, model_names):
        """Check a domain that is asked of documents of several kinds: the user may read them, of one kind at least.

        :param model_names: list of names
        :raises AccessError: the user may not read what it asks for
        """
        if self.env.su or not domain:
            return
        paths = self._get_domain_paths(domain)
        wanted = {path.split(".")[0] for path in paths}
        refusals = []
        for model_name in model_names:
            if wanted <= self.env[model_name]._fields.keys():
                try:
                    self._check_domain_readable(model_name, domain)
                    return
                except AccessError as error:
                    refusals.append(error)
        if refusals:
            raise refusals[0]
        raise ValidationError(_("No document that you may read has all of: %s.", ", ".join(sorted(wanted))))

    @api.model
    def _get_document_models(self):
        """Hook: the models of what the business calls documents, of which the suite tells the story.

        :return: list of names, those with ``dist.timeline.mixin``
        """
        timeline = type(self.env["dist.timeline.mixin"])
        return sorted(
            name
            for name, model in self.env.items()
            if isinstance(model, timeline) and model._auto and not model._abstract
        )


def parse_domain(text, names=None):
    """Read a domain that a person wrote; it holds values, and no expressions, which may mean something else to others.

    :param names: dict, what may stand for a value, such as ``uid``
    :return: domain
    :raises ValueError: not a list, or of something else than values
    """
    tree = ast.parse((text or "[]").strip(), mode="eval")
    domain = ast.literal_eval(_Names(names or {}).visit(tree))
    if not isinstance(domain, list):
        raise ValueError("not a list")
    return domain


class _Names(ast.NodeTransformer):
    def __init__(self, values):
        self.values = values

    def visit_Name(self, node):  # noqa: N802
        return ast.Constant(self.values[node.id]) if node.id in self.values else node
