import {randomBytes} from "node:crypto";
import {existsSync, mkdirSync, readdirSync, rmSync} from "node:fs";
import {open} from "node:fs/promises";
import {dirname, join} from "node:path";
import {CarrybookError, DataError, isDiskFull, UsageError} from "../../loaders/errors.js";
import {DAY_MS, HOUR_MS} from "../../src/lib/time/grid.js";
import {UPLOAD_LIMITS, type UploadReport} from "../../src/lib/wire/imports.js";

/** Bytes an upload may hold; smaller in tests. */
export interface InboxLimits {
  /** of one file */
  fileBytes: number;
  /** of all uploads together */
  totalBytes: number;
  /** files of one upload */
  files: number;
}

interface Upload {
  dir: string;
  createdTs: number;
  /** bytes by the name of each file; a file being received has what arrived so far */
  files: Map<string, number>;
  /** files being received, and imports that read them */
  receiving: number;
  reading: number;
}

/** A body that is over a limit of the inbox. */
export class TooLargeError extends UsageError {
  constructor(message: string, fix: string) {
    super(message, {code: "body-too-long", fix});
  }
}

/** What an upload in its present state cannot do; a usage error with another status. */
export class UploadConflictError extends UsageError {
  constructor(message: string, fix?: string) {
    super(message, {code: "conflict", ...(fix !== undefined && {fix})});
  }
}

const LONGEST_SEGMENT = 200;
const LONGEST_NAME = 1_000;
const MAX_SEGMENTS = 16;
const ID = /^[0-9a-f]{32}$/;

/**
 * Checks the name of an uploaded file, which may hold the folders of a dropped tree.
 * @returns its segments
 * @throws UsageError for a name that could leave its folder, is hidden, too long, or has control characters
 */
export function segmentsOf(name: string): string[] {
  const segments = name.split("/");
  const isPlain = (segment: string) =>
    segment !== "" &&
    !segment.startsWith(".") &&
    Buffer.byteLength(segment) <= LONGEST_SEGMENT &&
    !/[\\\p{Cc}\p{Cs}]/u.test(segment);
  if (name.length > LONGEST_NAME || segments.length > MAX_SEGMENTS || !segments.every(isPlain)) {
    throw new UsageError("invalid name: a relative path of plain segments is wanted", {
      fix: "no leading dots, no `..`, no backslashes, no control characters, at most 200 bytes each"
    });
  }
  return segments;
}

/**
 * Uploaded files of imports, each upload in a folder of its own, readable by the engine's user alone. An upload ends
 * with its import, after a day, or with the engine.
 */
export class Inbox {
  private readonly uploads = new Map<string, Upload>();
  /** bytes of all uploads */
  private held = 0;
  private readonly timer: NodeJS.Timeout;

  /** Opens the inbox and removes what an earlier engine left in it. */
  constructor(
    private readonly dir: string,
    private readonly now: () => number,
    private readonly limits: InboxLimits = UPLOAD_LIMITS
  ) {
    rmSync(dir, {recursive: true, force: true});
    this.timer = setInterval(() => this.sweep(), HOUR_MS).unref();
  }

  /**
   * Receives one file. Nothing is buffered; a body that breaks off or is refused leaves nothing behind.
   * @param id the upload it belongs to; a new one when undefined
   * @param declared length that its sender states, bytes; undefined when unstated
   * @throws UsageError for a name or an id that is none, TooLargeError over a limit, DataError for a full disk or a
   * broken body
   */
  async receive(
    body: AsyncIterable<Uint8Array>,
    {name, id, declared}: {name: string; id?: string | undefined; declared?: number | undefined}
  ): Promise<UploadReport> {
    const segments = segmentsOf(name);
    this.requireRoom(declared ?? 0);
    const upload = this.admit(id === undefined ? this.create() : this.get(id), name);
    const entry = this.uploads.get(upload)!;
    const {dir, files} = entry;
    const path = join(dir, ...segments);
    entry.receiving++;
    files.set(name, 0);
    let made = false;
    try {
      mkdirSync(dirname(path), {recursive: true, mode: 0o700});
      const file = await open(path, "wx", 0o600);
      made = true;
      let bytes = 0;
      try {
        for await (const chunk of body) {
          this.requireRoom(chunk.length, bytes);
          bytes += chunk.length;
          files.set(name, bytes);
          this.held += chunk.length;
          for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
        }
      } finally {
        await file.close();
      }
      if (declared !== undefined && bytes !== declared) throw new DataError("invalid body: cut short");
      return {upload, name, bytes};
    } catch (error) {
      this.held -= files.get(name)!;
      files.delete(name);
      if (made) rmSync(path, {force: true});
      throw failureOf(error, name);
    } finally {
      entry.receiving--;
      if (files.size === 0) this.drop(upload);
    }
  }

