import {h} from "./dom.js";
import {plural} from "./format.js";

/** A column of a download. */
export interface Field<T> {
  name: string;
  type: "text" | "number" | "boolean";
  value: (d: T) => string | number | boolean | null | undefined;
}

/** Returns rows as RFC 4180 text with a header line; missing is empty, numbers are unrounded. */
export function toCsv<T>(rows: readonly T[], fields: readonly Field<T>[]): string {
  const quote = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const line = (values: readonly unknown[]) =>
    values.map((v) => (v === null || v === undefined ? "" : quote(String(v)))).join(",");
  return [fields.map((f) => f.name), ...rows.map((d) => fields.map((f) => f.value(d)))].map(line).join("\r\n") + "\r\n";
}

/** Returns rows as a Parquet file; every column is nullable. The writer is loaded on first use. */
export async function toParquet<T>(rows: readonly T[], fields: readonly Field<T>[]): Promise<ArrayBuffer> {
  const {parquetWriteBuffer} = await import("npm:hyparquet-writer");
  const types = {text: "STRING", number: "DOUBLE", boolean: "BOOLEAN"} as const;
  return parquetWriteBuffer({
    columnData: fields.map((f) => ({
      name: f.name,
      data: rows.map((d) => f.value(d) ?? null),
      type: types[f.type],
      nullable: true
    }))
  });
}

/** Saves content as a file through the browser's download. */
export function save(content: BlobPart, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([content], {type}));
  h("a", {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/**
 * Draws two buttons that save the rows as shown, in the order shown.
 * @param rows called on click, so that the file has the current sorting and filter
 */
export function DownloadButtons<T>(
  rows: () => readonly T[],
  {fields, name, noun = "row"}: {fields: readonly Field<T>[]; name: string; noun?: string}
): HTMLElement {
  const error = h("span", {role: "alert"});
  const button = (label: string, act: () => Promise<void> | void) =>
    h(
      "button",
      {
        type: "button",
        class: "button",
        disabled: !rows().length,
        click: async () => {
          error.textContent = "";
          try {
            await act();
          } catch (reason) {
            error.textContent = `not saved: ${reason instanceof Error ? reason.message : String(reason)}`;
          }
        }
      },
      label
    );
  return h(
    "div",
    {class: "pager"},
    button(`Download ${plural(rows().length, noun)} as CSV`, () =>
      save(toCsv(rows(), fields), `${name}.csv`, "text/csv;charset=utf-8")
    ),
    button("Download as Parquet", async () =>
      save(await toParquet(rows(), fields), `${name}.parquet`, "application/vnd.apache.parquet")
    ),
    error
  );
}
