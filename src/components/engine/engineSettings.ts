import type {EngineConfigReport, EngineSettings} from "../../lib/wire/trading.js";
import {Decimal, text} from "../../lib/money/decimal.js";

/** A setting as typed, in display units; the API has shares and milliseconds. */
interface SettingField {
  key: keyof EngineSettings;
  label: string;
  unit: string;
  /** typed value = API value × scale */
  scale: string;
  whole?: boolean;
  /** true where zero is invalid */
  positive?: boolean;
}

export const SETTING_FIELDS: readonly SettingField[] = [
  {key: "minRate", label: "Enter at a rate of at least", unit: "bp per 8 h", scale: "10000"},
  {key: "exitRate", label: "Exit below", unit: "bp per 8 h", scale: "10000"},
  {key: "maxPositionUsd", label: "Maximum notional of one hedge", unit: "USDT", scale: "1", positive: true},
  {key: "portfolioCapUsd", label: "Maximum notional of all hedges", unit: "USDT", scale: "1", positive: true},
  {key: "maxHedges", label: "Maximum number of hedges", unit: "", scale: "1", whole: true},
  {key: "minTurnover24h", label: "Minimum turnover in 24 h", unit: "USDT", scale: "1"},
  {key: "intervalMs", label: "Cycle interval", unit: "seconds", scale: "0.001"}
];

const isNumber = (value: string | number): value is number => typeof value === "number";

/** Converts an API value into the unit of its field, exactly. */
export const typedOf = ({scale}: SettingField, value: string | number): string => text(new Decimal(value).times(scale));

/**
 * Converts a typed value into the value of the API.
 * @throws RangeError `is not a number` or `must be …`, to be read after the field's label
 */
export function wireOf(field: SettingField, typed: string, limits: EngineConfigReport["limits"]): string | number {
  const trimmed = typed.trim().replaceAll(",", "").replace("−", "-");
  if (!/^-?\d{1,15}(\.\d{1,10})?$/.test(trimmed)) throw new RangeError("is not a number");
  const value = new Decimal(trimmed).div(field.scale);
  if (field.whole && !value.isInteger()) throw new RangeError("must be a whole number");
  const {least, most} = limits[field.key] ?? {};
  const unit = field.unit ? ` ${field.unit}` : "";
  if (least !== undefined && value.lt(least)) throw new RangeError(`must be at least ${typedOf(field, least)}${unit}`);
  if (most !== undefined && value.gt(most)) throw new RangeError(`must be at most ${typedOf(field, most)}${unit}`);
  if (field.positive && value.lte(0)) throw new RangeError("must be above 0");
  return field.key === "maxHedges" || field.key === "intervalMs" ? value.toNumber() : text(value);
}

/** Changed settings and invalid input of a form, by field. */
interface SettingsPatch {
  patch: Partial<EngineSettings>;
  problems: Partial<Record<keyof EngineSettings, string>>;
}

/** Compares the typed values with the current (or pending) settings and returns the differences. */
export function settingsPatch(
  typed: Readonly<Record<keyof EngineSettings, string>>,
  {settings, pending, limits}: EngineConfigReport
): SettingsPatch {
  const patch: Record<string, string | number> = {};
  const problems: SettingsPatch["problems"] = {};
  const now = {...settings, ...pending};
  for (const field of SETTING_FIELDS) {
    try {
      const value = wireOf(field, typed[field.key], limits);
      const was = now[field.key];
      if (isNumber(value) ? value !== was : !new Decimal(value).eq(was)) patch[field.key] = value;
    } catch (error) {
      problems[field.key] = (error as Error).message;
    }
  }
  const next = {...now, ...patch} as EngineSettings;
  const touched = (...keys: (keyof EngineSettings)[]) =>
    keys.some((key) => key in patch) && keys.every((key) => !problems[key]);
  if (touched("minRate", "exitRate") && new Decimal(next.exitRate).gt(next.minRate))
    problems.exitRate = "must not be above the entry rate";
  if (touched("maxPositionUsd", "portfolioCapUsd") && new Decimal(next.maxPositionUsd).gt(next.portfolioCapUsd))
    problems.maxPositionUsd = "must not be above the notional of all hedges";
  return {patch: patch as Partial<EngineSettings>, problems};
}
