// A language other than English as a script of its own: the build puts that language's files in the places
// of strings.ts and page_strings.ts. Says the page's own texts in it and hands main.ts the rest.
import { kAnnouncements, kExample, kFailures, kFooter, kNetwork, kPadLabel, kPenStates, kReasons, kShared, kVerdicts, kViews } from './strings.ts';
import type { Sentences } from './translated.ts';

/** English text of index.html -> the same in this language; web/build.mjs puts it in. */
declare const INKLING_PAGE: Record<string, string>;

const kSentences: Sentences = {
  kAnnouncements, kExample, kFailures, kFooter, kNetwork, kPadLabel, kPenStates, kReasons,
  kShared, kVerdicts, kViews,
};

const kAttributes = ['aria-label', 'title', 'content'];

function translatePage(): void {
  const root = document.documentElement;
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode as Text;
    node.data = node.data.replace(/\S.*\S/s, (text) => INKLING_PAGE[text] ?? text);
  }
  for (const name of kAttributes) {
    for (const element of document.querySelectorAll(`[${name}]`)) {
      const text = element.getAttribute(name)!;
      element.setAttribute(name, INKLING_PAGE[text] ?? text);
    }
  }
  for (const button of document.querySelectorAll<HTMLElement>('#languages button')) {
    button.hidden = button.lang === root.lang;
  }
  delete root.dataset.translating;
}

if ('translating' in document.documentElement.dataset) { // else too late: it is being read in English
  self.inklingSentences = kSentences;
  if (document.readyState !== 'loading') translatePage();
  else document.addEventListener('readystatechange', translatePage, { once: true }); // before main.js runs
}
