/**
 * What is wrong with a file of DHAT, version 2: by the comment that specifies the format, in valgrind's
 * dhat/dh_main.c before the functions that write it, and by what dh_view.js of valgrind 3.19 demands
 * of a file (`buildTree`, `checkPP`). Fields that neither knows are wrong, too.
 */
export function faults(text: string): string[] {
  const file = JSON.parse(text) as Record<string, unknown>;
  const wrong: string[] = [];
  const expect = (holds: boolean, what: string): void => {
    if (!holds) wrong.push(what);
  };
  const whole = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
  const fields = (of: Record<string, unknown>, types: Readonly<Record<string, (value: unknown) => boolean>>, where: string): void => {
    for (const [name, is] of Object.entries(types)) expect(is(of[name]), `${where}${name} is ${JSON.stringify(of[name])}`);
    for (const name of Object.keys(of)) expect(name in types, `${where}${name} is not of the format`);
  };
  const filled = (value: unknown): boolean => typeof value === "string" && value !== "";
  const flag = (value: unknown): boolean => typeof value === "boolean";
  const optional = (is: (value: unknown) => boolean) => (value: unknown): boolean => value === undefined || is(value);

  fields(
    file,
    {
      dhatFileVersion: (value) => value === 2,
      mode: filled,
      verb: filled,
      // Whether lifetimes are known, and accesses.
      bklt: flag,
      bkacc: flag,
      bu: optional(filled),
      bsu: optional(filled),
      bksu: optional(filled),
      // Units of time, and of a million of them.
      tu: filled,
      Mtu: filled,
      // Shorter lives than that are short.
      tuth: file["bklt"] === true ? whole : optional(whole),
      cmd: filled,
      pid: whole,
      // When most was live, and the end.
      tg: file["bklt"] === true ? whole : optional(whole),
      te: whole,
      pps: Array.isArray,
      ftbl: Array.isArray,
    },
    "",
  );
  const table = (file["ftbl"] ?? []) as unknown[];
  expect(table[0] === "[root]", "the first frame is no root");
  expect(table.every(filled), "a frame is no text");
  if (whole(file["tg"]) && whole(file["te"])) expect(file["tg"] <= file["te"], "most was live after the end");

  const lived = file["bklt"] === true ? whole : (value: unknown): boolean => value === undefined;
  const accessed = file["bkacc"] === true ? whole : (value: unknown): boolean => value === undefined;
  const stacks = new Set<string>();
  for (const [i, point] of ((file["pps"] ?? []) as Record<string, unknown>[]).entries()) {
    const where = `pps[${i}].`;
    fields(
      point,
      {
        // Bytes and blocks: in all, and the sum of lifetimes; at this point's own peak; at the program's; at the end.
        tb: whole,
        tbk: whole,
        tl: lived,
        mb: lived,
        mbk: lived,
        gb: lived,
        gbk: lived,
        eb: lived,
        ebk: lived,
        rb: accessed,
        wb: accessed,
        acc: optional(Array.isArray),
        fs: (value) => Array.isArray(value) && value.every((frame) => whole(frame) && frame > 0 && frame < table.length),
      },
      where,
    );
    const { tb, mb, gb, eb } = point as Record<string, number>;
    expect(gb! <= mb! && eb! <= mb! && mb! <= tb!, `${where} holds more at once than its peak, or than all`);
    const stack = JSON.stringify(point["fs"]);
    expect(!stacks.has(stack), `${where}fs is there twice`);
    stacks.add(stack);
  }
  return wrong;
}
