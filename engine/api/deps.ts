import type {Clock} from "../../loaders/exchange/types.js";
import type {TaskReport} from "../../src/lib/wire/data.js";
import type {EngineMode, EngineStatus, Health, Notification, NotificationSettings} from "../../src/lib/wire/trading.js";
import type {Backtests} from "../runs/backtest-threads.js";
import type {DataHost} from "../data/host.js";
import type {Hub, OnStop} from "../hub.js";
import type {SwitchPatch} from "../notify/switches.js";
import type {EmergencyReport} from "../../src/lib/wire/emergency.js";
import type {TradingControl} from "../loop/commands.js";

/** Dependencies of the API: the source of every response. */
export interface ApiDeps {
  mode: EngineMode;
  hub: Hub;
  clock: Clock;
  /** undefined in mode `data` */
  control: TradingControl | undefined;
  /** undefined where the engine runs without the store */
  data: DataHost | undefined;
  backtests: Backtests;
  onStop: OnStop;
  /** newest first */
  notifications: (options: {limit: number}) => Notification[];
  /** reads and changes the loudness of each notification event */
  notify: {settings: () => NotificationSettings; set: (patch: SwitchPatch) => NotificationSettings};
  /** scheduled tasks; undefined where the engine runs without the store */
  schedule: {reports: () => TaskReport[]; now: (name: string) => Promise<TaskReport>} | undefined;
  status: () => EngineStatus;
  health: () => Health;
  /** stops the engine cleanly */
  stop: (positions: OnStop) => Promise<void>;
  /** closes everything at once; undefined in mode `data` */
  emergency: (() => Promise<EmergencyReport>) | undefined;
  /** resumes a halted loop; the operator confirms that the cause was reviewed */
  resume: () => Promise<void>;
  log: {info: (text: string) => void; warn: (text: string) => void; error: (text: string) => void};
}
