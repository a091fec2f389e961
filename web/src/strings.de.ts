// strings.ts in German.
import { percent, wholePercent, wholePercentText } from './numbers.ts';
import type * as english from './strings.ts';

const kModelFailure: english.Failure = {
  title: 'Diese Modelldatei lässt sich nicht verwenden.',
  remedy:
    'Leg eine vollständige ONNX-Datei an ihre Stelle (Eingabe 1 × 28 × 28, Ausgabe 10), oder lass „?model=“ in der Adresse weg.',
};

const kBugFailure: english.Failure = {
  title: 'Das Netz ist stehen geblieben.',
  remedy:
    'Lade die Seite neu. Wenn es wieder geschieht, melde es bitte zusammen mit dem Satz darüber.',
};

export const kFailures: typeof english.kFailures = {
  'unsupported-browser': {
    title: 'Dieser Browser kann das Netz nicht ausführen.',
    remedy: 'Bitte aktualisiere ihn: Alle großen Browser können WebAssembly SIMD seit 2023.',
  },
  'fetch-failed': {
    title: 'Etwas ist nicht angekommen.',
    remedy:
      'Prüfe die Verbindung und lade die Seite neu. Bleibt es dabei, fehlt die Datei auf dem Server.',
  },
  'opened-as-file': {
    title: 'Diese Seite wurde als Datei geöffnet.',
    remedy:
      'Starte „./run demo“ und öffne die Adresse, die es nennt, oder kopiere diesen Ordner auf einen Webserver.',
  },
  'bad-model-name': {
    title: 'Die Adresse nennt kein Modell dieser Seite.',
    remedy:
      'Lass „?model=“ weg, oder nenne damit eine .onnx-Datei dieser Seite, etwa models/mine.onnx.',
  },
  'out-of-memory': {
    title: 'Der Speicher reicht nicht aus.',
    remedy: 'Schließe andere Tabs und lade die Seite neu, oder nimm ein kleineres Modell.',
  },
  'malformed-model': kModelFailure,
  'unsupported-model': kModelFailure,
  'limit-exceeded': kModelFailure,
  'invalid-argument': kBugFailure,
  'empty-ink': kBugFailure,
  internal: kBugFailure,
  trap: kBugFailure,
  disposed: kBugFailure,
};

export const kReasons: typeof english.kReasons = {
  openedAsFile: 'Kein Browser lässt eine Seite von der Festplatte WebAssembly oder ein Modell laden.',
  badModelName: (name) => `„${name}“ ist kein Name wie models/mine.onnx.`,
};

export const kVerdicts: typeof english.kVerdicts = {
  empty: 'Noch keine Tinte',
  sure: (_text, confidence) => `zu ${wholePercentText(confidence)} sicher`,
  unsure: (first, second) => `${first} oder ${second}, vielleicht`,
  unlike: 'Wie keine Ziffer',
  partly: (_text, unclear) => (unclear === 1 ? 'Eine ist unklar' : `${unclear} sind unklar`),
};

export const kAnnouncements: typeof english.kAnnouncements = {
  empty: 'Das Blatt ist leer',
  sure: (text, confidence) => `${text}, zu ${wholePercent(confidence)} Prozent sicher`,
  unsure: (first, second) => `Nicht sicher: ${first} oder ${second}`,
  unlike: 'Nicht sicher: Es gleicht keiner Ziffer',
  partly: (text, unclear) =>
    `${text.replaceAll('?', ' unklar ')}: ${unclear === 1 ? 'Eine Ziffer ist' : `${unclear} Ziffern sind`} nicht klar`,
};

export const kPadLabel: typeof english.kPadLabel = {
  empty:
    'Zeichenblatt, leer. Schreib eine Ziffer, oder mehrere nebeneinander, mit Maus, Finger oder Stift; oder beweg den Stift mit den Pfeiltasten, senke und hebe ihn mit der Leertaste.',
  inked: (strokes) => `Zeichenblatt, ${strokes} ${strokes === 1 ? 'Strich' : 'Striche'}`,
};

export const kPenStates: typeof english.kPenStates = { down: 'Stift gesenkt', up: 'Stift gehoben' };

export const kShared: typeof english.kShared = {
  copied: 'Der Link ist kopiert.',
  inAddressBar: 'Der Link steht in der Adresszeile.',
  unreadable: 'Die Adresse enthält keine lesbare Zeichnung.',
};

export const kExample: typeof english.kExample = {
  replaced: (digit) => `Deine Zeichnung ist einem Beispiel einer ${digit} gewichen; „Zurück“ bringt sie wieder.`,
};

export const kViews: typeof english.kViews = {
  fetching: 'Wird geladen …',
  failed:
    'Dieser Teil der Seite ist nicht angekommen. Prüfe die Verbindung, schließe ihn dann und öffne ihn wieder.',
};

export const kFooter: typeof english.kFooter = {
  accuracy: (share) => `Von den Testziffern aus MNIST liest es ${percent(share, 2)} richtig.`,
  claim: (share) => `Seine Datei sagt: ${percent(share, 2)} der Testziffern aus MNIST richtig gelesen.`,
};

export const kNetwork: typeof english.kNetwork = {
  refused: (name, reason) => `${name} lässt sich nicht verwenden: ${reason}`,
};
