// Sound by AudioDecoder and Web Audio, for the ways of playing that have no media element. While it is on, it is the
// clock of the pictures.
import { words } from './decode';
import { fromBase64, type Packet, type SoundConfig } from './wire';

export class Sound {
  #context: AudioContext | undefined;
  #node: AudioWorkletNode | undefined;
  #gain: GainNode | undefined;
  #decoder: AudioDecoder | undefined;
  #config: SoundConfig | undefined;
  #level = 1;
  #origin: number | undefined;

  readonly #worklet: string;
  readonly #follow: (origin: number | undefined) => void;
  readonly #failed: (why: string) => void;

  constructor(worklet: string, follow: (origin: number | undefined) => void, failed: (why: string) => void) {
    this.#worklet = worklet;
    this.#follow = follow;
    this.#failed = failed;
  }

  /** Must be called by a click or a key: browsers start no sound by themselves. */
  async enable(config: SoundConfig): Promise<void> {
    if (this.#context) {
      await this.#context.resume();
      return;
    }
    const context = new AudioContext({ sampleRate: config.rate, latencyHint: 'interactive' });
    this.#context = context;
    try {
      await context.audioWorklet.addModule(this.#worklet);
      const node = new AudioWorkletNode(context, 'loopy-sound', {
        numberOfInputs: 0,
        outputChannelCount: [config.channels],
      });
      this.#gain = new GainNode(context, { gain: this.#level });
      node.connect(this.#gain).connect(context.destination);
      node.port.onmessage = ({ data }) => this.#heard(data.pts, data.time);
      this.#node = node;
      await context.resume();
      this.configure(config);
    } catch (error) {
      this.disable();
      this.#failed(`sound cannot be played here: ${words(error)}`);
    }
  }

  configure(config: SoundConfig): void {
    this.#config = config;
    if (!this.#node) return;
    if (this.#decoder && this.#decoder.state !== 'closed') this.#decoder.close();
    this.#node.port.postMessage('restart');
    this.#origin = undefined;
    this.#follow(undefined);
    const node = this.#node;
    const decoder = new AudioDecoder({
      output: (data) => {
        const channels: Float32Array<ArrayBuffer>[] = [];
        for (let planeIndex = 0; planeIndex < data.numberOfChannels; planeIndex++) {
          const plane = new Float32Array(data.numberOfFrames);
          data.copyTo(plane, { planeIndex, format: 'f32-planar' });
          channels.push(plane);
        }
        node.port.postMessage(
          { pts: data.timestamp / 1000, channels, length: data.numberOfFrames },
          channels.map((c) => c.buffer),
        );
        data.close();
      },
      error: (error) => {
        if (decoder !== this.#decoder) return;
        this.disable();
        this.#failed(`the sound decoder failed: ${error.message}`);
      },
    });
    this.#decoder = decoder;
    const setup: AudioDecoderConfig = {
      codec: config.codec,
      sampleRate: config.rate,
      numberOfChannels: config.channels,
    };
    if (config.description) setup.description = fromBase64(config.description);
    decoder.configure(setup);
  }

  get on(): boolean {
    return this.#node !== undefined;
  }

  #heard(pts: number, time: number): void {
    const context = this.#context;
    if (!context) return;
    const { contextTime = 0, performanceTime = 0 } = context.getOutputTimestamp();
    const at = performanceTime
      ? performanceTime + (time - contextTime) * 1000
      : performance.now() + (time - context.currentTime + (context.outputLatency || 0)) * 1000;
    const origin = performance.timeOrigin + at - pts;
    // One reading is a few ms off; a jump is a restart.
    if (this.#origin === undefined || Math.abs(origin - this.#origin) > 100) this.#origin = origin;
    else this.#origin += (origin - this.#origin) * 0.1;
    this.#follow(this.#origin);
  }

  push(packet: Packet): void {
    if (this.#decoder?.state !== 'configured' || !this.#config) return;
    this.#decoder.decode(new EncodedAudioChunk({ type: 'key', timestamp: packet.pts, data: packet.payload }));
  }

  set volume(level: number) {
    this.#level = level;
    if (this.#gain && this.#context) this.#gain.gain.setTargetAtTime(level, this.#context.currentTime, 0.01);
  }

  restart(): void {
    this.#node?.port.postMessage('restart');
    this.#origin = undefined;
    this.#follow(undefined);
  }

  disable(): void {
    if (this.#decoder && this.#decoder.state !== 'closed') this.#decoder.close();
    this.#decoder = undefined;
    this.#node = undefined;
    this.#origin = undefined;
    void this.#context?.close();
    this.#context = undefined;
    this.#follow(undefined);
  }
}
