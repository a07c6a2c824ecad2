// `node --test e2e/` finds only files with such a name.
import "./run.mjs";
