import { en } from "../text/inspect";

/** Pictures of what is drawn on the page: any canvas or SVG element, as PNG or SVG. */

export type Drawing = HTMLCanvasElement | SVGSVGElement;

/** A drawing, and what it is called. */
export interface Named {
  readonly name: string;
  readonly drawing: Drawing;
}

/** Drawings below an element, through every shadow root: what takes part of the screen, and is under a heading. */
export function drawings(root: Element | ShadowRoot): Named[] {
  const found: Named[] = [];
  const visit = (node: Element | ShadowRoot, heading: string): void => {
    // The heading of an element's own tree, or of the one around it.
    const name = node.querySelector("h2, h3")?.textContent.trim() ?? heading;
    for (const element of node.querySelectorAll("*")) {
      if (element.shadowRoot !== null) visit(element.shadowRoot, name);
      const drawn = element instanceof HTMLCanvasElement || element instanceof SVGSVGElement;
      if (!drawn || name === "") continue;
      const { width, height } = element.getBoundingClientRect();
      if (width < 120 || height < 24) continue;
      // Canvases that lie over one another are one drawing, of which the first is the ground.
      const place = element.parentElement;
      if (found.some(({ drawing }) => drawing.parentElement === place)) continue;
      found.push({ name, drawing: element });
    }
  };
  visit(root instanceof Element && root.shadowRoot !== null ? root.shadowRoot : root, "");
  return found;
}

/** The styles of an element that a picture keeps: nothing of a page stands around it later. */
const STYLES = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "opacity",
  "vector-effect",
  "font-family",
  "font-size",
  "font-weight",
  "text-anchor",
  "visibility",
  "display",
] as const;

const SVG = "http://www.w3.org/2000/svg";

/** The frame around a drawing, in CSS pixels. */
const FRAME = { margin: 12, title: 30, line: 20, swatch: 14, letter: 7 } as const;

/** Returns the text of an SVG file: a drawing with its title, the axis beside it and the legend. A canvas becomes an image in it. */
export function svgText(drawing: Drawing): string {
  return new XMLSerializer().serializeToString(framed(drawing));
}

/** Returns a drawing in a frame with everything that stands around it on the page and explains it. */
function framed(drawing: Drawing): SVGSVGElement {
  const { margin, title, line } = FRAME;
  const { left, top, width, height } = drawing.getBoundingClientRect();
  const root = drawing.getRootNode() as ShadowRoot | Document;
  const axis = [...root.querySelectorAll<HTMLElement>(".gutter span")].map((mark) => ({ mark, place: mark.getBoundingClientRect() }));
  const beside = Math.max(0, ...axis.filter(({ place }) => place.width > 0).map(({ place }) => left - place.left));
  const full = Math.round(width + beside + 2 * margin);
  const key = legend(root, full - 2 * margin);
  const below = title + height + margin;

  const frame = svg("svg", { width: full, height: Math.round(below + key.lines * line + margin) });
  frame.setAttribute("xmlns", SVG);
  frame.setAttribute("viewBox", `0 0 ${frame.getAttribute("width")!} ${frame.getAttribute("height")!}`);
  frame.append(svg("rect", { width: "100%", height: "100%", fill: paper(drawing) }));
  frame.append(text(heading(root), margin, title - 10, drawing, { "font-size": 15, "font-weight": 600 }));
  for (const { mark, place } of axis) {
    if (place.width === 0) continue;
    frame.append(text(mark.textContent, margin + place.left - left + beside, title + place.top - top + place.height * 0.75, mark, {}));
  }
  const inner = element(drawing, width, height);
  inner.setAttribute("x", String(margin + beside));
  inner.setAttribute("y", String(title));
  frame.append(inner);
  key.group.setAttribute("transform", `translate(${margin} ${below})`);
  frame.append(key.group);
  return frame;
}

