import {DuckDBConnection} from "@duckdb/node-api";

/**
 * Runs before every test file: a deletion from the store's own tables outside a transaction fails the test. What is
 * deleted so that something replaces it is gone for good when the process dies before the replacement.
 */
const TEMPORARY = /\b(staged|kept|inferred)\b/;
const GUARDED = Symbol.for("carrybook.whole-replacements");

const connection = DuckDBConnection.prototype as DuckDBConnection & {[GUARDED]?: true};
// Test files share a process: the second one finds the guard in place.
if (!connection[GUARDED]) {
  connection[GUARDED] = true;
  const open = new WeakSet<DuckDBConnection>();
  const run = connection.run;
  connection.run = async function (this: DuckDBConnection, sql: string, ...rest) {
    const text = sql.trim().toLowerCase();
    const [, table] = /^delete from (\w+)/.exec(text) ?? [];
    if (table !== undefined && !TEMPORARY.test(table) && !open.has(this))
      throw new Error(`a deletion outside a transaction: ${text.slice(0, 120)}`);
    if (text.startsWith("begin")) open.add(this);
    if (text === "commit" || text === "rollback") open.delete(this);
    return run.call(this, sql, ...rest);
  };
}
