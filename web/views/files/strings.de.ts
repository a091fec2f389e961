// strings.ts in German.
import { decimal, fileSize, grouped, percent } from '../../src/numbers.ts';
import type * as english from './strings.ts';

function plural(count: number, one: string, more: string): string {
  return `${grouped(count)} ${count === 1 ? one : more}`;
}

export const kText: typeof english.kText = {
  invitation: 'Leg eine Datei hier ab, füg ein Bild ein, oder',
  choose: 'wähl Dateien aus',
  kinds:
    'Ein Bild oder Foto einer Ziffer (PNG, JPEG, WebP); ein eigenes ONNX-Modell; train.csv oder test.csv von Kaggle, MNIST als CSV oder IDX, auch mit gzip gepackt. Sie bleiben auf deinem Gerät.',
  results: 'Was in deinen Dateien steht',
  working: (name) => `${name} wird gelesen …`,
  remove: (name) => `${name} aus dieser Liste nehmen`,
};

export const kPictures: typeof english.kPictures = {
  given: (name) => `Das Bild ${name}`,
  seen: 'Was das Netz sieht',
  sure: (digit, share) => `${digit}, zu ${share} sicher`,
  unsure: (first, second) => `Nicht sicher: ${first} oder ${second}`,
};

export const kTables: typeof english.kTables = {
  progress: (count) => `${plural(count, 'Ziffer', 'Ziffern')} gelesen`,
  cancel: 'Anhalten',
  stopped: (name, count) => `${name} wurde nach ${plural(count, 'Ziffer', 'Ziffern')} angehalten.`,
  done: (name, count, seconds) =>
    `${name}: ${plural(count, 'Ziffer', 'Ziffern')} in ${decimal(seconds, 1)} s gelesen.`,
  right: (share, wrong) => `${percent(share, 2)} richtig, ${grouped(wrong)} falsch.`,
  refused: (count, share) =>
    count === 0 ? 'Bei allen sicher.' : `Bei ${grouped(count)} nicht sicher (${percent(share, 1)}).`,
  matrix: 'Nach rechts: was gelesen wurde. Nach unten: was es ist.',
  cell: (count, truth, read) => `${grouped(count)} mal ${truth}, gelesen als ${read}`,
  counts: 'Wie oft jede Ziffer gelesen wurde',
  worst: 'Die schlimmsten Fehler: was es ist, und was gelesen wurde',
  doubtful: 'Am wenigsten sicher',
  worstOne: (index, truth, read, share) =>
    `Bild ${grouped(index)}: eine ${truth}, gelesen als ${read} (zu ${share} sicher)`,
  doubtfulOne: (index, read, share) => `Bild ${grouped(index)}: gelesen als ${read} (zu ${share} sicher)`,
  save: 'submission.csv speichern',
};

export const kModels: typeof english.kModels = {
  reads: (name) => `Die Seite liest jetzt mit ${name}.`,
  back: (name) => `Zurück zu ${name}`,
  isBack: (name) => `Die Seite liest wieder mit ${name}.`,
  facts: (size, macs, weights, microseconds) =>
    `${fileSize(size)}, ${grouped(macs)} Multiplikationen und ${fileSize(weights)} Gewichte; hier ${decimal(microseconds / 1000, 3)} ms je Bild.`,
  operators: (list) => `Operatoren: ${list}.`,
  range: 'Trainiert mit Pixeln von',
  ranges: {
    unit: '0 bis 1',
    byte: '0 bis 255',
    normalised: '−0,42 bis 2,82 (Mittel und Streuung von MNIST herausgerechnet)',
    inverted: '1 bis 0 (dunkle Tinte auf hellem Papier)',
  },
  examples: (right, all) => `${right} der ${all} Beispielziffern dieser Seite richtig.`,
  plan: 'Sein Plan, und was jeder Schritt kostet',
  columns: ['Schritt', 'Operator', 'Ausgabe', 'Multiplikationen', 'Gewichte', 'µs'],
};

const kHeader = 'label,pixel0,…,pixel783 oder pixel0,…,pixel783';

