/** A photograph: chosen from a file or taken with the camera, cut to a square, seen before it is kept. */

import { Button } from '@mantine/core';
import { type ChangeEvent, useEffect, useId, useRef, useState } from 'react';
import { useI18n } from '../../lib/i18n';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Notice } from '../../ui/Notice';
import { fromFile, fromVideo, toText } from './photo';

interface PhotoFieldProps {
  /** The picture as a `data:` address; empty when there is none. */
  value: string;
  onChange: (picture: string) => void;
  busy?: boolean;
}

export function PhotoField({ value, onChange, busy }: PhotoFieldProps) {
  const { t } = useI18n();
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [file, setFile] = useState<File>();
  const [wrong, setWrong] = useState(false);
  const [camera, setCamera] = useState(false);
  const cut = async (picture: Blob, zoom: number) => {
    setWrong(false);
    try {
      onChange(await toText(await fromFile(picture, zoom)));
    } catch {
      setFile(undefined);
      setWrong(true);
    }
  };
  const pick = (event: ChangeEvent<HTMLInputElement>) => {
    const chosen = event.currentTarget.files?.[0];
    // The same file can be chosen again.
    event.currentTarget.value = '';
    if (!chosen) return;
    setFile(chosen);
    void cut(chosen, 1);
  };
  return (
    <div className="photo-field">
      {value ? <img className="photo" src={value} alt={t('photo.alt')} width={96} height={96} /> : <span className="photo photo-none"><Icon name="user" size={40} /></span>}
      <div className="stack">
        <div className="photo-acts">
          <input ref={input} id={id} type="file" accept="image/jpeg,image/png,image/webp" className="visually-hidden" tabIndex={-1} aria-label={t('photo.file')} onChange={pick} />
          <Button type="button" variant="default" loading={busy} onClick={() => input.current?.click()}>{t('photo.file')}</Button>
          <Button type="button" variant="default" disabled={busy} onClick={() => setCamera(true)}>{t('photo.camera')}</Button>
          {value && (
            <Button
              type="button"
              variant="subtle"
              disabled={busy}
              onClick={() => {
                setFile(undefined);
                onChange('');
              }}
            >
              {t('photo.remove')}
            </Button>
          )}
        </div>
        {file && value && (
          <label className="photo-zoom">
            {t('photo.zoom')} <input type="range" min="1" max="3" step="0.25" defaultValue="1" onChange={(event) => void cut(file, Number(event.currentTarget.value))} />
          </label>
        )}
        {wrong && <Notice tone="danger" icon="alert" title={t('photo.wrong')} />}
        <p className="quiet">{t('photo.help')}</p>
      </div>
      {camera && (
        <Camera
          onClose={() => setCamera(false)}
          onTaken={(picture) => {
            setFile(undefined);
            setCamera(false);
            onChange(picture);
          }}
        />
      )}
    </div>
  );
}

function Camera({ onTaken, onClose }: { onTaken: (picture: string) => void; onClose: () => void }) {
  const { t } = useI18n();
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<'opening' | 'open' | 'refused'>('opening');
  useEffect(() => {
    let stream: MediaStream | undefined;
    let over = false;
    const end = () => stream?.getTracks().forEach((track) => track.stop());
    const open = async () => {
      try {
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'user' } });
        if (over) return end();
        if (video.current) video.current.srcObject = stream;
        setState('open');
      } catch {
        if (!over) setState('refused');
      }
    };
    void open();
    return () => {
      over = true;
      end();
    };
  }, []);
  const take = async () => {
    try {
      if (video.current) onTaken(await toText(await fromVideo(video.current)));
    } catch {
      setState('refused');
    }
  };
  return (
    <Dialog title={t('photo.camera')} onClose={onClose}>
      <div className="stack">
        {state === 'refused' ? <Notice tone="warning" icon="alert" title={t('photo.refused')} /> : (
          // oxlint-disable-next-line jsx-a11y/media-has-caption -- a picture without sound
          <video ref={video} className="photo-video" autoPlay muted playsInline aria-label={t('photo.preview')} />
        )}
        <div className="form-actions">
          <Button size="sm" disabled={state !== 'open'} onClick={() => void take()}>{t('photo.take')}</Button>
          <Button size="sm" variant="default" onClick={onClose}>{t('cancel')}</Button>
        </div>
      </div>
    </Dialog>
  );
}
