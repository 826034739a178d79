// Figures of the test server, with a name that holds HTML and a GPU that cannot be read.
import { FPS } from './media.mjs';

const wave = (t, slow, low, high) => low + ((high - low) * (1 + Math.sin(t / slow))) / 2;

export function metrics(server) {
  const n = server.n;
  const t = n / FPS;
  const gpu = server.noGpu
    ? []
    : [
        {
          name: 'Test GPU 24 GB',
          use: wave(t, 5, 0.2, 0.8),
          memory_used: 6.1e9,
          memory_total: 24e9,
          temperature: 56,
        },
      ];
  const viewers = [...server.viewers].filter((v) => v.role === 'viewer');
  const extra = Array.from({ length: server.crowd ?? 3 }, (_, i) => ({
    session: `k3v${i}`,
    mode: ['webcodecs', 'mse', 'jpeg'][i % 3],
    rung: ['720p', '480p', 'jpeg'][i % 3],
    class: ['ethernet', 'wifi', 'mobile'][i % 3],
    bitrate: 2.4e6 - i * 3e5,
    rtt_ms: 0.4 + i * 11,
    jitter_ms: 0.2 + i,
    dropped_groups: i,
    dropped_frames: i * 30,
    fps: i === 2 ? 15 : 30,
    buffer_ms: 40 + 10 * i,
    e2e_ms: i === 1 ? null : { p50: 41 + 20 * i, p95: 55 + 30 * i, p99: 70 + 40 * i, uncertainty: 1.2 },
    since_s: 80 + i * 600,
  }));
  return {
    t: 'metrics',
    at_us: Math.round(t * 1e6),
    uptime_s: t,
    system: {
      cpu: wave(t, 7, 0.25, 0.6),
      own_cpu: wave(t, 4, 0.05, 0.2),
      memory_used: wave(t, 30, 3.1e9, 3.6e9),
      memory_total: 8589934592,
      own_memory: 157286400,
      gpus: gpu,
      missing: server.noGpu ? { gpus: 'no driver is loaded' } : {},
    },
    processing: { fps: wave(t, 6, 40, 52), jobs_waiting: 3, clips_ready: 12, clips: 60, buffered_ms: 8000 },
    stream: {
      frame: n,
      late: 0,
      now: { clip: server.clips[2], state: 'idle', left_ms: 1400 },
      next: { clip: 'wave.mp4', state: 'talk', in_ms: 1400, seam: 'motion', score: 0.83, frames: 6 },
      states: ['idle', 'talk'],
      clips: server.clips,
      seed: 1,
      signal: 0,
    },
    certificate: { visits: 41, frames: n, clips: 12, least_gap: 9, repeated_pairs: 0, longest_repeat: 1 },
    rungs: [
      { name: '720p', viewers: 3, bitrate: 2412000, ready: true },
      { name: '480p', viewers: 0, bitrate: 0, ready: false },
    ],
    viewers: [
      ...viewers.map((v) => ({
        session: 'me',
        mode: v.mode,
        rung: '360p',
        class: 'ethernet',
        bitrate: 900000,
        rtt_ms: v.stats.at(-1)?.rtt_ms ?? null,
        jitter_ms: v.stats.at(-1)?.jitter_ms ?? null,
        dropped_groups: 0,
        dropped_frames: 0,
        fps: v.stats.at(-1)?.fps ?? null,
        buffer_ms: v.stats.at(-1)?.buffer_ms ?? null,
        e2e_ms: v.stats.at(-1)?.e2e_ms ?? null,
        since_s: 5,
      })),
      ...extra,
    ],
    server: {
      queue_ms: { p50: 0.8, p95: wave(t, 3, 2, 5), p99: 7.7 },
      sent_bytes: n * 8000,
      sent_frames: n,
      dropped_groups: 0,
    },
    ml: server.ml ?? null,
    ledger: [
      {
        what: 'hardware encoding',
        from: 'nvenc',
        to: 'libx264',
        why: 'no driver is loaded',
        fix: 'Install the driver and start again.',
        when: 1790000000,
      },
    ],
  };
}
