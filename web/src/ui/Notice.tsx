/** What a region says when it has nothing to show: empty, failed, denied, or still loading. */

import { Button, Skeleton } from '@mantine/core';
import type { ReactNode } from 'react';
import { useLater } from '../lib/hooks';
import { useI18n } from '../lib/i18n';
import { Icon, type IconName } from './icons';

/** Nothing, and why. A clinical negative is said only by whoever knows it. */
export function Empty({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <div className="empty">
      <p>{children}</p>
      {action}
    </div>
  );
}

interface NoticeProps {
  tone: 'danger' | 'warning' | 'info';
  icon: IconName;
  title: string;
  children?: ReactNode;
  reference?: string;
  onRetry?: () => void;
}

/** A message that stays until its cause is gone. */
export function Notice({ tone, icon, title, children, reference, onRetry }: NoticeProps) {
  const { t } = useI18n();
  return (
    <div className={`notice notice-${tone}`} role={tone === 'danger' ? 'alert' : 'status'}>
      <Icon name={icon} size={18} />
      <div className="notice-body">
        <strong>{title}</strong>
        {children}
        {reference && (
          <p className="quiet">
            {t('error.reference')} <code>{reference}</code>
          </p>
        )}
      </div>
      {onRetry && (
        <Button variant="default" onClick={onRetry}>
          {t('error.retry')}
        </Button>
      )}
    </div>
  );
}

/** Rows of the final height, shown only when the wait is long enough to notice. */
export function Loading({ rows = 4, height = 22 }: { rows?: number; height?: number }) {
  const { t } = useI18n();
  const late = useLater(300);
  return (
    <div className="loading" role="status" style={{ minBlockSize: rows * (height + 8) }}>
      <span className="visually-hidden">{t('loading')}</span>
      {late && Array.from({ length: rows }, (_, index) => <Skeleton key={index} height={height} />)}
    </div>
  );
}
