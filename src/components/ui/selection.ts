import {h} from "./dom.js";

/** Rows selected by the user, across tables. */
export interface Selection {
  /** returns a check box for a row; `about` is its accessible name */
  box: (id: string, about: string) => HTMLInputElement;
  ids: () => string[];
  /** returns the `about` of an id */
  nameOf: (id: string) => string;
  choose: (rows: Iterable<readonly [id: string, about: string]>) => void;
  clear: () => void;
}

/**
 * Creates an empty selection.
 * @param onChange called with the number of selected rows
 */
export function Selection(onChange: (count: number) => void): Selection {
  const chosen = new Map<string, string>();
  const names = new Map<string, string>();
  const boxes = new Map<HTMLInputElement, string>();

  // A row may be in two tables; all its boxes show the same state.
  const refresh = (): void => {
    for (const [box, id] of boxes) {
      if (!box.isConnected) boxes.delete(box);
      else box.checked = chosen.has(id);
    }
    onChange(chosen.size);
  };
  return {
    box(id, about) {
      names.set(id, about);
      const box = h("input", {
        type: "checkbox",
        class: "pick",
        "aria-label": `Select ${about}`,
        checked: chosen.has(id),
        change: () => {
          if (box.checked) chosen.set(id, about);
          else chosen.delete(id);
          refresh();
        }
      });
      boxes.set(box, id);
      return box;
    },
    ids: () => [...chosen.keys()],
    nameOf: (id) => names.get(id) ?? id,
    choose(rows) {
      for (const [id, about] of rows) {
        chosen.set(id, about);
        names.set(id, about);
      }
      refresh();
    },
    clear() {
      chosen.clear();
      refresh();
    }
  };
}
