import {barColumns} from "./decimate.js";
import {h, s} from "../ui/dom.js";
import {colors} from "../ui/colors.js";
import {control, type Control} from "../ui/controls.js";
import {day} from "../ui/format.js";
import {dayIn, getParam, setParam} from "../ui/query.js";
import type {TimeDomain} from "./timeAxis.js";

const DAY = 864e5;
const PRESETS = [
  ["30 d", 30],
  ["90 d", 90],
  ["1 y", 365],
  ["all", Infinity]
] as const;

/** Options of {@link TimeWindow}. */
interface TimeWindowOptions<T> {
  x: (d: T) => number;
  /** Signed value drawn in the overview. */
  y: (d: T) => number | null | undefined;
  /** Length of the initial window, days back from the last row. */
  days?: number;
  height?: number;
  /** Shortest window, days. */
  minDays?: number;
}

/** Clamps a window to its extent and minimum length; shifts it rather than shortening it where possible. */
export function clampWindow([from, to]: TimeDomain, [first, last]: TimeDomain, minimum: number): [number, number] {
  const length = Math.min(Math.max(to - from, minimum), last - first);
  const start = Math.min(Math.max(from, first), last - length);
  return [start, start + length];
}

/**
 * Draws an overview of the whole history with a window that sets the time range of all charts on the page. Drag its
 * middle or edges, drag on the background for a new window, use the arrow keys on its edges, or a preset. The URL holds
 * it as `from` and `to`; its value is `[from, to]` in UTC milliseconds.
 */
export function TimeWindow<T>(
  rows: readonly T[],
  {x, y, days = 365, height = 56, minDays = 7}: TimeWindowOptions<T>
): Control<[number, number]> {
  const extent: TimeDomain = rows.length ? [x(rows[0]!), x(rows.at(-1)!)] : [0, 1];
  const minimum = minDays * DAY;
  const initial = (): [number, number] => [Math.max(extent[0], extent[1] - days * DAY), extent[1]];
  const from = dayIn(getParam("from"));
  const to = dayIn(getParam("to"));
  let value =
    from !== null || to !== null
      ? clampWindow([from ?? extent[0], to === null ? extent[1] : to + DAY - 1], extent, minimum)
      : clampWindow(initial(), extent, minimum);

  const legend = h("span", {class: "subtitle", "aria-live": "polite"});
  const svg = s("svg", {height, role: "group", "aria-label": "time range"});
  const ground = s("g", {});
  const selection = s("rect", {
    class: "selection",
    y: 0,
    height: height - 16,
    fill: colors.earned,
    "fill-opacity": 0.1,
    stroke: colors.earned,
    "stroke-opacity": 0.5
  });
  const handles = ([0, 1] as const).map((side) =>
    s(
      "g",
      {
        class: "handle",
        role: "slider",
        tabindex: 0,
        "aria-label": side === 0 ? "start of the window" : "end of the window",
        "aria-orientation": "horizontal"
      },
      s("rect", {x: -8, y: 0, width: 16, height: height - 16, fill: "transparent"}),
      s("line", {class: "grip", y1: 0, y2: height - 16, stroke: colors.earned, "stroke-width": 2}),
      s("rect", {
        x: -3,
        y: (height - 16) / 2 - 8,
        width: 6,
        height: 16,
        rx: 2,
        fill: colors.card,
        stroke: colors.earned
      })
    )
  );
  svg.append(ground, selection, ...handles);

  const presets = PRESETS.map(([label, n]) => {
    const button = h(
      "button",
      {
        type: "button",
        class: "button",
        click: () => change(n === Infinity ? [...extent] : [extent[1] - n * DAY, extent[1]])
      },
      label
    );
    return {button, n};
  });
  const element = control(
    h(
      "div",
      {class: "window"},
      h(
        "div",
        {class: "pager", role: "group", "aria-label": "presets of the time range"},
        presets.map(({button}) => button),
        legend
      ),
      h("div", {style: `height: ${height + 6}px; padding-top: 6px`}, svg)
    ),
    (): [number, number] => value
  );

  let width = 0;
  const px = (ms: number) => ((ms - extent[0]) / (extent[1] - extent[0] || 1)) * width;
  const ms = (pixels: number) => extent[0] + (pixels / (width || 1)) * (extent[1] - extent[0]);

  function place(): void {
    selection.setAttribute("x", String(px(value[0])));
    selection.setAttribute("width", String(Math.max(1, px(value[1]) - px(value[0]))));
    handles.forEach((handle, side) => {
      handle.setAttribute("transform", `translate(${px(value[side as 0 | 1])},0)`);
      handle.setAttribute("aria-valuemin", String(Math.round(extent[0] / DAY)));
      handle.setAttribute("aria-valuemax", String(Math.round(extent[1] / DAY)));
      handle.setAttribute("aria-valuenow", String(Math.round(value[side as 0 | 1] / DAY)));
      handle.setAttribute("aria-valuetext", day(value[side as 0 | 1]));
    });
    legend.textContent = `${day(value[0])} to ${day(value[1])}, UTC`;
    for (const {button, n} of presets) {
      const start = n === Infinity ? extent[0] : Math.max(extent[0], extent[1] - n * DAY);
      const pressed = Math.abs(value[0] - start) < DAY / 2 && Math.abs(value[1] - extent[1]) < DAY / 2;
      button.setAttribute("aria-pressed", String(pressed));
    }
  }

  function change(next: TimeDomain): void {
    const clamped = clampWindow(next, extent, minimum);
    if (clamped[0] === value[0] && clamped[1] === value[1]) return;
    value = clamped;
    const [first, last] = clampWindow(initial(), extent, minimum);
    const isInitial = value[0] === first && value[1] === last;
    setParam("from", isInitial ? null : day(value[0]));
    setParam("to", isInitial || value[1] === extent[1] ? null : day(value[1]));
    place();
    announce();
  }

  // A drag fires many moves per frame; charts are redrawn once per frame.
  let announced = 0;
  function announce(): void {
    announced ||= requestAnimationFrame(() => {
      announced = 0;
      element.dispatchEvent(new Event("input", {bubbles: true}));
    });
  }

  const drag = (target: Element, move: (start: TimeDomain, from: number, to: number) => TimeDomain) =>
    target.addEventListener("pointerdown", (event) => {
      const {clientX, pointerId} = event as PointerEvent;
      const left = svg.getBoundingClientRect().left;
      const start: TimeDomain = [...value];
      target.setPointerCapture(pointerId);
      event.stopPropagation();
      const onMove = (e: Event) => change(move(start, ms(clientX - left), ms((e as PointerEvent).clientX - left)));
      target.addEventListener("pointermove", onMove);
      target.addEventListener("lostpointercapture", () => target.removeEventListener("pointermove", onMove), {
        once: true
      });
    });
  drag(selection, ([a, b], p, q) => [a + q - p, b + q - p]);
  drag(handles[0]!, ([, b], _, q) => [Math.min(Math.max(q, extent[0]), b - minimum), b]);
  drag(handles[1]!, ([a], _, q) => [a, Math.max(Math.min(q, extent[1]), a + minimum)]);
  drag(ground, (_, p, q) => [Math.min(p, q), Math.max(p, q)]);
  handles.forEach((handle, side) =>
    handle.addEventListener("keydown", (event) => {
      const {key, shiftKey} = event as KeyboardEvent;
      const step = (shiftKey ? 30 : 1) * DAY;
      const delta = {
        ArrowLeft: -step,
        ArrowDown: -step,
        ArrowRight: step,
        ArrowUp: step,
        PageDown: -90 * DAY,
        PageUp: 90 * DAY
      }[key];
      const to =
        key === "Home"
          ? extent[0]
          : key === "End"
            ? extent[1]
            : delta === undefined
              ? null
              : value[side as 0 | 1] + delta;
      if (to === null) return;
      event.preventDefault();
      if (side === 0) change([Math.max(extent[0], Math.min(to, value[1] - minimum)), value[1]]);
      else change([value[0], Math.min(extent[1], Math.max(to, value[0] + minimum))]);
    })
  );

  new ResizeObserver(([entry]) => {
    width = Math.floor(entry!.contentRect.width);
    if (width < 1) return;
    svg.setAttribute("width", String(width));
    drawGround(ground, rows, {x, y, extent, width, height});
    place();
  }).observe(element);
  place();
  return element;
}

