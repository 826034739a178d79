// The first way: WebCodecs, in a worker with an OffscreenCanvas where both exist.
import { Decode } from './decode';
import type { Host, Renderer } from './renderer';
import type { Config, Packet } from './wire';
import type { Call } from './worker';

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

  constructor(host: Host) {
    try {
      const worker = startWorker();
      const canvas = this.el.transferControlToOffscreen();
      worker.onmessage = ({ data: [name, ...values] }: MessageEvent<Call>) =>
        (host[name] as (...values: unknown[]) => void)(...values);
      worker.onerror = (event) => host.failed(`the decoder's worker failed: ${event.message ?? ''}`, true);
      worker.postMessage({ canvas }, [canvas]);
      this.#worker = worker;
    } catch {
      this.#decode = new Decode(this.el, host);
    }
  }

  configure(config: Config): void {
    this.#worker?.postMessage({ config });
    this.#decode?.configure(config);
  }

  push(packet: Packet): void {
    const { buffer } = packet.payload;
    if (this.#worker) this.#worker.postMessage(buffer, [buffer]);
    else this.#decode?.push(packet);
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
