// The models that the site offers: what each file says of itself, read here so that the page can list them
// without fetching one, and its card as a page of its own.
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { Marked } from 'marked';

/**
 * @typedef {object} Shipped
 * @property {string} name its file's, without .onnx
 * @property {Buffer} bytes
 * @property {number | null} accuracy share of MNIST's test digits that it reads right
 * @property {string | null} card Markdown
 */

/** @param {Buffer} bytes @param {number} at @returns {[value: number, next: number]} */
function varint(bytes, at) {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[at++];
    if (byte === undefined) throw new Error('The file ends within a number.');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return [value, at];
  }
}

/** The fields of a protobuf message that hold bytes. @param {Buffer} bytes */
function* fields(bytes) {
  for (let at = 0; at < bytes.length; ) {
    let [tag, next] = varint(bytes, at);
    const [field, type] = [Math.floor(tag / 8), tag % 8];
    [tag, at] = type === 0 || type === 2 ? varint(bytes, next) : [0, next + (type === 1 ? 8 : 4)];
    if (type !== 2) continue;
    yield { field, content: bytes.subarray(at, at + tag) };
    at += tag;
  }
}

/** ModelProto's metadata_props (14), each with a key (1) and a value (2). @param {Buffer} model */
export function metadataOf(model) {
  /** @type {Record<string, string>} */
  const metadata = {};
  for (const { field, content } of fields(model)) {
    if (field !== 14) continue;
    const [key = '', value = ''] = [...fields(content)].map((part) => part.content.toString());
    metadata[key] = value;
  }
  return metadata;
}

/** @param {string} file an .onnx file; its card lies beside it @returns {Promise<Shipped>} */
async function shipped(file) {
  const bytes = await readFile(file);
  const card = await readFile(file.replace(/\.onnx$/, '.md'), 'utf8').catch(() => null);
  const accuracy = Number(metadataOf(bytes).mnist_test_accuracy);
  const name = path.basename(file, '.onnx');
  return { name, bytes, accuracy: accuracy > 0 && accuracy <= 1 ? accuracy : null, card };
}

/** The first is the one that the page begins with. @param {string} first @param {string} folder */
export async function shippedModels(first, folder) {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.onnx')).sort();
  const others = names.map((name) => path.join(folder, name)).filter((file) => file !== first);
  return Promise.all([first, ...others].map(shipped));
}

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

/**
 * A card as HTML: its own tags are shown, not obeyed, and links into the source tree, which lead nowhere
 * on a site, become their text.
 * @param {string} card
 */
export function cardHtml(card) {
  const marked = new Marked({ gfm: true });
  marked.use({
    renderer: {
      html: ({ text }) => escaped(text),
      image: ({ text }) => escaped(text),
      table(token) {
        const cells = (/** @type {typeof token.header} */ row, /** @type {string} */ tag) =>
          row.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('');
        const body = token.rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n');
        const isHeaded = token.header.some(({ text }) => text !== '');
        const head = isHeaded ? `<thead><tr>${cells(token.header, 'th')}</tr></thead>` : '';
        return `<div class="wide" tabindex="0"><table>${head}<tbody>${body}</tbody></table></div>\n`;
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        return /^https?:/.test(href) ? `<a href="${escaped(href)}">${text}</a>` : text;
      },
    },
  });
  const html = /** @type {string} */ (marked.parse(card, { async: false }));
  return html.replace(/(\d) %/g, '$1&nbsp;%'); // a narrow column is not to part the two
}
