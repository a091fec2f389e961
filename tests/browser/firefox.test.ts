// The scenarios of everywhere.ts in Firefox.
import { everywhere } from './everywhere.ts';
import { openFirefox } from './hand.ts';

everywhere(openFirefox);
