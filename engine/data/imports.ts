import {join, sep} from "node:path";
import {UsageError} from "../../loaders/errors.js";
import {
  checkGiven,
  importFiles,
  parseMapping,
  planImport,
  type Given,
  type ImportReport
} from "../../loaders/ingest/import/index.js";
import type {Manifest} from "../../loaders/lake/manifest.js";
import {claimKind, requireKind, type Database} from "../../loaders/store/database.js";
import type {ImportAnswers, ImportedReport, ImportRequest} from "../../src/lib/wire/imports.js";
import type {Job} from "../../src/lib/wire/job.js";
import {engineDir} from "../files.js";
import {Inbox, type InboxLimits} from "./inbox.js";

interface ImportsOptions {
  now: () => number;
  /** called with each stored job, and with the lake once it has the rows */
  onJob: (job: Job) => void;
  onPublished: (manifest: Manifest) => void;
  limits?: InboxLimits | undefined;
}

/** Imports uploaded files into the store of a running engine, by the rules of `carrybook import` (§9). */
export class Imports {
  readonly inbox: Inbox;
  private readonly stopping = new AbortController();
  /** one import after another, as their jobs are numbered by the instant of their start */
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly db: Database,
    private readonly options: ImportsOptions
  ) {
    this.inbox = new Inbox(join(engineDir(db.dataDir), "inbox"), options.now, options.limits);
  }

  /**
   * Reads an upload as an import would, and stores nothing.
   * @throws UsageError for an unknown upload or an invalid answer; DataError where the store is simulated
   */
  plan(request: ImportRequest): Promise<ImportedReport> {
    return this.run(request, {dryRun: true});
  }

  /** Imports what is clear of an upload, publishes the lake and removes the upload. @throws like `plan` */
  async import(request: ImportRequest): Promise<ImportedReport> {
    const report = await this.run(request, {dryRun: false});
    this.inbox.remove(request.upload);
    return report;
  }

  private run(request: ImportRequest, {dryRun}: {dryRun: boolean}): Promise<ImportedReport> {
    const {upload, given, answers = {}} = request;
    const base = givenOf(given);
    const work = this.inbox.read(upload, async (dir, names) => {
      const unknown = Object.keys(answers).find((name) => !names.includes(name));
      if (unknown !== undefined) throw new UsageError(`invalid answers: the upload has no file ${unknown}`);
      const root = `${dir}${sep}`;
      const nameOf = (path: string) => path.slice(root.length).replaceAll(sep, "/");
      const answersOf = new Map(
        names.map((name) => {
          const all = {...base, ...present(givenOf({venue: given.venue, ...answers[name]})), root};
          checkGiven(all);
          return [name, all] as const;
        })
      );
      const turn = this.running.then(async (): Promise<ImportedReport> => {
        const {db, stopping} = this;
        const {signal} = stopping;
        signal.throwIfAborted();
        await db.exclusive(() => (dryRun ? requireKind(db, "real") : claimKind(db, "real")));
        const planned = await planImport([dir], (path) => answersOf.get(nameOf(path)) ?? base, {signal});
        const {badRows, replace} = given;
        const report = await importFiles(db, planned, {...base, badRows, replace, dryRun, signal, onJob: this.options.onJob});
        if (report.manifest) this.options.onPublished(report.manifest);
        if (report.cancelled) signal.throwIfAborted();
        return named(report, root);
      });
      this.running = turn.catch(() => undefined);
      return turn;
    });
    return work;
  }

  /** Ends after the table being read, and removes all uploads. */
  async close(): Promise<void> {
    this.stopping.abort(new UsageError("the engine stops", {code: "conflict"}));
    await this.running;
    this.inbox.close();
  }
}

/** Reads what the request states. @throws UsageError for columns that cannot be read */
function givenOf({columns, ...given}: ImportAnswers & {venue: string}): Given {
  return {...given, mapping: columns === undefined ? undefined : parseMapping(columns)};
}

const present = (given: Given): Partial<Given> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));

/** Returns a report with files named as they were uploaded. */
function named({files, failed}: ImportReport, root: string): ImportedReport {
  const short = (text: string) => text.replaceAll(root, "");
  return {
    files: files.map((file) => ({
      ...file,
      file: short(file.file),
      error: file.error === null ? null : short(file.error),
      fix: file.fix === null ? null : short(file.fix)
    })),
    failed,
    changed: files.reduce((sum, {changed}) => sum + changed, 0)
  };
}
