import {afterEach} from "vitest";

const acts: (() => void | Promise<void>)[] = [];

/**
 * Runs an act once the current test has ended. Test files share a process and its modules, so a hook that a helper
 * registers when it is loaded would serve the first file alone; this file's hook is registered for every file.
 */
export const afterTest = (act: () => void | Promise<void>): void => void acts.push(act);

/** Registers the hook that runs the acts, newest first; called by the setup of every test file. */
export function cleanUpAfterTests(): void {
  afterEach(async () => {
    const ended = await Promise.allSettled(
      acts
        .splice(0)
        .reverse()
        .map((act) => act())
    );
    for (const one of ended) if (one.status === "rejected") throw one.reason;
  });
}
