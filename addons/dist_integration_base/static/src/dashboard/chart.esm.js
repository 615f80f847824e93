/** @odoo-module **/
/* global Chart */

import {Component, useEffect, useRef} from "@odoo/owl";
import {formatDuration, formatNumber} from "./format.esm";

/** A chart over the columns of the dashboard's period; a press on a column opens what was counted in it. */
export class DashboardChart extends Component {
    static template = "dist_integration_base.DashboardChart";
    static props = {
        title: String,
        type: String,
        labels: Array,
        seconds: Number,
        sets: Array,
        duration: {type: Boolean, optional: true},
        emptyText: String,
        onOpen: Function,
    };

    setup() {
        this.canvas = useRef("canvas");
        useEffect(
            () => {
                if (!this.isEmpty) {
                    this.chart = new Chart(this.canvas.el, this.getConfiguration());
                }
                return () => {
                    this.chart?.destroy();
                    this.chart = null;
                };
            },
            () => [JSON.stringify(this.props.sets), this.props.labels[0], this.props.seconds]
        );
    }

    get isEmpty() {
        return !this.props.sets.some((set) => set.values.some((value) => value));
    }

    getLabel(text) {
        const moment = luxon.DateTime.fromSQL(text, {zone: "utc"}).setZone("local");
        if (this.props.seconds >= 86400) {
            return moment.toLocaleString({month: "short", day: "numeric"});
        }
        const time = moment.toLocaleString(luxon.DateTime.TIME_24_SIMPLE);
        return this.props.seconds > 3600 ? `${moment.toLocaleString({weekday: "short"})} ${time}` : time;
    }

    format(value) {
        return this.props.duration ? formatDuration(value) : formatNumber(value);
    }

    getConfiguration() {
        const stacked = this.props.type === "bar";
        return {
            type: this.props.type,
            data: {
                labels: this.props.labels.map((label) => this.getLabel(label)),
                datasets: this.props.sets.map((set) => ({
                    label: set.label,
                    data: set.values,
                    backgroundColor: set.color,
                    borderColor: set.color,
                    borderWidth: stacked ? 0 : 2,
                    pointRadius: stacked ? 0 : 2,
                    spanGaps: true,
                })),
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                interaction: {mode: "index", intersect: false},
                onClick: (event, elements, chart) => this.onClick(event, chart),
                plugins: {
                    legend: {position: "bottom", labels: {boxWidth: 12}},
                    tooltip: {
                        callbacks: {label: (item) => `${item.dataset.label}: ${this.format(item.parsed.y)}`},
                    },
                },
                scales: {
                    x: {stacked, grid: {display: false}, ticks: {maxRotation: 0, autoSkipPadding: 16}},
                    y: {
                        stacked,
                        beginAtZero: true,
                        ticks: {precision: 0, maxTicksLimit: 5, callback: (value) => this.format(value)},
                    },
                },
            },
        };
    }

    onClick(event, chart) {
        const precise = chart.getElementsAtEventForMode(event, "nearest", {intersect: true}, true)[0];
        const column = precise || chart.getElementsAtEventForMode(event, "index", {intersect: false}, true)[0];
        if (column) {
            this.props.onOpen(this.props.sets[column.datasetIndex], column.index);
        }
    }
}
