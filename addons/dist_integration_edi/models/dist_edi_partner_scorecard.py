from datetime import timedelta

from odoo import _, api, fields, models

from .dist_edi_scorecard import SUBJECTS

# how far back the figures of a profile go
DAYS = 365


class DistEdiPartner(models.Model):
    """How well a partner works, in a line for each subject; the scorecard has them by month."""

    _inherit = "dist.edi.partner"

    score_received = fields.Char(compute="_compute_scores", string="Documents received in order")
    score_sent = fields.Char(compute="_compute_scores", string="Documents accepted by the partner")
    score_acknowledged = fields.Char(compute="_compute_scores", string="Acknowledged in time")
    score_answered = fields.Char(compute="_compute_scores", string="Orders answered in time")
    score_filled = fields.Char(compute="_compute_scores", string="Quantity confirmed")
    score_priced = fields.Char(compute="_compute_scores", string="Price as ordered")
    score_announced = fields.Char(compute="_compute_scores", string="Ship notices that were right")
    score_on_time = fields.Char(compute="_compute_scores", string="In full on time")
    score_matched = fields.Char(compute="_compute_scores", string="Invoices that matched")
    score_count = fields.Integer(compute="_compute_scores", string="Things done")

    def _compute_scores(self):
        names = ["__count", "rate:avg", "share:avg", "hours:avg", "deviation:avg"]
        rows = self.env["dist.edi.scorecard"]._read_group(
            self._get_score_domain(), ["edi_partner_id", "subject"], names
        )
        found = {(partner.id, subject): figures for partner, subject, *figures in rows}
        for partner in self:
            own = {subject: found.get((partner.id, subject)) for subject, _label in SUBJECTS}
            partner.score_count = sum(figures[0] for figures in own.values() if figures)
            for subject, figures in own.items():
                partner[f"score_{subject}"] = figures and partner._tell_score(subject, *figures)

    def _get_score_domain(self):
        since = fields.Datetime.now() - timedelta(days=DAYS)
        return [("edi_partner_id", "in", self.ids), ("date", ">=", since)]

    @api.model
    def _tell_score(self, subject, count, rate, share, hours, deviation):
        """:return: text such as ``75% of 4, 96.5% of the quantity``"""
        told = _("%(rate)s%% of %(count)s", rate=_short(rate), count=count)
        signed = f"{deviation:+.2f}"
        more = {
            "acknowledged": _("after %s hours", _short(hours)),
            "answered": _("after %s hours", _short(hours)),
            "filled": _("%s%% of the quantity", _short(share)),
            "on_time": _("%s%% of the quantity", _short(share)),
            "priced": _("by %s%% on average", signed),
        }.get(subject)
        return f"{told}, {more}" if more else told

    def action_view_scorecard(self):
        """Open the scorecard of this partner: charts, or the records behind one of its figures."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "dist_integration_edi.action_dist_edi_scorecard"
        )
        subject = self.env.context.get("dist_subject")
        if not subject:
            return {**action, "context": {"search_default_edi_partner_id": self.id}}
        views = sorted(action["views"], key=lambda view: view[1] not in ("tree", "list"))
        return {
            **action,
            "views": views,
            "view_mode": ",".join(kind for _view, kind in views),
            "domain": [*self._get_score_domain(), ("subject", "=", subject)],
            "context": {},
        }


def _short(number):
    return f"{number:.1f}".removesuffix(".0")
