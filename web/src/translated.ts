// Puts another language's sentences in the place of the English ones, when language.ts has fetched one.
import * as english from './strings.ts';

export type Sentences = typeof english;

declare global {
  interface Window {
    /** What a language's script brings (translation.ts). */
    inklingSentences?: Sentences;
    /** Resolves when it is there; to nothing when it did not come. Absent: the page stays English. */
    inklingTranslation?: Promise<Sentences | undefined>;
  }
}

/** From then on the page says everything in the reader's language. */
export const translated: Promise<void> = (async () => {
  const sentences = await self.inklingTranslation;
  for (const subject in sentences) {
    const name = subject as keyof Sentences;
    Object.assign(english[name], sentences[name]);
  }
})();
