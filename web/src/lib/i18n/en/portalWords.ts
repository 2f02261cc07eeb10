/** English as far as the patient portal says it: a telephone loads nothing of the clinicians' words. */
import { notices } from './notices';
import { portal } from './portal';
import { shared } from './shared';
import { shell } from './shell';
import { telehealth } from './telehealth';

export const portalWords = { ...shell, ...shared, ...portal, ...notices, ...telehealth };
