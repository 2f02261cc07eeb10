/** Camera and microphone: which there are, which are used, and how loud it is. */

import { useEffect, useState } from 'react';

export type Trouble = 'denied' | 'none' | 'busy';

export interface Devices {
  stream: MediaStream | undefined;
  trouble: Trouble | undefined;
  cameras: MediaDeviceInfo[];
  microphones: MediaDeviceInfo[];
}

export interface Choice {
  camera?: string;
  microphone?: string;
  /** Without a picture of oneself. */
  audioOnly?: boolean;
}

function troubleOf(error: unknown): Trouble {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  return name === 'NotFoundError' || name === 'OverconstrainedError' ? 'none' : 'busy';
}

const wanted = (id?: string) => (id ? { deviceId: { exact: id } } : true);

/** Opens the chosen devices, and others when the choice changes. */
export function useDevices({ camera, microphone, audioOnly }: Choice): Devices {
  const [devices, setDevices] = useState<Devices>({ stream: undefined, trouble: undefined, cameras: [], microphones: [] });
  useEffect(() => {
    let over = false;
    let opened: MediaStream | undefined;
    const open = async () => {
      try {
        if (!navigator.mediaDevices) throw new DOMException('', 'SecurityError');
        opened = await navigator.mediaDevices.getUserMedia({ audio: wanted(microphone), video: audioOnly ? false : wanted(camera) });
        const all = await navigator.mediaDevices.enumerateDevices();
        if (over) stop(opened);
        else setDevices({ stream: opened, trouble: undefined, cameras: all.filter(({ kind }) => kind === 'videoinput'), microphones: all.filter(({ kind }) => kind === 'audioinput') });
      } catch (error) {
        if (!over) setDevices((before) => ({ ...before, stream: undefined, trouble: troubleOf(error) }));
      }
    };
    void open();
    return () => {
      over = true;
      if (opened) stop(opened);
    };
  }, [camera, microphone, audioOnly]);
  return devices;
}

export function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** How loud the microphone is, from 0 to 10. */
export function useLoudness(stream: MediaStream | undefined): number {
  const [loudness, setLoudness] = useState(0);
  useEffect(() => {
    if (!stream || stream.getAudioTracks().length === 0) return;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 512;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      setLoudness(Math.min(10, Math.round(Math.sqrt(power) * 50)));
    }, 200);
    return () => {
      clearInterval(timer);
      void context.close();
    };
  }, [stream]);
  return loudness;
}
