import type { History } from "./history";

/** The selection that all views share: a block, a moment, a range of moments. */
export interface Selection {
  /** The chosen address, or -1: a block is chosen by where it is, so that it stays chosen. */
  readonly at: number;
  /** The moment looked at; `null` is now, whatever comes. */
  readonly moment: number | null;
  /** Two moments that are compared, the earlier one first. */
  readonly range: readonly [number, number] | null;
}

export const NOTHING_CHOSEN: Selection = { at: -1, moment: null, range: null };

/** Goes to a moment; one without a picture gives its nearest neighbour that has one. */
export function travel(selection: Selection, history: History, id: number): Selection {
  const to = history.has(id) ? id : history.nearest(id);
  return { ...selection, moment: to === history.last?.id ? null : to, range: null };
}

/** Selects from one moment to another, in either order, and looks at the later one. */
export function compare(selection: Selection, history: History, a: number, b: number): Selection {
  const [from, to] = [Math.min(a, b), Math.max(a, b)].map((id) => (history.has(id) ? id : history.nearest(id)));
  if (from === undefined || to === undefined || from === to) return travel(selection, history, b);
  return { ...selection, moment: to === history.last?.id ? null : to, range: [from, to] };
}

/** Back to now, with no range. */
export const present = (selection: Selection): Selection => ({ ...selection, moment: null, range: null });

/** Drops what the history no longer has. */
export function still(selection: Selection, history: History): Selection {
  const { moment, range } = selection;
  const gone = (id: number): boolean => !history.has(id);
  const lost = range?.some(gone) === true;
  if ((moment === null || !gone(moment)) && !lost) return selection;
  return { ...selection, moment: moment === null || gone(moment) ? null : moment, range: lost ? null : range };
}
