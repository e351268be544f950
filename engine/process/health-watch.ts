import type {Health} from "../../src/lib/wire/trading.js";

/** What of a health is worth a word of its own; figures that change by themselves are not. */
const reading = ({status, problems, components: {store, exchange}}: Health): string =>
  JSON.stringify([status, store.status, exchange.status, problems]);

/** Tells the health whenever it reads otherwise than when it was last looked at. */
export class HealthWatch {
  #last: string | undefined;

  constructor(
    private readonly read: () => Health,
    private readonly tell: (health: Health) => void
  ) {}

  look(): void {
    const health = this.read();
    const now = reading(health);
    if (now === this.#last) return;
    this.#last = now;
    this.tell(health);
  }
}
