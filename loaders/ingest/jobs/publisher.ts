import {publish} from "../../lake/publish.js";
import type {Manifest} from "../../lake/manifest.js";
import type {Database} from "../../store/database.js";
import type {Clock} from "../../exchange/types.js";

/** Pauses between publications in ms: the first rows are shown within seconds, later updates come less often. */
const FIRST_MS = 3_000;
const LONGEST_MS = 60_000;

/** Publishes the lake while work continues, at growing intervals. */
export class Publisher {
  private pauseMs = FIRST_MS;
  private dueAt: number;
  private busy = false;

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    private readonly onPublished: (manifest: Manifest) => void = () => undefined
  ) {
    this.dueAt = clock.monotonic() + FIRST_MS;
  }

  /** Publishes when due; call it after every committed write. */
  async written(): Promise<void> {
    if (this.busy || this.clock.monotonic() < this.dueAt) return;
    await this.now({final: false});
  }

  /** Publishes at once, e.g. at the end of the work. */
  async now({final = true}: {final?: boolean} = {}): Promise<void> {
    this.busy = true;
    try {
      // The first rows are urgent; their derived features can wait for more rows.
      const features = final || this.pauseMs > FIRST_MS;
      const manifest = await this.db.exclusive(() => publish(this.db, {features}));
      this.onPublished(manifest);
    } finally {
      this.pauseMs = Math.min(LONGEST_MS, this.pauseMs * 4);
      this.dueAt = this.clock.monotonic() + this.pauseMs;
      this.busy = false;
    }
  }
}
