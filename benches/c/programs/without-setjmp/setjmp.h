// Empty: the target has no setjmp, and lua-config.h says how Lua does without.
