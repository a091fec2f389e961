// Where the data is that some tests need: in the folder that INKLING_DATA names, a relative name counted
// from the folder that the command was started in (tests/run.mjs makes it absolute).
import { existsSync } from 'node:fs';
import path from 'node:path';

export interface DataFile {
  path: string;
  /** For node:test: false, or the sentence that says what is not there. */
  skip: string | false;
}

export function dataFile(name: string, folder = process.env.INKLING_DATA): DataFile {
  if (!folder) return { path: '', skip: `INKLING_DATA names no folder with ${name}` };
  const full = path.resolve(folder, name);
  return { path: full, skip: existsSync(full) ? false : `${full} is not there` };
}
