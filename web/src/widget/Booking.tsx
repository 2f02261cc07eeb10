/** Public booking, step by step: what, with whom, when, who. Nothing about a person is asked before a time is held. */

import { useCallback, useEffect, useState } from 'react';
import { BookingError, type FreeTime, type Hold, holdTime, type Offer, type Person, readOffer, type Trouble } from './api';
import { Details } from './Details';
import { Stage, TroubleNote, When } from './Stage';
import { Times } from './Times';
import { useWords } from './language';

type Step = { at: 'service' } | { at: 'clinician' } | { at: 'time'; lost?: 'lost' | 'expired' } | { at: 'details'; time: FreeTime; hold: Hold } | { at: 'done'; time: FreeTime };

export function Booking({ organisation, preset }: { organisation: string; preset: { service?: string; clinician?: string } }) {
  const { say } = useWords();
  const [offer, setOffer] = useState<Offer>();
  const [trouble, setTrouble] = useState<Trouble>();
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let current = true;
    // A repeated attempt reads the same again.
    const load = (_attempt: number) => readOffer(organisation);
    load(attempt).then(
      (found) => current && setOffer(found),
      (error: unknown) => current && setTrouble(error instanceof BookingError ? error.trouble : 'failed'),
    );
    return () => {
      current = false;
    };
  }, [organisation, attempt]);
  const again = () => {
    setTrouble(undefined);
    setAttempt(attempt + 1);
  };
  return (
    <main>
      <h1>{offer ? say('title.at', { organisation: offer.organisation }) : say('title')}</h1>
      {offer ? <Steps organisation={organisation} offer={offer} preset={preset} /> : trouble ? <TroubleNote trouble={trouble} onAgain={trouble === 'closed' ? undefined : again} /> : <p role="status">{say('loading')}</p>}
      <p className="quiet">{say('emergency')}</p>
    </main>
  );
}

function Steps({ organisation, offer, preset }: { organisation: string; offer: Offer; preset: { service?: string; clinician?: string } }) {
  const { say } = useWords();
  const named = offer.clinicians.filter(({ display }) => display);
  const known = offer.services.find(({ code }) => code === preset.service);
  const [service, setService] = useState(known?.code ?? '');
  const [clinician, setClinician] = useState(offer.clinicians.some(({ reference }) => reference === preset.clinician) ? preset.clinician : undefined);
  const [step, setStep] = useState<Step>({ at: known ? 'clinician' : 'service' });
  const [trouble, setTrouble] = useState<Trouble>();
  const [busy, setBusy] = useState(false);
  // Going back neither loses what was typed nor the time that is still held.
  const [person, setPerson] = useState<Person>({ given: '', family: '', birthDate: '', phone: '', email: '' });
  const [kept, setKept] = useState<{ time: FreeTime; hold: Hold; service: string }>();
  const expired = useCallback(() => {
    setKept(undefined);
    setStep((now) => (now.at === 'details' || now.at === 'time' ? { at: 'time', lost: 'expired' } : now));
  }, []);
  const lost = () => {
    setKept(undefined);
    setStep({ at: 'time', lost: 'lost' });
  };
  const expires = kept?.hold.expires;
  useEffect(() => {
    if (!expires) return undefined;
    const timer = window.setTimeout(expired, Math.max(0, Date.parse(expires) - Date.now()));
    return () => window.clearTimeout(timer);
  }, [expires, expired]);
  const choose = async (time: FreeTime) => {
    setBusy(true);
    setTrouble(undefined);
    try {
      const hold = await holdTime(organisation, service, time);
      setKept({ time, hold, service });
      setStep({ at: 'details', time, hold });
    } catch (error) {
      const why = error instanceof BookingError ? error.trouble : 'failed';
      if (why === 'lost') lost();
      else setTrouble(why);
    } finally {
      setBusy(false);
    }
  };
  if (offer.services.length === 0) return <p>{say('service.none')}</p>;
  switch (step.at) {
    case 'service':
      return (
        <Stage number={1} title={say('service')}>
          <ul className="choices">
            {offer.services.map(({ code, name, minutes }) => (
              <li key={code}>
                <button type="button" onClick={() => {
                  setService(code);
                  setStep({ at: named.length > 1 ? 'clinician' : 'time' });
                }}><strong>{name}</strong> <span className="quiet">{say('service.minutes', { minutes })}</span></button>
              </li>
            ))}
          </ul>
        </Stage>
      );
    case 'clinician':
      return (
        <Stage number={2} title={say('clinician')} onBack={() => setStep({ at: 'service' })}>
          <ul className="choices">
            {[{ reference: undefined, display: say('clinician.any') }, ...named].map(({ reference, display }) => (
              <li key={reference ?? 'any'}>
                <button type="button" aria-pressed={reference !== undefined && reference === clinician} onClick={() => {
                  setClinician(reference);
                  setStep({ at: 'time' });
                }}>{display}</button>
              </li>
            ))}
          </ul>
        </Stage>
      );
    case 'time':
      return (
        <Stage number={3} title={say('time')} onBack={() => setStep({ at: named.length > 1 ? 'clinician' : 'service' })}>
          {step.lost && (
            <div className="note" role="alert">
              <strong>{step.lost === 'lost' ? say('time.lost') : say('time.expired')}</strong>
              {step.lost === 'lost' && <p>{say('time.lost.help')}</p>}
            </div>
          )}
          {kept?.service === service && (
            <div className="held">
              <When time={kept.time} zone={offer.timeZone} />
              <button type="button" className="plain-button" onClick={() => setStep({ at: 'details', time: kept.time, hold: kept.hold })}>{say('time.keep')}</button>
            </div>
          )}
          {trouble && <TroubleNote trouble={trouble} />}
          <Times organisation={organisation} offer={offer} service={service} clinician={clinician} busy={busy} onChoose={(time) => void choose(time)} />
        </Stage>
      );
    case 'details':
      return (
        <Details
          organisation={organisation}
          offer={offer}
          service={service}
          time={step.time}
          hold={step.hold}
          person={person}
          onPerson={setPerson}
          onBack={() => setStep({ at: 'time' })}
          onLost={lost}
          onDone={() => {
            setKept(undefined);
            setStep({ at: 'done', time: step.time });
          }}
        />
      );
    case 'done':
      return (
        <Stage title={say('done')} time={step.time} offer={offer}>
          <p role="status">{say('done.help')}</p>
          <button type="button" className="plain-button" onClick={() => setStep({ at: 'service' })}>{say('done.more')}</button>
        </Stage>
      );
  }
}
