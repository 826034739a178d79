// The decoder's worker: packets in, pictures straight to the canvas that it was given. What it says is the name of
// a host's method and its arguments.
import { Decode } from './decode';
import type { Host } from './renderer';
import { parsePacket } from './wire';

export type Call = { [K in keyof Host]: [K, ...Parameters<Host[K]>] }[keyof Host];

export function beDecoder(): void {
  const call = (...what: Call) => self.postMessage(what);
  let decode: Decode | undefined;
  self.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) {
      const packet = parsePacket(data);
      if (packet) decode?.push(packet);
    } else if (data.canvas) {
      decode = new Decode(data.canvas, {
        shown: (pictures) => call('shown', pictures),
        failed: (reason, fatal) => call('failed', reason, fatal),
        needKey: (reason) => call('needKey', reason),
        figures: (figures) => call('figures', figures),
      });
    } else if (data.config) {
      decode?.configure(data.config);
    } else if (decode) {
      decode.playout.master = data.origin;
    }
  };
}
