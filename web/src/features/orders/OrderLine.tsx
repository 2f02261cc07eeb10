/** One order in words. */

import { type Key, useI18n } from '../../lib/i18n';
import { sigText } from '../chart/medicine';
import { type Order, isMedicine, orderName } from './order';

/** Name, dose, way, rhythm, length and reason, in that order; wrapped between parts and never cut. */
export function OrderLine({ order }: { order: Order }) {
  const { t } = useI18n();
  const reason = order.reasonReference?.[0]?.display;
  return (
    <p className="order-line">
      <strong>{orderName(order)}</strong>
      {isMedicine(order) ? (
        <span>{sigText(t, order) || <span className="quiet">{t('orders.noDose')}</span>}</span>
      ) : (
        <>
          {order.priority && order.priority !== 'routine' && <span className="chip chip-warning">{t(`priority.${order.priority}` as Key)}</span>}
          {order.note?.[0]?.text && <span>{order.note[0].text}</span>}
        </>
      )}
      {reason && <span className="quiet">{t('orders.for', { reason })}</span>}
    </p>
  );
}
