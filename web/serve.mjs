// Serves the finished site on this machine: `node web/serve.mjs [--root DIR] [--port N]`.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { serve } from './server.mjs';

function options() {
  try {
    return parseArgs({ options: { root: { type: 'string' }, port: { type: 'string' } } }).values;
  } catch (error) {
    console.error(`serve: ${/** @type {Error} */ (error).message}\nusage: [--root DIR] [--port N]`);
    process.exit(2);
  }
}

const values = options();
const root = values.root ?? fileURLToPath(new URL('../build/site', import.meta.url));
const port = Number(values.port ?? process.env.PORT ?? 8080);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  console.error(`serve: a port is a number up to 65535, not ${values.port ?? process.env.PORT}`);
  process.exit(2);
}
try {
  const { url } = await serve(root, port);
  console.log(`Inkling is at ${url} (Ctrl+C ends it)`);
} catch (error) {
  console.error(
    `serve: ${/** @type {Error} */ (error).message}. Build the site first: npm run site`,
  );
  process.exit(1);
}
