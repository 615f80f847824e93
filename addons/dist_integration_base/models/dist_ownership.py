from odoo import _, api, fields, models, tools

from ..lib.ownership import OwnershipRule

POLICIES = [
    ("refuse", "Refuse the message"),
    ("flag", "Leave the field, apply the rest"),
    ("notify", "Apply and tell the steward"),
]


class DistOwnership(models.Model):
    """The system-of-record matrix: who owns a data domain, or a field group of it, in a company.

    A row without an owner restricts nobody. A field group without an owner of its own is owned like its domain.
    """

    _name = "dist.ownership"
    _description = "Data ownership"
    _inherit = [
        "dist.company.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "dist.cached.mixin",
        "dist.guarded.mixin",
    ]
    _order = "company_id, domain_sequence, domain_id, group_sequence, id"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
        index=True,
    )
    domain_id = fields.Many2one("dist.ownership.domain", required=True, ondelete="cascade", index=True)
    domain_sequence = fields.Integer(related="domain_id.sequence", store=True)
    group_id = fields.Many2one(
        "dist.ownership.group",
        string="Field group",
        ondelete="cascade",
        domain="[('domain_id', '=', domain_id)]",
        help="Empty: the whole domain, as far as its field groups have no owner of their own.",
    )
    group_sequence = fields.Integer(compute="_compute_group_sequence", store=True)
    scope = fields.Char(compute="_compute_scope", string="Data")
    owner = fields.Selection(
        [("odoo", "Odoo"), ("system", "External system")],
        tracking=True,
        help="Empty: not decided. Everybody may write.",
    )
    system_id = fields.Many2one("dist.system", string="System", check_company=True, tracking=True)
    conflict_policy = fields.Selection(
        POLICIES,
        string="Other systems",
        required=True,
        default="flag",
        tracking=True,
        help="What becomes of a message of another system that changes a value.",
    )
    new_record_policy = fields.Selection(
        [("any", "Whoever creates"), ("owner", "Owner only")],
        string="New records",
        required=True,
        default="any",
        tracking=True,
        help="Whether another system that creates a record may fill these fields.",
    )
    odoo_write_policy = fields.Selection(
        [("allow", "Nothing"), ("warn", "Warn"), ("refuse", "Refuse")],
        string="People in Odoo",
        required=True,
        default="warn",
        tracking=True,
        help="What happens when a person changes in Odoo what an external system owns.",
    )
    steward_id = fields.Many2one(
        "res.users", string="Data steward", tracking=True, help="Decides about conflicts of this data."
    )
    is_decided = fields.Boolean(
        compute="_compute_in_force", search="_search_is_decided", string="Has an owner"
    )
    in_force = fields.Char(compute="_compute_in_force", string="In force")

    _sql_constraints = [
        (
            "system_named",
            "CHECK((owner = 'system') = (system_id IS NOT NULL) OR (owner IS NULL AND system_id IS NULL))",
            "Name the system that owns the data, and only where an external system does.",
        ),
        (
            "scope_once",
            "EXCLUDE USING btree (company_id WITH =, domain_id WITH =, COALESCE(group_id, 0) WITH =)",
            "There is a row for this data already: change that one.",
        ),
    ]

    @api.depends("group_id.sequence")
    def _compute_group_sequence(self):
        for row in self:
            row.group_sequence = row.group_id.sequence if row.group_id else -1

    @api.depends("group_id.name", "domain_id.name")
    def _compute_scope(self):
        for row in self:
            row.scope = row.group_id.name if row.group_id else _("Whole domain")

    @api.depends("domain_id.name", "group_id.name")
    def _compute_display_name(self):
        for row in self:
            row.display_name = f"{row.domain_id.name}: {row.scope}"

    @api.depends("owner", "system_id", "group_id", "domain_id", "company_id")
    def _compute_in_force(self):
        whole = self._get_domain_rows()
        for row in self:
            above = whole.get((row.company_id, row.domain_id)) if row.group_id else None
            deciding = row if row.owner else above or row
            by_group = not row.group_id and not row.owner and row._are_groups_decided()
            row.is_decided = by_group or bool(deciding.owner)
            if by_group:
                row.in_force = _("By field group")
            elif not deciding.owner:
                row.in_force = _("Nobody: all may write")
            elif deciding == row:
                row.in_force = deciding._get_owner_name()
            else:
                row.in_force = _("%s, as the whole domain", deciding._get_owner_name())

    def _are_groups_decided(self):
        """:return: True when each field group of the domain has an owner of its own"""
        self.ensure_one()
        groups = self.search(
            [
                ("domain_id", "=", self.domain_id.id),
                ("company_id", "=", self.company_id.id),
                ("group_id", "!=", False),
            ]
        )
        return bool(groups) and all(row.owner for row in groups)

    def _get_domain_rows(self):
        """:return: dict, (company, domain) to the row of the whole domain, of those that have an owner"""
        rows = self.search(
            [
                ("domain_id", "in", self.domain_id.ids),
                ("company_id", "in", self.company_id.ids),
                ("group_id", "=", False),
                ("owner", "!=", False),
            ]
        )
        return {(row.company_id, row.domain_id): row for row in rows}

    @api.model
    def _search_is_decided(self, operator, value):
        wanted = bool(value) if operator in ("=", "!=") else True in value
        if operator in ("!=", "not in"):
            wanted = not wanted
        decided = self.search([]).filtered("is_decided")
        return [("id", "in" if wanted else "not in", decided.ids)]

    def _get_owner_name(self):
        """:return: name of the owner; False when there is none"""
        self.ensure_one()
        return self.system_id.sudo().name if self.owner == "system" else self.owner and _("Odoo")

    @api.onchange("owner")
    def _onchange_owner(self):
        if self.owner != "system":
            self.system_id = False

    @api.onchange("system_id")
    def _onchange_system_id(self):
        if self.system_id:
            self.owner = "system"

    @api.model
    def _ensure_rows(self):
        """Give every company a row for each domain and field group, so that what is undecided can be seen."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            INSERT INTO dist_ownership (company_id, domain_id, domain_sequence, group_id, group_sequence,
                conflict_policy, new_record_policy, odoo_write_policy, create_uid, create_date, write_uid, write_date)
            SELECT company.id, scope.domain_id, scope.domain_sequence, scope.group_id, scope.group_sequence,
                'flag', 'any', 'warn', %(user)s, now() AT TIME ZONE 'UTC', %(user)s, now() AT TIME ZONE 'UTC'
            FROM res_company AS company, (
                SELECT id AS domain_id, sequence AS domain_sequence, NULL::integer AS group_id, -1 AS group_sequence
                FROM dist_ownership_domain
                UNION ALL
                SELECT domain_id, domain.sequence, field_group.id, field_group.sequence
                FROM dist_ownership_group AS field_group
                JOIN dist_ownership_domain AS domain ON domain.id = field_group.domain_id
            ) AS scope
            ON CONFLICT DO NOTHING
            """,
            {"user": self.env.uid},
        )
        self.invalidate_model()

    # rules

    @api.model
    @tools.ormcache("model_name", "company_id")
    def _get_rules(self, model_name, company_id):
        """:return: dict, field name to OwnershipRule, of the fields of a model that have an owner in a company"""
        groups = self.env["dist.ownership.group"]._get_field_groups(model_name)
        rules = {group: self._get_group_rule(group, company_id) for group in set(groups.values())}
        return {name: rules[group] for name, group in groups.items() if rules[group]}

    @api.model
    @tools.ormcache("group_id", "company_id")
    def _get_group_rule(self, group_id, company_id):
        """:return: OwnershipRule of a field group in a company; None when it has no owner"""
        group = self.env["dist.ownership.group"].sudo().browse(group_id)
        rows = self.sudo().search(
            [
                ("company_id", "=", company_id),
                ("domain_id", "=", group.domain_id.id),
                ("group_id", "in", (False, group_id)),
            ]
        )
        own = rows.filtered("group_id")
        whole = rows - own
        deciding = own if own.owner else whole
        if not deciding.owner:
            return None
        return OwnershipRule(
            row=deciding.id,
            group=group_id,
            owner=deciding.system_id.id or None,
            conflict=deciding.conflict_policy,
            new_records=deciding.new_record_policy,
            people=deciding.odoo_write_policy,
            steward=(own.steward_id or whole.steward_id).id or None,
        )
