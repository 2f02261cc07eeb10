/** The call itself: the other side large, oneself small, and what one can do. */

import { type ReactNode, useEffect, useState } from 'react';
import { useLater } from '../../lib/hooks';
import { type Key, useI18n } from '../../lib/i18n';
import type { Room } from './api';
import type { Seat } from './useRoom';
import { stop } from './devices';
import { Video } from './Video';

interface StageProps {
  room: Room;
  seat: Seat;
  local: MediaStream;
  /** Name of the other side. */
  other: string;
  leave: ReactNode;
}

export function Stage({ room, seat, local, other, leave }: StageProps) {
  const { t } = useI18n();
  const sees = (seat.remote?.getVideoTracks().length ?? 0) > 0;
  return (
    <section className="call-stage" aria-label={t('call.title')}>
      <div className="call-pictures">
        {sees ? <Video stream={seat.remote} label={other} className="call-remote" /> : <p className="call-nobody">{t('call.connecting', { name: other })}</p>}
        <p className="call-name">{other}</p>
        <Video stream={local} label={t('call.you')} muted className="call-own call-mirror" />
      </div>
      <LinkLine seat={seat} room={room} />
      <Controls local={local} seat={seat} leave={leave} />
    </section>
  );
}

/** How the connection is; where it does not come about, what else there is. */
function LinkLine({ seat: { link = 'connecting', foreign }, room }: { seat: Seat; room: Room }) {
  const { t } = useI18n();
  if (foreign) return <p className="call-trouble" role="alert">{t('call.foreign', { provider: room.provider })}</p>;
  return (
    <div className="call-link" role="status" data-link={link}>
      {t(`call.link.${link}` as Key)}
      {link !== 'connected' && <Fallback phone={room.phone} />}
    </div>
  );
}

function Fallback({ phone }: { phone: string | null }) {
  const { t } = useI18n();
  const late = useLater(10_000);
  if (!late) return null;
  return <strong> {phone ? t('call.phone', { phone }) : t('call.noPhone')}</strong>;
}

function Controls({ local, seat, leave }: { local: MediaStream; seat: Seat; leave: ReactNode }) {
  const { t } = useI18n();
  const [muted, setMuted] = useState(false);
  const [hidden, setHidden] = useState(false);
  const [screen, setScreen] = useState<MediaStream>();
  const hasCamera = local.getVideoTracks().length > 0;
  const { share: send } = seat;
  const turn = (kind: 'audio' | 'video', off: boolean) => {
    for (const track of local.getTracks()) if (track.kind === kind) track.enabled = !off;
  };
  useEffect(() => () => {
    if (screen) stop(screen);
  }, [screen]);
  const unshare = () => {
    setScreen(undefined);
    void send(undefined);
  };
  const share = async () => {
    try {
      const shared = await navigator.mediaDevices.getDisplayMedia({ video: true });
      const [track] = shared.getVideoTracks();
      track?.addEventListener('ended', unshare);
      await send(track);
      setScreen(shared);
    } catch {
      // Whoever does not choose a window shares nothing.
    }
  };
  return (
    <div className="call-controls" role="toolbar" aria-label={t('call.controls')}>
      <button type="button" aria-pressed={muted} onClick={() => { turn('audio', !muted); setMuted(!muted); }}>{t(muted ? 'call.unmute' : 'call.mute')}</button>
      {hasCamera && <button type="button" aria-pressed={hidden} onClick={() => { turn('video', !hidden); setHidden(!hidden); }}>{t(hidden ? 'call.cameraOn' : 'call.cameraHide')}</button>}
      {'getDisplayMedia' in navigator.mediaDevices && <button type="button" aria-pressed={screen !== undefined} onClick={() => (screen ? unshare() : void share())}>{t(screen ? 'call.unshare' : 'call.share')}</button>}
      {leave}
    </div>
  );
}
