/** Passkeys of one's own: what the browser must be able to do, and how one is made. */

import { send } from '../../fhir/http';
import { stringify } from '../../lib/json';

/** Browsers without these leave passkeys to the page of the account. */
export function canMakePasskeys(): boolean {
  return typeof PublicKeyCredential === 'function' && typeof PublicKeyCredential.parseCreationOptionsFromJSON === 'function';
}

/** The person closed the browser's dialogue, or the authenticator refused. */
export class NotMade extends Error {}

/** Asks the authenticator for a passkey; resolves to what the server registers. */
export async function makePasskey(): Promise<unknown> {
  const { body } = await send<object>('/api/v1/passkeys/options', { method: 'POST' });
  // The browser wants plain numbers.
  const options = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(stringify(body)) as PublicKeyCredentialCreationOptionsJSON);
  const made = await navigator.credentials.create({ publicKey: options }).catch(() => null);
  if (!(made instanceof PublicKeyCredential)) throw new NotMade();
  return made.toJSON();
}
