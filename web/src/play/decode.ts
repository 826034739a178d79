// H.264 from packets to a canvas by WebCodecs. Runs in a worker, or on the page where no worker can be had.
import { localNow } from './clock';
import { Playout } from './playout';
import type { Host, Shown } from './renderer';
import { type Config, Flag, fromBase64, type Packet } from './wire';

const EXPIRED_MS = 1500;
const QUEUE_LIMIT = 45;

type Surface = OffscreenCanvas | HTMLCanvasElement;

export class Decode {
  #decoder: VideoDecoder | undefined;
  #setup: VideoDecoderConfig | undefined;
  readonly #context: OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D;
  readonly playout = new Playout<VideoFrame>();
  #waitKey = true;
  #skipped = 0;
  #drawn: Shown | undefined;
  #running = true;

  readonly #canvas: Surface;
  readonly #host: Host;

  constructor(canvas: Surface, host: Host) {
    this.#canvas = canvas;
    this.#host = host;
    const context = canvas.getContext('2d', { alpha: false }) as OffscreenCanvasRenderingContext2D | null;
    if (!context) throw new Error('no 2d context for the canvas');
    this.#context = context;
    this.#loop();
  }

  configure(config: Config): void {
    const setup: VideoDecoderConfig = {
      codec: config.codec,
      codedWidth: config.width,
      codedHeight: config.height,
      optimizeForLatency: true,
    };
    if (config.description) setup.description = fromBase64(config.description);
    this.#setup = setup;
    this.playout.targetMs = config.latency_target_ms;
    this.playout.restart();
    this.#start();
  }

  #start(): void {
    if (this.#decoder && this.#decoder.state !== 'closed') this.#decoder.close();
    this.#waitKey = true;
    const decoder = new VideoDecoder({
      output: (frame) => this.playout.push(frame.timestamp, frame, localNow()),
      error: (error) => {
        if (decoder !== this.#decoder) return;
        this.#host.failed(`the decoder failed: ${error.message}`, error.name === 'NotSupportedError');
        this.#start();
      },
    });
    this.#decoder = decoder;
    if (this.#setup) decoder.configure(this.#setup);
  }

  push(packet: Packet): void {
    const decoder = this.#decoder;
    if (decoder?.state !== 'configured') return;
    const key = (packet.flags & Flag.key) !== 0;
    const late = this.playout.expired(packet.pts, localNow(), EXPIRED_MS);
    // What is too late is dropped as it comes, up to a key frame that is not.
    if (late || decoder.decodeQueueSize > QUEUE_LIMIT) this.#waitKey = true;
    if (this.#waitKey && (!key || late)) {
      this.#skipped++;
      return;
    }
    this.#waitKey = false;
    if (key) {
      this.#host.figures({
        bufferMs: this.playout.delay,
        queue: decoder.decodeQueueSize,
        dropped: this.playout.dropped + this.#skipped,
      });
    }
    decoder.decode(
      new EncodedVideoChunk({ type: key ? 'key' : 'delta', timestamp: packet.pts, data: packet.payload }),
    );
  }

  #loop(): void {
    const next = (call: (at: number) => void) => {
      if (typeof requestAnimationFrame === 'function') requestAnimationFrame(call);
      else setTimeout(() => call(performance.now()), 8);
    };
    const turn = (at: number) => {
      if (!this.#running) return;
      const now = performance.timeOrigin + at;
      // What was drawn in the turn before is on the screen since this one.
      if (this.#drawn) this.#host.shown([[this.#drawn[0], now]]);
      this.#drawn = undefined;
      const held = this.playout.take(Math.max(now, localNow()));
      if (held) {
        const { frame, pts } = held;
        if (this.#canvas.width !== frame.displayWidth || this.#canvas.height !== frame.displayHeight) {
          this.#canvas.width = frame.displayWidth;
          this.#canvas.height = frame.displayHeight;
        }
        this.#context.drawImage(frame, 0, 0);
        frame.close();
        this.#drawn = [pts, now];
      }
      next(turn);
    };
    next(turn);
  }

  close(): void {
    this.#running = false;
    if (this.#decoder && this.#decoder.state !== 'closed') this.#decoder.close();
    this.playout.restart();
  }
}

export function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
