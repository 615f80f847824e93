/** @odoo-module **/

import {Component, onWillStart, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {loadBundle} from "@web/core/assets";
import {registry} from "@web/core/registry";
import {useService} from "@web/core/utils/hooks";
import {DashboardChart} from "./chart.esm";
import {useFigures} from "./figures.esm";
import {formatDuration, formatNumber, formatShare} from "./format.esm";

const PERIOD_KEY = "dist_dashboard_period";

/** What moves, what waits, what fails, and what that puts at risk. */
export class Dashboard extends Component {
    static template = "dist_integration_base.Dashboard";
    static components = {DashboardChart};
    static props = ["*"];

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.periods = [
            ["hour", _t("Last hour")],
            ["day", _t("24 hours")],
            ["week", _t("7 days")],
            ["month", _t("30 days")],
        ];
        this.texts = {
            tries: _t("Tries"),
            noTries: _t("Nothing moved in this time"),
            latency: _t("From commit to delivery"),
            noLatency: _t("Nothing was delivered in this time"),
            exceptions: _t("Exceptions opened"),
            noExceptions: _t("No exception in this time"),
        };
        this.state = useState({
            period: window.localStorage.getItem(PERIOD_KEY) || "day",
            figures: null,
            failed: false,
        });
        this.duration = formatDuration;
        this.number = formatNumber;
        this.share = formatShare;
        this.load = useFigures(this.state, "period", "dist.dashboard");
        onWillStart(() => loadBundle("web.chartjs_lib"));
    }

    async choose(period) {
        window.localStorage.setItem(PERIOD_KEY, period);
        this.state.period = period;
        await this.load();
    }

    /** Open the records behind a figure. */
    async open(figure, recordId = false, start = false, end = false) {
        const action = await this.orm.call("dist.dashboard", "open_records", [
            figure,
            this.state.period,
            recordId,
            start,
            end,
        ]);
        await this.action.doAction(action);
    }

    openAction(action) {
        return this.action.doAction(action);
    }

    /** Open what was counted in one column of a chart. */
    openColumn(figure, index, recordId = false) {
        const {labels, seconds} = this.state.figures.charts;
        const end = luxon.DateTime.fromSQL(labels[index], {zone: "utc"}).plus({seconds});
        return this.open(figure, recordId, labels[index], end.toFormat("yyyy-MM-dd HH:mm:ss"));
    }

    get shareClass() {
        const share = this.state.figures.summary.share;
        if (share === null) {
            return "text-muted";
        }
        return share < 0.9 ? "text-danger" : share < 0.98 ? "text-warning" : "text-success";
    }

    get attemptSets() {
        const {success, failure} = this.state.figures.charts;
        return [
            {label: _t("Succeeded"), values: success, color: "#28a745", figure: "success"},
            {label: _t("Failed"), values: failure, color: "#dc3545", figure: "failures"},
        ];
    }

    get latencySets() {
        const {p50, p95} = this.state.figures.charts;
        return [
            {label: _t("Half of them within"), values: p50, color: "#17a2b8", figure: "latency"},
            {label: _t("95 of 100 within"), values: p95, color: "#714b67", figure: "latency"},
        ];
    }

    get exceptionSets() {
        const colors = ["#dc3545", "#fd7e14", "#ffc107", "#714b67", "#17a2b8", "#6f42c1", "#343a40", "#adb5bd"];
        return this.state.figures.charts.exceptions.map((row, index) => ({
            label: row.label,
            values: row.numbers,
            color: colors[index],
            figure: "opened",
            recordId: row.category,
        }));
    }
}

registry.category("actions").add("dist_dashboard", Dashboard);
