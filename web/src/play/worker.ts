// The decoder's worker: packets in, pictures straight to the canvas that it was given.
import { Decode } from './decode';
import { parsePacket } from './wire';

export function beDecoder(): void {
  const post = (message: unknown) => self.postMessage(message);
  let decode: Decode | undefined;

    self.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) {
      const packet = parsePacket(data);
      if (packet) decode?.push(packet);
    } else if (data.canvas) {
      decode = new Decode(data.canvas, {
        shown: (shown) => post({ shown }),
        failed: (failed, fatal) => post({ failed, fatal }),
        needKey: (needKey) => post({ needKey }),
      });
      setInterval(() => {
        if (decode) {
          post({
            figures: { bufferMs: decode.playout.delay, queue: decode.queue, dropped: decode.dropped },
          });
        }
      }, 500);
    } else if (data.config) {
      void decode?.configure(data.config);
    } else if ('origin' in data && decode) {
      decode.playout.master = data.origin;
    }
  };
}
