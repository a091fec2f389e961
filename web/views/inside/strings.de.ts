// strings.ts in German.
import type * as english from './strings.ts';

export const kInside: typeof english.kInside = {
  steps: 'Jeder Schritt, und wie lange er hier dauert',
  microseconds: (time) =>
    `${time < 10 ? time.toFixed(1).replace('.', ',') : Math.round(time)}\u202fµs`,
};
