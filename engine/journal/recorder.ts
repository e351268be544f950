import {DataError} from "../../loaders/errors.js";
import type {Journal} from "./journal.js";
import type {JournalEvent, JournalLine} from "./line.js";

interface RecorderOptions {
  /** works pure events out anew while replaying and compares them: an audit of the whole journal */
  audit?: boolean;
  /** hears every line as it is written or recalled */
  onLine?: (line: JournalLine, recalled: boolean) => void;
}

/**
 * Runs a program whose every input and outcome is in a journal. While there is a tail of lines to replay, each call takes
 * the next line instead of doing anything; then the same calls write new ones. A process that died in the middle of a
 * step thus goes on exactly there: what was written is not done twice, and what was not written is done now.
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

  /** @param journal undefined keeps nothing: a replay in memory */
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

  /** The line that the next call will take, while replaying. */
  get upcoming(): JournalLine | undefined {
    return this.#tail[this.#next];
  }

  /** Number of the newest line written or recalled. */
  get seq(): number {
    return this.#seq;
  }

  /** Whether the next line would begin a new day's file. */
  turns(ts: number): boolean {
    return this.upcoming === undefined && (this.#journal?.turns(ts) ?? false);
  }

  /** Something that comes from outside, or was decided: taken from the journal while replaying, else produced. */
  recall<E extends JournalEvent>(type: E["type"], produce: () => E, {pure = false}: {pure?: boolean} = {}): E {
    const line = this.#take<E>(type);
    if (!line) return this.#write(produce());
    if (pure && this.#audit) this.#compare(line, produce());
    return line.event;
  }

  /** Something that may not have happened: the next line while replaying if it is of the type, else what is produced. */
  recallSome<E extends JournalEvent>(type: E["type"], produce: () => E | undefined): E | undefined {
    if (this.upcoming) return this.upcoming.event.type === type ? this.#take<E>(type)!.event : undefined;
    const event = produce();
    return event && this.#write(event);
  }

  /** {@link recall} of something that takes time, such as an order. */
  async recallLater<E extends JournalEvent>(type: E["type"], produce: () => Promise<E>): Promise<E> {
    return this.#take<E>(type)?.event ?? this.#write(await produce());
  }

  /**
   * Something that follows from what came before and has been worked out: it must be what the journal has.
   * @throws DataError `invalid journal: line N …` when it is not
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
   * Whether an event that cannot be written (a full disk) is kept in memory and written as soon as it can be: an
   * emergency must not wait for a disk. Everything else must.
   */
  tolerate(on: boolean): void {
    this.#tolerant = on;
  }

  /** Writes what only memory has yet. @returns false where the disk still refuses */
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

  /** Events that are not on the disk yet. */
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
