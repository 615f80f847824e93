import json

from markupsafe import Markup

from odoo import _, api, fields, models

from odoo.addons.dist_integration_base.lib.erasure import by_name
from odoo.addons.dist_integration_base.lib.masking import MASK, collect, mask, redact

from ..lib.documents import DECLARATIONS, declaration_of
from ..lib.errors import Issue, Position
from ..lib.rendering import label, parse_tree, render
from .dist_edi_document import ACKNOWLEDGEMENTS, _decode

# what no rule reads is hidden by its place
# segments of contacts and of accounts
PERSONAL = {"PER", "CTA", "COM", "FII"}
LONGEST_CODE = 3
# prices and amounts by segment: element and component
AMOUNTS = {
    "AMT": {(2, 1)},
    "CTP": {(3, 1), (8, 1)},
    "ITD": {(8, 1), (10, 1)},
    "MOA": {(1, 2)},
    "PAM": {(5, 1)},
    "PO3": {(4, 1)},
    "PRI": {(1, 2)},
    "SAC": {(5, 1), (8, 1)},
    "SLN": {(6, 1)},
    "TDS": {(1, 1), (2, 1), (3, 1), (4, 1)},
    "TXI": {(2, 1), (8, 1)},
}
AMOUNT_NAMES = {"unit_price", "line_total", "amount", "amount_total", "amount_untaxed", "amount_tax"}


class DistEdiDocument(models.Model):
    """A document on screen: raw with the faults marked, as a tree, and as a person reads it.

    What the policy of EDI files or of the document's own message type calls sensitive is masked in all three.
    """

    _inherit = "dist.edi.document"

    raw_view = fields.Html(compute="_compute_views", sanitize=False, string="Raw")
    tree_view = fields.Html(compute="_compute_views", sanitize=False, string="Segments")
    rendered_view = fields.Html(compute="_compute_views", sanitize=False, string="Content")

    @api.depends("canonical", "issues", "acknowledgement_errors")
    def _compute_views(self):
        for document in self:
            names = document._get_sensitive_names()
            segments = document._get_view_segments()
            document._hide(segments, {label(name) for name in names})
            document.raw_view = document._render_raw(segments)
            document.tree_view = document._render_template(
                "dist_integration_edi.document_tree", segments=segments
            )
            canonical = mask(document._get_canonical(), by_name(names))
            document.rendered_view = document._render_template(
                "dist_integration_edi.document_content",
                page=render(canonical, document.document_name or "document") if canonical else None,
            )

    def _get_sensitive_names(self):
        """:return: list of names of canonical fields that are masked: by the policy of EDI files, and by that of the
        type of message that the document becomes or was
        """
        self.ensure_one()
        source = self.sudo()
        types = self.env.ref("dist_integration_edi.type_edi_interchange").sudo()
        types |= source.message_id.message_type_id
        agreement = source.edi_partner_id._get_agreed_document(source.direction, source.code)
        if agreement:
            code = agreement._get_message_type_code()
            types |= types._get_by_code(code) if code else types.browse()
        paths = [path for message_type in types for path in message_type._get_sensitive_paths()]
        return list(dict.fromkeys(path.rpartition(".")[2].removesuffix("[]") for path in paths))

    def _redact(self, text, shown=""):
        """What everybody may read of a text about this document, such as what is wrong with it.

        :param text: text, or a list of texts
        :param shown: a name that is not hidden, wherever else it stands
        :return: the same without the sensitive values
        """
        self.ensure_one()
        names = self._get_sensitive_names() if text else []
        if not names:
            return text
        segments = self._get_view_segments()
        values = self._hide(segments, {label(name) for name in names})
        values |= collect(self._get_canonical(), by_name(names))
        hidden = {value for value in values if value.casefold() != shown.casefold()}
        return redact(text, hidden, strict=True)

    def _render_template(self, template, **values):
        return self.env["ir.qweb"]._render(template, {"document": self, **values})

    def _get_view_segments(self):
        """:return: list of segments as of lib.rendering.parse_tree; empty when the content is gone"""
        self.ensure_one()
        transaction = self.interchange_id and self.interchange_id._get_transactions().get(self.start)
        if not transaction:
            return []
        return parse_tree(transaction, self._get_view_declaration(), self._get_view_issues())

    def _get_view_declaration(self):
        """:return: lib.declaration.Declaration that names the elements; None when the document is not known"""
        agreement = self.edi_partner_id.sudo()._get_agreed_document(self.direction, self.code)
        if agreement:
            return agreement._get_declaration(self.version)
        standard = self.interchange_id.standard
        if (standard, self.code) in DECLARATIONS:
            return declaration_of(standard, self.code, version=self.version or "")
        return None

    def _get_view_issues(self):
        """:return: list of lib.errors.Issue: what we found, or what the partner did"""
        found = [
            Issue(
                issue["code"],
                issue["detail"],
                Position(**issue.get("position", {})),
                issue.get("severity", "error"),
            )
            for issue in self._get_issues()
        ]
        for error in json.loads(self.sudo().acknowledgement_errors or "[]"):
            position = Position(
                tag=error.get("tag"),
                element=error.get("element"),
                component=error.get("component"),
                in_transaction=error.get("segment"),
            )
            found.append(Issue("rejected", _("The partner says: %s", error["reason"]), position))
        return found

    def _hide(self, segments, labels):
        """Mask what is sensitive in segments, and in what is said about them; of a document that nobody knows
        everything is.

        :param labels: set of labels of elements
        :return: set of texts, the values that were hidden
        """
        hidden = set()
        unknown = bool(labels) and not self._get_view_declaration() and self.code not in ACKNOWLEDGEMENTS
        prices = bool(labels & {label(name) for name in AMOUNT_NAMES})
        for segment in segments:
            parts = [(element, part) for element in segment["elements"] for part in _leaves(element)]
            for element, part in parts:
                envelope = segment["tag"] in ("ST", "SE", "UNH", "UNT")
                unread = not part["name"] and (
                    (labels and _is_personal(segment, part))
                    or (prices and _is_amount(segment, element, part))
                )
                sensitive = unknown or part["name"] in labels or unread
                part["hidden"] = bool(part["value"] and sensitive and not envelope)
                if part["hidden"]:
                    hidden.add(part["value"])
                    part["value"] = MASK
            for element in segment["elements"]:
                if any(part["hidden"] for part in _leaves(element)):
                    element["value"] = MASK
        for segment in segments:
            parts = [part for element in segment["elements"] for part in (element, *_leaves(element))]
            for place in (segment, *parts):
                place["issues"] = redact(place["issues"], hidden, strict=True)
        return hidden

    def _is_hidden(self):
        """Whether something of the document is masked on screen."""
        self.ensure_one()
        return bool(
            self._hide(self._get_view_segments(), {label(name) for name in self._get_sensitive_names()})
        )

    def _render_raw(self, segments):
        """:return: Markup of the text, a line for each segment, faults marked with what is wrong"""
        raw = self.interchange_id._get_raw() if segments else b""
        lines = [_mark_segment(raw, segment) for segment in segments]
        return Markup("<pre class='o_dist_edi_raw'>{}</pre>").format(Markup("\n").join(lines))

    def action_correct(self):
        """Open the text of a refused document for correction; the original is kept."""
        self.ensure_one()
        return self.env["dist.edi.correct"]._open(self)


