// The languages the page speaks, in the order of the footer. English is in the page itself; each other is a
// `strings.CODE.ts` beside every `strings.ts` (and `page_strings.ts`), which takes that file's place.

/** @typedef {{code: string, name: string, direction: 'ltr' | 'rtl'}} Language */

/** @type {readonly Language[]} */
export const kLanguages = [
  { code: 'en', name: 'English', direction: 'ltr' },
  { code: 'de', name: 'Deutsch', direction: 'ltr' },
];

/** Those that are fetched. */
export const kTranslations = kLanguages.slice(1);
