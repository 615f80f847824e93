/** @odoo-module **/

import {onMounted, onWillStart, onWillUnmount} from "@odoo/owl";
import {useService} from "@web/core/utils/hooks";

const REFRESH_SECONDS = 30;

/**
 * Keep the figures of a page up to date while somebody can see it.
 *
 * @param {Object} state of the page: gets `figures`, and `failed` while they are old ones
 * @param {String} choice name of the value in the state that the figures are asked for
 * @param {String} model whose `get_figures` gives them
 * @returns {Function} fetches them now; what comes late for another choice is dropped
 */
export function useFigures(state, choice, model) {
    const orm = useService("orm");
    let timer = null;

    async function load() {
        const chosen = state[choice];
        try {
            const figures = await orm.silent.call(model, "get_figures", [chosen]);
            if (chosen === state[choice]) {
                state.figures = figures;
                state.failed = false;
            }
        } catch (error) {
            if (!state.figures) {
                throw error;
            }
            state.failed = true;
        }
    }

    const refresh = () => !document.hidden && load();
    onWillStart(load);
    onMounted(() => {
        timer = setInterval(refresh, REFRESH_SECONDS * 1000);
        document.addEventListener("visibilitychange", refresh);
    });
    onWillUnmount(() => {
        clearInterval(timer);
        document.removeEventListener("visibilitychange", refresh);
    });
    return load;
}
