// The page `/dashboard`.
import type { Drawing } from '../board/charts';
import { PerformanceDashboard } from '../board/dashboard';
import { login, takeToken } from './token';

Object.assign(globalThis, { PerformanceDashboard });

const asked = new URLSearchParams(location.search).get('charts');
const drawings: Drawing[] = ['chartjs', 'smoothie', 'text'];
const charts = drawings.find((d) => d === asked) ?? 'chartjs';
const place = document.getElementById('board') as HTMLElement;

const start = (token: string) => {
  place.hidden = false;
  dashboard.connect(token);
};
const refused = (why: string) => {
  place.hidden = true;
  login(why, start);
};
const dashboard = new PerformanceDashboard(null, { place, charts, refused });
const token = takeToken();
if (token) start(token);
else refused('');
