import { SmoothieChart, TimeSeries } from 'smoothie';

globalThis.SmoothieChart = SmoothieChart;
globalThis.TimeSeries = TimeSeries;
