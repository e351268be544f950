import {h} from "./dom.js";

/** Rows that a person has chosen, whichever tables they stand in. */
export interface Selection {
  /** a box for a row; `about` names it for those who do not see the row */
  box: (id: string, about: string) => HTMLInputElement;
  ids: () => string[];
  /** the name that came with an id */
  nameOf: (id: string) => string;
  choose: (rows: Iterable<readonly [id: string, about: string]>) => void;
  clear: () => void;
}

/** @param onChange called with the number of chosen rows */
export function Selection(onChange: (count: number) => void): Selection {
  const chosen = new Map<string, string>();
  const names = new Map<string, string>();
  const boxes = new Map<HTMLInputElement, string>();

  /** One row may stand in two tables: all its boxes say the same. */
  const tell = (): void => {
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
          tell();
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
      tell();
    },
    clear() {
      chosen.clear();
      tell();
    }
  };
}