  private create(): string {
    const id = randomBytes(16).toString("hex");
    const dir = join(this.dir, id);
    mkdirSync(dir, {recursive: true, mode: 0o700});
    this.uploads.set(id, {dir, createdTs: this.now(), files: new Map(), receiving: 0, reading: 0});
    return id;
  }

  private get(id: string): string {
    if (ID.test(id) && this.uploads.has(id)) return id;
    throw new UsageError("missing upload: it was imported, is over a day old, or the engine has restarted", {
      fix: "upload the files again"
    });
  }

  private admit(id: string, name: string): string {
    const {files, reading} = this.uploads.get(id)!;
    const refuse = (why: string, fix: string): never => {
      if (files.size === 0) this.drop(id);
      throw new UploadConflictError(why, fix);
    };
    if (reading > 0) refuse("invalid upload: its import is running", "start another upload");
    if (files.has(name)) refuse("invalid name: the upload has it already", "upload each file once");
    if (files.size >= this.limits.files)
      refuse(`invalid upload: over ${this.limits.files} files`, "import the rest in another upload");
    return id;
  }

  /** @throws TooLargeError where more bytes would exceed a limit */
  private requireRoom(more: number, soFar = 0): void {
    const {fileBytes, totalBytes} = this.limits;
    if (soFar + more > fileBytes)
      throw new TooLargeError(
        `invalid body: over ${sizeWords(fileBytes)} for one file`,
        "import it with `npx carrybook import`"
      );
    if (this.held + more > totalBytes)
      throw new TooLargeError(
        `invalid body: over ${sizeWords(totalBytes)} for all uploads`,
        "import or discard earlier uploads first, or use `npx carrybook import`"
      );
  }

  /**
   * Hands the folder of a complete upload to some work; the upload stays until the work ends.
   * @throws UsageError for an id that is none, or while one of its files is being received
   */
  async read<T>(id: string, work: (dir: string, names: readonly string[]) => Promise<T>): Promise<T> {
    const upload = this.uploads.get(this.get(id))!;
    if (upload.receiving > 0)
      throw new UploadConflictError(
        "invalid upload: a file is still being received",
        "ask again when all files have arrived"
      );
    upload.reading++;
    try {
      return await work(upload.dir, [...upload.files.keys()]);
    } finally {
      upload.reading--;
    }
  }

  /** Removes an upload. @throws UsageError for an id that is none, or while it is in use */
  remove(id: string): void {
    const {receiving, reading} = this.uploads.get(this.get(id))!;
    if (receiving + reading > 0)
      throw new UploadConflictError("invalid upload: it is in use", "ask again when its work has ended");
    this.drop(id);
  }

  private drop(id: string): void {
    const upload = this.uploads.get(id);
    if (!upload) return;
    this.uploads.delete(id);
    for (const bytes of upload.files.values()) this.held -= bytes;
    rmSync(upload.dir, {recursive: true, force: true});
    if (existsSync(this.dir) && readdirSync(this.dir).length === 0) rmSync(this.dir, {recursive: true, force: true});
  }

  /** Removes uploads over a day old that nothing uses. */
  sweep(): void {
    for (const [id, {createdTs, receiving, reading}] of this.uploads)
      if (receiving + reading === 0 && this.now() - createdTs > DAY_MS) this.drop(id);
  }

  /** Ends the inbox with everything in it. */
  close(): void {
    clearInterval(this.timer);
    this.uploads.clear();
    rmSync(this.dir, {recursive: true, force: true});
  }
}

function failureOf(error: unknown, name: string): Error {
  if (error instanceof CarrybookError) return error;
  const {code, message} = error as NodeJS.ErrnoException;
  if (isDiskFull(error))
    return new DataError(`invalid upload: the disk has no room for ${name}`, {fix: "free some space, then upload again"});
  // A name that is a folder of another file, or one that differs by case alone where the disk does not tell them apart.
  if (code === "EEXIST" || code === "ENOTDIR" || code === "EISDIR")
    return new UploadConflictError(`invalid name: ${name} stands in the way of another file`);
  if (code === "ECONNRESET" || message === "aborted") return new DataError("invalid body: cut short");
  return error as Error;
}

const sizeWords = (bytes: number): string => (bytes >= 2 ** 30 ? `${bytes / 2 ** 30} GiB` : `${bytes} bytes`);
