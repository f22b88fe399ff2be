/** Where a view stands, for the page's address. */
export interface Place {
  /** What stands behind the view's name in the hash. */
  readonly query: string;
  /** Whether the browser's back button is to lead to where it stood before. */
  readonly entry: "same" | "new";
}
