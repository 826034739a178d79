// The last way: JPEG or WebP pictures on a canvas. The newest wins; nothing is queued.
import { localNow } from './clock';
import { words } from './decode';
import { Playout } from './playout';
import type { Host, Renderer, Shown } from './renderer';
import { type Config, Kind, type Packet } from './wire';

type Drawable = { image: CanvasImageSource; width: number; height: number; close(): void };

async function open(blob: Blob): Promise<Drawable> {
  if (typeof createImageBitmap === 'function') {
    const image = await createImageBitmap(blob);
    return { image, width: image.width, height: image.height, close: () => image.close() };
  }
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  try {
    await image.decode();
  } finally {
    URL.revokeObjectURL(image.src);
  }
  return { image, width: image.naturalWidth, height: image.naturalHeight, close: () => {} };
}

export class PicturesRenderer implements Renderer {
  readonly el = document.createElement('canvas');
  readonly #context = this.el.getContext('2d', { alpha: false });
  readonly #playout = new Playout<Drawable>();
  #next: Packet | undefined;
  #busy = false;
  #skipped = 0;
  #drawn: Shown | undefined;
  #running = true;

  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
    const turn = (at: number) => {
      if (!this.#running) return;
      this.#draw(performance.timeOrigin + at);
      requestAnimationFrame(turn);
    };
    requestAnimationFrame(turn);
  }

  configure(config: Config): void {
    this.#playout.targetMs = config.latency_target_ms;
    this.#playout.restart();
  }

  push(packet: Packet): void {
    if (packet.kind !== Kind.jpeg && packet.kind !== Kind.webp) return;
    if (this.#next) this.#skipped++;
    this.#next = packet;
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#next && this.#running) {
      const packet = this.#next;
      this.#next = undefined;
      const type = packet.kind === Kind.jpeg ? 'image/jpeg' : 'image/webp';
      const { delay: bufferMs, dropped } = this.#playout;
      this.#host.figures({ bufferMs, queue: 0, dropped: dropped + this.#skipped });
      try {
        const picture = await open(new Blob([packet.payload], { type }));
        this.#playout.push(packet.pts, picture, localNow());
      } catch (error) {
        this.#host.failed(`a picture could not be decoded: ${words(error)}`, false);
      }
    }
    this.#busy = false;
  }

  #draw(now: number): void {
    if (this.#drawn) this.#host.shown([[this.#drawn[0], now]]);
    this.#drawn = undefined;
    const held = this.#playout.take(Math.max(now, localNow()));
    if (!held || !this.#context) return;
    const { frame, pts } = held;
    if (this.el.width !== frame.width || this.el.height !== frame.height) {
      this.el.width = frame.width;
      this.el.height = frame.height;
    }
    this.#context.drawImage(frame.image, 0, 0);
    frame.close();
    this.#drawn = [pts, now];
  }

  follow(origin: number | undefined): void {
    this.#playout.master = origin;
  }

  close(): void {
    this.#running = false;
    this.#playout.restart();
  }
}
