from odoo import fields, models

SUBJECTS = [
    ("received", "Documents received in order"),
    ("sent", "Documents accepted by the partner"),
    ("acknowledged", "Acknowledged in time"),
    ("answered", "Orders answered in time"),
    ("filled", "Quantity confirmed"),
    ("priced", "Price as ordered"),
    ("announced", "Ship notices that were right"),
    ("on_time", "In full on time"),
    ("matched", "Invoices that matched"),
]
# Each row is one fact. Its id is that of its record and, so that no two meet, a number below 16 for its kind.

RECEIVED = """
    SELECT document.id * 16 AS id, 'received' AS subject, document.edi_partner_id, document.company_id,
           document.create_date AS date, document.state IN ('accepted', 'acknowledgement') AS is_good,
           NULL::float AS share, NULL::float AS hours, NULL::float AS deviation,
           'dist.edi.document' AS res_model, document.id AS res_id
    FROM dist_edi_document AS document
    JOIN dist_edi_interchange AS interchange ON interchange.id = document.interchange_id
        AND interchange.is_test IS NOT TRUE
    WHERE document.direction = 'in' AND document.original_id IS NULL AND document.edi_partner_id IS NOT NULL
"""
SENT = """
    SELECT document.id * 16 + 1, 'sent', document.edi_partner_id, document.company_id, document.create_date,
           document.acknowledged <> 'rejected', NULL, NULL, NULL, 'dist.edi.document', document.id
    FROM dist_edi_document AS document
    JOIN dist_edi_interchange AS interchange ON interchange.id = document.interchange_id
        AND interchange.is_test IS NOT TRUE
    WHERE document.direction = 'out' AND document.acknowledged IN
          ('accepted', 'accepted_with_errors', 'received', 'rejected')
"""
ACKNOWLEDGED = """
    SELECT expectation.id * 16 + 2, 'acknowledged', expectation.edi_partner_id, expectation.company_id,
           expectation.sent_at, COALESCE(expectation.received_at <= expectation.due_at, FALSE), NULL,
           EXTRACT(EPOCH FROM expectation.received_at - expectation.sent_at) / 3600, NULL,
           'dist.edi.expectation', expectation.id
    FROM dist_edi_expectation AS expectation
    JOIN dist_edi_interchange AS interchange ON interchange.id = expectation.interchange_id
        AND interchange.is_test IS NOT TRUE
    WHERE expectation.state NOT IN ('prepared', 'waived')
      AND (expectation.received_at IS NOT NULL OR expectation.due_at < now() AT TIME ZONE 'UTC')
"""
# the first answer to the whole of an order counts, from the moment at which the order was sent
ANSWERED = """
    SELECT sent.id * 16 + 3, 'answered', sent.edi_partner_id, sent.company_id, sent.create_date,
           COALESCE(answer.create_date <= sent.create_date + partner.acknowledgement_hours * interval '1 hour', FALSE),
           NULL, EXTRACT(EPOCH FROM answer.create_date - sent.create_date) / 3600, NULL,
           'purchase.order', purchase.id
    FROM dist_edi_document AS sent
    JOIN dist_edi_interchange AS interchange ON interchange.id = sent.interchange_id
        AND interchange.is_test IS NOT TRUE
    JOIN dist_edi_partner AS partner ON partner.id = sent.edi_partner_id
    JOIN dist_message AS message ON message.id = sent.message_id AND message.res_model = 'purchase.order'
    JOIN purchase_order AS purchase ON purchase.id = message.res_id
    LEFT JOIN LATERAL (
        SELECT min(create_date) AS create_date FROM dist_supplier_acknowledgement
        WHERE order_id = purchase.id AND state <> 'partial'
    ) AS answer ON TRUE
    WHERE sent.direction = 'out' AND sent.document_name = 'purchase.order' AND partner.acknowledgement_hours > 0
      AND EXISTS (
        SELECT FROM dist_edi_agreement AS agreement
        WHERE agreement.edi_partner_id = partner.id AND agreement.direction = 'in'
          AND agreement.code IN ('855', 'ORDRSP')
      )
      AND (answer.create_date IS NOT NULL
        OR sent.create_date + partner.acknowledgement_hours * interval '1 hour' < now() AT TIME ZONE 'UTC')
"""
FILLED = """
    SELECT line.id * 16 + 4, 'filled', answer.edi_partner_id, line.company_id, answer.create_date,
           line.quantity >= line.ordered_quantity,
           least(line.quantity / NULLIF(line.ordered_quantity, 0), 1) * 100, NULL, NULL,
           'dist.supplier.acknowledgement', answer.id
    FROM dist_supplier_acknowledgement_line AS line
    JOIN dist_supplier_acknowledgement AS answer ON answer.id = line.acknowledgement_id
    WHERE line.state NOT IN ('superseded', 'unanswered') AND line.ordered_quantity > 0
"""
PRICED = """
    SELECT line.id * 16 + 5, 'priced', answer.edi_partner_id, line.company_id, answer.create_date,
           line.price = line.ordered_price, NULL, NULL,
           (line.price / NULLIF(line.ordered_price, 0) - 1) * 100, 'dist.supplier.acknowledgement', answer.id
    FROM dist_supplier_acknowledgement_line AS line
    JOIN dist_supplier_acknowledgement AS answer ON answer.id = line.acknowledgement_id
    WHERE line.state <> 'superseded' AND line.order_line_id IS NOT NULL AND line.quantity > 0
    UNION ALL
    SELECT line.id * 16 + 6, 'priced', invoice.edi_partner_id, line.company_id, invoice.create_date,
           line.price = line.ordered_price, NULL, NULL,
           (line.price / NULLIF(line.ordered_price, 0) - 1) * 100, 'dist.supplier.invoice', invoice.id
    FROM dist_supplier_invoice_line AS line
    JOIN dist_supplier_invoice AS invoice ON invoice.id = line.invoice_id
    WHERE NOT COALESCE(line.is_charge, FALSE) AND line.order_line_id IS NOT NULL AND invoice.kind = 'invoice'
"""
# as announced: nothing was wrong with the notice, and of each item what was announced has come
ANNOUNCED = """
    SELECT shipment.id * 16 + 7, 'announced', shipment.edi_partner_id, shipment.company_id,
           shipment.create_date, NOT EXISTS (
               SELECT FROM dist_supplier_shipment_line AS line
               WHERE line.shipment_id = shipment.id AND COALESCE(line.differences, '') <> ''
           ) AND NOT EXISTS (
               SELECT FROM (
                   SELECT product_id, product_quantity AS announced, 0 AS received
                   FROM dist_supplier_shipment_line WHERE shipment_id = shipment.id
                   UNION ALL
                   SELECT moved.product_id, 0, moved.quantity_product_uom
                   FROM stock_move_line AS moved JOIN stock_picking AS picking ON picking.id = moved.picking_id
                   WHERE picking.dist_supplier_shipment_id = shipment.id AND moved.state = 'done'
               ) AS item
               GROUP BY item.product_id HAVING abs(sum(item.announced - item.received)) > 0.0005
           ), NULL, NULL, NULL, 'dist.supplier.shipment', shipment.id
    FROM dist_supplier_shipment AS shipment
    WHERE shipment.state = 'expected' AND EXISTS (
        SELECT FROM stock_picking AS picking
        WHERE picking.dist_supplier_shipment_id = shipment.id AND picking.state = 'done'
    )
"""
# by the day on which the line was planned, whatever came later; days are those of UTC
ON_TIME = """
    SELECT line.id * 16 + 8, 'on_time', partner.id, line.company_id, line.date_planned,
           COALESCE(arrived.quantity, 0) >= line.product_uom_qty - 0.0005,
           least(COALESCE(arrived.quantity, 0) / line.product_uom_qty, 1) * 100, NULL, NULL,
           'purchase.order', line.order_id
    FROM purchase_order_line AS line
    JOIN purchase_order AS purchase ON purchase.id = line.order_id AND purchase.state IN ('purchase', 'done')
    JOIN res_partner AS supplier ON supplier.id = purchase.partner_id
    JOIN product_product AS product ON product.id = line.product_id
    JOIN product_template AS template ON template.id = product.product_tmpl_id AND template.type <> 'service'
    JOIN LATERAL (
        SELECT profile.id FROM dist_edi_partner AS profile JOIN dist_edi_agreement AS agreement
            ON agreement.edi_partner_id = profile.id AND agreement.direction = 'out'
            AND agreement.code IN ('850', 'ORDERS')
        WHERE profile.active AND profile.company_id = purchase.company_id
          AND profile.partner_id IN (supplier.id, supplier.commercial_partner_id)
        ORDER BY profile.id LIMIT 1
    ) AS partner ON TRUE
    LEFT JOIN LATERAL (
        SELECT sum(moved.quantity_product_uom) AS quantity
        FROM stock_move AS move JOIN stock_move_line AS moved ON moved.move_id = move.id
        WHERE move.purchase_line_id = line.id AND moved.state = 'done' AND moved.date::date <= line.date_planned::date
    ) AS arrived ON TRUE
    WHERE line.product_uom_qty > 0
      AND (line.date_planned::date < (now() AT TIME ZONE 'UTC')::date
        OR COALESCE(arrived.quantity, 0) >= line.product_uom_qty - 0.0005)
"""
# what waits is not counted: mostly the goods are still to come
MATCHED = """
    SELECT invoice.id * 16 + 9, 'matched', invoice.edi_partner_id, invoice.company_id, invoice.create_date,
           invoice.state = 'billed' AND invoice.decided_by_id IS NULL, NULL, NULL, NULL,
           'dist.supplier.invoice', invoice.id
    FROM dist_supplier_invoice AS invoice
    WHERE invoice.state <> 'waiting'
"""
FACTS = " UNION ALL ".join(
    (RECEIVED, SENT, ACKNOWLEDGED, ANSWERED, FILLED, PRICED, ANNOUNCED, ON_TIME, MATCHED)
)


