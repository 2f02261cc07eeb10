/** El catálogo español. */
import type { Catalogue } from '..';
import { audit } from './audit';
import { chart } from './chart';
import { patients } from './patients';
import { shell } from './shell';

export const es: Catalogue = { ...shell, ...patients, ...chart, ...audit };
