/**
 * A clinical plot: true time scale, oldest left, both axes labelled, a reference band, and the exact value of every
 * point by pointer and by keyboard. Lines end where data do; two units never share an axis.
 */

import { type KeyboardEvent, useId, useState } from 'react';
import { formatDate, formatDateTime } from '../lib/dates';
import { useI18n } from '../lib/i18n';
import { type Point, ticks } from '../lib/trend';

const WIDTH = 640;
const HEIGHT = 240;
const LEFT = 52;
const RIGHT = 16;
const TOP = 14;
const BOTTOM = 34;
const DAY = 86_400_000;

interface Line {
  label: string;
  points: Point[];
}

interface PlotProps {
  title: string;
  unit: string;
  lines: Line[];
  /** Lower and upper end of the reference range. */
  band?: [number, number];
  /** Since when the range holds, in milliseconds; always, when absent. */
  bandFrom?: number;
  /** Thin lines behind the values, named at their end: percentiles of a reference. */
  curves?: Curve[];
  /** First and last moment on the axis; the values' own, when absent. */
  span?: readonly [number, number];
}

interface Curve {
  label: string;
  points: Pick<Point, 'at' | 'value'>[];
}

/** Maps a range of values to a range of pixels. */
function scale([low, high]: [number, number], [from, to]: [number, number]) {
  const span = high - low || 1;
  return (value: number) => from + ((value - low) / span) * (to - from);
}

function extent(values: number[], pad: number): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = (high - low || Math.abs(high) || 1) * pad;
  return [low - margin, high + margin];
}

/** Moments for the labels below: whole years, else months, else days. */
function timeTicks([from, to]: [number, number], width: number): number[] {
  const count = Math.max(2, Math.floor(width / 120));
  const years = (to - from) / (365.25 * DAY);
  if (years >= 2) {
    const first = new Date(from).getUTCFullYear() + 1;
    const step = Math.max(1, Math.ceil(years / count));
    return Array.from({ length: Math.floor(years / step) + 1 }, (_, index) => Date.UTC(first + index * step, 0, 1)).filter((at) => at <= to);
  }
  const step = Math.max(DAY, Math.ceil((to - from) / count / DAY) * DAY);
  return Array.from({ length: count + 1 }, (_, index) => from + index * step).filter((at) => at <= to);
}

