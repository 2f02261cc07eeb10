/** Who looked at the record: the organisation's trail as far as it concerns this patient, a line for every sitting. */

import { useInfiniteQuery } from '@tanstack/react-query';
import { roleName, useSession } from '../fhir/session';
import { formatDateTime } from '../lib/dates';
import { useI18n } from '../lib/i18n';
import { sittings } from './looked';
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
  const span = (from: string, until: string) => {
    const [day, began] = formatDateTime(from, locale).split(' ');
    const ended = formatDateTime(until, locale).split(' ')[1];
    return began === ended ? `${day} ${began}` : `${day} ${began}–${ended}`;
  };
  const { fhirUser } = useSession();
  const isOwn = (who: string) => who === fhirUser;
  return (
    <>
      <p className="quiet">{t('portal.accessHelp')}</p>
      {query.isError && <Trouble error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <Wait />}
      {query.isSuccess && lines.length === 0 && <None>{t('portal.noAccess')}</None>}
      <ul className="rows card" hidden={lines.length === 0}>
        {sittings(lines).map((one) => (
          <li key={`${one.until} ${one.who} ${one.address} ${one.refused} ${one.emergency}`}>
            <strong>{isOwn(one.who) ? t('portal.you') : names.get(one.who) || one.who}</strong>
            {!isOwn(one.who) && <span className="quiet"> {one.roles.map((code) => roleName(t, code)).join(', ')}</span>}
            <br />
            <span className="quiet">{span(one.from, one.until)}{one.address && ` ${t('portal.from', { address: one.address })}`}</span>
            {one.deeds.map(({ deed, parts }) => <div key={deed}>{t(`portal.did.${deed}`)}{parts.length > 0 && `: ${parts.map((part) => t(part)).join(', ')}`}</div>)}
            {one.emergency && <span className="mark">{t('portal.emergency')}</span>}
            {one.refused && <span className="mark">{t('portal.refused')}</span>}
          </li>
        ))}
      </ul>
      {query.hasNextPage && <button type="button" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('audit.more')}</button>}
    </>
  );
}
