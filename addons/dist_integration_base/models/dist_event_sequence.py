from odoo import fields, models


class DistEventSequence(models.Model):
    """Last sequence number given to an event of each record."""

    _name = "dist.event.sequence"
    _description = "Event sequence"
    _log_access = False

    res_model = fields.Char(required=True)
    res_id = fields.Many2oneReference(model_field="res_model", required=True)
    last_number = fields.Integer(required=True)

    _sql_constraints = [("record_uniq", "unique(res_model, res_id)", "A record has one event sequence.")]

    def _allocate(self, keys):
        """Next numbers for a list of records, one each, in the given order.

        :param keys: list of (model name, record id), the same may come several times
        :return: list of numbers, parallel to keys
        """
        counts = {}
        for key in keys:
            counts[key] = counts.get(key, 0) + 1
        # sorted, so that two transactions lock the rows in the same order
        rows = sorted((model, res_id, count) for (model, res_id), count in counts.items())
        self.env.cr.execute(
            """
            INSERT INTO dist_event_sequence AS known (res_model, res_id, last_number)
            SELECT * FROM unnest(%s::varchar[], %s::integer[], %s::integer[])
            ON CONFLICT (res_model, res_id)
            DO UPDATE SET last_number = known.last_number + EXCLUDED.last_number
            RETURNING res_model, res_id, last_number
            """,
            tuple(list(column) for column in zip(*rows, strict=True)),
        )
        following = {
            (model, res_id): last - counts[model, res_id] for model, res_id, last in self.env.cr.fetchall()
        }
        numbers = []
        for key in keys:
            following[key] += 1
            numbers.append(following[key])
        return numbers
