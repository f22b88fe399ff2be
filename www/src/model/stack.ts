/** Functions of Rust's own libraries, which act for their callers. */
const LIBRARY = /^<?(alloc|core|std|hashbrown)::/;

/** The innermost function of a stack that is not of Rust's libraries; if all are, the innermost. */
export const culprit = (stack: readonly string[]): string => stack.find((name) => !LIBRARY.test(name)) ?? stack[0] ?? "";