def _is_personal(segment, part):
    """:return: whether a part that no rule reads may tell of a person or an account: it is no code, which are short"""
    return segment["tag"] in PERSONAL and len(part["value"]) > LONGEST_CODE


def _is_amount(segment, element, part):
    """:return: whether a part is a price or an amount by its place"""
    place = element["position"], part["position"] if part is not element else 1
    return place in AMOUNTS.get(segment["tag"], ())


def _leaves(element):
    """:return: list of the components of an element, or the element itself"""
    return element.get("components") or [element]


def _mark_segment(raw, segment):
    """:return: Markup of a segment"""
    title = "; ".join(segment["issues"])
    if segment.get("missing"):
        return _mark(f"{segment['tag']} ...", title)
    pieces, position = [], segment["start"]
    for element in segment["elements"]:
        for part in _parts_to_show(element):
            pieces.append(_text(raw[position : part["start"]]))
            text = MASK if part.get("hidden") else _text(raw[part["start"] : part["end"]])
            issues = [*part["issues"], *(element["issues"] if part is not element else [])]
            pieces.append(
                _mark(text or "...", "; ".join(dict.fromkeys(issues)))
                if issues
                else Markup("{}").format(text)
            )
            position = part["end"]
    pieces.append(_text(raw[position : segment["end"]]))
    whole = Markup("").join(pieces)
    return _mark(whole, title) if title else whole


def _parts_to_show(element):
    """:return: the components where one of them is hidden or wrong, else the element as a whole"""
    leaves = _leaves(element)
    apart = any(part.get("hidden") or part["issues"] for part in leaves)
    return leaves if apart else [element]


def _text(raw):
    return _decode(raw)[0]


def _mark(text, title):
    return Markup("<mark class='text-bg-danger' title='{}'>{}</mark>").format(title, text)
