// The scenarios of everywhere.ts in WebKit.
import { everywhere } from './everywhere.ts';
import { openWebKit } from './webdriver.ts';

everywhere(openWebKit);
