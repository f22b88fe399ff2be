/** The element of a group that Tab leads to; the arrow keys lead from one to the next. */

const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };

/** Moves the focus among the buttons of a group, to be called for its `keydown`; returns the button that has the focus then. */
export function rove(event: KeyboardEvent): HTMLElement | null {
  const step = STEPS[event.key];
  const group = event.currentTarget as HTMLElement;
  const stops = [...group.querySelectorAll<HTMLElement>("button")];
  const here = stops.indexOf(event.target as HTMLElement);
  if (step === undefined || here < 0) return null;
  event.preventDefault();
  const to = stops[Math.max(0, Math.min(stops.length - 1, here + step))]!;
  for (const stop of stops) stop.tabIndex = stop === to ? 0 : -1;
  to.focus();
  return to;
}
