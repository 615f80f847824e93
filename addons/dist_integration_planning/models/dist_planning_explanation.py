from markupsafe import Markup

from odoo import _, api, models
from odoo.tools import format_amount
from odoo.tools.float_utils import float_repr

from ..lib.inventory import safety_factor


class DistPlanningExplanation(models.AbstractModel):
    """How the numbers of a planned item come about: figures kept by the run, told in the reader's language."""

    _name = "dist.planning.explanation"
    _description = "Explanation of planned numbers"

    @api.model
    def _prepare(self, one, periods):
        """:return: dict of figures, of a Planned of `dist.planning.run`"""
        return {
            "bucket": periods.kind,
            "as_of": str(periods.today),
            **self._prepare_demand(one),
            **self._prepare_forecast(one),
            **self._prepare_decision(one, periods),
        }

    @api.model
    def _prepare_demand(self, one):
        history = one.history
        usable = [value for value, counts in zip(history.net, history.usable) if counts]
        sold = range(history.first_bucket, len(history.gross))
        return {
            "buckets": len(usable),
            "stock_outs": sum(not history.usable[index] for index in sold),
            "mean": sum(usable) / len(usable) if usable else 0.0,
            "pattern": one.forecast.pattern.kind,
            "interval": one.forecast.pattern.interval,
            "variation": one.forecast.pattern.variation,
            # how long nothing was sold
            "gap": next((age for age, value in enumerate(reversed(usable)) if value > 0.0), len(usable)),
            "superseded": one.item.supersedes_id.display_name or "",
        }

    @api.model
    def _prepare_forecast(self, one):
        forecast = one.forecast
        return {
            "method": forecast.method,
            "notes": list(forecast.notes),
            "seasonality": forecast.seasonality,
            "error": forecast.error,
            "naive_error": forecast.naive_error,
            "bias": forecast.bias,
            "forecast": sum(forecast.values) / len(forecast.values),
            "dependent": sum(one.dependent) / len(one.dependent) if one.dependent else 0.0,
        }

    @api.model
    def _prepare_decision(self, one, periods):
        decision, supply, stock = one.plan, one.supply, one.stock
        return {
            "service_level": supply.service_level,
            "lead_time": supply.lead_time,
            "lead_time_deviation": supply.lead_time_deviation,
            "review_time": supply.review_time,
            "protection_demand": decision.target.demand,
            "deviation": decision.target.deviation,
            "safety_stock": decision.target.safety_stock,
            "reorder_point": decision.target.reorder_point,
            "order_up_to": decision.target.order_up_to,
            "lot_size": decision.lot_size,
            "on_hand": stock.on_hand,
            "incoming": sum(stock.incoming),
            "owed": stock.owed,
            "position": decision.position,
            "need": decision.need,
            "minimum": supply.minimum,
            "multiple": supply.multiple,
            "quantity": decision.quantity,
            "stock_out": decision.stock_out,
            "surplus": decision.surplus,
            "surplus_value": decision.surplus * supply.unit_cost,
            "supplier": one.seller.partner_id.display_name or "",
            "from_warehouse": one.from_warehouse.display_name or "",
        }

    @api.model
    def _render(self, figures, unit, currency):
        """Tell figures in words.

        :param figures: dict as of `_prepare`, or False
        :param unit: uom.uom of the quantities
        :return: Markup; False without figures
        """
        if not figures:
            return False
        words = _Words(self.env, figures, unit, currency)
        parts = [
            (_("What was sold"), self._tell_demand(words)),
            (_("Forecast"), self._tell_forecast(words)),
            (_("Safety stock: %s", words.quantity("safety_stock")), self._tell_safety(words)),
            (_("Reorder point: %s", words.quantity("reorder_point")), self._tell_point(words)),
            (_("To order: %s", words.quantity("quantity")), self._tell_order(words)),
        ]
        return Markup("").join(
            Markup("<h4>%s</h4><ul>%s</ul>")
            % (title, Markup("").join(Markup("<li>%s</li>") % line for line in lines))
            for title, lines in parts
        )

    @api.model
    def _tell_demand(self, words):
        figures = words.figures
        lines = [
            _(
                "%(mean)s a %(bucket)s on average, over %(count)s %(buckets)s that tell something about demand.",
                mean=words.quantity("mean"),
                bucket=words.bucket,
                buckets=words.buckets,
                count=figures["buckets"],
            )
        ]
        if figures["stock_outs"]:
            lines.append(
                _(
                    "%(count)s %(buckets)s are left out: the item was out of stock for most of their days.",
                    count=figures["stock_outs"],
                    buckets=words.buckets,
                )
            )
        if figures["superseded"]:
            lines.append(
                _("The sales of %s count as its own: it takes that item's place.", figures["superseded"])
            )
        patterns = {
            "smooth": _("Demand is smooth: nearly every %(bucket)s, of similar size."),
            "erratic": _("Demand is erratic: nearly every %(bucket)s, of very different size."),
            "intermittent": _("Demand is intermittent: every %(interval)s on average, of similar size."),
            "lumpy": _("Demand is lumpy: every %(interval)s on average, of very different size."),
            "none": _("Nothing was sold in this time."),
        }
        interval = f"{words.number(figures['interval'])} {words.buckets}"
        lines.append(patterns[figures["pattern"]] % {"bucket": words.bucket, "interval": interval})
        return lines

    @api.model
    def _tell_forecast(self, words):
        figures = words.figures
        lines = [
            _(
                "%(quantity)s a %(bucket)s, by the method %(method)s.",
                quantity=words.quantity("forecast"),
                bucket=words.bucket,
                method=figures["method"],
            )
        ]
        notes = self._get_notes(words)
        lines += [notes[note] for note in figures["notes"]]
        if figures["seasonality"]:
            lines.append(
                _(
                    "It follows a season, of which %s is trusted; with it, the end of the history was met better.",
                    words.share(figures["seasonality"]),
                )
            )
        if figures["error"] is not None:
            lines.append(self._tell_backtest(words))
        if figures["dependent"]:
            lines.append(
                _(
                    "Warehouses that are resupplied from here need %(quantity)s a %(bucket)s more.",
                    quantity=words.quantity("dependent"),
                    bucket=words.bucket,
                )
            )
        return lines

    @api.model
    def _get_notes(self, words):
        """:return: dict, code of what is special about a forecast to its text"""
        return {
            "short": _(
                "The history is too short to try methods on: it is the mean of what is there, in which the last "
                "%s count most.",
                words.buckets,
            ),
            "prior": _(
                "The item is new: the expected demand that was entered counts until its own sales tell more."
            ),
            "ended": _("The item is not sold any more after its end: nothing is forecast from then on."),
            "stopped": _(
                "Nothing was sold in the last %(count)s %(buckets)s, which is longer than ever before; if demand went "
                "on, so long a gap would come less than once in a thousand times. It has stopped: nothing is forecast "
                "until the item is sold again.",
                # what was planned before has none
                count=words.figures.get("gap"),
                buckets=words.buckets,
            ),
            "no_demand": _("Without any sale nothing is forecast."),
            "last_value": _(
                "No average of earlier sales comes closer to its demand: what was sold last is expected again."
            ),
            "runs": _(
                "Sales come in runs of %(buckets)s: what is expected next depends on whether the item was sold in the "
                "last %(bucket)s.",
                buckets=words.buckets,
                bucket=words.bucket,
            ),
        }

    @api.model
    def _tell_backtest(self, words):
        if "last_value" in words.figures["notes"]:
            return _(
                "Tried on the end of the history it missed the demand over lead and review time by %(error)s on "
                "average. It was %(bias)s.",
                error=words.quantity("error"),
                bias=words.bias,
            )
        return _(
            "Tried on the end of the history it missed the demand over lead and review time by %(error)s on "
            "average; the last value would have missed it by %(naive)s. It was %(bias)s.",
            error=words.quantity("error"),
            naive=words.quantity("naive_error"),
            bias=words.bias,
        )

    @api.model
    def _tell_safety(self, words):
        figures = words.figures
        lines = [
            _(
                "A service level of %(level)s asks for %(factor)s standard deviations of the forecast's error.",
                level=words.share(figures["service_level"]),
                factor=words.number(safety_factor(figures["service_level"])),
            ),
            _(
                "Over %(days)s days (%(lead)s until an order arrives, %(review)s until the next look) that deviation "
                "is %(deviation)s.",
                days=words.number(figures["lead_time"] + figures["review_time"]),
                lead=words.number(figures["lead_time"]),
                review=words.number(figures["review_time"]),
                deviation=words.quantity("deviation"),
            ),
        ]
        if figures["lead_time_deviation"]:
            lines.append(
                _(
                    "The supplier's lead times spread by %s days, which counts as well.",
                    words.number(figures["lead_time_deviation"]),
                )
            )
        return lines

    @api.model
    def _tell_point(self, words):
        lines = [
            _(
                "%(demand)s expected in this time and %(safety)s safety stock.",
                demand=words.quantity("protection_demand"),
                safety=words.quantity("safety_stock"),
            ),
            _("An order fills up to %s.", words.quantity("order_up_to")),
        ]
        if words.figures["lot_size"]:
            lines.append(_("The economic order quantity is %s.", words.quantity("lot_size")))
        return lines

    @api.model
    def _tell_order(self, words):
        figures = words.figures
        lines = [
            _(
                "%(on_hand)s in stock, %(incoming)s on the way, %(owed)s owed to customers: a position of "
                "%(position)s.",
                on_hand=words.quantity("on_hand"),
                incoming=words.quantity("incoming"),
                owed=words.quantity("owed"),
                position=words.quantity("position"),
            )
        ]
        if not figures["need"]:
            lines.append(_("That is not below the reorder point: nothing is to be ordered."))
        else:
            lines.append(
                _(
                    "That is below the reorder point; %(need)s are missing up to %(level)s.",
                    need=words.quantity("need"),
                    level=words.quantity("order_up_to"),
                )
            )
            lines += self._tell_rules(words)
        if figures["surplus"]:
            lines.append(
                _(
                    "%(quantity)s are more than an order would fill up to: %(value)s.",
                    quantity=words.quantity("surplus"),
                    value=words.money("surplus_value"),
                )
            )
        return lines

    @api.model
    def _tell_rules(self, words):
        figures, lines = words.figures, []
        if figures["minimum"] > figures["need"]:
            lines.append(_("%s is the least that can be ordered.", words.quantity("minimum")))
        if figures["multiple"]:
            lines.append(_("It comes in multiples of %s.", words.quantity("multiple")))
        if figures["from_warehouse"]:
            lines.append(_("It comes from %s.", figures["from_warehouse"]))
        elif figures["supplier"]:
            lines.append(_("It is bought from %s.", figures["supplier"]))
        else:
            lines.append(_("Nobody is known to buy it from: add a supplier to the product."))
        return lines


class _Words:
    """Figures as text."""

    def __init__(self, env, figures, unit, currency):
        self.env, self.figures, self.unit, self.currency = env, figures, unit, currency
        self.bucket, self.buckets = {
            "day": (_("day"), _("days")),
            "week": (_("week"), _("weeks")),
            "month": (_("month"), _("months")),
        }[figures["bucket"]]

    def number(self, value):
        return float_repr(value, 2 if value < 10 else 1).rstrip("0").rstrip(".")

    def quantity(self, name):
        return f"{self.number(self.figures[name])} {self.unit.name}"

    def share(self, value):
        return f"{self.number(100.0 * value)} %"

    def money(self, name):
        return format_amount(self.env, self.figures[name], self.currency)

    @property
    def bias(self):
        bias = self.figures["bias"]
        if abs(bias) < 0.005:
            return _("neither too high nor too low")
        text = f"{self.number(abs(bias))} {self.unit.name}"
        return _("%s too high", text) if bias > 0 else _("%s too low", text)
