// A stroke file from the disk, gzipped or not, whole or not at all.
import { isProblem } from '../files/problem.ts';
import { whole } from '../files/unpack.ts';
import { parsed, StrokeProblem, type Drawing } from './stroke_file.ts';

const kMostBytes = 64e6;

/** Fails with a StrokeProblem. */
export async function readStrokes(file: File): Promise<Drawing[]> {
  const { name } = file;
  try {
    const bytes = await whole(file, name, kMostBytes);
    if (bytes.includes(0)) throw new StrokeProblem('notText', name);
    return parsed(new TextDecoder().decode(bytes), name);
  } catch (error) {
    if (!isProblem(error)) throw error;
    if (error.problem === 'hugeFile') throw new StrokeProblem('huge', name);
    if (error.problem === 'badGzip' || error.problem === 'noGzip') throw new StrokeProblem('badGzip', name);
    throw new StrokeProblem('folder', name);
  }
}
