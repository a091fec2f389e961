// Files that come to the page from outside: dropped anywhere on it, or pasted.
import type { Given } from './view.ts';

/** A file that is dragged over the page, and nothing else: a selected text is none of our business. */
function holdsFiles({ dataTransfer }: DragEvent): boolean {
  return dataTransfer?.types.includes('Files') ?? false;
}

function given(data: DataTransfer): Given {
  const files: File[] = [];
  const folders: string[] = [];
  for (const item of data.items) {
    if (item.kind !== 'file') continue;
    const entry = item.webkitGetAsEntry?.();
    const file = item.getAsFile();
    if (entry?.isDirectory) folders.push(entry.name);
    else if (file !== null) files.push(file);
  }
  return { files, folders };
}

export function watchDrops(take: (given: Given) => void): void {
  const over = (isOver: boolean) => document.documentElement.classList.toggle('dropping', isOver);
  addEventListener('dragover', (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault(); // or the browser would leave the page to show the file
    over(true);
  });
  addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) over(false);
  });
  addEventListener('drop', (event) => {
    over(false);
    if (!holdsFiles(event)) return;
    event.preventDefault();
    take(given(event.dataTransfer!));
  });
  addEventListener('paste', ({ clipboardData }) => {
    const pasted = clipboardData === null ? null : given(clipboardData);
    if (pasted !== null && pasted.files.length > 0) take(pasted);
  });
}
