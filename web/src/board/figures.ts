// The figures of docs/protocol.md, as far as the dashboard reads them.
type Maybe<T> = T | null | undefined;

export interface Gpu {
  name: string;
  use: Maybe<number>;
  memory_used: Maybe<number>;
  memory_total: Maybe<number>;
  temperature: Maybe<number>;
}

export interface Latency {
  p50: number;
  p95: number;
  p99: number;
  uncertainty?: number;
}

export interface Viewer {
  session: string;
  mode: Maybe<string>;
  rung: Maybe<string>;
  class: Maybe<string>;
  bitrate: Maybe<number>;
  rtt_ms: Maybe<number>;
  jitter_ms: Maybe<number>;
  dropped_groups: Maybe<number>;
  dropped_frames: Maybe<number>;
  fps: Maybe<number>;
  buffer_ms: Maybe<number>;
  e2e_ms: Maybe<Latency>;
  since_s: Maybe<number>;
}

export interface Step {
  what: string;
  from: Maybe<string>;
  to: Maybe<string>;
  why: Maybe<string>;
  fix: Maybe<string>;
  when: Maybe<number>;
}

export interface Metrics {
  t: 'metrics';
  uptime_s: Maybe<number>;
  system?: {
    cpu: Maybe<number>;
    own_cpu: Maybe<number>;
    memory_used: Maybe<number>;
    memory_total: Maybe<number>;
    own_memory: Maybe<number>;
    gpus: Maybe<Gpu[]>;
    missing?: Record<string, string>;
  };
  processing?: {
    fps: Maybe<number>;
    jobs_waiting: Maybe<number>;
    clips_ready: Maybe<number>;
    clips: Maybe<number>;
    buffered_ms: Maybe<number>;
  };
  stream?: {
    frame: Maybe<number>;
    late: Maybe<number>;
    now: Maybe<{ clip: string; state: Maybe<string>; left_ms: Maybe<number> }>;
    next: Maybe<{
      clip: string;
      state: Maybe<string>;
      in_ms: Maybe<number>;
      seam: Maybe<string>;
      score: Maybe<number>;
      frames: Maybe<number>;
    }>;
    states: Maybe<string[]>;
    clips: Maybe<string[]>;
    seed: Maybe<number>;
    signal: Maybe<number>;
  };
  certificate?: Record<string, Maybe<number>>;
  rungs?: { name: string; viewers: Maybe<number>; bitrate: Maybe<number>; ready: Maybe<boolean> }[];
  viewers?: Viewer[];
  server?: {
    queue_ms: Maybe<Latency>;
    sent_bytes: Maybe<number>;
    sent_frames: Maybe<number>;
    dropped_groups: Maybe<number>;
  };
  ml?: Maybe<Record<string, unknown>>;
  ledger?: Step[];
}
