// Charts as SVG, with no library: two kinds, a style sheet that follows the reader's light or dark.

const STYLE = `
  :root { color-scheme: light dark; }
  .paper { fill: #ffffff; } text { fill: #1f2328; font: 13px system-ui, sans-serif; }
  .title { font-size: 16px; font-weight: 600; } .quiet { fill: #59636e; font-size: 11.5px; }
  .value { stroke: #ffffff; stroke-width: 2.5; paint-order: stroke; }
  .mark { stroke: #ffffff; stroke-width: 1; } .grid { stroke: #d1d9e0; } .one { stroke: #59636e; stroke-width: 1.5; } .row { stroke: #eff2f5; }
  .a { fill: #0072b2; } .b { fill: #d55e00; } .c { fill: #8a5a99; } .d { fill: #59636e; } .e { fill: #00795a; } .f { fill: #a07000; }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117; } text { fill: #f0f6fc; } .quiet { fill: #9198a1; }
    .mark, .value { stroke: #0d1117; } .grid { stroke: #3d444d; } .one { stroke: #9198a1; } .row { stroke: #1c2128; }
    .a { fill: #56b4e9; } .b { fill: #f0894a; } .c { fill: #cc99dd; } .d { fill: #9198a1; } .e { fill: #2ec4a0; } .f { fill: #e6b83c; }
  }`;

const escape = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const n = (value) => Number(value.toFixed(1));

/** Marks that differ in form too, for who does not tell the colours apart. */
const MARKS = [
  (x, y) => `M${n(x - 6)} ${n(y)}a6 6 0 1 0 12 0a6 6 0 1 0 -12 0z`,
  (x, y) => `M${n(x - 5)} ${n(y - 5)}h10v10h-10z`,
  (x, y) => `M${n(x)} ${n(y - 6)}l6 11h-12z`,
  (x, y) => `M${n(x)} ${n(y - 6)}l6 6l-6 6l-6 -6z`,
  (x, y) => `M${n(x - 1.5)} ${n(y - 8)}h3v16h-3z`,
  (x, y) => `M${n(x)} ${n(y + 6)}l6 -11h-12z`,
];
const COLOURS = ["a", "b", "c", "e", "d", "f"];

function frame(title, subtitle, width, height, body) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">
<style>${STYLE}
</style>
<rect class="paper" width="${width}" height="${height}" rx="6"/>
<text class="title" x="16" y="28">${escape(title)}</text>
<text class="quiet" x="16" y="48">${escape(subtitle)}</text>
${body.join("\n")}
</svg>
`;
}

function legend(series, y, mark, hidden) {
  let x = 16;
  return series.flatMap((title, at) => {
    if (at === hidden) return [];
    const item = `<path class="${COLOURS[at]}" d="${mark(at)(x + 6, y - 4)}"/><text x="${x + 18}" y="${y}">${escape(title)}</text>`;
    x += 38 + 7.2 * title.length;
    return [item];
  });
}

/**
 * A line for each row, a mark for each series, on a logarithmic axis around 1. What lies beyond its
 * ends stands at them, and beside it who it is, by its `short` name, and its value. `rows` are `{ label, values: [...] }`; `ends` says what left and
 * right mean; the series `hidden` has no marks, because it is the 1 of the axis.
 */
export function dots({ title, subtitle, series, short, rows, ticks, ends, hidden = -1 }) {
  const [left, right, top, step] = [180, 210, 96, 26];
  const width = 900;
  const bottom = top + rows.length * step;
  const height = bottom + 50;
  const [low, high] = [Math.log(ticks[0]), Math.log(ticks.at(-1))];
  const place = (value) => left + ((Math.log(value) - low) / (high - low)) * (width - left - right);
  const body = legend(series, 74, (at) => MARKS[at], hidden);
  for (const tick of ticks) {
    const x = n(place(tick));
    body.push(`<line class="${tick === 1 ? "one" : "grid"}" x1="${x}" x2="${x}" y1="${top - 8}" y2="${bottom}"/>`);
    body.push(`<text class="quiet" x="${x}" y="${bottom + 17}" text-anchor="middle">${tick}×</text>`);
  }
  const one = place(1);
  body.push(`<text class="quiet" x="${n(one - 14)}" y="${bottom + 36}" text-anchor="end">← ${escape(ends[0])}</text>`);
  body.push(`<text class="quiet" x="${n(one + 14)}" y="${bottom + 36}">${escape(ends[1])} →</text>`);
  for (const [at, { label, values }] of rows.entries()) {
    const y = top + at * step + step / 2 - 4;
    body.push(`<text x="${left - 14}" y="${y + 4}" text-anchor="end">${escape(label)}</text>`);
    body.push(`<line class="row" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}"/>`);
    // The first series is what a chart is about: it lies on top of the others.
    for (const [which, value] of [...values.entries()].reverse()) {
      if (value === undefined || which === hidden) continue;
      const x = place(Math.min(Math.max(value, ticks[0]), ticks.at(-1)));
      body.push(`<path class="mark ${COLOURS[which]}" d="${MARKS[which](x, y)}"><title>${escape(`${series[which]}: ${value.toFixed(2)}`)}</title></path>`);
    }
    const aside = (beyond) =>
      [...values.entries()]
        .filter(([which, value]) => which !== hidden && value !== undefined && beyond(value))
        .map(([which, value]) => `${short[which]} ${value.toPrecision(2)}×`)
        .join(", ");
    const above = aside((value) => value > ticks.at(-1));
    if (above) body.push(`<text class="quiet value" x="${width - right + 10}" y="${y + 4}">${escape(above)}</text>`);
    const below = aside((value) => value < ticks[0]);
    if (below) body.push(`<text class="quiet value" x="${left + 10}" y="${y + 4}">${escape(below)}</text>`);
  }
  return frame(title, subtitle, width, height, body);
}

/** Bars from 0, of one or more series for each row, and a line at `mark`. `rows` are `{ label, values: [...] }`. */
export function bars({ title, subtitle, series, rows, format, mark }) {
  const [left, right, thick, gap] = [170, 80, series.length > 1 ? 13 : 18, 10];
  const top = series.length > 1 ? 92 : 66;
  const width = 840;
  const step = series.length * thick + gap;
  const height = top + rows.length * step + 16;
  const most = Math.max(...rows.flatMap(({ values }) => values.filter((value) => value !== undefined)));
  const place = (value) => n((value / most) * (width - left - right));
  const body = series.length > 1 ? legend(series, 72, () => MARKS[1]) : [];
  if (mark !== undefined) {
    const x = left + place(mark);
    body.push(`<line class="one" stroke-dasharray="3 3" x1="${x}" x2="${x}" y1="${top - 6}" y2="${height - 14}"/>`);
  }
  for (const [at, { label, values }] of rows.entries()) {
    const y = top + at * step;
    body.push(`<text x="${left - 12}" y="${y + (step - gap) / 2 + 4}" text-anchor="end">${escape(label)}</text>`);
    for (const [which, value] of values.entries()) {
      if (value === undefined) continue;
      const above = y + which * thick;
      body.push(`<rect class="${COLOURS[which]}" x="${left}" y="${above}" width="${place(value)}" height="${thick - 2}" rx="1"/>`);
      body.push(`<text class="quiet value" x="${n(left + place(value) + 6)}" y="${above + thick / 2 + 3}">${escape(format(value))}</text>`);
    }
  }
  return frame(title, subtitle, width, height, body);
}
