import type {Health} from "../../../src/lib/wire/trading.js";

/** Returns the health of an engine without store and venue, with the given changes. */
export const madeHealth = ({
  components,
  ...own
}: Partial<Omit<Health, "components">> & {components?: Partial<Health["components"]>} = {}): Health => ({
  status: "healthy",
  mode: "paper",
  components: {
    store: {status: "off", error: null},
    exchange: {status: "off", bannedUntilTs: null, errors1h: 0},
    cycle: {state: "running", number: 1, lastTs: 1, lastMs: 1},
    jobs: {total24h: 0, completed24h: 0, failed24h: 0, failureRate: 0, averageMs: null},
    clock: {skewMs: null},
    ...components
  },
  issues: [],
  problems: [],
  ...own
});
