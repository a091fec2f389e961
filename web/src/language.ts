// Runs before the page is painted (a small script of its own, in the head): keeps the page from view until all of
// it has been parsed, since half a page stands elsewhere than the whole; chooses the language and, when it is not
// the page's own English, fetches it and keeps the page from view until that is there, too. No answer, or a slow
// one, leaves the page in English.
import { rememberedLanguage } from './language_store.ts';
import type { Sentences } from './translated.ts';

/** Code, direction and file of each language but English; web/build.mjs puts them in. */
declare const INKLING_LANGUAGES: readonly (readonly [code: string, direction: string, file: string])[];

/** Longer than a slow network takes for a small file; by then someone waits for the page. */
const kPatienceMs = 3000;

/** By the address (?lang=de), by an earlier choice, or by what the browser is set to. */
function wanted(): (typeof INKLING_LANGUAGES)[number] | undefined {
  const address = new URLSearchParams(location.search).get('lang');
  const asked = [address, rememberedLanguage(), ...navigator.languages];
  for (const tag of asked) {
    const code = tag?.split('-')[0].toLowerCase();
    if (code === 'en') return undefined;
    const language = INKLING_LANGUAGES.find(([known]) => known === code);
    if (language !== undefined) return language;
  }
  return undefined;
}

const root = document.documentElement;
root.dataset.arriving = ''; // style.css hides the page
document.addEventListener('readystatechange', () => delete root.dataset.arriving, { once: true });

const language = wanted();
if (language !== undefined) {
  const [code, direction, file] = language;
  root.lang = code;
  root.dir = direction;
  root.dataset.translating = ''; // so does this; translation.ts shows it
  const script = document.createElement('script');
  script.src = file;
  self.inklingTranslation = new Promise<Sentences | undefined>((resolve) => {
    script.onload = () => resolve(self.inklingSentences);
    const giveUp = () => {
      if (self.inklingSentences !== undefined) return;
      script.remove();
      root.lang = 'en';
      root.dir = 'ltr';
      delete root.dataset.translating;
      resolve(undefined);
    };
    script.onerror = giveUp;
    setTimeout(giveUp, kPatienceMs);
  });
  document.head.append(script);
}
