/** The frame of a step: where one is, what is asked, and the way back; its heading takes the focus. */

import { type ReactNode, useEffect, useRef } from 'react';
import { clockOf, clockText, dayText, viewerZone, zoneText } from '../lib/zone';
import type { FreeTime, Offer, Trouble } from './api';
import { useWords } from './language';
import type { Word } from './words';

interface StageProps {
  number?: number;
  title: string;
  /** The time that has been chosen, repeated where something is committed. */
  time?: FreeTime;
  offer?: Offer;
  onBack?: () => void;
  children: ReactNode;
}

export function Stage({ number, title, time, offer, onBack, children }: StageProps) {
  const { say } = useWords();
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // The first step leaves the focus where the page that embeds us has it.
    if (number !== 1) head.current?.focus();
  }, [number]);
  return (
    <section>
      {number !== undefined && <p className="quiet">{say('step', { number })}</p>}
      <h2 ref={head} tabIndex={-1}>{title}</h2>
      {time && offer && <When time={time} zone={offer.timeZone} />}
      {children}
      {onBack && <button type="button" className="plain-button" onClick={onBack}>{say('back')}</button>}
    </section>
  );
}

/** The clinic's time, and beside it the visitor's own when that differs. */
export function When({ time, zone }: { time: FreeTime; zone: string }) {
  const { say, locale } = useWords();
  const at = Date.parse(time.start);
  const clinic = clockOf(at, zone);
  const own = viewerZone();
  const here = clockOf(at, own);
  const differs = here.minutes !== clinic.minutes || here.day !== clinic.day;
  return (
    <p className="when">
      <strong>{dayText(clinic.day, locale, 'long')}, {clockText(clinic.minutes)}</strong>
      {differs && <span className="quiet"> {say('time.own', { zone: zoneText(own, locale, at), time: here.day === clinic.day ? clockText(here.minutes) : `${dayText(here.day, locale, 'short')} ${clockText(here.minutes)}` })}</span>}
    </p>
  );
}

const WORDS: Record<Trouble, [Word, Word]> = {
  closed: ['error.closed', 'error.closed.help'],
  lost: ['time.lost', 'time.lost.help'],
  busy: ['error.busy', 'error.busy.help'],
  offline: ['error.offline', 'error.offline.help'],
  refused: ['error.refused', 'error.refused.help'],
  failed: ['error.failed', 'error.failed.help'],
};

export function TroubleNote({ trouble, onAgain }: { trouble: Trouble; onAgain?: () => void }) {
  const { say } = useWords();
  const [title, help] = WORDS[trouble];
  return (
    <div className="note" role="alert">
      <strong>{say(title)}</strong>
      <p>{say(help)}</p>
      {onAgain && <button type="button" className="plain-button" onClick={onAgain}>{say('again')}</button>}
    </div>
  );
}
