/** Who looked at the record: every line of the organisation's trail that concerns this patient. */

import { useInfiniteQuery } from '@tanstack/react-query';
import { formatDateTime } from '../lib/dates';
import { useI18n } from '../lib/i18n';
import { None, Trouble, Wait } from './parts';
import { accessReport, practitioners, useNames, useOwn } from './record';

export default function Access() {
  const { t, locale } = useI18n();
  const own = useOwn() ?? '';
  const query = useInfiniteQuery({
    queryKey: ['access', own],
    queryFn: ({ signal, pageParam }) => accessReport(own, pageParam, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next ?? undefined,
  });
  const lines = query.data?.pages.flatMap((page) => page.items) ?? [];
  const names = useNames(practitioners(lines));
  const isOwn = (who: string) => who === `Patient/${own}`;
  return (
    <>
      <p className="quiet">{t('portal.accessHelp')}</p>
      {query.isError && <Trouble error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Wait />}
      {query.isSuccess && lines.length === 0 && <None>{t('portal.noAccess')}</None>}
      <ul className="rows card" hidden={lines.length === 0}>
        {lines.map((line, index) => (
          <li key={`${line.at}-${index}`}>
            <strong>{formatDateTime(line.at, locale)}</strong> {isOwn(line.who) ? t('portal.you') : names.get(line.who) || line.who}
            {!isOwn(line.who) && <span className="quiet"> {line.roles.join(', ')}</span>}
            {line.address && <span className="quiet"> {t('portal.from', { address: line.address })}</span>}
            <br />
            {line.what}{line.records.length > 0 && `: ${line.records.join(', ')}`}
            {line.emergency && <span className="mark">{t('portal.emergency')}</span>}
            {line.refused && <span className="mark">{t('portal.refused')}</span>}
          </li>
        ))}
      </ul>
      {query.hasNextPage && <button type="button" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('audit.more')}</button>}
    </>
  );
}
