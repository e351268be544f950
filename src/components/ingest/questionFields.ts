import {h} from "../ui/dom.js";
import {plural} from "../ui/format.js";
import {TextField} from "../ui/textField.js";
import type {AskedField, Question} from "./importModel.js";
import {IMPORTABLE, TIMEFRAMES} from "./workRequest.js";

interface Asked {
  label: string;
  choices?: readonly (readonly [value: string, label: string])[];
  suggest?: readonly string[];
}

const same = (values: readonly string[]) => values.map((value) => [value, value] as const);
const ASKED: Readonly<Record<AskedField, Asked>> = {
  pair: {label: "Pair", suggest: ["BTC/USDT", "ETH/USDT", "SOL/USDT"]},
  series: {label: "Series", choices: IMPORTABLE.map(({value, label}) => [value, label] as const)},
  timeframe: {label: "Timeframe of the candles", choices: same(TIMEFRAMES)},
  tz: {
    label: "Zone of the clock that wrote the stamps",
    suggest: ["UTC", "Europe/Berlin", "Europe/London", "America/New_York", "Asia/Singapore", "Asia/Tokyo", "+03:00"]
  },
  rateUnit: {
    label: "Unit of the rates",
    choices: [
      ["share", "share (0.0001)"],
      ["percent", "percent (0.01)"],
      ["bps", "basis points (1)"]
    ]
  },
  ratePeriod: {
    label: "What a borrow rate is paid for",
    choices: [
      ["hour", "an hour"],
      ["day", "a day"],
      ["year", "a year"]
    ]
  },
  knownLag: {label: "Time from a row's stamp until it is known", suggest: ["0", "5m", "1h", "1d"]},
  dateOrder: {
    label: "Order of the dates",
    choices: [
      ["dmy", "day first"],
      ["mdy", "month first"]
    ]
  },
  decimal: {
    label: "What stands before the decimals",
    choices: [
      ["point", "a point (1,042.5)"],
      ["comma", "a comma (1.042,5)"]
    ]
  },
  intervalHours: {label: "Hours between settlements", choices: same(["1", "2", "4", "6", "8"])},
  columns: {label: "Columns, e.g. ts=open_time,close=4"}
};

/** Fields of the open questions. A question keeps its field, so that its answer can be changed. */
export function QuestionFields(onInput: () => void): {
  element: HTMLElement;
  /** answers as typed, by question */
  values: ReadonlyMap<string, string>;
  show: (questions: readonly Question[]) => void;
  reset: () => void;
} {
  const values = new Map<string, string>();
  const fields = new Map<string, {element: HTMLElement; note: HTMLElement}>();
  const grid = h("div", {class: "settings-grid"});
  const element = h("section", {class: "drop-questions", "aria-label": "Open questions", hidden: true}, grid);
  const heard = (id: string, value: string): void => {
    values.set(id, value);
    onInput();
  };
  const fieldOf = ({id, field}: Question, n: number): HTMLElement => {
    const {label, choices, suggest = []} = ASKED[field];
    const key = `drop-question-${n}`;
    if (!choices) {
      const text = TextField({id: key, label, suggest, onInput: () => heard(id, text.input.value)});
      return text.element;
    }
    const select = h(
      "select",
      {id: key, "aria-describedby": `${key}-note`, input: () => heard(id, select.value)},
      h("option", {value: ""}, "choose …"),
      choices.map(([value, words]) => h("option", {value}, words))
    );
    return h(
      "div",
      {class: "control setting"},
      h("label", {for: key}, label),
      select,
      h("span", {id: `${key}-note`, class: "setting-note"})
    );
  };
  return {
    element,
    values,
    show(questions) {
      for (const question of questions) {
        let field = fields.get(question.id);
        if (!field) {
          const made = fieldOf(question, fields.size);
          field = {element: made, note: made.querySelector<HTMLElement>(".setting-note")!};
          fields.set(question.id, field);
          grid.append(made);
        }
        const [name, ...others] = question.names;
        const about = others.length > 0 ? `${name} and ${plural(others.length, "other file")}` : name;
        field.note.textContent = `${about}: ${question.message}`;
      }
      element.hidden = fields.size === 0;
    },
    reset() {
      values.clear();
      fields.clear();
      grid.replaceChildren();
      element.hidden = true;
    }
  };
}
