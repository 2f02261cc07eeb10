/** Before a video visit: is one seen and heard, and does one agree. */

import { useId, useState } from 'react';
import { useI18n } from '../../lib/i18n';
import type { Room } from './api';
import { type Choice, type Devices, useLoudness } from './devices';
import { Video } from './Video';

interface DeviceCheckProps {
  room: Room;
  devices: Devices;
  choice: Choice;
  choose: (choice: Choice) => void;
  onReady: () => void;
}

export function DeviceCheck({ room, devices, choice, choose, onReady }: DeviceCheckProps) {
  const { t } = useI18n();
  const [agreed, setAgreed] = useState(room.consented || room.side === 'clinician');
  const { stream, trouble } = devices;
  const asks = room.side === 'patient' && !room.consented;
  return (
    <section className="call-check" aria-label={t('call.check')}>
      <Preview stream={stream} off={choice.audioOnly ?? false} />
      <div className="call-set">
        <h2>{t('call.check')}</h2>
        {trouble && (
          <div className="call-trouble" role="alert">
            <strong>{t(`call.trouble.${trouble}`)}</strong>
            {room.phone && <p>{t('call.phone', { phone: room.phone })}</p>}
            {!choice.audioOnly && <button type="button" onClick={() => choose({ ...choice, audioOnly: true })}>{t('call.audioOnly')}</button>}
          </div>
        )}
        <Loudness stream={stream} />
        <Choose label={t('call.camera')} devices={devices.cameras} value={choice.camera} onChange={(camera) => choose({ ...choice, camera })} />
        <Choose label={t('call.microphone')} devices={devices.microphones} value={choice.microphone} onChange={(microphone) => choose({ ...choice, microphone })} />
        {asks && (
          <label className="call-agree">
            <input type="checkbox" checked={agreed} onChange={(event) => setAgreed(event.currentTarget.checked)} />
            <span>{t('call.agree')}</span>
          </label>
        )}
        <p className="quiet">{t('call.notRecorded')}</p>
        <button type="button" className="call-go" disabled={!stream || !agreed} onClick={onReady}>{t(room.side === 'patient' ? 'call.enterWaiting' : 'call.enterRoom')}</button>
      </div>
    </section>
  );
}

function Preview({ stream, off }: { stream: MediaStream | undefined; off: boolean }) {
  const { t } = useI18n();
  return (
    <div className="call-preview">
      {off ? <p>{t('call.cameraOff')}</p> : <Video stream={stream} label={t('call.you')} muted className="call-mirror" />}
    </div>
  );
}

function Loudness({ stream }: { stream: MediaStream | undefined }) {
  const { t } = useI18n();
  const id = useId();
  const loudness = useLoudness(stream);
  return (
    <p className="call-loudness">
      <span id={id}>{t('call.loudness')}</span>
      <meter aria-labelledby={id} min={0} max={10} value={loudness} />
    </p>
  );
}

function Choose({ label, devices, value, onChange }: { label: string; devices: MediaDeviceInfo[]; value: string | undefined; onChange: (id: string) => void }) {
  const id = useId();
  if (devices.length < 2) return null;
  return (
    <p className="call-choose">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value ?? devices[0]?.deviceId} onChange={(event) => onChange(event.currentTarget.value)}>
        {devices.map((device, index) => <option key={device.deviceId} value={device.deviceId}>{device.label || `${label} ${index + 1}`}</option>)}
      </select>
    </p>
  );
}
