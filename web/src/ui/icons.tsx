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
