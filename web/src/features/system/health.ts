/** How the installation is (`/api/v1/system/health`): states and figures, and what they say in words. */

import { formatDateTime } from '../../lib/dates';
import type { Translation } from '../../lib/i18n';
import type { Decimal } from '../../lib/json';

export type State = 'up' | 'degraded' | 'down' | 'unknown';

export interface Group {
  consumer: string;
  topic: string;
  behind: Decimal;
}

export interface Letters {
  consumer: string;
  event: string;
  reason: string;
  count: Decimal;
}

interface QueueLoad {
  courier: string;
  waiting: Decimal;
  overdueSeconds?: Decimal | null;
  givenUp: Decimal;
}

export interface Health {
  at: string;
  state: State;
  server: { state: State; version: string; since: string; behindSeconds: Decimal };
  database: { state: State; private: boolean; roundTripMilliseconds?: Decimal | null; oldestTransactionSeconds?: Decimal | null; bytes?: Decimal | null };
  migrations: { state: State; schemas: Decimal; steps: Decimal };
  relay: { state: State; bus: string; held?: boolean | null; waiting?: Decimal | null; oldestSeconds?: Decimal | null };
  consumers: { state: State; groups: Group[] };
  deadLetters: { state: State; kinds: Letters[]; elsewhere?: Decimal | null };
  audit: { state: State; entries?: Decimal | null; head?: string | null; verifiedAt?: string | null; sound?: boolean | null; journalBytes?: Decimal | null };
  cache: { state: State; hits?: Decimal | null; misses?: Decimal | null };
  deliveries: { state: State; queues: QueueLoad[] };
  disk: { state: State; free?: Decimal | null; total?: Decimal | null };
  backup: { state: State; at?: string | null };
}

export const PARTS = ['server', 'database', 'migrations', 'relay', 'consumers', 'deadLetters', 'audit', 'cache', 'deliveries', 'disk', 'backup'] as const;
export type Part = (typeof PARTS)[number];

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `1.5 GB`: three digits say enough about a disk. */
export function size(bytes: number, locale: string): string {
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 }).format(bytes / 1000 ** step)} ${UNITS[step]}`;
}

/** `12 ms`, `3.2 s`, `4 min`, `2 h`, `5 d`. */
export function duration(seconds: number, locale: string): string {
  const shown = (value: number, unit: string) => `${new Intl.NumberFormat(locale, { maximumSignificantDigits: 2 }).format(value)} ${unit}`;
  if (seconds < 1) return shown(Math.max(0, seconds) * 1000, 'ms');
  if (seconds < 90) return shown(seconds, 's');
  if (seconds < 5_400) return shown(Math.round(seconds / 60), 'min');
  return seconds < 172_800 ? shown(Math.round(seconds / 3_600), 'h') : shown(Math.round(seconds / 86_400), 'd');
}

/** The figures of a part in words, most telling first. */
export function figures(health: Health, part: Part, { t, locale }: Pick<Translation, 't' | 'locale'>): string[] {
  const number = (value: Decimal) => new Intl.NumberFormat(locale).format(value.toNumber());
  const lasting = (value: Decimal) => duration(value.toNumber(), locale);
  const said: (string | false | null | undefined)[] = {
    server: () => [t('health.since', { time: formatDateTime(health.server.since, locale) }), t('health.version', { version: health.server.version }), t('health.behind', { time: lasting(health.server.behindSeconds) })],
    database: () => {
      const { roundTripMilliseconds: trip, oldestTransactionSeconds: oldest, bytes } = health.database;
      return [trip && t('health.trip', { time: duration(trip.toNumber() / 1000, locale) }), bytes && t('health.size', { size: size(bytes.toNumber(), locale) }), oldest && oldest.toNumber() >= 1 && t('health.transaction', { time: lasting(oldest) }), t(health.database.private ? 'health.private' : 'health.ownDatabase')];
    },
    migrations: () => [t('health.steps', { steps: number(health.migrations.steps), schemas: number(health.migrations.schemas) })],
    relay: () => {
      const { waiting, oldestSeconds: oldest, held, bus } = health.relay;
      return [held === false && t('health.unheld'), waiting && t('health.waiting', { count: waiting.toNumber() }), oldest && t('health.oldest', { time: lasting(oldest) }), t('health.bus', { bus })];
    },
    consumers: () => {
      const behind = health.consumers.groups.reduce((sum, one) => sum + one.behind.toNumber(), 0);
      return [t('health.groups', { count: health.consumers.groups.length }), t('health.eventsBehind', { count: behind })];
    },
    deadLetters: () => {
      const { kinds, elsewhere } = health.deadLetters;
      const own = kinds.reduce((sum, one) => sum + one.count.toNumber(), 0);
      return [health.deadLetters.state !== 'unknown' && t('health.letters', { count: own }), elsewhere && elsewhere.toNumber() > 0 && t('health.elsewhere', { count: elsewhere.toNumber() })];
    },
    audit: () => {
      const { entries, head, verifiedAt, sound, journalBytes: journal } = health.audit;
      return [
        entries && t('health.entries', { count: entries.toNumber() }),
        verifiedAt ? t(sound ? 'health.sound' : 'health.broken', { time: formatDateTime(verifiedAt, locale) }) : entries && t('health.neverVerified'),
        head && t('health.head', { head }),
        journal && journal.toNumber() > 0 && t('health.journal', { size: size(journal.toNumber(), locale) }),
      ];
    },
    cache: () => {
      const [hits, misses] = [health.cache.hits?.toNumber() ?? 0, health.cache.misses?.toNumber() ?? 0];
      if (hits + misses === 0) return [t('health.unused')];
      return [t('health.hitRate', { rate: new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }).format(hits / (hits + misses)) }), t('health.looked', { count: hits + misses })];
    },
    deliveries: () => {
      const queues = health.deliveries.queues.flatMap((one) => [
        one.waiting.toNumber() > 0 && t('health.queue', { way: one.courier, count: one.waiting.toNumber() }),
        one.overdueSeconds && t('health.overdue', { way: one.courier, time: lasting(one.overdueSeconds) }),
        one.givenUp.toNumber() > 0 && t('health.givenUp', { way: one.courier, count: one.givenUp.toNumber() }),
      ]);
      return queues.some(Boolean) ? queues : [health.deliveries.state !== 'unknown' && t('health.nothingWaits')];
    },
    disk: () => {
      const { free, total } = health.disk;
      return [free && total && t('health.free', { free: size(free.toNumber(), locale), total: size(total.toNumber(), locale) })];
    },
    backup: () => [health.backup.at ? t('health.backedUp', { time: formatDateTime(health.backup.at, locale) }) : t(health.database.private ? 'health.noBackup' : 'health.ownBackup')],
  }[part]();
  const words = said.filter((one): one is string => typeof one === 'string' && one !== '');
  return words.length > 0 ? words : [t('health.noAnswer')];
}
