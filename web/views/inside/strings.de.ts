// strings.ts in German.
import type * as english from './strings.ts';

export const kInside: typeof english.kInside = {
  draw: 'Schreib eine Ziffer und sieh hier, was aus ihr wird.',
  digits: 'Die Ziffer, in die hineingesehen wird',
  steps: 'Schritte',
  back: 'Zurück',
  next: (title) => `Weiter: ${title}`,
  measureAgain: 'Noch einmal messen',
};

export const kTitles: typeof english.kTitles = {
  picture: 'Bild',
  evidence: 'Belege',
  times: 'Zeit',
};

export const kHeadings: typeof english.kHeadings = {
  picture: 'Was es sieht',
  conv: (maps, size) => `${maps} Muster aus ${size} Punkten`,
  pool: (size) => `Das Stärkste von ${size}`,
  average: (maps) => `${maps} Mittelwerte`,
  sums: (sums) => `${sums} Summen`,
  shares: 'Anteile an 100 %',
  other: (op) => op,
  evidence: 'Worauf es sich stützt',
  times: 'Wie lange jeder Schritt dauert',
};

export const kTexts: typeof english.kTexts = {
  picture:
    'Deine Zeichnung wird zu 28 mal 28 Punkten, so groß gemacht wie alle anderen und in die Mitte gerückt. Von hier an kennt das Netz nur noch diese 784 Zahlen.',
  firstConv:
    'Jedes kleine Bild gehört zu einem Muster und zeigt, wo es gefunden wurde: je voller die Tinte, desto besser passt es. Die Muster sind gelernt, niemand hat sie ausgesucht.',
  conv: (before) =>
    `Wieder zeigt jedes kleine Bild, wo ein Muster gefunden wurde; diese Muster werden in allen ${before} Bildern des vorigen Schritts zugleich gesucht.`,
  pool: 'Von benachbarten Punkten bleibt der stärkste. Die Bilder werden kleiner, und wo genau eine Linie liegt, wird weniger wichtig.',
  average: 'Von jedem kleinen Bild bleibt eine Zahl: wie viel von seinem Muster im Ganzen da war.',
  sums: 'Jede Ziffer gewichtet diese Zahlen auf ihre Weise und zählt sie zusammen. Die größte Summe gewinnt.',
  shares: 'Aus den Summen werden Wahrscheinlichkeiten: die Balken neben deiner Zeichnung.',
  other: 'Was dieser Schritt aus dem vorigen macht.',
  evidence:
    'Ein kleiner Fleck wird überall der Reihe nach verdeckt, und das Netz liest noch einmal. Je röter eine Stelle, desto unsicherer wird es ohne sie.',
  times: 'In diesem Browser gemessen, mit dieser Zeichnung: jeder Schritt für sich, der Median von 15 Runden.',
};

export const kEvidence: typeof english.kEvidence = {
  most: (digit, share, other, otherShare) =>
    digit === other
      ? `Es ist zu ${share} sicher, dass es eine ${digit} ist; ohne den umrandeten Fleck noch zu ${otherShare}.`
      : `Es ist zu ${share} sicher, dass es eine ${digit} ist; ohne den umrandeten Fleck liest es ${other} (${otherShare}).`,
};

export const kMaps: typeof english.kMaps = {
  label: (title) =>
    `${title}: kleine Bilder. Die Pfeiltasten gehen von Punkt zu Punkt, Bild auf und Bild ab von Bild zu Bild.`,
  point: (map, row, column) => `Bild ${map}, Zeile ${row}, Spalte ${column}`,
  pixel: (row, column) => `Zeile ${row}, Spalte ${column}`,
  value: (value) => `Wert ${value}`,
  patch: 'Ausschnitt',
  kernel: 'Muster',
  from: (map) => `aus Bild ${map}`,
  others: (count) => (count === 1 ? 'das andere Bild' : `die anderen ${count} Bilder`),
  bias: 'der Versatz des Musters',
  sum: 'Summe',
  result: 'Ergebnis (was unter 0 liegt, wird 0)',
  plainResult: 'Ergebnis',
  strongest: 'das Stärkste',
};

export const kTimes: typeof english.kTimes = {
  microseconds: (time) => `${time}\u202fµs`,
  whole: (time) => `Alles zusammen: ${time}\u202fµs für eine Zeichnung.`,
};