export const kProblems: typeof english.kProblems = {
  folder: (name) => `${name} ist ein Ordner; leg die Dateien ab, die darin sind.`,
  unreadable: (name) => `${name} lässt sich nicht lesen: verschoben, oder nicht erlaubt.`,
  empty: (name) => `${name} ist leer.`,
  zip: (name) => `${name} ist ein zip-Archiv; pack es aus und leg ab, was darin ist.`,
  strokes: (name) => `${name} ist eine Datei mit Strichen; „Beibringen“ nimmt sie auf.`,
  unknown: (name, kind) => `${name}${kind ? ` (${kind})` : ''} ist weder ein Bild noch ein ONNX-Modell, eine CSV- oder eine IDX-Datei.`,
  noGzip: (name) => `${name} ist mit gzip gepackt, was dieser Browser nicht auspacken kann; pack es vorher aus.`,
  badGzip: (name) => `${name} ist eine beschädigte oder abgeschnittene gzip-Datei; hol sie noch einmal.`,
  failed: (name, reason) => `${name} ließ sich nicht lesen: ${reason}`,

  hugePicture: (name, width, height) =>
    `${name} ist ${width} × ${height} Pixel groß; höchstens 64 Millionen Pixel gehen, also verkleinere es.`,
  hugeFile: (name, most) => `${name} enthält mehr als ${fileSize(most)}, mehr nimmt diese Seite nicht.`,
  badPicture: (name) => `${name} ist kein Bild, das dieser Browser zeigen kann; speichere es als PNG oder JPEG.`,
  blank: (name) => `${name} ist leer: es ist keine Tinte darauf.`,
  tooMany: (count, most) => `${grouped(count)} Dateien auf einmal; höchstens ${most} gehen.`,

  refused: (name, reason) => `${name} lässt sich nicht verwenden: ${reason}`,
  input: (name, shape) =>
    `${name} lässt sich nicht verwenden: die Eingabe ist ${shape}, nicht ein Bild von 28 × 28.`,
  output: (name, count) =>
    `${name} lässt sich nicht verwenden: es gibt ${count} Zahlen aus, nicht eine für jede der zehn Ziffern.`,

  notCsv: (name, first) =>
    `${name} ist keine CSV-Datei mit Bildern von 28 × 28: die erste Zeile beginnt mit ${first}; es sollte ${kHeader} sein, oder Zahlen.`,
  columns: (name, count) => `${name}: die Kopfzeile hat ${count} Spalten; es sollte ${kHeader} sein.`,
  missingColumn: (name, count, pixel, column, found) =>
    `${name}: die Kopfzeile hat ${count} Spalten; wo ${pixel} stehen sollte, in Spalte ${column}, steht ${found || 'nichts'}; es sollte ${kHeader} sein.`,
  notLabel: (name, first) =>
    `${name}: die erste Spalte heißt ${first}; bei 785 Spalten muss sie „label“ heißen.`,
  order: (name, column, found) =>
    `${name}: Spalte ${column} heißt ${found}, was dort nicht hingehört: die Pixel müssen Zeile für Zeile kommen, von pixel0 bis pixel783.`,
  headerOnly: (name) => `${name} hat eine Kopfzeile und keine Bilder.`,
  firstRow: (name, row, count) =>
    `${name}: Zeile ${row} hat ${count} Werte; es müssen 785 sein (Label und 784 Pixel) oder 784 (nur Pixel).`,
  width: (name, row, count, needed, last) =>
    `${name}: Zeile ${row} hat ${count} Werte; es müssen ${needed === 785 ? '785 sein, ein Label und 784 Pixel' : '784 sein'}${last ? ' (ist die Datei abgeschnitten?)' : ''}.`,
  longRow: (name, row) => `${name}: Zeile ${row} endet nicht; ist es eine CSV-Datei mit Bildern von 28 × 28?`,
  zeroByte: (name, row, column) =>
    `${name}: Zeile ${row}, Spalte ${column}: da ist ein Nullbyte; die Datei ist beschädigt.`,
  label: (name, row, column, found) =>
    `${name}: Zeile ${row}, Spalte ${column} (Label): ${found ? `${found} ist kein Wert` : 'da ist kein Wert'}; ein Label ist 0 bis 9.`,
  pixel: (name, row, column, pixel, found) =>
    `${name}: Zeile ${row}, Spalte ${column} (pixel${pixel}): ${found ? `${found} ist kein Wert` : 'da ist kein Wert'}; ein Pixel ist 0 bis 255.`,

  otherIdx: (name) =>
    `${name} ist eine IDX-Datei, aber weder mit Bildern (sie begänne mit 00 00 08 03) noch mit Labels (00 00 08 01).`,
  idxSides: (name, width, height) => `${name} enthält Bilder von ${width} × ${height} Pixeln; es müssen 28 × 28 sein.`,
  idxLength: (name, count) =>
    `${name} gibt an, ${grouped(count)} Einträge zu haben, aber die Länge passt nicht dazu; hol sie noch einmal.`,
  idxNone: (name) => `${name} enthält keine Bilder.`,
  idxLabel: (name, index, label) => `${name}: Label ${grouped(index)} ist ${label}; eine Ziffer ist 0 bis 9.`,
  labelsAlone: (name) => `${name} enthält nur Labels; leg sie zusammen mit der Datei ihrer Bilder ab.`,
  labelsForOne: () =>
    'Zu einer Datei mit IDX-Labels gehört eine mit IDX-Bildern; leg die beiden allein ab.',
  counts: (images, count, labels, others) =>
    `${images} enthält ${grouped(count)} Bilder, aber ${labels} enthält ${grouped(others)} Labels; sie gehören nicht zusammen.`,
};
