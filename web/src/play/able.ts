// What this browser can play of what the server offers.
import { mediaSource } from './mse';
import type { Mode, Welcome } from './wire';

export const MODES: Mode[] = ['webcodecs', 'mse', 'jpeg', 'webp'];

export const canDecodeSound = (): boolean =>
  typeof AudioDecoder === 'function' && typeof AudioWorkletNode === 'function';

export interface Able {
  modes: Mode[];
  codecs: string[];
  /** Why a mode is not among them. */
  not: Partial<Record<Mode, string>>;
}

const ask = async (question: Promise<{ supported?: boolean }>): Promise<boolean> => {
  try {
    return (await question).supported === true;
  } catch {
    return false;
  }
};

export async function able(welcome: Welcome): Promise<Able> {
  const codecs = new Set<string>();
  const not: Able['not'] = {};
  const Source = mediaSource();
  const pictures = welcome.rungs.filter((r) => r.mime.startsWith('video/'));
  let webcodecs = false;
  let mse = false;
  for (const codec of new Set(pictures.map((r) => r.codec))) {
    const of = pictures.filter((r) => r.codec === codec);
    const biggest = of.reduce((a, b) => (a.width > b.width ? a : b));
    if (typeof VideoDecoder === 'function') {
      const question = VideoDecoder.isConfigSupported({
        codec,
        codedWidth: biggest.width,
        codedHeight: biggest.height,
      });
      if (await ask(question)) {
        codecs.add(codec);
        webcodecs = true;
      }
    }
    if (Source?.isTypeSupported(biggest.mime)) {
      codecs.add(codec);
      mse = true;
    }
  }
  for (const { codec, mime, rate, channels } of welcome.audio ?? []) {
    const decodes =
      canDecodeSound() &&
      (await ask(AudioDecoder.isConfigSupported({ codec, sampleRate: rate, numberOfChannels: channels })));
    if (decodes || Source?.isTypeSupported(mime)) codecs.add(codec);
  }
  if (!webcodecs) {
    if (typeof VideoDecoder === 'function')
      not.webcodecs = 'WebCodecs decodes none of the stream’s codecs here';
    else if (!isSecureContext) not.webcodecs = 'WebCodecs needs https or localhost';
    else not.webcodecs = 'this browser has no WebCodecs';
  }
  if (!mse) {
    not.mse = Source
      ? 'Media Source plays none of the stream’s codecs here'
      : 'this browser has no Media Source';
  }
  return { modes: MODES.filter((m) => !not[m]), codecs: [...codecs], not };
}
