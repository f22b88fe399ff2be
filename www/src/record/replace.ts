/** Properties of somebody's objects that hold other values for a while. */
export class Replacements {
  private readonly undo: (() => void)[] = [];

  /** Puts a value into a property: one of its own, as enumerable as it was, or in front of one that it inherits. */
  put(object: object, name: string, value: unknown): void {
    const before = Object.getOwnPropertyDescriptor(object, name);
    if (before?.configurable === false) return;
    Object.defineProperty(object, name, { configurable: true, enumerable: before?.enumerable ?? false, writable: true, value });
    this.undo.push(() => {
      // Somebody else may have put another one there since.
      if (Object.getOwnPropertyDescriptor(object, name)?.value !== value) return;
      if (before === undefined) Reflect.deleteProperty(object, name);
      else Object.defineProperty(object, name, before);
    });
  }

  /** Puts something in the place of a constructor: a proxy has its name, its length and its text. */
  construct(object: object, name: string, construct: (args: unknown[], self: Maker) => object): void {
    const maker = new Proxy((object as Record<string, Maker>)[name]!, { construct: (_, args, self) => construct(args, self as Maker) });
    this.put(object, name, maker);
    this.put(maker.prototype as object, "constructor", maker);
  }

  /** Puts something in the place of a function. */
  call(object: object, name: string, apply: (args: unknown[], self: unknown) => unknown): void {
    this.put(object, name, new Proxy((object as Record<string, Call>)[name]!, { apply: (_, self, args) => apply(args, self) }));
  }

  /** Puts everything back. */
  end(): void {
    for (const each of this.undo.splice(0).reverse()) each();
  }
}

export type Maker = new (...args: unknown[]) => object;
type Call = (...args: unknown[]) => unknown;
