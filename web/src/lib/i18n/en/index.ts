/** The English catalogue; its keys are the keys there are. */
import { audit } from './audit';
import { chart } from './chart';
import { patients } from './patients';
import { shell } from './shell';

export const en = { ...shell, ...patients, ...chart, ...audit };
