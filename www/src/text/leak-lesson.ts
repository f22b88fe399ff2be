/** Texts of the lesson on leaks. */
export const en = {
  name: "Find a leak",
  about: "A shop’s memory grows with each purchase. Find the function that forgets, in the real inspector.",
  start: "Start: Find a leak",
  title: "Find a leak: one of this shop’s functions forgets what it asked for",
  steps: [
    "1. Type browse() into the call line, and press Enter",
    "2. Type checkout(), and press Enter",
    "3. Drag over the last two moments in the strip (or focus it, Shift and ←)",
  ],
  done: (step: string): string => `✓ ${step}`,
  question: "Which function asked for what came and did not go?",
  right: "Right.",
  wrong: "Not quite.",
  next: "Go on freely in the sandbox",
  because: {
    printReceipt:
      "Every byte that came and stayed was asked for there: the stack below reads checkout → printReceipt, and ends in the allocator.",
    checkout: "checkout is on the stack below, and asks for nothing itself: the stack goes on to the function that does.",
    browse: "browse asks for more than any other function, and gives it back: it is on no stack of what is still live.",
  },
} as const;
