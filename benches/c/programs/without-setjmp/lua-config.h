// Lua jumps out of a function where a script raises an error. The script of this benchmark raises
// none, and the target has no setjmp; an error ends the program.
#define LUAI_THROW(L, c) __builtin_trap()
#define LUAI_TRY(L, c, a) {a}
#define luai_jmpbuf int
#define luai_makeseed(L) 42u
#define l_signalT int
