// Runs a Lua script that builds, keeps and drops many small objects, and prints its checksum.
#include <stdio.h>

#include "lauxlib.h"
#include "lua.h"
#include "lualib.h"

static const char *script =
    "local function tree(depth)\n"
    "  if depth == 0 then return { name = 'leaf' } end\n"
    "  return { left = tree(depth - 1), right = tree(depth - 1), name = 'node ' .. depth }\n"
    "end\n"
    "local function count(node)\n"
    "  if not node.left then return #node.name end\n"
    "  return #node.name + count(node.left) + count(node.right)\n"
    "end\n"
    "local sum = 0\n"
    "local kept = tree(12)\n"
    "for round = 1, 12 do sum = sum + count(tree(11)) end\n"
    "sum = sum + count(kept)\n"
    "local words = {}\n"
    "for i = 1, 60000 do\n"
    "  local key = 'word' .. (i * 7919 % 20011)\n"
    "  words[key] = (words[key] or '') .. i % 10\n"
    "end\n"
    "local keys = {}\n"
    "for key, value in pairs(words) do keys[#keys + 1] = key .. '=' .. value end\n"
    "table.sort(keys)\n"
    "sum = sum + #table.concat(keys, ',')\n"
    "local text = {}\n"
    "for i = 1, 20000 do text[i] = string.format('%05d:%s', i, string.rep('x', i % 50)) end\n"
    "for piece in table.concat(text, ' '):gmatch('%S+') do sum = sum + #piece:upper() end\n"
    "return sum\n";

static const luaL_Reg libraries[] = {
    {LUA_GNAME, luaopen_base},
    {LUA_TABLIBNAME, luaopen_table},
    {LUA_STRLIBNAME, luaopen_string},
    {LUA_MATHLIBNAME, luaopen_math},
};

int main(void) {
  lua_State *state = luaL_newstate();
  if (!state) return 1;
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
    luaL_requiref(state, libraries[i].name, libraries[i].func, 1);
    lua_pop(state, 1);
  }
  if (luaL_loadstring(state, script) != LUA_OK || lua_pcall(state, 0, 1, 0) != LUA_OK) {
    fprintf(stderr, "lua: %s\n", lua_tostring(state, -1));
    return 1;
  }
  printf("%lld\n", (long long)lua_tointeger(state, -1));
  lua_close(state);
  return 0;
}
