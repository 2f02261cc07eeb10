/** Who is coming, while the time is held; every mistake is said at its field. */

import { type FormEvent, useId, useRef, useState } from 'react';
import { today } from '../lib/dates';
import { useNow } from '../lib/hooks';
import { BookingError, type FreeTime, type Hold, type Offer, type Person, request, type Trouble } from './api';
import { problemsOf, type Problems } from './person';
import { useWords } from './language';
import { Stage, TroubleNote, When } from './Stage';
import type { Word } from './words';

interface DetailsProps {
  organisation: string;
  offer: Offer;
  service: string;
  time: FreeTime;
  hold: Hold;
  person: Person;
  onPerson: (person: Person) => void;
  onBack: () => void;
  onLost: () => void;
  onDone: () => void;
}

const FIELDS: readonly { name: keyof Person; label: Word; type: string; autoComplete: string; needed: boolean }[] = [
  { name: 'given', label: 'details.given', type: 'text', autoComplete: 'given-name', needed: true },
  { name: 'family', label: 'details.family', type: 'text', autoComplete: 'family-name', needed: true },
  { name: 'birthDate', label: 'details.birth', type: 'date', autoComplete: 'bday', needed: true },
  { name: 'phone', label: 'details.phone', type: 'tel', autoComplete: 'tel', needed: false },
  { name: 'email', label: 'details.email', type: 'email', autoComplete: 'email', needed: false },
];

export function Details({ organisation, offer, service, time, hold, person, onPerson, onBack, onLost, onDone }: DetailsProps) {
  const { say } = useWords();
  const [problems, setProblems] = useState<Problems>({});
  const [trouble, setTrouble] = useState<Trouble>();
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    const found = problemsOf(person, today());
    setProblems(found);
    const first = FIELDS.find(({ name }) => found[name]);
    if (first) {
      form.current?.querySelector<HTMLInputElement>(`[name=${first.name}]`)?.focus();
      return;
    }
    setBusy(true);
    setTrouble(undefined);
    try {
      await request(organisation, hold.id, service, person);
      onDone();
    } catch (error) {
      const why = error instanceof BookingError ? error.trouble : 'failed';
      if (why === 'lost') onLost();
      else setTrouble(why);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Stage number={4} title={say('details')} onBack={onBack}>
      <Reserved offer={offer} time={time} expires={hold.expires} />
      <form ref={form} noValidate onSubmit={(event) => void send(event)}>
        {FIELDS.map((field) => (
          <Field key={field.name} {...field} value={person[field.name]} problem={problems[field.name]} onValue={(value) => onPerson({ ...person, [field.name]: value })} />
        ))}
        <p className="quiet">{say('details.use')}</p>
        {trouble && <TroubleNote trouble={trouble} />}
        <button type="submit" className="main-button" disabled={busy}>{say('details.send')}</button>
      </form>
    </Stage>
  );
}

function Reserved({ offer, time, expires }: { offer: Offer; time: FreeTime; expires: string }) {
  const { say } = useWords();
  const seconds = Math.max(0, Math.ceil((Date.parse(expires) - useNow(1000)) / 1000));
  const left = `${Math.trunc(seconds / 60)}:${(seconds % 60).toString().padStart(2, '0')}`;
  return (
    <div className="held">
      <p>{say('details.held')} <span role="timer" aria-live="off">{say('details.left', { time: left })}</span></p>
      <When time={time} zone={offer.timeZone} />
    </div>
  );
}

interface FieldProps {
  name: keyof Person;
  label: Word;
  type: string;
  autoComplete: string;
  needed: boolean;
  value: string;
  problem: Word | undefined;
  onValue: (value: string) => void;
}

function Field({ name, label, type, autoComplete, needed, value, problem, onValue }: FieldProps) {
  const { say } = useWords();
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{say(label)}</label>
      <input id={id} name={name} type={type} autoComplete={autoComplete} aria-required={needed} aria-invalid={problem !== undefined} aria-describedby={problem ? `${id}-problem` : undefined} value={value} onChange={(event) => onValue(event.currentTarget.value)} />
      {problem && <p id={`${id}-problem`} className="problem">{say(problem)}</p>}
    </div>
  );
}
