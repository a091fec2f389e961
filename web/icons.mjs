// Draws web/icons/*.png from web/icon.svg with librsvg's rsvg-convert; run by hand when the icon changes:
// `node web/icons.mjs`. The pictures are kept in the repository so that a build needs no renderer.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const kFolder = fileURLToPath(new URL('.', import.meta.url));
const kIcon = readFileSync(`${kFolder}icon.svg`, 'utf8');

/** Without its round corners, the sheet to the edges: systems cut their own shape out of it. */
const kFull = kIcon.replace(' rx="7"', '');

/** The same with the digit in the middle four fifths, which every shape leaves whole. */
const kMaskable = kFull
  .replace('<path ', '<g transform="translate(16 16) scale(0.8) translate(-16 -16.6)"><path ')
  .replace('</svg>', '</g></svg>');

/** @param {string} name @param {number} side @param {string} svg */
function draw(name, side, svg) {
  const file = `${kFolder}icons/${name}.png`;
  execFileSync('rsvg-convert', ['-w', String(side), '-h', String(side), '-o', file], { input: svg });
}

draw('icon-192', 192, kIcon);
draw('icon-512', 512, kIcon);
draw('maskable-512', 512, kMaskable);
draw('touch-180', 180, kMaskable);
