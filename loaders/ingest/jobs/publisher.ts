import {publish} from "../../lake/publish.js";
import type {Manifest} from "../../lake/manifest.js";
import type {Database} from "../../store/database.js";
import type {Clock} from "../../exchange/types.js";

/** The first rows are to be seen within seconds; later the lake is brought up ever less often, so that long work stays cheap. */
const FIRST_MS = 3_000;
const LONGEST_MS = 60_000;

/** Brings the lake up to the store while work goes on, at pauses that grow. */
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

  /** To be called after every committed write; publishes when it is time. */
  async written(): Promise<void> {
    if (this.busy || this.clock.monotonic() < this.dueAt) return;
    await this.now({final: false});
  }

  /** Publishes what there is, e.g. at the end of the work. */
  async now({final = true}: {final?: boolean} = {}): Promise<void> {
    this.busy = true;
    try {
      // The first rows are wanted soon; what is derived from them can wait for more of them.
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
