import {readFileSync} from "node:fs";
import {BaseSequencer, type TestSpecification} from "vitest/node";

/**
 * Orders test files so that those with a document come first, together. A process is given up whenever the next file
 * wants another environment, and with it everything that is compiled and cached.
 */
export class ByEnvironment extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const hasDocument = new Map(
      sorted.map((file) => [file, /@vitest-environment jsdom/.test(readFileSync(file.moduleId, "utf8"))])
    );
    return sorted.sort((a, b) => Number(hasDocument.get(b)) - Number(hasDocument.get(a)));
  }
}
