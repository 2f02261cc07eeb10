/** Journeys at the desk, by themselves: `npm run e2e:desk`. */

import { scheduling } from './schedule.mjs';

scheduling();
