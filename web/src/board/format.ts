// Figures as people read them. What cannot be read is a dash.

const NONE = '–';
type Maybe = number | null | undefined;

const known = (v: Maybe): v is number => typeof v === 'number' && Number.isFinite(v);

export const number = (v: Maybe, digits = 0): string =>
  known(v) ? v.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }) : NONE;

export const percent = (v: Maybe): string => (known(v) ? `${Math.round(v * 100)} %` : NONE);

export function ms(v: Maybe): string {
  if (!known(v)) return NONE;
  if (Math.abs(v) >= 1000) return `${(v / 1000).toFixed(1)} s`;
  return `${Math.abs(v) < 10 && v !== 0 ? v.toFixed(1) : Math.round(v)} ms`;
}

export function bytes(v: Maybe): string {
  if (!known(v)) return NONE;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  let n = v;
  while (n >= 1000 && i < units.length - 1) {
    n /= 1000;
    i++;
  }
  return `${n >= 100 || i === 0 ? Math.round(n) : n.toFixed(1)} ${units[i]}`;
}

export function bits(v: Maybe): string {
  if (!known(v)) return NONE;
  return v >= 1e6 ? `${(v / 1e6).toFixed(1)} Mb/s` : `${Math.round(v / 1000)} kb/s`;
}

export function duration(seconds: Maybe): string {
  if (!known(seconds)) return NONE;
  const s = Math.floor(seconds);
  const d = Math.floor(s / 86400);
  const h = Math.floor((s % 86400) / 3600);
  const m = Math.floor((s % 3600) / 60);
  if (d) return `${d} d ${h} h`;
  if (h) return `${h} h ${m} min`;
  if (m) return `${m} min ${s % 60} s`;
  return `${s} s`;
}
