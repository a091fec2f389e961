// The language that was chosen in the footer, kept in this browser.

const kKey = 'inkling-language';

/** null: none was chosen, or storage is blocked here. */
export function rememberedLanguage(): string | null {
  try {
    return localStorage.getItem(kKey);
  } catch {
    return null;
  }
}

/** False when storage is blocked here. */
export function rememberLanguage(code: string): boolean {
  try {
    localStorage.setItem(kKey, code);
    return true;
  } catch {
    return false;
  }
}
