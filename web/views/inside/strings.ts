// What the view "Look inside" says. Numbers come as they are to be shown.
export const kInside = {
  draw: 'Draw a digit, and watch here what becomes of it.',
  digits: 'The digit to look into',
  steps: 'Steps',
  back: 'Back',
  next: (title: string) => `Next: ${title}`,
  measureAgain: 'Measure again',
};

export const kTitles = {
  picture: 'Picture',
  evidence: 'Evidence',
  times: 'Time',
};

export const kHeadings = {
  picture: 'What it sees',
  conv: (maps: number, size: string) => `${maps} patterns of ${size} points`,
  pool: (size: string) => `The strongest of ${size}`,
  average: (maps: number) => `${maps} averages`,
  sums: (sums: number) => `${sums} sums`,
  shares: 'Shares of 100 %',
  other: (op: string) => op,
  evidence: 'Where the evidence lies',
  times: 'How long each step takes',
};

export const kTexts = {
  picture:
    'Your drawing becomes 28 by 28 points, made as large as all the others and moved to the middle. From here on the network knows nothing but these 784 numbers.',
  firstConv:
    'Each small picture belongs to one pattern, and shows where that pattern was found: the fuller the ink, the better the match. What the patterns are was learnt, not chosen.',
  conv: (before: number) =>
    `Again each small picture shows where one pattern was found; these patterns are looked for in all ${before} pictures of the step before at once.`,
  pool: 'Of neighbouring points the strongest stays. The pictures get smaller, and it matters less where exactly a line lies.',
  average: 'Of each small picture one number is left: how much of its pattern there was in all.',
  sums: 'Each digit weighs those numbers in its own way and adds them up. The greatest sum wins.',
  shares: 'The sums become probabilities: the bars beside your drawing.',
  other: 'What this step makes of the one before.',
  evidence:
    'A small patch is covered in each place in turn, and the network reads again. The redder a place, the less sure it gets without it.',
  times: 'Measured in this browser, with this drawing: each step by itself, the median of 15 rounds.',
};

export const kEvidence = {
  most: (digit: number, share: string, other: number, otherShare: string) =>
    digit === other
      ? `It is ${share} sure of ${digit}; without the outlined patch still ${otherShare}.`
      : `It is ${share} sure of ${digit}; without the outlined patch it reads ${other} (${otherShare}).`,
};

export const kMaps = {
  label: (title: string) =>
    `${title}: small pictures. The arrow keys go from point to point, Page Up and Page Down from picture to picture.`,
  point: (map: number, row: number, column: number) => `Picture ${map}, row ${row}, column ${column}`,
  pixel: (row: number, column: number) => `Row ${row}, column ${column}`,
  value: (value: string) => `Value ${value}`,
  patch: 'patch',
  kernel: 'pattern',
  from: (map: number) => `from picture ${map}`,
  others: (count: number) => (count === 1 ? 'the other picture' : `the other ${count} pictures`),
  bias: 'the pattern’s own offset',
  sum: 'sum',
  result: 'result (what is below 0 becomes 0)',
  plainResult: 'result',
  strongest: 'the strongest',
};

export const kTimes = {
  microseconds: (time: string) => `${time}\u202fµs`,
  whole: (time: string) => `All of it: ${time}\u202fµs for one drawing.`,
};
