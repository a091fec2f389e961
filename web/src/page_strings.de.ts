// page_strings.ts in German.
import type * as english from './page_strings.ts';
import { kPadLabel } from './strings.de.ts';

export const kPage: typeof english.kPage = {
  description:
    'Schreib eine Ziffer mit Maus, Finger oder Stift; ein kleines Netz liest sie in deinem Browser.',
  subtitle: 'Schreib eine Ziffer, und ein kleines Netz liest sie.',
  noScript:
    'Inkling liest deine Zeichnung mit einem Programm, das in dieser Seite läuft: Bitte erlaube JavaScript.',
  drawing: 'Zeichnung',
  pad: kPadLabel.empty,
  invitation: 'Schreib eine Ziffer',
  pressOne: 'oder drück eine',
  undo: 'Zurück',
  undoKeys: 'Rückgängig (Strg+Z)',
  undoKey: 'Strg Z',
  redo: 'Vor',
  redoKeys: 'Wiederholen (Strg+Umschalt+Z oder Strg+Y)',
  redoKey: 'Strg Y',
  clear: 'Leeren',
  clearKeys: 'Blatt leeren (Esc oder Entf)',
  share: 'Teilen',
  shareOrSave: 'Zeichnung teilen oder speichern',
  copyLink: 'Link kopieren',
  savePng: 'Als PNG speichern',
  saveSvg: 'Als SVG speichern',
  reading: 'Ergebnis',
  answer: 'Die gelesene Ziffer',
  loading: 'Das Netz wird geladen …',
  glimpse: 'Die 28 mal 28 Pixel, die das Netz sieht',
  whatTheNetworkSees: 'Was das Netz sieht',
  whatItSees: 'Was es sieht',
  bars: 'Wahrscheinlichkeit jeder Ziffer, in Prozent',
  views: 'Mehr',
  inside: 'Hineinsehen',
  closeView: 'Schließen',
  closeViewKeys: 'Schließen (Esc)',
  privacy: 'Was du schreibst, bleibt auf deinem Gerät: Das Netz rechnet in dieser Seite.',
  source: 'Quelltext',
  newVersion: 'Eine neue Version ist da.',
  reload: 'Neu laden',
  language: 'Sprache',
};
