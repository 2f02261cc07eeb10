/** El catálogo español. */
import type { Catalogue } from '..';
import { audit } from './audit';
import { chart } from './chart';
import { orders } from './orders';
import { patients } from './patients';
import { schedule } from './schedule';
import { shared } from './shared';
import { shell } from './shell';
import { care } from './care';
import { visits } from './visits';
import { work } from './work';
import { portal } from './portal';
import { admin } from './admin';
import { notices } from './notices';
import { telehealth } from './telehealth';
import { system } from './system';

export const es: Catalogue = { ...shell, ...shared, ...patients, ...chart, ...audit, ...orders, ...care, ...visits, ...work, ...portal, ...admin, ...schedule, ...notices, ...telehealth, ...system };
