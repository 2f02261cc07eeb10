/** Español, lo que dice el portal del paciente. */
import { notices } from './notices';
import { portal } from './portal';
import { shared } from './shared';
import { shell } from './shell';
import { telehealth } from './telehealth';

export const portalWords = { ...shell, ...shared, ...portal, ...notices, ...telehealth };
