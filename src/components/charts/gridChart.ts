import * as Plot from "npm:@observablehq/plot";
import {colors, heat, onSteps} from "../ui/colors.js";
import {number, percent} from "../ui/format.js";

/** One combination of a sweep, over all of its pairs. */
export interface GridCell {
  /** values of the axes, in their order */
  x: string;
  y: string | undefined;
  /** Σ net over the pairs, in quote currency */
  net: number;
  /** Σ net over Σ capital */
  share: number;
  trades: number;
}

const STEPS = [colors.paid, ...heat.slice(1)];

/** Returns the edges of the colour steps; zero is always an edge, so that a loss never has the colour of a gain. */
export function boundsOf(cells: readonly GridCell[]): number[] {
  const reach = Math.max(1e-9, ...cells.map((d) => Math.abs(d.share)));
  return [-reach / 2, -reach / 6, -1e-12, 1e-12, reach / 6, reach / 3, (2 * reach) / 3];
}

/**
 * Draws a sweep over two parameters: colour is the net on capital, a frame marks the best cell, a cross the current
 * settings. Cells show their figure where there is room.
 */
export function GridChart(
  cells: readonly GridCell[],
  {
    width,
    height,
    xLabel,
    yLabel,
    chosen,
    document
  }: {
    width: number;
    height?: number;
    xLabel: string;
    yLabel: string | undefined;
    chosen?: {x: string; y: string | undefined} | undefined;
    document?: Document;
  }
): SVGSVGElement {
  const xs = [...new Set(cells.map((d) => d.x))];
  const ys = [...new Set(cells.map((d) => d.y ?? ""))];
  const best = cells.reduce<GridCell | undefined>((top, d) => (top && top.net >= d.net ? top : d), undefined);
  const column = (width - 78) / Math.max(1, xs.length);
  const written = column >= 38 && ys.length <= 24;
  const every = Math.ceil(xs.length / Math.max(1, Math.floor((width - 78) / 54)));
  const bounds = boundsOf(cells);
  const y = (d: GridCell) => d.y ?? "";
  return Plot.plot({
    document,
    width,
    height: height ?? gridHeight(ys.length),
    marginLeft: 70,
    marginTop: 28,
    marginBottom: 40,
    marginRight: 8,
    padding: 0,
    x: {
      type: "band",
      domain: xs,
      label: xLabel,
      labelAnchor: "center",
      labelArrow: "none",
      tickSize: 0,
      ticks: xs.filter((_, i) => i % every === 0)
    },
    y: {type: "band", domain: [...ys].reverse(), label: yLabel ?? null, labelArrow: "none", tickSize: 0},
    color: {type: "threshold", domain: bounds, range: STEPS},
    marks: [
      Plot.cell(cells, {x: "x", y, fill: "share", inset: 0.5}),
      ...(written
        ? [
            Plot.text(cells, {
              x: "x",
              y,
              text: (d: GridCell) => number(d.share * 100, 2),
              ...onSteps<GridCell>((d) => d.share >= bounds.at(-1)! || d.share < bounds[0]!),
              fontSize: 10
            })
          ]
        : []),
      Plot.cell(best ? [best] : [], {x: "x", y, fill: "none", stroke: colors.ink, strokeWidth: 2, inset: 1}),
      Plot.text(
        cells.filter((d) => chosen && d.x === chosen.x && (d.y ?? "") === (chosen.y ?? "")),
        {
          x: "x",
          y,
          text: () => "×",
          dy: written ? 12 : 0,
          fontSize: 13,
          fontWeight: 700,
          fill: colors.ink,
          stroke: colors.card,
          strokeWidth: 3
        }
      ),
      Plot.tip(
        cells,
        Plot.pointer({
          x: "x",
          y,
          title: (d: GridCell) =>
            [
              `${xLabel} ${d.x}`,
              ...(yLabel ? [`${yLabel} ${d.y}`] : []),
              `net ${number(d.net, 2)}, ${percent(d.share, 2)} of capital`,
              `${d.trades} trades`
            ].join("\n")
        })
      )
    ]
  }) as SVGSVGElement;
}

/** Returns the height of a grid of `rows` rows, px. */
export const gridHeight = (rows: number): number => 68 + Math.max(1, rows) * (rows > 16 ? 18 : 26);
