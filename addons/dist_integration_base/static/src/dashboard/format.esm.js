/** @odoo-module **/

import {_t} from "@web/core/l10n/translation";
import {sprintf} from "@web/core/utils/strings";

/** A number with the separators of the user's language. */
export function formatNumber(value) {
    return new Intl.NumberFormat(luxon.Settings.defaultLocale).format(value || 0);
}

/** A share between 0 and 1 in percent; a dash when there is none. */
export function formatShare(share) {
    if (share === null || share === undefined) {
        return "-";
    }
    // 99.96 is not 100: a failure must not be rounded away
    const percent = Math.floor(share * 1000) / 10;
    return `${percent} %`;
}

/** Seconds in the unit that a person would use; a dash when there are none. */
export function formatDuration(seconds) {
    if (seconds === null || seconds === undefined || seconds === false) {
        return "-";
    }
    if (seconds < 1) {
        return sprintf(_t("%s ms"), Math.round(seconds * 1000));
    }
    if (seconds < 90) {
        return sprintf(_t("%s s"), seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds));
    }
    if (seconds < 5400) {
        return sprintf(_t("%s min"), Math.round(seconds / 60));
    }
    if (seconds < 172800) {
        return sprintf(_t("%s h"), Math.round(seconds / 3600));
    }
    return sprintf(_t("%s days"), Math.round(seconds / 86400));
}
