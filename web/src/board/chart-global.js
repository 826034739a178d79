// Only what the dashboard draws with.
import { Chart, Filler, LinearScale, LineController, LineElement, PointElement, Tooltip } from 'chart.js';

Chart.register(Filler, LinearScale, LineController, LineElement, PointElement, Tooltip);
globalThis.Chart = Chart;
