/** How often a process is killed in a test of its deaths: by tens in the suite, by hundreds in `npm run test:soak`. */
export const KILLS = Number(process.env.CARRYBOOK_KILLS ?? 60);
/** Deaths that one data directory survives before it is compared and the next one begins. */
export const KILLS_A_STORE = 10;