/** Returns the drawing itself as an element of a picture. */
function element(drawing: Drawing, width: number, height: number): SVGSVGElement {
  const own = drawing instanceof SVGSVGElement ? styled(drawing) : svg("svg", {});
  own.setAttribute("width", String(Math.round(width)));
  own.setAttribute("height", String(Math.round(height)));
  if (!own.hasAttribute("viewBox")) own.setAttribute("viewBox", `0 0 ${Math.round(width)} ${Math.round(height)}`);
  if (drawing instanceof HTMLCanvasElement) {
    own.append(svg("image", { width: Math.round(width), height: Math.round(height), href: drawing.toDataURL("image/png") }));
  }
  return own;
}

/** Returns the heading over a drawing: that of its own tree, or of the nearest one around it. */
function heading(root: ShadowRoot | Document): string {
  const own = root.querySelector("h2, h3")?.textContent.trim();
  if (own !== undefined && own !== "") return own;
  return root instanceof ShadowRoot ? heading(root.host.getRootNode() as ShadowRoot | Document) : document.title;
}

/** Returns the entries of a drawing's legend in lines of a width: a swatch each, and its name. */
function legend(root: ShadowRoot | Document, width: number): { group: SVGGElement; lines: number } {
  const { line, swatch, letter } = FRAME;
  const group = svg("g", {});
  let [x, lines] = [0, 0];
  for (const entry of root.querySelectorAll<HTMLElement>(".legend li, .key span")) {
    const name = entry.textContent.trim();
    const wide = swatch + 6 + name.length * letter + 14;
    if (lines === 0 || x + wide > width) [x, lines] = [0, lines + 1];
    const y = (lines - 1) * line;
    const painted = entry.querySelector("canvas");
    const place = { x, y, width: swatch, height: swatch };
    group.append(painted === null ? svg("rect", { ...place, fill: inkOf(entry) }) : svg("image", { ...place, href: painted.toDataURL("image/png") }));
    group.append(text(name, x + swatch + 6, y + swatch - 2, entry, {}));
    x += wide;
  }
  return { group, lines };
}

/** Returns the colour with which a style sheet marks an entry of a legend. */
function inkOf(entry: HTMLElement): string {
  const { backgroundColor, borderTopColor } = getComputedStyle(entry, "::before");
  return /^rgba\(.*, 0\)$/.test(backgroundColor) ? borderTopColor : backgroundColor;
}

function text(content: string, x: number, y: number, like: Element, more: Readonly<Record<string, string | number>>): SVGTextElement {
  const { color, fontFamily, fontSize } = getComputedStyle(like);
  const made = svg("text", { x, y, fill: color, "font-family": fontFamily, "font-size": fontSize, ...more });
  made.textContent = content;
  return made;
}

function svg<Name extends keyof SVGElementTagNameMap>(name: Name, attributes: Readonly<Record<string, string | number>>): SVGElementTagNameMap[Name] {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/** A copy whose elements carry the styles that the page gives them. */
function styled(drawing: SVGSVGElement): SVGSVGElement {
  const copy = drawing.cloneNode(true) as SVGSVGElement;
  const originals = drawing.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((element, i) => {
    const style = getComputedStyle(originals[i]!);
    for (const name of STYLES) element.setAttribute(name, style.getPropertyValue(name));
  });
  // Lit's marks.
  const comments = document.createNodeIterator(copy, NodeFilter.SHOW_COMMENT);
  for (let node = comments.nextNode(); node !== null; node = comments.nextNode()) (node as Comment).remove();
  return copy;
}

/** The colour behind a drawing. */
function paper(drawing: Drawing): string {
  const color = getComputedStyle(drawing).getPropertyValue("--paper").trim();
  // A colour of two schemes is resolved by whoever uses it.
  const probe = document.createElement("i");
  probe.style.color = color;
  drawing.parentNode?.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}

/** Returns a PNG file of a framed drawing, in the pixels of the screen. */
export async function png(drawing: Drawing): Promise<Blob> {
  const picture = framed(drawing);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(picture))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.naturalWidth * devicePixelRatio));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * devicePixelRatio));
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error(en.trace.exports.tooLarge));
      else resolve(blob);
    }, "image/png");
  });
}
