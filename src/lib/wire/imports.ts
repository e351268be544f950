/** Shapes of the import of files: the API and `carrybook import --json`. */

/** One value of a row that the store has otherwise. */
export interface Conflict {
  /** open of the candle or boundary of the settlement, UTC ms */
  ts: number;
  field: string;
  /** decimals as text */
  stored: string;
  file: string;
}

/** What became of a table: `open` ones wait for an answer, `failed` ones hold a row that is none. */
type FileState = "planned" | "stored" | "open" | "refused" | "failed";

/** One table of an import, as the command line, the API and `--json` report it. Instants are UTC ms. */
export interface FileReport {
  /** the file, with the member of an archive behind it */
  file: string;
  state: FileState;
  /** why it was not imported: a code of `Refused`, or `bad-row`; null where it was */
  code: string | null;
  /** the history it belongs to, as venue, pair, series and timeframe; empty where that is not known */
  history: string;
  /** what the file was taken for; null where it was not planned */
  taken: {
    venue: string;
    pair: string;
    series: string;
    timeframe: string | null;
    source: string | null;
    zone: string | null;
    zoneFrom: string;
    rateUnit: string | null;
    carriedHours: number | null;
    /** how dates whose year stands last were read. Absent where there are none */
    dateOrder?: "dmy" | "mdy";
    /** the year from which spreadsheets count the days that its stamps are. Absent for other stamps */
    daysSince?: 1900;
    /** what a borrow rate of the file is paid for; an hour's share is stored. Absent for other series */
    ratePeriod?: string;
    /** time from a row's stamp until it is known, in ms; null where rows say when. Absent for other series */
    knownLagMs?: number | null;
  } | null;
  /** the file's own columns by field, and those that were not read */
  columns: Record<string, string>;
  ignored: string[];
  /** rows of the history in the file, repeats merged */
  rows: number;
  /** rows that the store did not have, had alike, and had with other values */
  new: number;
  same: number;
  different: number;
  /** rows written: the new ones, and with `--replace` the different ones */
  changed: number;
  /** rows that repeated another of the file to the letter */
  repeats: number;
  /** settlements that another of the same boundary and a later stamp replaced */
  revised: number;
  /** the first few of them whose rates differ; absent where there are none */
  revisions?: {ts: number; was: string; now: string}[];
  /** rows left out because their candle or settlement had not ended yet */
  inProgress: number;
  /** records passed over, by reason */
  skipped: Record<string, number>;
  /** numbers rounded at the 18th digit */
  rounded: number;
  /** the first rows that differ, both values as text */
  conflicts: Conflict[];
  from: number | null;
  to: number | null;
  /** the median size of the rates, as a share; null for a series without rates */
  typicalRate: string | null;
  /** names of the sample's columns as the file has them; null where it has none */
  header: string[] | null;
  /** the first records, as the file has them */
  sample: (string | null)[][];
  error: string | null;
  fix: string | null;
}

/** Answers that hold for every file of an import, or override them for one. */
export interface ImportAnswers {
  venue?: string | undefined;
  pair?: string | undefined;
  series?: string | undefined;
  timeframe?: string | undefined;
  /** zone of stamps that name none */
  tz?: string | undefined;
  rateUnit?: "share" | "percent" | "bps" | undefined;
  ratePeriod?: "hour" | "day" | "year" | undefined;
  /** time from a row's stamp until it is known, as `0`, `30m`, `1h` or `1d` */
  knownLag?: string | undefined;
  dateOrder?: "dmy" | "mdy" | undefined;
  /** what stands before the decimals of numbers such as `42.100` */
  decimal?: "point" | "comma" | undefined;
  /** hours between settlements, where rates may be carried forward */
  intervalHours?: number | undefined;
  /** fields to columns by name or number, e.g. `ts=open_time,close=4` */
  columns?: string | undefined;
}

/** Body of `POST /imports/plan` and `POST /imports`. */
export interface ImportRequest {
  upload: string;
  given: ImportAnswers & {venue: string; badRows?: "refuse" | "skip" | undefined; replace?: boolean | undefined};
  /** answers for single files, by the name they were uploaded under */
  answers?: Record<string, Omit<ImportAnswers, "venue">> | undefined;
}

/** `POST /imports/files`: one file received. */
export interface UploadReport {
  /** identifies the upload; pass it on with its next file */
  upload: string;
  name: string;
  bytes: number;
}

/** `POST /imports/plan` and `POST /imports`: one report for each table, its file named as it was uploaded. */
export interface ImportedReport {
  files: FileReport[];
  /** tables left out, whatever the reason */
  failed: number;
  /** rows written, or that an import would write */
  changed: number;
}

/** Limits of an upload, bytes. */
export const UPLOAD_LIMITS = {fileBytes: 2 * 2 ** 30, totalBytes: 8 * 2 ** 30, files: 5_000} as const;

/** Endings of the files that a folder is searched for. */
export const DATA_FILE = /\.(csv|tsv|txt|gz|zip|parquet|feather|arrow|json|jsonl|ndjson)$/i;
/** Names of files and folders that stand beside data and are none. */
export const BESIDE_DATA = /^(__MACOSX$|\.|checksum|license|readme)|\.checksum$/i;
