// Every sentence of the view `teach`, in one place.
import { grouped } from '../../src/numbers.ts';

export const kText = {
  ask: 'What should it have been?',
  askEmpty: 'Draw a digit, then say what it is.',
  askOne: 'One digit at a time: Undo takes the others away.',
  none: 'not a digit',
  noneShort: 'none',
  about:
    'Kept in this browser, on your machine, and sent nowhere. “inkling train --strokes” learns from the exported file.',
  list: 'Kept drawings',
  kept: (count: number) => (count === 1 ? '1 drawing kept.' : `${grouped(count)} drawings kept.`),
  nothing: 'No drawings are kept yet.',
  added: (label: string) => `Kept as ${label}.`,
  one: (label: string) => `A drawing kept as ${label}: put it on the pad`,
  remove: (label: string) => `Delete this drawing, kept as ${label}`,
  removed: (count: number) => (count === 1 ? 'Deleted.' : `${grouped(count)} drawings deleted.`),
  undo: 'Undo',
  undone: 'They are back.',
  removeAll: 'Delete all',
  save: 'Export',
  load: 'Import',
  more: (count: number) => `Show ${grouped(count)} more`,
  loaded: (count: number, name: string) =>
    count === 1 ? `1 drawing taken from ${name}.` : `${grouped(count)} drawings taken from ${name}.`,
  inMemory:
    'This browser keeps nothing for this page (a private window or a full disk, perhaps): your drawings last until you close it, so export them before.',
};

export const kProblems = {
  folder: (name: string) => `${name} is a folder or cannot be read; choose a file of strokes.`,
  empty: (name: string) => `${name} holds no drawings.`,
  huge: (name: string) => `${name} is larger than 64 MB; split it by lines and import a part.`,
  badGzip: (name: string) => `${name} is a damaged gzip file; fetch it again.`,
  notText: (name: string) => `${name} is no file of strokes; it should be lines like {"label":"7","strokes":[[[x,y],…]]}.`,
  notDrawing: (name: string, line: number) =>
    `${name}, line ${line}: not a drawing; a line looks like {"label":"7","strokes":[[[x,y],…]]}.`,
  noInk: (name: string, line: number) => `${name}, line ${line}: there is no ink in it.`,
  tooLong: (name: string, line: number) =>
    `${name}, line ${line}: more points than a drawing has; 4,096 are the most.`,
  tooMany: (name: string, most: number) =>
    `${name} holds more drawings than fit here; ${grouped(most)} are the most.`,
};