function drawGround<T>(
  ground: SVGGElement,
  rows: readonly T[],
  {
    x,
    y,
    extent,
    width,
    height
  }: {x: (d: T) => number; y: (d: T) => number | null | undefined; extent: TimeDomain; width: number; height: number}
): void {
  const bars = barColumns(rows, {x, y, width: width / 2, domain: extent});
  // Extremes are truncated here: the overview is for orientation, the chart below shows them.
  const sizes = bars
    .flatMap((d) => [d.high, -d.low])
    .filter((v) => v > 0)
    .sort((a, b) => a - b);
  const limit = (sizes[Math.floor(sizes.length * 0.98)] ?? 1) * 1.1;
  const low = Math.max(-limit, Math.min(0, ...bars.map((d) => d.low)));
  const top = height - 16;
  const at = (v: number) => top * (1 - (Math.min(Math.max(v, low), limit) - low) / (limit - low || 1));
  const path = (pick: (d: (typeof bars)[number]) => number) =>
    bars
      .filter((d) => pick(d) !== 0)
      .map(
        (d) =>
          `M${(((d.x - extent[0]) / (extent[1] - extent[0] || 1)) * width).toFixed(1)},${at(0).toFixed(1)}V${at(pick(d)).toFixed(1)}`
      )
      .join("");
  const years: SVGElement[] = [];
  for (let year = new Date(extent[0]).getUTCFullYear() + 1; Date.UTC(year, 0) < extent[1]; ++year) {
    const left = ((Date.UTC(year, 0) - extent[0]) / (extent[1] - extent[0])) * width;
    years.push(s("line", {x1: left, x2: left, y1: 0, y2: top + 4, stroke: colors.rule}));
    if (left < width - 28) years.push(s("text", {x: left + 3, y: height - 3, fill: "currentColor"}, String(year)));
  }
  ground.replaceChildren(
    s("rect", {width, height: top, fill: "var(--cb-fill)"}),
    ...years,
    s("path", {d: path((d) => d.high), stroke: colors.earned, "stroke-width": 1.2}),
    s("path", {d: path((d) => d.low), stroke: colors.paid, "stroke-width": 1.2}),
    s("line", {x1: 0, x2: width, y1: at(0), y2: at(0), stroke: colors.soft, "stroke-width": 0.5})
  );
}
