/** Says the ICU messages of one catalogue. */

import { setupI18n } from '@lingui/core';
import { compileMessage } from '@lingui/message-utils/compileMessage';

export type Values = Record<string, string | number>;

export function translatorOf<K extends string>(locale: string, messages: Record<K, string>): (key: K, values?: Values) => string {
  const i18n = setupI18n({ locale, messages: { [locale]: messages } });
  i18n.setMessagesCompiler(compileMessage);
  return (key, values) => i18n._(key, values);
}
