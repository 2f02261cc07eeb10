/** The journeys at the desk, with a server of their own: they set the clinic's hours and rules. */

import { after, before } from 'node:test';
import { open } from './rig.mjs';
import { scheduling } from './schedule.mjs';

let rig;

before(async () => {
  rig = await open();
});

after(() => rig?.close());

scheduling(() => rig);
