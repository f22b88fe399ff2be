/** The place of a room in the page's address. */
export interface Place {
  /** The place in a room that has several; else the room's name. */
  readonly name?: string | undefined;
  /** The part behind the name in the hash. */
  readonly query: string;
  /** With `new`, the browser's back button leads to the place before. */
  readonly entry: "same" | "new";
}
