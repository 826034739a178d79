// Plays decoded sound at an even fill, and says which picture time is heard when.

declare const sampleRate: number;
declare const currentTime: number;
declare function registerProcessor(name: string, make: new () => AudioWorkletProcessor): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

interface Chunk {
  /** Picture time of the first sample, ms. */
  pts: number;
  channels: Float32Array[];
  length: number;
}

const TARGET_S = 0.08;
const MOST_S = 0.5;
/** Nothing is taken out while the browser has not allowed sound yet. */
const MOST_CHUNKS = 100;
const REPORT_EVERY = 40;

export function beSound(): void {
  class LoopySound extends AudioWorkletProcessor {
    #chunks: Chunk[] = [];
    #at = 0;
    #playing = false;
    #turns = 0;

    constructor() {
      super();
      this.port.onmessage = ({ data }) => {
        if (data === 'restart') {
          this.#chunks = [];
          this.#at = 0;
          this.#playing = false;
        } else if (this.#chunks.push(data) > MOST_CHUNKS) this.#chunks.shift();
      };
    }

    #fill(): number {
      let samples = -this.#at;
      for (const c of this.#chunks) samples += c.length;
      return samples / sampleRate;
    }

    process(_in: Float32Array[][], outputs: Float32Array[][]): boolean {
      const out = outputs[0] ?? [];
      const length = out[0]?.length ?? 0;
      let fill = this.#fill();
      if (!this.#playing && fill >= TARGET_S) this.#playing = true;
      // Far too much has come (the page slept): what is old is left out.
      while (fill > MOST_S && this.#chunks.length > 1) {
        this.#chunks.shift();
        this.#at = 0;
        fill = this.#fill();
      }
      if (!this.#playing) return true;
      // Up to half a per cent faster or slower keeps the fill; nobody hears that.
      const step = 1 + Math.max(-0.005, Math.min(0.005, (fill - TARGET_S) * 0.1));
      for (let i = 0; i < length; i++) {
        let chunk = this.#chunks[0];
        while (chunk && this.#at >= chunk.length) {
          this.#at -= chunk.length;
          this.#chunks.shift();
          chunk = this.#chunks[0];
        }
        if (!chunk) {
          this.#playing = false;
          this.#at = 0;
          break;
        }
        const whole = Math.floor(this.#at);
        const part = this.#at - whole;
        out.forEach((samples, c) => {
          const from = chunk.channels[c] ?? (chunk.channels[0] as Float32Array);
          const here = from[whole] as number;
          samples[i] = here + ((from[whole + 1] ?? here) - here) * part;
        });
        this.#at += step;
      }
      const chunk = this.#chunks[0];
      if (chunk && this.#turns++ % REPORT_EVERY === 0) {
        const end = currentTime + length / sampleRate;
        this.port.postMessage({ pts: chunk.pts + (this.#at / sampleRate) * 1000, time: end });
      }
      return true;
    }
  }

  registerProcessor('loopy-sound', LoopySound);
}
