import logging
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.dist_integration_base.lib.errors import IntegrationError
from odoo.addons.dist_integration_base.lib.handling import ExceptionSpec
from odoo.addons.dist_integration_base.models.dist_message import CHANNELS
from odoo.addons.dist_integration_base.models.transaction import is_connection_lost
from odoo.addons.queue_job.exception import RetryableJobError

from ..lib import approval, plan_file
from ..lib.plan_file import Fault
from .dist_planning_source import POINTERS
from .plan_refused import PlanRefused

_logger = logging.getLogger(__name__)

BUSY_SECONDS = 5
WORK_MEM = "256MB"
# the source's clock may be a little ahead of ours
AHEAD = timedelta(minutes=2)
REFUSED = "plan_refused"


class DistPlanningBatch(models.Model):
    """A version is put in force by a job, as a whole: one transaction reads, checks, stores and switches over.

    A job that was killed left nothing and starts again; what is wrong is kept in a transaction of its own.
    """

    _inherit = "dist.planning.batch"

    def _enqueue(self):
        for batch in self:
            batch.with_delay(
                channel=CHANNELS["bulk"],
                identity_key=f"dist-planning-batch:{batch.id}",
                description=_("Put plan %s in force", batch.reference),
            )._job_activate()

    def _job_activate(self):
        """Job: put the version in force, unless another one of the source is at it."""
        self.ensure_one()
        with self._locked() as mine:
            if not mine:
                raise RetryableJobError(
                    "Another version of this source is being checked", seconds=BUSY_SECONDS, ignore_retry=True
                )
            self._run()
        self.invalidate_recordset()

    def _get_run_lock(self):
        return f"dist.planning.source/{self.source_id.id}"

    def _run(self):
        batch_id = self.id

        def load(env):
            batch = env["dist.planning.batch"].browse(batch_id)
            if batch.state == "staged":
                batch.with_company(batch.company_id)._load()

        try:
            self.source_id._do_beside_decisions(load)
        except RetryableJobError:
            raise
        except Exception as error:  # pylint: disable=broad-except
            if is_connection_lost(error):
                raise
            if not isinstance(error, IntegrationError | UserError):
                _logger.exception("Plan %s could not be put in force", self.id)
            self._record_refusal(error)

    def _load(self):
        """Read the files, and put the version in force; one that says the same as the one in force confirms it.

        :raises PlanRefused: nothing of it counts
        """
        self._check_order()
        self.checksum = self._read_checksum()
        same = self._find_same()
        # what does not fit its manifest is told below
        if same and self._get_declared_counts().items() <= same._get_counts().items():
            self._confirm(same)
            return
        unread = self._stage_files()
        self._note_row_counts()
        self._activate(unread)

    def _check_order(self):
        """:raises PlanRefused: the plan lies ahead, or a newer one was put in force already"""
        fault = None
        newer = self.search(
            [
                ("source_id", "=", self.source_id.id),
                ("scope", "=", self.scope),
                ("activated_at", "!=", False),
                ("planned_at", ">", self.planned_at),
            ],
            limit=1,
        )
        if self.planned_at > fields.Datetime.now() + AHEAD:
            fault = Fault(
                "", 0, "planned_at", str(self.planned_at), "moment_ahead", _("The plan lies ahead.")
            )
        elif newer:
            message = _("A newer plan was put in force already: %s.", newer.reference)
            fault = Fault("", 0, "planned_at", str(self.planned_at), "outdated", message)
        if fault:
            raise PlanRefused([fault])

    def _read_checksum(self):
        """:return: what the rows of all files are recognised by
        :raises PlanRefused: a file is not the one that its manifest is about
        """
        parts = []
        for file in self.file_ids:
            with file._open() as stream:
                expected = None
                if file.kind == "plan" and plan_file.read_manifest(stream):
                    expected = (self.manifest or {}).get("sha256")
                elif file.kind == "plan":
                    stream.close()
                    stream = file._open()  # noqa: PLW2901  the line that was read is a row
                found = plan_file.hash_rows(stream)
                if expected and expected != found:
                    message = _(
                        "The rows are not those that the manifest is about: a part is missing or changed."
                    )
                    raise PlanRefused([Fault(file.name, 0, "sha256", found, "partial", message)])
                parts.append((file.kind, found))
        return plan_file.checksum(parts)

    def _find_same(self):
        """:return: the version in force that says the same; empty when there is none"""
        same = self.search(
            [
                ("source_id", "=", self.source_id.id),
                ("scope", "=", self.scope),
                ("state", "=", "active"),
                ("checksum", "=", self.checksum),
            ],
            limit=1,
        )
        kinds = [kind for kind in POINTERS if same[f"{kind}_count"]]
        return same if all(same._is_in_force(kind) for kind in kinds) else self.browse()

    def _is_in_force(self, kind):
        """:return: whether what this version, which is active, says of a kind is what the source says now"""
        if kind == "proposal" and self.scope:
            # a file that has taken its place has put it out of force
            return True
        return self.source_id[POINTERS[kind]] == self

    def _get_declared_counts(self):
        """:return: dict, kind to the number of rows that the manifest says there are, where it says so"""
        manifest = self.manifest or {}
        counts = dict(manifest.get("counts") or {})
        for file in manifest.get("files") or []:
            if "rows" in file:
                counts[file["kind"]] = counts.get(file["kind"], 0) + file["rows"]
        return counts

    def _get_counts(self):
        """:return: dict, kind to the number of rows of this version"""
        return {kind: self[f"{kind}_count"] for kind in POINTERS}

    def _confirm(self, same):
        """The source came to the same plan again: nothing changes but its age."""
        same.confirmed_at = self.planned_at
        now = fields.Datetime.now()
        self.write({"state": "superseded", "same_as_id": same.id, "activated_at": now})
        self._close_exception()

    def _activate(self, unread=()):
        """Put the staged rows in force, all or nothing.

        :param unread: list of Fault of the rows that could not be staged
        :raises PlanRefused: rows are wrong; the caller rolls back
        """
        self.ensure_one()
        self._check_order()
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT set_config('work_mem', %s, true), set_config('jit', 'off', true)", (WORK_MEM,)
        )
        counts = self._count_staged()
        if not unread:
            self._check_counts(counts)
        self.env["dist.planning.codes"]._create_tables(self.source_id)
        self._create_dates()
        self._check_rows(counts, unread)
        self._insert_rows(counts)
        self.env.invalidate_all()
        self._put_in_force(counts)

    def _put_in_force(self, counts):
        kinds = self._get_contained(counts)
        former = self.search([("source_id", "=", self.source_id.id), ("state", "=", "active")])
        self.source_id.write({POINTERS[kind]: self.id for kind in kinds})
        self.write(
            {
                "state": "active",
                "activated_at": fields.Datetime.now(),
                **{f"{kind}_count": count for kind, count in counts.items()},
            }
        )
        in_force = self.browse().union(*(self.source_id[name] for name in POINTERS.values()))
        (former - in_force - former._get_beside(self, kinds)).write({"state": "superseded"})
        if "proposal" in kinds:
            self._supersede_proposals()
        if "parameter" in kinds:
            self._propose_parameters()
        self.env["dist.planning.proposal"]._evaluate(self)
        self._check_values()
        self._close_exception()

    def _get_beside(self, newer, kinds):
        """:param newer: dist.planning.batch that is put in force
        :param kinds: list of the kinds of rows that it is about
        :return: those of these versions whose proposals go on beside it: they came in other files
        """
        own = self.filtered(lambda batch: batch.scope and batch.proposal_count)
        if "proposal" not in kinds:
            return own
        return own.filtered(lambda batch: newer.scope and batch.scope != newer.scope)

    def _get_contained(self, counts):
        """:return: list of the kinds of rows that this version is about, also those it has none of"""
        manifest = self.manifest or {}
        named = {*(manifest.get("counts") or {}), *self.file_ids.mapped("kind")}
        return [kind for kind, count in counts.items() if count or kind in named]

    # what is wrong

    def _record_refusal(self, error):
        """Keep what is wrong with this version, in a transaction of its own."""
        detail = getattr(error, "detail", None) or f"{type(error).__name__}: {error}"
        faults = getattr(error, "faults", None) or [Fault("", 0, "", "", "technical", detail)]
        batch_id, count = self.id, getattr(error, "count", 1)

        def record(env):
            env["dist.planning.batch"].browse(batch_id)._refuse(faults, count)

        self.env["dist.message"]._in_own_transaction(record)

    def _refuse(self, faults, count):
        """:param faults: list of Fault, the first of them"""
        self.error_ids.unlink()
        self.env["dist.planning.batch.error"].create(
            [{"batch_id": self.id, **fault._asdict()} for fault in faults]
        )
        self.write({"state": "refused", "error_count": count})
        self._open_exception(faults, count)

    def _open_exception(self, faults, count):
        lines = [plan_file.describe(fault) for fault in faults[:20]]
        if count > len(lines):
            lines.append(_("... and %s more", count - len(lines)))
        self.env["dist.exception"]._open_without_message(
            ExceptionSpec(
                category="validation",
                code=REFUSED,
                summary=_(
                    "%(sender)s: plan %(plan)s was refused, %(count)s faults",
                    sender=self.source_id.name,
                    plan=self.reference,
                    count=count,
                ),
                detail="\n".join(lines),
                record=self,
                severity="high",
                suggestion=_(
                    "Explain unknown codes under Codes and check the plan again, or have the source send a corrected "
                    "one. Until then the plan before is in force."
                ),
                fingerprint=str(self.source_id.id),
                impact=self._dist_get_impact(),
            ),
            self.company_id,
            system=self.source_id.system_id,
        )

    def _close_exception(self):
        self.env["dist.exception"]._close_without_message([REFUSED], str(self.source_id.id))

    def _dist_get_impact(self):
        """What is at risk while a plan is refused: what the one before proposes is acted on, or waits."""
        impact = super()._dist_get_impact()
        proposals = self.env["dist.planning.proposal"].search(
            [("source_id", "in", self.source_id.ids), ("state", "in", ("proposed", "approved"))]
        )
        return self._dist_add_proposals(impact, proposals)

    @api.model
    def _dist_add_proposals(self, impact, proposals):
        return {
            **impact,
            "lines": len(proposals),
            "skus": sorted(
                {product.default_code for product in proposals.product_id if product.default_code}
            ),
            "warehouses": sorted(set(proposals.warehouse_id.mapped("name"))),
            "value": sum(proposals.mapped("value")),
            "currency": proposals.company_id[:1].currency_id or self.company_id[:1].currency_id,
        }

    def _check_values(self):
        """Hold what was proposed against the source's limit; what the supplier's packs or a planner made of it waits.

        :raises PlanRefused: a proposal, sent or made of parameters, is worth more than the source may propose
        """
        limit = self.source_id.proposal_value_limit
        if not limit:
            return
        message = _("It is worth more than the source may propose, which is %s.", limit)
        self.env.flush_all()
        faults = []
        for field, rows in self._get_proposed_rows().items():
            self.env.cr.execute(
                SQL(
                    """
                    SELECT file, line, proposed FROM (
                        SELECT staged.file, staged.line,
                               COALESCE(
                                   proposal.value * proposal.quantity / NULLIF(proposal.approved_quantity, 0),
                                   proposal.value
                               ) AS proposed
                        FROM dist_planning_proposal proposal JOIN %s
                        WHERE proposal.batch_id = %s AND proposal.is_edited IS NOT TRUE
                    ) AS worth WHERE proposed > %s ORDER BY 1, 2 LIMIT %s
                    """,
                    rows,
                    self.id,
                    limit + approval.SAME,
                    plan_file.MAX_FAULTS,
                )
            )
            faults += self._make_faults(field, "value_limit", message)
        if faults:
            raise PlanRefused(faults)

    def _get_proposed_rows(self):
        """:return: dict, field of a staged row to SQL that joins the row with the proposal that was made of it"""
        return {
            "quantity": SQL(
                "dist_plan_proposal staged ON staged.key = proposal.key AND proposal.is_derived IS NOT TRUE"
            ),
            "maximum": SQL(
                """
                (SELECT staged.file, staged.line, item.product_id, place.warehouse_id FROM %s) AS staged
                ON staged.product_id = proposal.product_id AND staged.warehouse_id = proposal.warehouse_id
                AND proposal.is_derived
                """,
                self._get_staged_rows("parameter"),
            ),
        }

    # what a person does

    def action_check_again(self):
        """Check a refused version again, after the codes it names were explained or limits changed."""
        self.check_access_rights("read")
        self.check_access_rule("read")
        self._check_may_decide()
        for batch in self.sudo():
            if batch.state == "refused" and batch.file_ids:
                batch.write({"state": "staged", "error_count": 0})
                batch.error_ids.unlink()
                batch._enqueue()
        self.env["dist.audit.entry"]._add_each("retried", self)
        return True
