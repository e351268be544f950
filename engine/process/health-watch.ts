import type {Health} from "../../src/lib/wire/trading.js";

/** The part of a health report whose change triggers an event; counters are excluded. */
const reading = ({status, problems, components: {store, exchange}}: Health): string =>
  JSON.stringify([status, store.status, exchange.status, problems]);

/** Emits the health whenever its reading has changed since the last check. */
export class HealthWatch {
  #last: string | undefined;

  constructor(
    private readonly read: () => Health,
    private readonly emit: (health: Health) => void
  ) {}

  check(): void {
    const health = this.read();
    const now = reading(health);
    if (now === this.#last) return;
    this.#last = now;
    this.emit(health);
  }
}
