import {DataError} from "../../loaders/errors.js";
import type {Journal} from "./journal.js";
import type {JournalEvent, JournalLine} from "./line.js";

interface RecorderOptions {
  /** recomputes pure events during replay and compares them with the journal */
  audit?: boolean;
  /** called with every line written or recalled */
  onLine?: (line: JournalLine, recalled: boolean) => void;
}

/**
 * Runs a program whose every input and result is journalled. During replay each call returns the next line instead of
 * acting; afterwards the same calls write new lines. A process that died within a step thus resumes there: journalled
 * actions are not repeated, the rest is done now.
 */
export class Recorder {
  readonly #journal: Journal | undefined;
  readonly #tail: (JournalLine | undefined)[];
  readonly #audit: boolean;
  readonly #onLine: (line: JournalLine, recalled: boolean) => void;
  readonly #backlog: JournalEvent[] = [];
  #tolerant = false;
  #next = 0;
  #seq = 0;

  /** @param journal undefined records nothing, for a replay in memory */
  constructor(
    journal: Journal | undefined,
    tail: readonly JournalLine[] = [],
    {audit = false, onLine}: RecorderOptions = {}
  ) {
    this.#journal = journal;
    this.#tail = [...tail];
    this.#audit = audit;
    this.#onLine = onLine ?? (() => undefined);
  }

  /** The next line to replay; undefined after the replay. */
  get upcoming(): JournalLine | undefined {
    return this.#tail[this.#next];
  }

  /** Number of the newest line written or recalled. */
  get seq(): number {
    return this.#seq;
  }

  /** Returns true when a new event at `ts` would start a new day's file. */
  startsNewDay(ts: number): boolean {
    return this.upcoming === undefined && (this.#journal?.startsNewDay(ts) ?? false);
  }

  /**
   * Returns an external input or a decision: from the journal during replay, else produced and written.
   * @param pure the event depends only on earlier lines, so an audit recomputes it
   * @throws DataError when the next line has another type
   */
  recall<E extends JournalEvent>(type: E["type"], produce: () => E, {pure = false}: {pure?: boolean} = {}): E {
    const line = this.#take<E>(type);
    if (!line) return this.#write(produce());
    if (pure && this.#audit) this.#compare(line, produce());
    return line.event;
  }

  /** Returns an optional event: the next line during replay if it has this type, else what `produce` returns. */
  recallSome<E extends JournalEvent>(type: E["type"], produce: () => E | undefined): E | undefined {
    if (this.upcoming) return this.upcoming.event.type === type ? this.#take<E>(type)!.event : undefined;
    const event = produce();
    return event && this.#write(event);
  }

  /** Recalls asynchronously, like {@link recall}, e.g. of an order's result. */
  async recallLater<E extends JournalEvent>(type: E["type"], produce: () => Promise<E>): Promise<E> {
    return this.#take<E>(type)?.event ?? this.#write(await produce());
  }

  /**
   * Writes an event derived from earlier lines; during replay it must equal the journal's line.
   * @throws DataError `invalid journal: line N …` when it differs
   */
  follow<E extends JournalEvent>(event: E): E {
    const line = this.#take<E>(event.type);
    if (!line) return this.#write(event);
    this.#compare(line, event);
    return line.event;
  }

  #take<E extends JournalEvent>(type: string): JournalLine<E> | undefined {
    const line = this.#tail[this.#next] as JournalLine<E> | undefined;
    if (!line) return undefined;
    if (line.event.type !== type) throw mismatch(line, `is "${line.event.type}" where "${type}" must come`);
    this.#tail[this.#next++] = undefined;
    this.#seq = line.seq;
    this.#onLine(line, true);
    return line;
  }

  #compare(line: JournalLine, event: JournalEvent): void {
    const [was, is] = [JSON.stringify(line.event), JSON.stringify(event)];
    if (was !== is) throw mismatch(line, `does not follow from what came before: ${was}, not ${is}`);
  }

  /**
   * Sets whether events that cannot be written (a full disk) are buffered in memory and written later. Only an
   * emergency stop may proceed without the disk.
   */
  tolerate(on: boolean): void {
    this.#tolerant = on;
  }

  /** Writes the buffered events. @returns false when the disk still fails */
  flush(): boolean {
    try {
      this.#drain();
      return true;
    } catch {
      return false;
    }
  }

  #drain(): void {
    while (this.#backlog.length > 0) {
      this.#journal!.append(this.#backlog[0]!);
      this.#backlog.shift();
    }
  }

  /** Number of buffered events not yet on disk. */
  get unwritten(): number {
    return this.#backlog.length;
  }

  #write<E extends JournalEvent>(event: E): E {
    const line = this.#append(event) ?? {seq: this.#seq + 1, checksum: "", event};
    this.#seq = line.seq;
    this.#onLine(line, false);
    return event;
  }

  #append<E extends JournalEvent>(event: E): JournalLine<E> | undefined {
    if (!this.#journal) return undefined;
    try {
      this.#drain();
      return this.#journal.append(event);
    } catch (error) {
      if (!this.#tolerant) throw error;
      this.#backlog.push(event);
      return undefined;
    }
  }
}

const mismatch = ({seq}: JournalLine, why: string): DataError =>
  new DataError(`invalid journal: line ${seq} ${why}`, {
    fix: "the engine does not trade on a journal that this version reads differently: use the version that wrote it, or move the folder away to begin anew"
  });
