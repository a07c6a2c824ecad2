// Says where the script's verdict differs from the program's: `node agree.mjs FOLDER…`, each with `*.record` files and
// the program's verdicts in `verdicts.txt`.

import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const { verify, codes } = createRequire(import.meta.url)("./verify.js");
let [records, differing] = [0, 0];
for (const folder of process.argv.slice(2)) {
  const wanted = new Map();
  for (const part of readFileSync(join(folder, "verdicts.txt"), "utf8").split(/^(?=.*\.record$)/m)) {
    const [name, ...lines] = part.split("\n");
    wanted.set(name, lines.join("\n"));
  }
  const files = readdirSync(folder).filter((name) => name.endsWith(".record"));
  if (files.length === 0 || files.length !== wanted.size) {
    console.error(`${folder} holds ${files.length} records and ${wanted.size} verdicts`);
    differing++;
  }
  for (const file of files) {
    records++;
    const found = codes(await verify(new Uint8Array(readFileSync(join(folder, file)))));
    if (found !== wanted.get(file)) {
      differing++;
      console.error(`${folder}/${file}\n  the program:\n${wanted.get(file)}  the script:\n${found}`);
    }
  }
}
console.log(`${records} records, ${differing} with another verdict`);
process.exitCode = differing > 0 || records === 0 ? 1 : 0;
