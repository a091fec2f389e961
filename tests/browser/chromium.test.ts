// The scenarios of everywhere.ts in Chromium.
import { everywhere } from './everywhere.ts';
import { openChromium } from './hand.ts';

everywhere(openChromium);
