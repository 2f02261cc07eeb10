/** Own icons, drawn on a 20 × 20 grid. They never stand alone: a label is always beside or on the control. */

const PATHS = {
  search: 'M9 3a6 6 0 1 0 0 12A6 6 0 0 0 9 3zm4.5 10.5L18 18',
  patients: 'M7 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6zm-5 8c0-3 2-5 5-5s5 2 5 5M13.5 9a2.5 2.5 0 1 0 0-5M14 12c2.500 0 4 2 4 5',
  pulse: 'M2 10h4l2-6 4 12 2-6h4',
  plus: 'M10 4v12M4 10h12',
  close: 'M5 5l10 10M15 5L5 15',
  check: 'M4 10.500l4 4 8-9',
  alert: 'M10 3l8 14H2L10 3zm0 5v4m0 2.500v.5',
  info: 'M10 2.500a7.500 7.500 0 1 0 0 15 7.500 7.500 0 0 0 0-15zM10 9v5m0-8v.5',
  lock: 'M5 9h10v8H5zM7 9V6a3 3 0 0 1 6 0v3',
  user: 'M10 9.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM3 18c0-4 3-6 7-6s7 2 7 6',
  shield: 'M10 2l7 3v5c0 4-3 7-7 8-4-1-7-4-7-8V5l7-3z',
  system: 'M3 4h14v5H3zM3 11h14v5H3zM6 6.500h.5M6 13.500h.5',
  edit: 'M4 16l1-4 8-8 3 3-8 8-4 1z',
  note: 'M5 2.500h7l4 4V17.500H5zM12 2.500v4h4M7.500 10h5M7.500 13h5',
  up: 'M10 16V4M5 9l5-5 5 5',
  down: 'M10 4v12M5 11l5 5 5-5',
  steady: 'M4 10h12M11 5l5 5-5 5',
  offline: 'M3 3l14 14M2 8a12 12 0 0 1 4-2.500M18 8a12 12 0 0 0-8-3M5 11.500a8 8 0 0 1 3-1.500M10 16v.5',
  keyboard: 'M2 5h16v10H2zM5 8h.5M8 8h.5M11 8h.5M14 8h.5M6 12h8',
  calendar: 'M3 4.500h14V17H3zM3 8h14M7 2.500v4M13 2.500v4',
  clock: 'M10 2.500a7.500 7.500 0 1 0 0 15 7.500 7.500 0 0 0 0-15zM10 6v4l3 2',
  question: 'M10 2.500a7.500 7.500 0 1 0 0 15 7.500 7.500 0 0 0 0-15zM8 8a2 2 0 1 1 2.500 2c-.4.2-.5.5-.5 1.500m0 2v.3',
  circle: 'M10 4a6 6 0 1 0 0 12 6 6 0 0 0 0-12z',
  disc: 'M10 4a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM7.500 10l2 2 3.500-4',
  door: 'M5 17.500V3h8v14.500M3 17.500h14M10.500 10v.5',
  flag: 'M5 18V3h10l-2 3.500 2 3.500H5',
  room: 'M3 16v-5h14v5M3 13h14M5 11V7h5v4',
  move: 'M3 10h14M13 6l4 4-4 4M7 6L3 10l4 4',
  absent: 'M10 2.500a7.500 7.500 0 1 0 0 15 7.500 7.500 0 0 0 0-15zM4.700 4.700l10.600 10.600',
  list: 'M7 5h10M7 10h10M7 15h10M3 5h.5M3 10h.5M3 15h.5',
  back: 'M12 4l-6 6 6 6',
  forward: 'M8 4l6 6-6 6',
  bell: 'M10 3a5 5 0 0 0-5 5v3.500L3.500 14h13L15 11.500V8a5 5 0 0 0-5-5zM8 16.500a2 2 0 0 0 4 0',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
