import {BESIDE_DATA, DATA_FILE, UPLOAD_LIMITS} from "../../lib/wire/imports.js";

/** A file that a person dropped or chose; the name holds the folders of a dropped tree. */
export interface Dropped {
  name: string;
  file: Blob;
}

/** Files to upload, and what is not uploaded and why, in words. */
interface Sorted {
  files: Dropped[];
  skipped: string[];
}

/** Returns the files of a file input; those of a folder with its name before theirs. */
export const chosenFiles = (list: Iterable<File>): Dropped[] =>
  [...list].map((file) => ({name: file.webkitRelativePath || file.name, file}));

/**
 * Returns the files of a drop, folders with everything in them.
 * @throws DOMException where the browser cannot read an entry
 */
export async function droppedFiles(transfer: DataTransfer): Promise<Dropped[]> {
  // The transfer is empty once the event has been handled, so every entry is taken before the first wait.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = chosenFiles(transfer.files);
  if (!entries.some((entry) => entry?.isDirectory)) return plain;
  const all = await Promise.all(entries.map((entry) => (entry ? filesOf(entry, "") : [])));
  return all.flat();
}

async function filesOf(entry: FileSystemEntry, above: string): Promise<Dropped[]> {
  const name = above + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{name, file}];
  }
  if (BESIDE_DATA.test(entry.name)) return [];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: Dropped[] = [];
  // A reader gives its entries in portions, and none at its end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const child of some) found.push(...(await filesOf(child, `${name}/`)));
  }
}

/** Sorts out what is no data file, what is too large and what was dropped twice. */
export function sortDropped(
  dropped: readonly Dropped[],
  limits: {fileBytes: number; totalBytes: number; files: number} = UPLOAD_LIMITS
): Sorted {
  const files = new Map<string, Dropped>();
  const skipped: string[] = [];
  let total = 0;
  for (const {name, file} of dropped) {
    const segments = name.split("/");
    if (segments.some((segment) => BESIDE_DATA.test(segment)) || !DATA_FILE.test(name))
      skipped.push(`${name}: not a data file`);
    else if (file.size > limits.fileBytes) skipped.push(`${name}: over 2 GiB; import it with the command`);
    else if (total + file.size > limits.totalBytes || files.size >= limits.files)
      skipped.push(`${name}: too much for one upload; import it afterwards`);
    else if (!files.has(name)) {
      files.set(name, {name, file});
      total += file.size;
    }
  }
  return {files: [...files.values()], skipped};
}
