/** @odoo-module **/
/* global Chart */

import {Component, onWillStart, onWillUpdateProps, useEffect, useRef, useState} from "@odoo/owl";
import {_t} from "@web/core/l10n/translation";
import {loadBundle} from "@web/core/assets";
import {registry} from "@web/core/registry";
import {standardWidgetProps} from "@web/views/widgets/standard_widget_props";
import {useService} from "@web/core/utils/hooks";

// The first source is drawn with its band, the others as lines beside it.
const COLOURS = ["#017e84", "#8f5db7", "#d18b1f", "#b5485d"];
const ACTUAL = "#495057";
const STOCK = "#2f6fb3";
const WARNING = "#c0392b";

/** Demand and stock of the item that a form is about: what was, what is expected, and between which bounds. */
export class PlanningChart extends Component {
    static template = "dist_integration_planning.PlanningChart";
    static props = {...standardWidgetProps};

    setup() {
        this.orm = useService("orm");
        this.demand = useRef("demand");
        this.stock = useRef("stock");
        this.state = useState({figures: false});
        onWillStart(async () => {
            await loadBundle("web.chartjs_lib");
            await this.load(this.props);
        });
        onWillUpdateProps((next) => this.load(next));
        useEffect(
            () => {
                if (!this.state.figures) {
                    return undefined;
                }
                const charts = [
                    new Chart(this.demand.el, this.getDemand()),
                    new Chart(this.stock.el, this.getStock()),
                ];
                return () => charts.forEach((chart) => chart.destroy());
            },
            () => [this.state.figures]
        );
    }

    async load(props) {
        const {product_id: product, warehouse_id: warehouse} = props.record.data;
        const key = JSON.stringify([product, warehouse, props.record.resId]);
        if (key === this.key || !product || !warehouse) {
            return;
        }
        this.key = key;
        this.state.figures = await this.orm.call("dist.planning.item", "get_planning_chart", [
            this.getId(product),
            this.getId(warehouse),
        ]);
    }

    /** Until 18.0 a many2one is a pair, from then on an object. */
    getId(value) {
        return Array.isArray(value) ? value[0] : value.id;
    }

    formatDay(text) {
        return luxon.DateTime.fromISO(text).toLocaleString({month: "short", day: "numeric"});
    }

    getLine(label, data, colour, options = {}) {
        return {
            label,
            data,
            borderColor: colour,
            backgroundColor: colour,
            borderWidth: 2,
            pointRadius: 0,
            tension: 0.2,
            ...options,
        };
    }

    getBand(source, colour) {
        const options = {borderWidth: 0, pointRadius: 0, isBand: true};
        return [
            this.getLine(_t("Low (5 %)"), source.low, colour, options),
            this.getLine(_t("High (95 %)"), source.high, colour, {
                ...options,
                backgroundColor: `${colour}22`,
                fill: "-1",
            }),
            this.getLine(_t("Lower (25 %)"), source.lower, colour, options),
            this.getLine(_t("Upper (75 %)"), source.upper, colour, {
                ...options,
                backgroundColor: `${colour}44`,
                fill: "-1",
            }),
        ];
    }

    getDemand() {
        const {actual, out_of_stock: gone, labels, sources} = this.state.figures;
        const datasets = [
            this.getLine(_t("Sold"), actual, ACTUAL, {
                pointRadius: gone.map((out) => (out ? 4 : 0)),
                pointBackgroundColor: WARNING,
                pointBorderColor: WARNING,
            }),
            ...sources.map((source, index) =>
                this.getLine(source.name, source.forecast, COLOURS[index % COLOURS.length], {
                    borderDash: index ? [4, 4] : [],
                })
            ),
        ];
        const banded = sources.findIndex((source) => source.high.some((value) => value !== null));
        if (banded >= 0) {
            datasets.push(...this.getBand(sources[banded], COLOURS[banded % COLOURS.length]));
        }
        return this.getConfiguration(labels, datasets);
    }

    getStock() {
        const {labels, past, stock} = this.state.figures;
        const ahead = labels.slice(past);
        const level = (value) => ahead.map(() => value);
        return this.getConfiguration(ahead, [
            this.getLine(_t("With what is proposed"), stock.with_proposals, COLOURS[0]),
            this.getLine(_t("Without"), stock.projected, STOCK, {borderDash: [4, 4]}),
            this.getLine(_t("Reorder point"), level(stock.reorder_point), COLOURS[2], {borderWidth: 1}),
            this.getLine(_t("Safety stock"), level(stock.safety_stock), WARNING, {borderWidth: 1}),
            {type: "bar", label: _t("Arrives"), data: stock.incoming, backgroundColor: `${STOCK}88`},
            {type: "bar", label: _t("Proposed"), data: stock.proposed, backgroundColor: `${COLOURS[0]}88`},
        ]);
    }

    getConfiguration(labels, datasets) {
        const format = new Intl.NumberFormat(luxon.Settings.defaultLocale, {maximumFractionDigits: 1});
        return {
            type: "line",
            data: {labels: labels.map((label) => this.formatDay(label)), datasets},
            options: {
                animation: false,
                maintainAspectRatio: false,
                interaction: {mode: "index", intersect: false},
                plugins: {
                    legend: {
                        position: "bottom",
                        labels: {boxWidth: 12, filter: (item, data) => !data.datasets[item.datasetIndex].isBand},
                    },
                    tooltip: {
                        callbacks: {label: (item) => `${item.dataset.label}: ${format.format(item.parsed.y)}`},
                    },
                },
                scales: {
                    x: {grid: {display: false}, ticks: {maxRotation: 0, autoSkipPadding: 16}},
                    y: {ticks: {maxTicksLimit: 6, callback: (value) => format.format(value)}},
                },
            },
        };
    }
}

export const planningChart = {
    component: PlanningChart,
    fieldDependencies: [
        {name: "product_id", type: "many2one"},
        {name: "warehouse_id", type: "many2one"},
    ],
};

registry.category("view_widgets").add("dist_planning_chart", planningChart);
