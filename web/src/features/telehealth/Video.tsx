/** A picture that moves, with the words of who is seen on it. */

import { useEffect, useRef } from 'react';

export function Video({ stream, label, muted, className }: { stream: MediaStream | undefined; label: string; muted?: boolean; className: string }) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (element.current && element.current.srcObject !== (stream ?? null)) element.current.srcObject = stream ?? null;
  }, [stream]);
  // oxlint-disable-next-line jsx-a11y/media-has-caption -- a conversation that is held now has no captions
  return <video ref={element} className={className} aria-label={label} autoPlay playsInline muted={muted} />;
}
