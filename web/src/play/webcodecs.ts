// The first way: WebCodecs, in a worker with an OffscreenCanvas where both exist.
import { Decode } from './decode';
import type { Figures, Host, Renderer } from './renderer';
import { type Config, HEADER, type Packet } from './wire';

/** A page of another origin may not start the worker's file, but a module of its own may import it. */
function startWorker(): Worker {
  const file = new URL(import.meta.url);
  if (file.origin === location.origin) return new Worker(file, { type: 'module' });
  const shim = new Blob([`import ${JSON.stringify(file.href)};`], { type: 'text/javascript' });
  return new Worker(URL.createObjectURL(shim), { type: 'module' });
}

export class WebCodecsRenderer implements Renderer {
  readonly el = document.createElement('canvas');
  #worker: Worker | undefined;
  #decode: Decode | undefined;
  #last: Figures = { bufferMs: 0, queue: 0, dropped: 0 };

  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
    try {
      if (!this.el.transferControlToOffscreen) throw new Error('no OffscreenCanvas');
      const worker = startWorker();
      worker.onmessage = ({ data }) => this.#hear(data);
      worker.onerror = (event) => host.failed(`the decoder's worker failed: ${event.message ?? ''}`, true);
      const canvas = this.el.transferControlToOffscreen();
      worker.postMessage({ canvas }, [canvas]);
      this.#worker = worker;
    } catch {
      this.el = document.createElement('canvas');
      this.#decode = new Decode(this.el, host);
    }
  }

  #hear(data: {
    shown?: [number, number][];
    failed?: string;
    fatal?: boolean;
    needKey?: string;
    figures?: Figures;
  }): void {
    if (data.shown) this.#host.shown(data.shown);
    else if (data.failed) this.#host.failed(data.failed, data.fatal === true);
    else if (data.needKey) this.#host.needKey(data.needKey);
    else if (data.figures) this.#last = data.figures;
  }

  get figures(): Figures {
    const d = this.#decode;
    return d ? { bufferMs: d.playout.delay, queue: d.queue, dropped: d.dropped } : this.#last;
  }

  configure(config: Config): void {
    this.#worker?.postMessage({ config });
    void this.#decode?.configure(config);
  }

  push(packet: Packet): void {
    this.#decode?.push(packet);
    if (this.#worker) {
      const { buffer, byteOffset } = packet.payload;
      if (byteOffset === HEADER) this.#worker.postMessage(buffer, [buffer]);
    }
  }

  follow(origin: number | undefined): void {
    this.#worker?.postMessage({ origin });
    if (this.#decode) this.#decode.playout.master = origin;
  }

  close(): void {
    this.#worker?.terminate();
    this.#decode?.close();
  }
}
