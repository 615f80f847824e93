from collections import namedtuple
from itertools import combinations

from odoo import _, api, models
from odoo.tools import SQL

from ..lib.plan_file import KINDS, MAX_FAULTS, Fault, read_day
from .plan_refused import PlanRefused

# what may be wrong with a row: SQL condition on it and what its codes mean
Check = namedtuple("Check", "code field condition message")
# columns that tell the rows of a kind apart; codes that mean nothing are as different as they are
PLACE = SQL(
    "item.product_id, CASE WHEN item.product_id IS NULL THEN staged.sku END, "
    "place.warehouse_id, CASE WHEN place.code IS NULL THEN staged.warehouse END"
)
KEYS = {
    "forecast": SQL("%s, starts.day, CASE WHEN starts.day IS NULL THEN staged.bucket_start END", PLACE),
    "parameter": PLACE,
    "proposal": SQL("staged.key"),
}
# the same of the lines of an order
ORDER_LINE = SQL("staged.file, staged.kind, item.product_id, place.warehouse_id, origin.warehouse_id")
KEY_FIELDS = {"forecast": "sku", "parameter": "sku", "proposal": "key"}
DATES = {"forecast": ("bucket_start",), "proposal": ("date_planned", "date_order"), "alert": ("date",)}


class DistPlanningBatch(models.Model):
    """What is wrong with the staged rows of a version: all of it is found before anything counts."""

    _inherit = "dist.planning.batch"

    def _count_staged(self):
        """:return: dict, kind to number of staged rows"""
        counts = SQL(", ").join(SQL("(SELECT count(*) FROM %s)", SQL(f"dist_plan_{kind}")) for kind in KINDS)
        self.env.cr.execute(SQL("SELECT %s", counts))
        found = dict(zip(KINDS, self.env.cr.fetchone(), strict=True))
        for kind in KINDS:
            self.env.cr.execute(SQL("ANALYZE pg_temp.%s", SQL.identifier(f"dist_plan_{kind}")))
        return found

    def _check_counts(self, counts):
        """:raises PlanRefused: more or fewer rows than the manifest says, or more than the source may send"""
        faults = []
        total, limit = sum(counts.values()), self.source_id.batch_line_limit
        if limit and total > limit:
            message = _(
                "The source may send %(limit)s rows at most, and sent %(total)s.", limit=limit, total=total
            )
            faults.append(Fault("", 0, "", str(total), "too_many_rows", message))
        faults += self._check_emptiness()
        manifest = self.manifest or {}
        for kind, expected in self._get_expected(counts).items():
            faults += self._compare_count("", kind, expected, counts.get(kind, 0))
        declared = manifest.get("files") or []
        for file in self.file_ids:
            if declared:
                own = [entry for entry in declared if entry["sha256"] == file.checksum]
                faults += self._compare_file(file, own)
        if faults:
            raise PlanRefused(faults)

    def _get_expected(self, counts):
        """:return: dict, kind to the number of rows that the manifest of a file of all kinds says; what it leaves out
        is none
        """
        said = (self.manifest or {}).get("counts")
        return {} if said is None else {**dict.fromkeys(counts, 0), **said}

    def _check_emptiness(self):
        """:return: list of Fault; nothing to propose is a plan as well, but nothing to expect is none"""
        said = (self.manifest or {}).get("counts") or {}
        takes_away = said.get("forecast") == 0 and self.source_id.forecast_batch_id.forecast_count
        message = _("There is no row in it: the forecasts in force would be gone.")
        return [
            Fault(file.name, 0, "", "", "empty", message)
            for file in self.file_ids
            if (file.kind == "forecast" and not file.row_count) or (file.kind == "plan" and takes_away)
        ]

    def _compare_file(self, file, declared):
        """:param declared: list of what the manifest says of files with this content"""
        if not declared:
            return [
                Fault(file.name, 0, "files", "", "undeclared", _("The manifest does not name this file."))
            ]
        own = next((entry for entry in declared if entry.get("kind", file.kind) == file.kind), None)
        if not own:
            message = _("The manifest says that its rows are of the kind %s.", declared[0]["kind"])
            return [Fault(file.name, 0, "kind", file.kind, "other_kind", message)]
        return self._compare_count(file.name, file.kind, own.get("rows", file.row_count), file.row_count)

    def _compare_count(self, name, kind, expected, found):
        if expected == found:
            return []
        message = _(
            "The manifest says %(expected)s rows (%(kind)s), but there are %(found)s.",
            expected=expected,
            kind=kind,
            found=found,
        )
        return [Fault(name, 0, "rows", str(found), "partial", message)]

    def _note_row_counts(self):
        """Keep how many rows came from each file."""
        parts = SQL(" UNION ALL ").join(
            SQL("SELECT file FROM %s", SQL(f"dist_plan_{kind}")) for kind in KINDS
        )
        self.env.cr.execute(SQL("SELECT file, count(*) FROM (%s) AS staged GROUP BY file", parts))
        counts = dict(self.env.cr.fetchall())
        for file in self.file_ids:
            file.row_count = counts.get(file.id, 0)

    # rows

    @api.model
    def _create_dates(self):
        """`dist_known_date`: the texts that stand for days, and the days."""
        parts = SQL(" UNION ").join(
            SQL("SELECT %s FROM %s", SQL.identifier(name), SQL(f"dist_plan_{kind}"))
            for kind, names in DATES.items()
            for name in names
        )
        self.env.cr.execute(parts)
        rows = [(text, day) for (text,) in self.env.cr.fetchall() if text and (day := read_day(text))]
        self.env["dist.planning.codes"]._create_table("dist_known_date (code varchar, day date)", rows)

    def _get_staged_rows(self, kind):
        """:return: SQL of the staged rows with what their codes mean"""
        joins = {
            "forecast": SQL("LEFT JOIN dist_known_date starts ON starts.code = staged.bucket_start"),
            "parameter": SQL(""),
            "alert": SQL("LEFT JOIN dist_known_date due ON due.code = staged.date"),
            "proposal": SQL(
                """
                LEFT JOIN dist_known_date due ON due.code = staged.date_planned
                LEFT JOIN dist_known_date ordered ON ordered.code = staged.date_order
                LEFT JOIN dist_known_warehouse origin ON origin.code = staged.source_warehouse
                LEFT JOIN dist_known_supplier vendor ON vendor.code = staged.supplier
                """
            ),
        }
        units = SQL("")
        if kind != "alert":
            units = SQL(
                "LEFT JOIN dist_known_unit unit ON unit.code = staged.unit AND unit.uom_id = item.uom_id"
            )
        return SQL(
            """
            %s AS staged
            LEFT JOIN dist_known_item item ON item.code = staged.sku
            LEFT JOIN dist_known_warehouse place ON place.code = staged.warehouse
            %s %s
            """,
            SQL(f"dist_plan_{kind}"),
            units,
            joins[kind],
        )

    def _check_rows(self, counts, unread=()):
        """:param unread: list of Fault of the rows that could not be read
        :raises PlanRefused: rows are wrong; whoever corrects them is told of all kinds of mistakes at once
        """
        faults, total = list(unread), len(unread)
        kinds = [kind for kind, count in counts.items() if count]
        for kind in kinds:
            found, number = self._find_faults(kind)
            faults += found
            total += number
        if not faults:
            # what is there twice shows when it is stored
            return
        for kind in KEYS.keys() & set(kinds):
            twice = self._find_duplicates(kind)
            faults += twice
            total += len(twice)
        raise PlanRefused(sorted(faults), total)

    def _find_faults(self, kind):
        """:return: (list of the first faults, their number)"""
        checks, rows = self._get_checks(kind), self._get_staged_rows(kind)
        counted = SQL(", ").join(SQL("count(*) FILTER (WHERE %s)", check.condition) for check in checks)
        self.env.cr.execute(SQL("SELECT %s FROM %s", counted, rows))
        numbers = self.env.cr.fetchone()
        faults = []
        for check, number in zip(checks, numbers, strict=True):
            if number:
                faults += self._describe_faults(check, rows)
        return sorted(faults)[:MAX_FAULTS], sum(numbers)

    def _describe_faults(self, check, rows):
        self.env.cr.execute(
            SQL(
                "SELECT staged.file, staged.line, staged.%s FROM %s WHERE %s ORDER BY 1, 2 LIMIT %s",
                SQL.identifier(check.field),
                rows,
                check.condition,
                MAX_FAULTS,
            )
        )
        return self._make_faults(check.field, check.code, check.message)

    def _make_faults(self, field, code, message):
        """:return: list of Fault of the rows that were selected: file, line, value"""
        names = {file.id: file.name for file in self.file_ids}
        return [
            Fault(names.get(file, ""), line or 0, field, _to_text(value), code, message)
            for file, line, value in self.env.cr.fetchall()
        ]

    def _find_duplicates(self, kind):
        """:return: list of Fault of the rows that say the same twice"""
        message = _("There is more than one row of it.")
        return self._find_copies(kind, KEY_FIELDS[kind], KEYS[kind], message)

    def _find_items_twice(self):
        """:return: list of Fault of the rows of one item and place in the file of a single order: whatever numbers they
        have, it would be ordered twice
        """
        orders = self.file_ids.filtered(lambda file: file._is_one_order())
        message = _("The order has this item more than once for the same warehouse.")
        return self._find_copies("proposal", "sku", ORDER_LINE, message) if orders else []

    def _find_copies(self, kind, field, key, message):
        """:param field: of the rows, by which they are named
        :param key: SQL of what no two rows have in common
        :return: list of Fault
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT file, line, value FROM (
                    SELECT staged.file, staged.line, staged.%s AS value, count(*) OVER (PARTITION BY %s) AS copies
                    FROM %s
                ) AS keyed WHERE copies > 1 ORDER BY file, line LIMIT %s
                """,
                SQL.identifier(field),
                key,
                self._get_staged_rows(kind),
                MAX_FAULTS,
            )
        )
        return self._make_faults(field, "duplicate_key", message)

    def _get_checks(self, kind):
        """:return: list of Check of the rows of a kind"""
        checks = [
            Check("unknown_item", "sku", SQL("item.code IS NULL"), _("No product has this number.")),
            Check(
                "ambiguous_item",
                "sku",
                SQL("item.code IS NOT NULL AND item.product_id IS NULL"),
                _("Several products have this number."),
            ),
            Check(
                "unknown_warehouse",
                "warehouse",
                SQL("staged.warehouse IS NOT NULL AND place.code IS NULL"),
                _("No warehouse has this code."),
            ),
            Check(
                "warehouse_not_allowed",
                "warehouse",
                SQL("NOT place.allowed"),
                _("The source may not plan this warehouse."),
            ),
        ]
        if kind != "alert":
            checks += self._get_unit_checks()
        return checks + getattr(self, f"_get_{kind}_checks")()

    def _get_unit_checks(self):
        known = SQL("staged.unit IN (SELECT code FROM dist_named_unit)")
        missing = SQL("staged.unit IS NOT NULL AND unit.code IS NULL AND item.product_id IS NOT NULL")
        return [
            Check("unknown_unit", "unit", SQL("%s AND NOT %s", missing, known), _("Nobody knows this unit.")),
            Check(
                "unit_category",
                "unit",
                SQL("%s AND %s", missing, known),
                _("The product is not counted in this kind of unit."),
            ),
        ]

    def _get_forecast_checks(self):
        return [
            Check("invalid_date", "bucket_start", SQL("starts.day IS NULL"), _("It is no date.")),
            Check(
                "invalid_bucket",
                "bucket",
                SQL("staged.bucket NOT IN ('day', 'week', 'month')"),
                _("It is not one of day, week and month."),
            ),
            Check(
                "bucket_start",
                "bucket_start",
                SQL(
                    """
                    staged.calendar IS NULL AND starts.day <> CASE COALESCE(staged.bucket, %s)
                        WHEN 'week' THEN date_trunc('week', starts.day)::date
                        WHEN 'month' THEN date_trunc('month', starts.day)::date
                        ELSE starts.day END
                    """,
                    self.source_id.bucket,
                ),
                _("A week starts on Monday, a month on its first day."),
            ),
            Check(
                "below_zero",
                "baseline",
                SQL("staged.baseline < 0 OR staged.baseline + COALESCE(staged.uplift, 0) < 0"),
                _("Nobody buys less than nothing."),
            ),
            Check(
                "band_order",
                "low",
                # each with each: any of them may be left out
                SQL(" OR ").join(
                    SQL("staged.%s > staged.%s", SQL.identifier(less), SQL.identifier(more))
                    for less, more in combinations(("low", "lower", "upper", "high"), 2)
                ),
                _("The band's limits are not in their order: low, lower, upper, high."),
            ),
        ]

    def _get_parameter_checks(self):
        names = ("safety_stock", "reorder_point", "maximum", "lead_time_days")
        below_zero = _("It is below zero.")
        return [
            *(
                Check("below_zero", name, SQL("staged.%s < 0", SQL.identifier(name)), below_zero)
                for name in names
            ),
            Check(
                "maximum_below_point",
                "maximum",
                SQL("staged.maximum < staged.reorder_point"),
                _("It is below the reorder point."),
            ),
            Check(
                "service_level",
                "service_level",
                SQL("staged.service_level NOT BETWEEN 0 AND 1"),
                _("A service level is between 0 and 1."),
            ),
        ]

    def _get_alert_checks(self):
        return [
            Check(
                "invalid_severity",
                "severity",
                SQL("staged.severity NOT IN ('low', 'normal', 'high', 'critical')"),
                _("It is not one of low, normal, high and critical."),
            ),
            Check(
                "invalid_date",
                "date",
                SQL("staged.date IS NOT NULL AND due.day IS NULL"),
                _("It is no date."),
            ),
        ]

    def _get_proposal_checks(self):
        kinds = self.source_id._get_allowed_kinds()
        moved = SQL("staged.kind IN ('purchase', 'transfer')")
        return [
            Check(
                "invalid_kind",
                "kind",
                SQL("staged.kind NOT IN ('purchase', 'transfer', 'reordering')"),
                _("It is not one of purchase, transfer and reordering."),
            ),
            Check(
                "kind_not_allowed",
                "kind",
                SQL("staged.kind NOT IN %s", tuple(kinds) or ("",)),
                _("The source may not propose this."),
            ),
            Check(
                "invalid_quantity",
                "quantity",
                SQL("staged.quantity < 0 OR staged.quantity = 0 AND %s", moved),
                _("There is nothing to do."),
            ),
            Check(
                "maximum_below_point",
                "maximum",
                SQL("staged.maximum < staged.quantity"),
                _("It is below the reorder point."),
            ),
            Check(
                "missing_date",
                "date_planned",
                SQL("due.day IS NULL AND %s", moved),
                _("When it is needed is no date."),
            ),
            Check(
                "invalid_date",
                "date_order",
                SQL("staged.date_order IS NOT NULL AND ordered.day IS NULL"),
                _("It is no date."),
            ),
            Check(
                "unknown_supplier",
                "supplier",
                SQL("staged.supplier IS NOT NULL AND vendor.partner_id IS NULL"),
                _("No supplier, or more than one, has this number."),
            ),
            *self._get_transfer_checks(),
        ]

    def _get_transfer_checks(self):
        moved = SQL("staged.kind = 'transfer'")
        return [
            Check(
                "unknown_warehouse",
                "source_warehouse",
                SQL("%s AND origin.code IS NULL", moved),
                _("No warehouse to take it from has this code."),
            ),
            Check(
                "warehouse_not_allowed",
                "source_warehouse",
                SQL("%s AND NOT origin.allowed", moved),
                _("The source may not plan this warehouse."),
            ),
            Check(
                "same_warehouse",
                "source_warehouse",
                SQL("%s AND origin.warehouse_id = place.warehouse_id", moved),
                _("It would be moved to where it is."),
            ),
        ]


def _to_text(value):
    """:return: a value much as it stood in the file"""
    if value is None:
        return ""
    return f"{value:.15g}" if isinstance(value, float) else str(value)
