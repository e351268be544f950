import {isTrue, saysForecast, tellsForecasts} from "./cells.js";
import {plainName} from "./column-names.js";
import type {ColumnPlan, Flag} from "./columns.js";
import {open, refused, stop} from "./refusal.js";
import type {Table, TableRecord} from "./table.js";

/** Names of columns that are true where a row is a forecast or has not ended. */
const FORECAST =
  /predict|estimat|forecast|indicativ|project|provision|pending|unsettled|unconfirmed|unfinal|incomplete|upcoming|ongoing|^(is)?(current|live|next|future|open)$|expected/;
/** Names of columns that are true where a row is settled or has ended. */
const SETTLED = /settle|confirm|final|reali[sz]ed|complete|^(is)?paid$|actual|closed|historic|^(is)?done$/;

const isFlag = (cell: string): boolean => /^(true|false|[01]|yes|no|[tfyn])$/i.test(cell);
const isFalse = (cell: string | null | undefined): boolean => /^(false|0|no|f|n)$/i.test(cell?.trim() ?? "");

/**
 * Finds the columns that say of each row whether it is a settlement or a forecast, ended or in progress: by their names
 * where their cells say yes or no, by their words whatever their name is.
 */
export function withFlags(plan: ColumnPlan, sample: readonly TableRecord[], {header, width}: Table): ColumnPlan {
  const taken = new Set(Object.values(plan.columns));
  const flags = Array.from({length: width}, (_, column) => column).flatMap((column): Flag[] => {
    if (taken.has(column)) return [];
    const cells = cellsAt(sample, column);
    const name = plainName(header?.[column] ?? "");
    if (tellsForecasts(cells)) return [{column, saysForecast: true}];
    if (!cells.every(isFlag) || name === "") return [];
    return FORECAST.test(name)
      ? [{column, saysForecast: true}]
      : SETTLED.test(name)
        ? [{column, saysForecast: false}]
        : [];
  });
  const nameOf = (column: number) => header?.[column]?.trim() || String(column + 1);
  const namesOf = (forecast: boolean) =>
    flags.filter((flag) => flag.saysForecast === forecast).map(({column}) => nameOf(column));
  const [forecast, confirmed] = [namesOf(true), namesOf(false)];
  return {
    ...plan,
    flags,
    used: {
      ...plan.used,
      ...(forecast.length > 0 && {forecast: forecast.join("+")}),
      ...(confirmed.length > 0 && {confirmed: confirmed.join("+")})
    },
    ignored: plan.ignored.filter((name) => ![...forecast, ...confirmed].includes(name))
  };
}

/** What a row's flags say of it; undefined where it is a settlement or has ended. */
export function flagged(fields: TableRecord["fields"], {flags}: ColumnPlan): "forecast" | "in-progress" | undefined {
  for (const flag of flags) {
    const cell = fields[flag.column];
    if (flag.saysForecast ? saysForecast(cell) : isFalse(cell)) return flag.saysForecast ? "forecast" : "in-progress";
  }
  return undefined;
}

/**
 * Refuses settlements of which none is one by its flags, and asks about a flag that is not known and not the same in every
 * row: it may tell forecasts or rows that somebody made up.
 */
export function checkFlags(plan: ColumnPlan, sample: readonly TableRecord[], {header, width}: Table): void {
  if (sample.every(({fields}) => flagged(fields, plan) !== undefined)) {
    stop(refused("forecast", "its rows are forecasts, and no settlements", "import a file of settled rates"));
  }
  const known = new Set([...Object.values(plan.columns), ...plan.flags.map(({column}) => column)]);
  const strange = Array.from({length: width}, (_, i) => i).find((i) => {
    const cells = known.has(i) ? [] : cellsAt(sample, i);
    return cells.every((cell) => /^(true|false|yes|no)$/i.test(cell)) && cells.some(isTrue) && cells.some(isFalse);
  });
  if (strange === undefined) return;
  const name = header?.[strange]?.trim() || String(strange + 1);
  stop(
    open(
      "forecast",
      `its column ${name} is true of some rows alone, and may say that the others are no settlements`,
      "leave those out of the file, or name the rates with --columns rate=… if every row is a settlement"
    )
  );
}

const cellsAt = (sample: readonly TableRecord[], column: number): string[] =>
  sample.flatMap(({fields}) => fields[column]?.trim() || []);
