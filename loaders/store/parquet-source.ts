import {DuckDBInstance} from "@duckdb/node-api";
import {DataError} from "../errors.js";
import {literal} from "./key.js";

/** An open Parquet file: its column names, its row count, and its rows as text. */
interface ParquetSource {
  names: string[];
  rows: number;
  /** some column holds instants as such, which are read as milliseconds */
  typedInstants: boolean;
  /** rows in file order, every value as text: floats as the shortest text that round-trips, instants as milliseconds */
  records: () => AsyncGenerator<(string | null)[]>;
  close: () => void;
}

const isInstant = (type: string): boolean => /^(TIMESTAMP|DATE)/.test(type);

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
      // A stamp with a zone is an instant already: by way of a timestamp without one it would depend on this machine's zone.
      if (type === "TIMESTAMP WITH TIME ZONE") return `epoch_ms(${column})::varchar`;
      return isInstant(type) ? `epoch_ms(${column}::timestamp)::varchar` : `${column}::varchar`;
    });
    return {
      names: columns.map(({name}) => name),
      rows: Number(rows),
      typedInstants: columns.some(({type}) => isInstant(type)),
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
