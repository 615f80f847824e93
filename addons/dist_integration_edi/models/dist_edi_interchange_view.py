from difflib import SequenceMatcher

from markupsafe import Markup

from odoo import _, api, fields, models

from ..lib.errors import EdiError
from ..lib.interchange import read_interchanges
from ..lib.rendering import label, parse_tree
from .dist_edi_document_view import _mark_segment

# segments that a person looks at, and that are compared
SHOWN = 1000
SAME, NEW, GONE = ("  ", "{}"), ("+ ", "<ins class='text-bg-success'>{}</ins>"), ("- ", "<del>{}</del>")


class DistEdiInterchange(models.Model):
    """What a person decides by who has to say what becomes of an interchange that is held."""

    _inherit = "dist.edi.interchange"

    comparison = fields.Html(compute="_compute_comparison", sanitize=False)

    @api.depends("state", "original_id")
    def _compute_comparison(self):
        for interchange in self:
            is_held = interchange.original_id and interchange.state in ("held", "ignored")
            interchange.comparison = interchange._render_comparison() if is_held else False

    def _render_comparison(self):
        """:return: Markup of the segments, with those of the former interchange that are not in it"""
        before, now = self.original_id._get_shown_segments(), self._get_shown_segments()
        # what is masked differs as well
        matcher = SequenceMatcher(None, [raw for raw, _line in before], [raw for raw, _line in now])
        lines = []
        for kind, start, end, new_start, new_end in matcher.get_opcodes():
            if kind == "equal":
                lines += [_mark(SAME, line) for _raw, line in before[start:end]]
                continue
            lines += [_mark(GONE, line) for _raw, line in before[start:end]]
            lines += [_mark(NEW, line) for _raw, line in now[new_start:new_end]]
        if SHOWN in (len(before), len(now)):
            lines.append(_("Only the first %s segments are compared.", SHOWN))
        return Markup("<pre class='o_dist_edi_raw'>{}</pre>").format(Markup("\n").join(lines))

    def _get_shown_segments(self):
        """:return: list of (bytes, Markup without what is sensitive), one for each segment of the documents"""
        self.ensure_one()
        raw, lines = self._get_raw(), []
        try:
            transactions = [one for parsed in read_interchanges(raw) for one in parsed.transactions]
        except EdiError:
            return lines
        for transaction in transactions:
            document = self.env["dist.edi.document"].new(
                {
                    "interchange_id": self.id,
                    "direction": self.direction,
                    "code": transaction.code,
                    "version": transaction.version,
                }
            )
            segments = parse_tree(transaction, document._get_view_declaration())
            document._hide(segments, {label(name) for name in document._get_sensitive_names()})
            lines += [(raw[one["start"] : one["end"]], _mark_segment(raw, one)) for one in segments]
            if len(lines) >= SHOWN:
                break
        return lines[:SHOWN]


def _mark(kind, line):
    sign, html = kind
    return Markup(sign + html).format(line)
