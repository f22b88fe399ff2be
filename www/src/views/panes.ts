/** Sizes of panes between visits; a page that may store nothing forgets them. */
export const panes = {
  read(name: string, otherwise: number): number {
    try {
      const kept = Number(localStorage.getItem(`pane ${name}`) ?? "");
      return kept > 0 ? kept : otherwise;
    } catch {
      return otherwise;
    }
  },
  keep(name: string, value: number): void {
    try {
      localStorage.setItem(`pane ${name}`, String(Math.round(value)));
    } catch {
      // Forgotten.
    }
  },
};
