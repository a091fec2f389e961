// A file's bytes as they come, unpacked where it is gzipped.
import { Problem } from './problem.ts';

export interface Bytes {
  /** The next piece; null at the end. */
  next(): Promise<Uint8Array | null>;
  /** How much of the file, packed as it is, has been taken: 0..1. */
  readonly share: number;
  cancel(): void;
}

const kPiece = 64 * 1024; // bytes
const kGzip = [0x1f, 0x8b];

async function isGzip(file: Blob): Promise<boolean> {
  const head = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  return head[0] === kGzip[0] && head[1] === kGzip[1];
}

/** Fails with a Problem: a folder or a file that cannot be read, a gzip file that is damaged. */
export async function open(file: Blob, name: string): Promise<Bytes> {
  const packed = await isGzip(file).catch(() => {
    throw new Problem('unreadable', name);
  });
  let taken = 0;
  // Piece by piece as it is asked for: a file's own stream may run ahead of whoever unpacks it.
  const pieces = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const piece = new Uint8Array(await file.slice(taken, taken + kPiece).arrayBuffer());
      taken += piece.length;
      if (piece.length > 0) controller.enqueue(piece);
      else controller.close();
    },
  });
  const reader = unpacked(pieces, packed, name).getReader();
  return {
    async next() {
      try {
        return (await reader.read()).value ?? null;
      } catch (error) {
        // What a file system refuses is a DOMException; what cannot be unpacked is a TypeError.
        const isDamaged = packed && !(error instanceof DOMException);
        throw new Problem(isDamaged ? 'badGzip' : 'unreadable', name);
      }
    },
    get share() {
      return file.size === 0 ? 1 : taken / file.size;
    },
    cancel: () => void reader.cancel().catch(() => {}),
  };
}

function unpacked(
  stream: ReadableStream<Uint8Array>,
  packed: boolean,
  name: string,
): ReadableStream<Uint8Array> {
  if (!packed) return stream;
  if (typeof DecompressionStream === 'undefined') throw new Problem('noGzip', name);
  const unpack = new DecompressionStream('gzip') as unknown as ReadableWritablePair<Uint8Array, Uint8Array>;
  return stream.pipeThrough(unpack);
}

/** All of it, up to so many bytes. */
export async function whole(file: Blob, name: string, most: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const bytes = await open(file, name);
  for (let piece = await bytes.next(); piece !== null; piece = await bytes.next()) {
    pieces.push(piece);
    size += piece.length;
    if (size <= most) continue;
    bytes.cancel();
    throw new Problem('hugeFile', name, most);
  }
  return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
}

/** The first bytes, at most so many. */
export async function head(file: Blob, name: string, most: number): Promise<Uint8Array> {
  const bytes = await open(file, name);
  const piece = (await bytes.next()) ?? new Uint8Array(0);
  bytes.cancel();
  return piece.slice(0, most);
}
