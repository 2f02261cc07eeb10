/** The English catalogue; its keys are the keys there are. */
import { chart } from './chart';
import { patients } from './patients';
import { shell } from './shell';

export const en = { ...shell, ...patients, ...chart };
