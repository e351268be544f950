/** One record of a table and where it stands, counted from 1, for messages. */
export interface TableRecord {
  fields: readonly (string | null)[];
  line: number;
  /** true for the last record of a text that ends without a line end: it may have been cut there */
  unended?: boolean;
}

/** One table of a file: a text, a member of an archive, a Parquet or Arrow file, a JSON document. */
export interface Table {
  /** the file, and the member where it is one of an archive, as messages name it */
  where: string;
  path: string;
  member: string | undefined;
  format: "csv" | "json" | "parquet" | "arrow";
  /** the columns' names; undefined where the table has none */
  header: readonly string[] | undefined;
  /** how many cells a record has */
  width: number;
  /** lines above the header */
  preamble: readonly string[];
  /** what parts the cells of a text; undefined for any other format */
  delimiter?: string | undefined;
  /** Reads all records from the first on; may be called again. */
  records(): AsyncIterable<TableRecord>;
}
