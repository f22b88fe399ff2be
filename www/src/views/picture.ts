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

/** The text of an SVG file. A canvas becomes an image in it. */
export function svgText(drawing: Drawing): string {
  const { width, height } = drawing.getBoundingClientRect();
  const root = drawing instanceof SVGSVGElement ? styled(drawing) : document.createElementNS(SVG, "svg");
  root.setAttribute("xmlns", SVG);
  root.setAttribute("width", String(Math.round(width)));
  root.setAttribute("height", String(Math.round(height)));
  if (!root.hasAttribute("viewBox")) root.setAttribute("viewBox", `0 0 ${Math.round(width)} ${Math.round(height)}`);
  if (drawing instanceof HTMLCanvasElement) {
    const image = document.createElementNS(SVG, "image");
    image.setAttribute("width", String(Math.round(width)));
    image.setAttribute("height", String(Math.round(height)));
    image.setAttribute("href", drawing.toDataURL("image/png"));
    root.append(image);
  } else {
    const ground = document.createElementNS(SVG, "rect");
    ground.setAttribute("width", "100%");
    ground.setAttribute("height", "100%");
    ground.setAttribute("fill", paper(drawing));
    root.prepend(ground);
  }
  return new XMLSerializer().serializeToString(root);
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

/** A PNG file, in the pixels of the screen. */
export async function png(drawing: Drawing): Promise<Blob> {
  const canvas = drawing instanceof HTMLCanvasElement ? drawing : await raster(drawing);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error(en.trace.exports.tooLarge));
      else resolve(blob);
    }, "image/png");
  });
}

async function raster(drawing: SVGSVGElement): Promise<HTMLCanvasElement> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText(drawing))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  const { width, height } = drawing.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round(width * devicePixelRatio));
  canvas.height = Math.max(1, Math.round(height * devicePixelRatio));
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}
