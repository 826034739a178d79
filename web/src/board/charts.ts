// Charts in three steps: Chart.js, else Smoothie, else words. Each step down says why.
import { h } from '../play/dom';
import { type Series, SPAN_S } from './series';

export type Drawing = 'chartjs' | 'smoothie' | 'text';

export interface ChartOptions {
  series: Series[];
  /** A fixed top, where there is one. */
  top?: number;
  format(value: number): string;
  label: string;
}

export interface Plot {
  draw(now: number): void;
  /** The colours of the page have changed. */
  recolour(): void;
}

const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const LINES = ['--line-1', '--line-2'];

// What is used of the two libraries, which come as scripts that set a global.
interface ChartData {
  data: { datasets: { data: unknown; borderColor: string; backgroundColor: string }[] };
  options: {
    scales: { x: { min: number; max: number }; y: { grid: { color: string }; ticks: { color: string } } };
  };
  update(mode: 'none'): void;
}
type ChartMaker = new (canvas: HTMLCanvasElement, options: unknown) => ChartData;
interface SmoothieMaker {
  new (
    options: unknown,
  ): {
    addTimeSeries(series: unknown, options: unknown): void;
    streamTo(canvas: HTMLCanvasElement, delay: number): void;
    options: { grid: Record<string, unknown>; labels: Record<string, unknown> };
    seriesSet: { options: Record<string, unknown> }[];
  };
}
const globals = globalThis as unknown as {
  Chart?: ChartMaker;
  SmoothieChart?: SmoothieMaker;
  TimeSeries?: new () => { append(at: number, value: number): void };
};

function script(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const tag = h('script', { src: new URL(name, import.meta.url).href });
    tag.onload = () => resolve(true);
    tag.onerror = () => resolve(false);
    document.head.append(tag);
  });
}

/** Loads the best there is, from `wanted` downwards. */
export async function load(wanted: Drawing): Promise<{ drawing: Drawing; reason: string }> {
  const reasons: string[] = [];
  if (wanted === 'chartjs') {
    if (!globals.Chart) await script('chart.js');
    if (globals.Chart) return { drawing: 'chartjs', reason: '' };
    reasons.push('Chart.js could not be loaded');
  }
  if (wanted !== 'text') {
    if (!globals.SmoothieChart) await script('smoothie.js');
    if (globals.SmoothieChart) return { drawing: 'smoothie', reason: reasons.join('; ') };
    reasons.push('Smoothie could not be loaded');
  }
  return { drawing: 'text', reason: reasons.join('; ') };
}

export function plot(drawing: Drawing, place: HTMLElement, options: ChartOptions): Plot {
  place.replaceChildren();
  if (drawing === 'text') return textPlot(place, options);
  const canvas = h('canvas', { 'aria-hidden': 'true' });
  place.append(canvas);
  return drawing === 'chartjs' ? chartPlot(canvas, options) : smoothiePlot(canvas, options);
}

function chartPlot(canvas: HTMLCanvasElement, { series, top, format }: ChartOptions): Plot {
  const Chart = globals.Chart as ChartMaker;
  const chart = new Chart(canvas, {
    type: 'line',
    data: {
      datasets: series.map((s, i) => ({
        data: s.points,
        borderWidth: 2,
        pointRadius: 0,
        tension: 0.25,
        fill: i === 0,
        borderColor: '',
        backgroundColor: '',
      })),
    },
    options: {
      animation: false,
      parsing: false,
      normalized: true,
      responsive: true,
      maintainAspectRatio: false,
      events: [],
      plugins: { tooltip: { enabled: false } },
      scales: {
        x: { type: 'linear', display: false, min: 0, max: SPAN_S },
        y: {
          min: 0,
          ...(top === undefined ? { grace: '15%' } : { max: top }),
          border: { display: false },
          grid: { drawTicks: false },
          ticks: { maxTicksLimit: 3, padding: 6, font: { size: 11 }, callback: (v: number) => format(v) },
        },
      },
    },
  });
  const self: Plot = {
    draw(now) {
      series.forEach((s, i) => {
        const set = chart.data.datasets[i];
        if (set) set.data = s.points;
      });
      chart.options.scales.x.min = now - SPAN_S;
      chart.options.scales.x.max = now;
      chart.update('none');
    },
    recolour() {
      chart.data.datasets.forEach((set, i) => {
        set.borderColor = colour(LINES[i] as string);
        set.backgroundColor = colour('--line-fill');
      });
      chart.options.scales.y.grid.color = colour('--grid');
      chart.options.scales.y.ticks.color = colour('--quiet');
      chart.update('none');
    },
  };
  self.recolour();
  return self;
}

function smoothiePlot(canvas: HTMLCanvasElement, { series, top, format }: ChartOptions): Plot {
  const Smoothie = globals.SmoothieChart as SmoothieMaker;
  const Times = globals.TimeSeries as new () => { append(at: number, value: number): void };
  const chart = new Smoothie({
    responsive: true,
    millisPerPixel: 200,
    limitFPS: 10,
    minValue: 0,
    ...(top === undefined ? { maxValueScale: 1.15 } : { maxValue: top }),
    yMinFormatter: format,
    yMaxFormatter: format,
    grid: { fillStyle: 'transparent', verticalSections: 2, millisPerLine: 0, borderVisible: false },
    labels: { fontSize: 11, fontFamily: 'system-ui' },
    tooltip: false,
  });
  const lines = series.map((s) => {
    const line = new Times();
    chart.addTimeSeries(line, { lineWidth: 2 });
    for (const p of s.points) line.append(Date.now(), p.y);
    return line;
  });
  chart.streamTo(canvas, 1000);
  const self: Plot = {
    draw() {
      series.forEach((s, i) => {
        const last = s.points[s.points.length - 1];
        if (last) lines[i]?.append(Date.now(), last.y);
      });
    },
    recolour() {
      chart.seriesSet.forEach((set, i) => {
        set.options.strokeStyle = colour(LINES[i] as string);
        if (i === 0) set.options.fillStyle = colour('--line-fill');
      });
      chart.options.grid.strokeStyle = colour('--grid');
      chart.options.labels.fillStyle = colour('--quiet');
    },
  };
  self.recolour();
  return self;
}

function textPlot(place: HTMLElement, { series, format, label }: ChartOptions): Plot {
  const words = h('p', { class: 'minute' });
  place.append(words);
  return {
    draw() {
      const s = series[0]?.summary();
      words.textContent = s
        ? `${label}, last minute: ${format(s.low)} to ${format(s.high)}, on average ${format(s.mean)}`
        : `${label}: nothing yet`;
    },
    recolour() {},
  };
}
