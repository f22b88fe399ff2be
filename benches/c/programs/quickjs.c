// Runs a JavaScript program that parses, transforms and prints documents, and prints its checksum.
#include <stdio.h>
#include <string.h>

#include "quickjs.h"

static const char *script =
    "let sum = 0;\n"
    "const records = [];\n"
    "for (let i = 0; i < 4000; i++)\n"
    "  records.push({ id: i, name: `record ${i}`, tags: ['a' + i % 7, 'b' + i % 11], at: { x: i / 3, y: -i } });\n"
    "for (let round = 0; round < 6; round++) {\n"
    "  const text = JSON.stringify(records);\n"
    "  const back = JSON.parse(text);\n"
    "  sum += text.length + back.filter((r) => r.tags.includes('a' + round)).length;\n"
    "}\n"
    "const groups = new Map();\n"
    "for (const { id, tags, name } of records) {\n"
    "  for (const tag of tags) groups.set(tag, [...(groups.get(tag) ?? []).slice(-40), name + id]);\n"
    "}\n"
    "sum += [...groups.values()].flat().join('').length;\n"
    "class Node { constructor(value, next) { this.value = value; this.next = next; } }\n"
    "for (let round = 0; round < 10; round++) {\n"
    "  let list = null;\n"
    "  for (let i = 0; i < 3000; i++) list = new Node(`v${i}`, list);\n"
    "  for (let node = list; node; node = node.next) sum += node.value.length;\n"
    "}\n"
    "const words = 'the quick brown fox jumps over the lazy dog '.repeat(300).split(' ');\n"
    "for (let round = 0; round < 10; round++)\n"
    "  sum += words.map((w) => w.toUpperCase().replace(/[AEIOU]/g, (v) => v + round)).join(' ').length;\n"
    "sum;\n";

int main(void) {
  JSRuntime *runtime = JS_NewRuntime();
  JSContext *context = JS_NewContext(runtime);
  if (!context) return 1;
  JSValue result = JS_Eval(context, script, strlen(script), "script", JS_EVAL_TYPE_GLOBAL);
  int64_t sum = 0;
  if (JS_IsException(result) || JS_ToInt64(context, &sum, result)) {
    const char *text = JS_ToCString(context, JS_GetException(context));
    fprintf(stderr, "quickjs: %s\n", text ? text : "an error");
    return 1;
  }
  printf("%lld\n", (long long)sum);
  JS_FreeValue(context, result);
  JS_FreeContext(context);
  JS_FreeRuntime(runtime);
  return 0;
}
