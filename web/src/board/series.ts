// The last minute of a figure, once a second.

export const SPAN_S = 60;

export interface Point {
  /** Seconds of the page's clock. */
  x: number;
  y: number;
}

export class Series {
  points: Point[] = [];

  add(x: number, y: number | null | undefined): void {
    if (typeof y === 'number' && Number.isFinite(y)) this.points.push({ x, y });
    this.points = this.points.filter((p) => x - p.x <= SPAN_S);
  }

  summary(): { low: number; mean: number; high: number } | undefined {
    const { points } = this;
    if (points.length === 0) return undefined;
    const ys = points.map((p) => p.y);
    return {
      low: Math.min(...ys),
      mean: ys.reduce((a, b) => a + b, 0) / ys.length,
      high: Math.max(...ys),
    };
  }
}
