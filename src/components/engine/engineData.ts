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

/** Data of the Engine page, as the API returns it. */
export interface EngineData {
  status: EngineStatus;
  positions: PositionReport[];
  opportunities: Opportunity[];
  decisions: DecisionReport[];
  trades: TradeReport[];
  equity: [number, string][];
  risk: RiskReport;
  /** null before the first reconciliation */
  reconciliation: Reconciliation | null;
  config: EngineConfigReport;
  notifications: Notification[];
}

/** API path of each part. */
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

/** Parts that each event makes stale. */
const STALE: Readonly<Record<string, readonly Part[]>> = {
  cycle: ["opportunities", "decisions", "risk", "reconciliation", "config", "equity"],
  trade: ["trades", "decisions", "equity", "positions"],
  reset: ALL
};

/**
 * Keeps the data of the Engine page current. Small parts come with their events; the others are fetched again when an
 * event makes them stale, at most twice a second. Returns a function that ends it.
 */
export function followEngine(
  client: EngineClient,
  onData: (data: EngineData) => void,
  onError: (error: Error) => void = console.error
): () => void {
  let data: Partial<EngineData> = {};
  const stale = new Set<Part>(ALL);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let fetching = false;
  let ended = false;

  const ready = (): boolean => Boolean(data.status) && ALL.every((part) => data[part] !== undefined);
  const emit = (): void => {
    if (!ended && ready()) onData({...(data as EngineData)});
  };
  const ask = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      void refresh();
    }, 500);
  };
  async function refresh(): Promise<void> {
    if (fetching || ended || !stale.size) return;
    fetching = true;
    const parts = [...stale];
    stale.clear();
    try {
      await Promise.all(
        parts.map(async (part) => {
          try {
            const value = await client.get(PATHS[part]);
            data = {...data, [part]: value};
          } catch (error) {
            stale.add(part);
            throw error;
          }
        })
      );
      emit();
    } catch (error) {
      if (!ended) onError(error as Error);
      if (!ended && client.state.link === "up") setTimeout(ask, 2_000);
      return;
    } finally {
      fetching = false;
    }
    if (stale.size) ask();
  }
  const onEvent = (event: EngineEvent): void => {
    if (event.type === "status") data.status = event.data;
    else if (event.type === "cycle" && data.status) data.status = {...data.status, cycle: event.data};
    else if (event.type === "position") data.positions = event.data;
    else if (event.type === "notification")
      data.notifications = [event.data, ...(data.notifications ?? [])].slice(0, LONGEST_BACKLOG);
    for (const part of STALE[event.type] ?? []) stale.add(part);
    if (stale.size) ask();
    emit();
  };
  const unsubscribe = client.onEvent(onEvent);
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
    unsubscribe();
  };
}
