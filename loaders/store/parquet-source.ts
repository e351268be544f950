import {DuckDBInstance} from "@duckdb/node-api";
import {DataError} from "../errors.js";
import {literal} from "./key.js";

/** An open Parquet file: its column names, its row count, and its rows as text. */
interface ParquetSource {
  names: string[];
  rows: number;
  /**
   * rows in file order, every value as text: floats as the shortest text that round-trips, a stamp with a zone as
   * milliseconds, one without as the date and time of its clock
   */
  records: () => AsyncGenerator<(string | null)[]>;
  close: () => void;
}

/**
 * Opens a Parquet file for reading, independent of any store.
 * @throws DataError when it is damaged or not Parquet
 */
export async function openParquet(path: string): Promise<ParquetSource> {
  const instance = await DuckDBInstance.create(":memory:", {threads: "1"});
  const connection = await instance.connect();
  const close = () => {
    connection.closeSync();
    instance.closeSync();
  };
  try {
    const file = `read_parquet(${literal(path)})`;
    const schema = (await connection.runAndReadAll(`describe select * from ${file}`)).getRows();
    const columns = schema.map(([name, type]) => ({name: String(name), type: String(type)}));
    const [[rows]] = (await connection.runAndReadAll(`select count(*) from ${file}`)).getRows() as [[bigint]];
    const select = columns.map(({name, type}) => {
      const column = `"${name.replaceAll('"', '""')}"`;
      // As text, a stamp with a zone would be shown by this machine's clock; one without is the text of its own (§9.4).
      return type === "TIMESTAMP WITH TIME ZONE" ? `epoch_ms(${column})::varchar` : `${column}::varchar`;
    });
    return {
      names: columns.map(({name}) => name),
      rows: Number(rows),
      close,
      async *records() {
        const result = await connection.stream(`select ${select.join(", ")} from ${file}`);
        for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
          yield* chunk.getRows() as (string | null)[][];
        }
      }
    };
  } catch (error) {
    close();
    throw new DataError(`invalid file: ${path} (${(error as Error).message.split("\n")[0]})`, {cause: error});
  }
}
