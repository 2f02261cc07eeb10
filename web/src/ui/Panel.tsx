/** A titled region of a page. Panels load and fail alone. */

import { type ReactNode, useId } from 'react';

interface PanelProps {
  title: string;
  actions?: ReactNode;
  /** Beside the title: a count, a date. */
  aside?: ReactNode;
  children: ReactNode;
  className?: string;
}

export function Panel({ title, actions, aside, children, className = '' }: PanelProps) {
  const id = useId();
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <span className="quiet">{aside}</span>}
        {actions && <div className="panel-actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}