class DistEdiScorecard(models.Model):
    """What trading partners do well, and what not: a row for each thing that was done, right or wrong.

    A share of these rows is right whatever they are grouped by: month, partner or subject.
    """

    _name = "dist.edi.scorecard"
    _description = "Scorecard of trading partners"
    _auto = False
    _table_query = (
        "SELECT id, subject, edi_partner_id, company_id, date, is_good, CASE WHEN is_good THEN 100.0 ELSE 0.0 END "
        f"AS rate, share, hours, deviation, res_model, res_id FROM ({FACTS}) AS fact"
    )
    _order = "date desc, id desc"
    _depends = {
        "dist.edi.agreement": ["code", "direction", "edi_partner_id"],
        "dist.edi.document": [
            "acknowledged",
            "direction",
            "edi_partner_id",
            "message_id",
            "original_id",
            "state",
        ],
        "dist.edi.expectation": ["due_at", "received_at", "sent_at", "state"],
        "dist.edi.interchange": ["is_test"],
        "dist.edi.partner": ["acknowledgement_hours", "active", "partner_id"],
        "dist.supplier.acknowledgement": ["edi_partner_id", "order_id", "state"],
        "dist.supplier.acknowledgement.line": [
            "ordered_price",
            "ordered_quantity",
            "price",
            "quantity",
            "state",
        ],
        "dist.supplier.invoice": ["decided_by_id", "edi_partner_id", "kind", "state"],
        "dist.supplier.invoice.line": ["is_charge", "order_line_id", "ordered_price", "price"],
        "dist.supplier.shipment": ["edi_partner_id", "state"],
        "dist.supplier.shipment.line": ["differences", "product_id", "product_quantity"],
        "purchase.order": ["company_id", "partner_id", "state"],
        "purchase.order.line": ["date_planned", "product_uom_qty"],
        "stock.move": ["purchase_line_id"],
        "stock.move.line": ["date", "quantity_product_uom", "state"],
        "stock.picking": ["dist_supplier_shipment_id", "state"],
    }

    subject = fields.Selection(SUBJECTS, readonly=True)
    edi_partner_id = fields.Many2one("dist.edi.partner", string="Trading partner", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    date = fields.Datetime(readonly=True)
    is_good = fields.Boolean(string="As it should be", readonly=True)
    rate = fields.Float(
        string="As it should be (%)",
        digits=(5, 1),
        group_operator="avg",
        readonly=True,
        help="Share of what was done.",
    )
    share = fields.Float(
        string="Quantity (%)",
        digits=(5, 1),
        group_operator="avg",
        readonly=True,
        help="Of what was ordered: as far as it was confirmed, or came in time.",
    )
    hours = fields.Float(
        digits=(16, 1), group_operator="avg", readonly=True, help="From sending to the answer."
    )
    deviation = fields.Float(
        string="Price deviation (%)",
        digits=(16, 2),
        group_operator="avg",
        readonly=True,
        help="From the price that was ordered; above zero it is dearer.",
    )
    res_model = fields.Char(readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", string="Record", readonly=True)

    def _compute_display_name(self):
        labels = dict(self._fields["subject"]._description_selection(self.env))
        for fact in self:
            fact.display_name = f"{labels.get(fact.subject, '')}: {fact.edi_partner_id.display_name}"

    def action_open_record(self):
        """Open the record that this is about."""
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id)._dist_open()
