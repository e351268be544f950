import {afterAll, afterEach} from "vitest";

type Act = () => void | Promise<void>;

const afterTests: Act[] = [];
const afterFiles: Act[] = [];

/**
 * Runs an act once the current test has ended. Test files share a process and its modules, so a hook that a helper
 * registers when it is loaded would serve the first file alone; the hooks of this file are registered for every file.
 */
export const afterTest = (act: Act): void => void afterTests.push(act);

/** Runs an act once the current test file has ended. */
export const afterFile = (act: Act): void => void afterFiles.push(act);

async function run(acts: Act[]): Promise<void> {
  const ended = await Promise.allSettled(
    acts
      .splice(0)
      .reverse()
      .map((act) => act())
  );
  for (const one of ended) if (one.status === "rejected") throw one.reason;
}

/** Registers the hooks that run the acts, newest first; called by the setup of every test file. */
export function cleanUpAfterTests(): void {
  afterEach(() => run(afterTests));
  afterAll(() => run(afterFiles));
}