export function Plot({ title, unit, lines, band, bandFrom = Number.NEGATIVE_INFINITY, curves = [], span }: PlotProps) {
  const { t, locale } = useI18n();
  const id = useId();
  const all = lines.flatMap((line, series) => line.points.map((point) => ({ ...point, series, label: line.label }))).sort((a, b) => a.at - b.at);
  const [chosen, choose] = useState<number>();
  if (all.length === 0) return null;
  const time = extent(all.map((point) => point.at), all.length > 1 && all[0]?.at !== all.at(-1)?.at ? 0.02 : 0);
  const own: [number, number] = time[0] === time[1] ? [time[0] - DAY, time[1] + DAY] : time;
  const range: [number, number] = span ? [Math.min(span[0], own[0]), Math.max(span[1], own[1])] : own;
  const levels = extent([...all.map((point) => point.value), ...(band ?? []), ...curves.flatMap((curve) => curve.points.map((point) => point.value))], 0.08);
  const right = curves.length > 0 ? RIGHT + 18 : RIGHT;
  const x = scale(range, [LEFT, WIDTH - right]);
  const y = scale(levels, [HEIGHT - BOTTOM, TOP]);
  const left = Math.max(LEFT, x(Math.max(bandFrom, range[0])));
  const active = chosen === undefined ? undefined : all[chosen];
  const move = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose(Math.min(all.length - 1, Math.max(0, (chosen ?? (step > 0 ? -1 : all.length)) + step)));
  };
  return (
    <figure className="plot">
      <figcaption id={id}>
        <span className="visually-hidden">{title}</span> <span className="quiet">{unit || t('plot.noUnit')}</span>
        {lines.length > 1 && (
          <span className="plot-legend">
            {lines.map((line, index) => (
              <span key={line.label}>
                <svg width="26" height="10" aria-hidden="true"><path d="M1 5h24" className={`plot-line plot-line-${index}`} /></svg>
                {line.label}
              </span>
            ))}
          </span>
        )}
      </figcaption>
      <div className="plot-scroll">
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex, jsx-a11y/no-noninteractive-element-interactions -- the arrow keys read the points */}
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-labelledby={id} aria-describedby={`${id}-value`} tabIndex={0} onKeyDown={move}>
          {band && (
            <rect className="plot-band" x={left} width={Math.max(0, WIDTH - right - left)} y={y(band[1])} height={Math.max(0, y(band[0]) - y(band[1]))} />
          )}
          {ticks(levels[0], levels[1]).map((value) => (
            <g key={value}>
              <path className="plot-grid" d={`M${LEFT} ${y(value)}H${WIDTH - right}`} />
              <text className="plot-label" x={LEFT - 8} y={y(value) + 4} textAnchor="end">{value}</text>
            </g>
          ))}
          {timeTicks(range, WIDTH - LEFT).map((at) => (
            <g key={at}>
              <path className="plot-grid" d={`M${x(at)} ${HEIGHT - BOTTOM}v5`} />
              <text className="plot-label" x={x(at)} y={HEIGHT - BOTTOM + 20} textAnchor="middle">
                {formatDate(new Date(at).toISOString().slice(0, range[1] - range[0] > 2 * 365 * DAY ? 4 : 10), locale)}
              </text>
            </g>
          ))}
          {curves.map(({ label, points }) => {
            const end = points.at(-1);
            return (
              <g key={label}>
                <path className="plot-curve" d={pathOf(points, x, y)} />
                {end && <text className="plot-label" x={x(end.at) + 4} y={y(end.value) + 4}>{label}</text>}
              </g>
            );
          })}
          {lines.map((line, series) => (
            <path
              key={line.label}
              className={`plot-line plot-line-${series}`}
              d={pathOf(line.points, x, y)}
            />
          ))}
          {all.map((point, index) => (
            <circle
              key={`${point.series}-${point.at}-${index}`}
              className={`plot-point plot-point-${point.series}${index === chosen ? ' plot-chosen' : ''}`}
              cx={x(point.at)}
              cy={y(point.value)}
              r={index === chosen ? 6 : 3.5}
              onPointerEnter={() => choose(index)}
              onClick={() => choose(index)}
            />
          ))}
        </svg>
      </div>
      <p id={`${id}-value`} className="plot-value" aria-live="polite">
        {active
          ? `${lines.length > 1 ? `${active.label}: ` : ''}${active.shown} ${active.unit} · ${formatDateTime(new Date(active.at).toISOString(), locale)}`
          : t('plot.hint')}
      </p>
    </figure>
  );
}

type Scale = (value: number) => number;

function pathOf(points: readonly Pick<Point, 'at' | 'value'>[], x: Scale, y: Scale): string {
  return points.map((point, index) => `${index === 0 ? 'M' : 'L'}${x(point.at).toFixed(1)} ${y(point.value).toFixed(1)}`).join('');
}

/** The course of a value at a glance; the number itself stands beside it. */
export function Sparkline({ points }: { points: readonly Point[] }) {
  if (points.length < 2) return null;
  const x = scale(extent(points.map((point) => point.at), 0), [2, 70]);
  const y = scale(extent(points.map((point) => point.value), 0.05), [20, 2]);
  const last = points.at(-1) as Point;
  return (
    <svg className="sparkline" width="72" height="22" viewBox="0 0 72 22" aria-hidden="true">
      <path d={pathOf(points, x, y)} />
      <circle cx={x(last.at)} cy={y(last.value)} r="2.2" />
    </svg>
  );
}
