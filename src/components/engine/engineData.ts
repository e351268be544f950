import type {TradeReport} from "../../lib/wire/trade.js";
import type {
  DecisionReport,
  EngineConfigReport,
  EngineStatus,
  Notification,
  Opportunity,
  PositionReport,
  Reconciliation,
  RiskReport
} from "../../lib/wire/trading.js";
import type {EngineClient, EngineEvent} from "./engineClient.js";

/** All that the Engine page shows of the account, straight from the API and nowhere else. */
export interface EngineData {
  status: EngineStatus;
  positions: PositionReport[];
  opportunities: Opportunity[];
  decisions: DecisionReport[];
  trades: TradeReport[];
  equity: [number, string][];
  risk: RiskReport;
  /** null before the books were first compared */
  reconciliation: Reconciliation | null;
  config: EngineConfigReport;
  notifications: Notification[];
}

/** Where each part comes from. */
const PATHS: Readonly<Record<Exclude<keyof EngineData, "status">, string>> = {
  positions: "/positions",
  opportunities: "/opportunities",
  decisions: "/decisions?limit=200",
  trades: "/trades?limit=500",
  equity: "/equity",
  risk: "/risk",
  reconciliation: "/reconciliation",
  config: "/config",
  notifications: "/notifications?limit=100"
};
type Part = keyof typeof PATHS;
const ALL = Object.keys(PATHS) as Part[];
const LONGEST_BACKLOG = 100;

/** Which parts an event makes old. */
const OLD: Readonly<Record<string, readonly Part[]>> = {
  cycle: ["opportunities", "decisions", "risk", "reconciliation", "config", "equity"],
  trade: ["trades", "decisions", "equity", "positions"],
  reset: ALL
};

/**
 * Keeps the parts of the Engine page as new as the stream of events: small parts come with their events, the others are
 * fetched again when an event says that they are old, at most twice a second.
 */
export function followEngine(
  client: EngineClient,
  onData: (data: EngineData) => void,
  onError: (error: Error) => void = console.error
): () => void {
  let data: Partial<EngineData> = {};
  const old = new Set<Part>(ALL);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let fetching = false;
  let ended = false;

  const ready = (): boolean => Boolean(data.status) && ALL.every((part) => data[part] !== undefined);
  const tell = (): void => {
    if (!ended && ready()) onData({...(data as EngineData)});
  };
  const ask = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void refresh();
    }, 500);
  };
  async function refresh(): Promise<void> {
    if (fetching || ended || !old.size) return;
    fetching = true;
    const parts = [...old];
    old.clear();
    try {
      await Promise.all(
        parts.map(async (part) => {
          try {
            const value = await client.get(PATHS[part]);
            data = {...data, [part]: value};
          } catch (error) {
            old.add(part);
            throw error;
          }
        })
      );
      tell();
    } catch (error) {
      if (!ended) onError(error as Error);
      if (!ended && client.state.link === "up") setTimeout(ask, 2_000);
      return;
    } finally {
      fetching = false;
    }
    if (old.size) ask();
  }
  const heard = (event: EngineEvent): void => {
    if (event.type === "status") data.status = event.data;
    else if (event.type === "cycle" && data.status) data.status = {...data.status, cycle: event.data};
    else if (event.type === "position") data.positions = event.data;
    else if (event.type === "notification")
      data.notifications = [event.data, ...(data.notifications ?? [])].slice(0, LONGEST_BACKLOG);
    for (const part of OLD[event.type] ?? []) old.add(part);
    if (old.size) ask();
    tell();
  };
  const unhear = client.hear(heard);
  void (async () => {
    try {
      data.status = client.state.status ?? (await client.get<EngineStatus>("/status"));
      if (data.status.account || data.status.mode !== "data") await refresh();
    } catch (error) {
      onError(error as Error);
    }
  })();
  return () => {
    ended = true;
    clearTimeout(timer);
    unhear();
  };
}
