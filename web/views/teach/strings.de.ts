// strings.ts in German.
import { grouped } from '../../src/numbers.ts';
import type * as english from './strings.ts';

export const kText: typeof english.kText = {
  ask: 'Was hätte es sein sollen?',
  askEmpty: 'Schreib eine Ziffer, dann sag, was sie ist.',
  askOne: 'Eine Ziffer auf einmal: „Zurück“ nimmt die anderen weg.',
  none: 'keine Ziffer',
  noneShort: 'keine',
  about:
    'Wird in diesem Browser aufbewahrt, auf deinem Gerät, und nirgendwohin gesendet. „inkling train --strokes“ lernt aus der exportierten Datei.',
  list: 'Aufbewahrte Zeichnungen',
  kept: (count) =>
    count === 1 ? '1 Zeichnung aufbewahrt.' : `${grouped(count)} Zeichnungen aufbewahrt.`,
  nothing: 'Noch ist keine Zeichnung aufbewahrt.',
  added: (label) => `Als ${label} aufbewahrt.`,
  one: (label) => `Eine Zeichnung, aufbewahrt als ${label}: auf das Blatt legen`,
  remove: (label) => `Diese Zeichnung löschen, aufbewahrt als ${label}`,
  removed: (count) => (count === 1 ? 'Gelöscht.' : `${grouped(count)} Zeichnungen gelöscht.`),
  undo: 'Rückgängig',
  undone: 'Sie sind wieder da.',
  removeAll: 'Alle löschen',
  save: 'Exportieren',
  load: 'Importieren',
  more: (count) => `${grouped(count)} weitere zeigen`,
  loaded: (count, name) =>
    count === 1 ? `1 Zeichnung aus ${name} genommen.` : `${grouped(count)} Zeichnungen aus ${name} genommen.`,
  inMemory:
    'Dieser Browser bewahrt für diese Seite nichts auf (vielleicht ein privates Fenster oder ein voller Datenträger): deine Zeichnungen bleiben, bis du sie schließt, also exportiere sie vorher.',
};

export const kProblems: typeof english.kProblems = {
  folder: (name) => `${name} ist ein Ordner oder nicht lesbar; wähl eine Datei mit Strichen.`,
  empty: (name) => `${name} enthält keine Zeichnungen.`,
  huge: (name) => `${name} ist größer als 64 MB; teil sie nach Zeilen und importiere einen Teil.`,
  badGzip: (name) => `${name} ist eine beschädigte gzip-Datei; hol sie noch einmal.`,
  notText: (name) =>
    `${name} ist keine Datei mit Strichen; sie sollte Zeilen haben wie {"label":"7","strokes":[[[x,y],…]]}.`,
  notDrawing: (name, line) =>
    `${name}, Zeile ${line}: keine Zeichnung; eine Zeile sieht aus wie {"label":"7","strokes":[[[x,y],…]]}.`,
  noInk: (name, line) => `${name}, Zeile ${line}: darin ist keine Tinte.`,
  tooLong: (name, line) =>
    `${name}, Zeile ${line}: mehr Punkte, als eine Zeichnung hat; höchstens 4.096 gehen.`,
  tooMany: (name, most) =>
    `${name} enthält mehr Zeichnungen, als hier Platz haben; höchstens ${grouped(most)} gehen.`,
};
